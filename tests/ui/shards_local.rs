// A local index has no shards, in a table of its own or in a shared one.
use dynamodel::{Entity, Table};

#[derive(Entity)]
#[dynamo(table = "orders")]
#[dynamo(local_index(by_status, sort = status, shards = 4))]
struct Order {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(sort)]
    line: u64,
    status: String,
}

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", local_index(lsi1, sort = "lsi1sk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "T#{id}", sort = "TASK"))]
#[dynamo(local_index(lsi1 as by_due, sort = "{due}", shards = 4))]
struct Task {
    id: u64,
    due: u64,
}

fn main() {}
