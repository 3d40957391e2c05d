// An entity has one version.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(version)]
    a: u64,
    #[dynamo(version)]
    b: u64,
}

fn main() {}
