// An index has a name.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(partition = name))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
}

fn main() {}
