// Arithmetic works on numbers only.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| s.views.increment("1"));
    let _ = Session::update("u", "i").apply(|s| s.token.set_from(s.token.plus("x")));
}
