// The entities of a collection have the same table and the same partition template.
use dynamodel::{Collection, Entity, Table};

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk", index(gsi1, partition = "gsi1pk"))]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "U#{id}", sort = "U"))]
struct User {
    id: String,
}

#[derive(Entity)]
#[dynamo(table = App, key(partition = "P#{id}", sort = "P"))]
struct Page {
    id: String,
}

#[derive(Entity)]
#[dynamo(table = "others")]
struct Other {
    #[dynamo(partition)]
    id: String,
}

#[derive(Collection)]
enum Item {
    User(User),
    Page(Page),
}

#[derive(Collection)]
enum Mixed {
    User(User),
    Other(Other),
}

fn main() {}
