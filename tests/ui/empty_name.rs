// A stored name is not empty.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(rename = "")]
    name: String,
}

fn main() {}
