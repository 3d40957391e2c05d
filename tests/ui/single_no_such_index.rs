// An entity can use only indexes that its table has.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "U"), index(gsi2 as by_name, partition = "{name}"))]
struct User {
    id: String,
    name: String,
}

fn main() {}
