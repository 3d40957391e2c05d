// a key never changes, so it is no version
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(sort, version)]
    at: u64,
}

fn main() {}
