// A table has one partition key.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(partition)]
    at: u64,
}

fn main() {}
