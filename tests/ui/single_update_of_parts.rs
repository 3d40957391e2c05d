// The parts of an index key change together, and not by relative actions.
use dynamodel::{Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "U"))]
#[dynamo(index(gsi1 as by_rank, partition = "{rank}#{group}"))]
struct User {
    id: String,
    rank: u32,
    group: String,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "P#{id}", sort = "P"))]
#[dynamo(index(gsi1 as by_rank, partition = "{rank}#{id}"))]
struct Page {
    id: String,
    rank: u32,
}

fn updates() {
    let _ = User::update("u").apply(|u| u.rank.set(1));
    let _ = Page::update("p").apply(|p| p.rank.add(1));
    let _ = Page::update("p").apply(|p| p.id.set("q"));
}

fn main() {}
