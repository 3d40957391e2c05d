// A field in the key alone is in a template of the primary key, from which it can be read back.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id:lower}", sort = "U"), index(gsi1 as by_name, partition = "{name}"))]
struct User {
    #[dynamo(in_key)]
    id: String,
    #[dynamo(in_key)]
    name: String,
    #[dynamo(in_key)]
    email: String,
}

#[derive(Entity)]
#[dynamo(table = "visits")]
struct Visit {
    #[dynamo(partition, in_key)]
    id: String,
}

fn main() {}
