// a borrowed read takes only what the index holds, and fields of the entity
#[path = "model/mod.rs"]
mod model;

use dynamodel::Projection;
use model::Session;

#[derive(Projection)]
#[dynamo(of = Session)]
struct Token<'a> {
    token: &'a str,
}

#[derive(Projection)]
#[dynamo(of = Session)]
struct Unknown<'a> {
    agent: &'a str,
}

fn main() {
    let _ = Session::by_device("d").borrowed::<Token>();
}
