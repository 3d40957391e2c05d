// A part has a form that fits its type, and ends where a literal begins.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id:plian}", sort = "U"))]
struct Unknown {
    id: u32,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id:5}", sort = "U"))]
struct Width {
    id: u32,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "{id:plain}{name}", sort = "U"))]
struct Adjacent {
    id: u32,
    name: String,
}

fn main() {}
