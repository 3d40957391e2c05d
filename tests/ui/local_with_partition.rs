// A local index has the partition key of the table.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(local_index(by_size, partition = id, sort = size))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(sort)]
    at: u64,
    size: u64,
}

fn main() {}
