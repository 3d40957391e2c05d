// An entity has a partition key.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    id: u64,
    name: String,
}

fn used() {
    let _ = Thing::query(1);
    let _ = Thing::update(1).apply(|t| t.name.set("x"));
}

fn main() {}
