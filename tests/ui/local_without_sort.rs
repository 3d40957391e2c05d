// A local index needs a table with a sort key.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(local_index(by_size, sort = size))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    size: u64,
}

fn main() {}
