// A table has one sort key.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(sort)]
    at: u64,
    #[dynamo(sort)]
    size: u64,
}

fn main() {}
