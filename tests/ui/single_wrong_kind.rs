// A global index of the table cannot be used as a local one.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "U"), local_index(gsi1 as by_name, sort = "{name}"))]
struct User {
    id: String,
    name: String,
}

fn main() {}
