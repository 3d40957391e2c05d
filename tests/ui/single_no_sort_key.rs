// An entity cannot give a sort template for an index without a sort key.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "U"))]
#[dynamo(index(gsi1 as by_name, partition = "{name}", sort = "{id}"))]
struct User {
    id: String,
    name: String,
}

fn main() {}
