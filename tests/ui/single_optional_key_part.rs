// An optional field cannot be part of a primary key.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "U"))]
struct User {
    id: Option<String>,
}

fn main() {}
