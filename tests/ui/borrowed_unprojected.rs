// A borrowed read of an index reads only attributes in the index, and only fields of the entity.
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
