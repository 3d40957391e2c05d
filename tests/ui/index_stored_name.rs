// The stored name of an index has 3 to 255 permitted characters.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by, partition = name))]
#[dynamo(index(by_name, partition = name, name = "by name"))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
}

fn main() {}
