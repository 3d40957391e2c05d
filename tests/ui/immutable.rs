// An immutable field is written once: no update of it compiles, and dynamodel does not write it.
use dynamodel::{Document, Entity};

#[derive(Entity)]
#[dynamo(table = "tasks")]
struct Task {
    #[dynamo(partition)]
    id: String,
    #[dynamo(immutable)]
    owner: String,
    #[dynamo(immutable)]
    origin: Origin,
}

#[derive(Document)]
struct Origin {
    host: String,
}

#[derive(Entity)]
#[dynamo(table = "notes")]
struct Note {
    #[dynamo(partition)]
    id: String,
    #[dynamo(immutable, version)]
    version: u64,
    #[dynamo(immutable, skip)]
    cached: u64,
    #[dynamo(id = "uuid4")]
    other: String,
}

fn main() {
    let _ = Task::update("t").apply(|t| t.owner.set("ann"));
    let _ = Task::update("t").apply(|t| t.origin.at(|o| o.host).set("here"));
}
