// A unique field is stored, is not a key and has no other role.
use dynamodel::{Entity, Table};

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition, unique)]
    id: String,
    #[dynamo(unique, version)]
    version: u64,
    #[dynamo(unique, ttl)]
    expires: u64,
    #[dynamo(unique, skip)]
    cached: u32,
    #[dynamo(unique, unique)]
    email: String,
}

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "USER#{email}", sort = "USER"))]
struct User {
    #[dynamo(unique)]
    email: String,
}

#[derive(Entity)]
#[dynamo(table = "things", index(get_by_email, partition = name))]
struct Named {
    #[dynamo(partition)]
    id: String,
    name: String,
    #[dynamo(unique)]
    email: String,
}

fn main() {}
