// A part directly before another one has a fixed width.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{first}{last}", sort = "{at}{last}"))]
struct User {
    first: String,
    last: String,
    at: u64,
}

fn main() {}
