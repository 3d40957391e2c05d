// A skipped field cannot be in an index.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_name, partition = name))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(skip)]
    name: String,
}

fn main() {}
