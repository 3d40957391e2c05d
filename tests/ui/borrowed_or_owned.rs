// `borrowed` reads borrowed projections only, and `select` reads owned ones only.
#[path = "model/mod.rs"]
mod model;

use dynamodel::Projection;
use model::Session;

#[derive(Projection)]
#[dynamo(of = Session)]
struct View<'a> {
    token: &'a str,
}

#[derive(Projection)]
#[dynamo(of = Session)]
struct Owned {
    token: String,
}

fn main() {
    let _ = Session::query("u").borrowed::<Owned>();
    let _ = Session::query("u").select::<View>();
}
