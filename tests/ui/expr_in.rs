// The values of `in_` have the type of the attribute.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::check("u", "i").when(|s| s.views.in_(["1", "2"]));
    let _ = Session::check("u", "i").when(|s| s.views.in_(1));
}
