// A field that keeps the stored key is a `StoredKey` of an entity in a shared table.
use dynamodel::{Entity, StoredKey, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}"))]
struct User {
    id: String,
    #[dynamo(keep_key)]
    key: String,
}

#[derive(Entity)]
#[dynamo(table = "visits")]
struct Visit {
    #[dynamo(partition)]
    id: String,
    #[dynamo(keep_key)]
    key: StoredKey,
}

fn main() {}
