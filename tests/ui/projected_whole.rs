// A read of an index with some attributes returns neither whole entities nor other attributes.
use dynamodel::{Db, Entity, Projection, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk")]
#[dynamo(index(gsi1, partition = "gsi1pk", project = ["total"]))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "ORDER#{id}"), index(gsi1 as by_status, partition = "S#{status}"))]
struct Order {
    id: u64,
    status: String,
    total: u64,
    note: String,
}

#[derive(Projection)]
#[dynamo(of = Order)]
struct Note {
    total: u64,
    note: String,
}

fn whole(db: &Db) {
    let _ = Order::by_status("open").stream(db);
}

fn part() {
    let _ = Order::by_status("open").select::<Note>();
}

fn filter() {
    let _ = Order::by_status("open").filter(|o| o.note.eq("x"));
}

fn main() {}
