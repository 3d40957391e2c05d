// A field is either the partition key or the sort key.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition, sort)]
    id: u64,
}

fn main() {}
