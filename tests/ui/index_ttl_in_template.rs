// The time to live is a number, so it cannot be in a template, which makes a text.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", ttl = "expires", index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "TASK#{id}"))]
#[dynamo(index(gsi1 as by_expiry, partition = "TASKS", sort = "{expires}"))]
struct Task {
    id: u64,
    #[dynamo(ttl)]
    expires: u64,
}

fn main() {}
