// Ranges on a part in the middle of a template need a part of fixed width.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "{name}#{at}"))]
struct Visit {
    id: String,
    name: String,
    at: u64,
}

fn queries() {
    let _ = Visit::query("u").sort(|k| k.name.ge("a"));
}

fn main() {}
