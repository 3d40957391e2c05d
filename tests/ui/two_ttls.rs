// An entity has one time to live.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(ttl)]
    a: u64,
    #[dynamo(ttl)]
    b: u64,
}

fn main() {}
