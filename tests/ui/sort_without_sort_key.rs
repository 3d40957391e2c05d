// A sort condition needs a sort key.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things", index(by_name, partition = name))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
}

fn main() {
    let _ = Thing::query(1).sort(|k| k.id.eq(1));
    let _ = Thing::by_name("a").sort(|k| k.id.eq(1));
}
