// A form fits the type of the part.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "{name:05}", sort = "{id:lower}"))]
struct User {
    id: u32,
    name: String,
}

fn main() {}
