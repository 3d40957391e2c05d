// A key attribute that is a number, or the field itself, has the type that the table declares.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "id", sort = "at": N)]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "{id}", sort = "{at}"))]
struct OtherType {
    id: u32,
    at: u64,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "{id}", sort = "AT#{at}"))]
struct TextOfNumber {
    id: String,
    at: u64,
}

#[derive(Table)]
#[dynamo(name = "other", partition = "id": L)]
struct Other;

fn main() {}
