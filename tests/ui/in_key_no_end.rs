// The end of a part that stands in the key alone is found by the literal behind it.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "{name}{id}"))]
struct User {
    #[dynamo(in_key)]
    name: String,
    #[dynamo(in_key)]
    id: String,
}

fn main() {}
