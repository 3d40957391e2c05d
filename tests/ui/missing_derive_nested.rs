// a type without a derive inside of a list, an option, a map and a document
use std::collections::HashMap;

use dynamodel::{Document, Entity};

#[derive(Entity)]
#[dynamo(table = "lists")]
struct List {
    #[dynamo(partition)]
    id: u64,
    lines: Vec<Line>,
}
struct Line;

#[derive(Entity)]
#[dynamo(table = "options")]
struct Optional {
    #[dynamo(partition)]
    id: u64,
    note: Option<Note>,
}
struct Note;

#[derive(Entity)]
#[dynamo(table = "maps")]
struct Map {
    #[dynamo(partition)]
    id: u64,
    prices: HashMap<String, Price>,
}
struct Price;

#[derive(Document)]
struct Outer {
    place: Place,
}
struct Place;

fn main() {}
