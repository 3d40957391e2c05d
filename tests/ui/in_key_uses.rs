// A field that stands in the key alone is no attribute: no update, filter or condition names it.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "{day}"))]
struct Visit {
    id: String,
    #[dynamo(in_key)]
    day: u32,
    text: String,
}

fn operations() {
    let _ = Visit::update("u", 1).apply(|v| v.day.set(2));
    let _ = Visit::query("u").filter(|v| v.day.gt(3));
    let _ = Visit::update("u", 1).when(|v| v.day.eq(1));
}

fn main() {}
