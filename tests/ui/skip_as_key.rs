// A skipped field cannot be a key.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition, skip)]
    id: u64,
    name: String,
}

fn main() {}
