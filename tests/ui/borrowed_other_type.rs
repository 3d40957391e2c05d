// A borrowed field has the borrowed form of the type of the entity's field.
#[path = "model/mod.rs"]
mod model;

use dynamodel::Projection;
use model::Session;

#[derive(Projection)]
#[dynamo(of = Session)]
struct Number<'a> {
    views: &'a str,
}

#[derive(Projection)]
#[dynamo(of = Session)]
struct Missing<'a> {
    note: &'a str,
}

#[derive(Projection)]
#[dynamo(of = Session)]
struct Set<'a> {
    tags: Vec<&'a str>,
}

#[derive(Projection)]
#[dynamo(of = Session)]
struct Bytes<'a> {
    token: &'a [u8],
}

fn main() {}
