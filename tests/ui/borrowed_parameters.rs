// A borrowed projection has exactly one lifetime parameter and no other parameter.
#[path = "model/mod.rs"]
mod model;

use dynamodel::{Entity, Projection};
use model::Session;

#[derive(Projection)]
#[dynamo(of = Session)]
struct Two<'a, 'b> {
    token: &'a str,
    device: &'b str,
}

#[derive(Projection)]
#[dynamo(of = Session)]
struct Generic<'a, T> {
    token: &'a str,
    views: T,
}

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing<'a> {
    #[dynamo(partition)]
    id: &'a str,
}

fn main() {}
