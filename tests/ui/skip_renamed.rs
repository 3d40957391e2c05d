// A skipped field has no stored name.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(skip, rename = "n")]
    name: String,
}

fn main() {}
