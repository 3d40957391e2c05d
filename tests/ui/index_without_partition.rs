// A global index has a partition key.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_name, sort = name))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
}

fn used() {
    let _ = Thing::query(1);
}

fn main() {}
