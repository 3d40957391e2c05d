// An entity is a struct with named fields.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Tuple(u64);

#[derive(Entity)]
#[dynamo(table = "things")]
enum Choice {
    A,
}

fn used(c: Choice) {
    let _ = c.put();
}

fn main() {}
