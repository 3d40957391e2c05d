// A field cannot be stored under the name of a key attribute of the table.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "U"))]
struct User {
    id: String,
    gsi1pk: String,
}

fn main() {}
