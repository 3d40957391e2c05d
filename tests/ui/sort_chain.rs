// Conditions on the attributes of a sort key go from left to right.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::by_device("d").sort(|k| k.city.eq("x"));
    let _ = Session::by_device("d").sort(|k| k.country.ge("x").city.eq("y"));
}
