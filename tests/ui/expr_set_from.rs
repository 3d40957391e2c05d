// `set_from` takes an attribute of the same type, and `set` takes a value.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| s.views.set_from(&s.token));
    let _ = Session::update("u", "i").apply(|s| s.views.set_from(3));
    let _ = Session::update("u", "i").apply(|s| s.token.set(&s.note));
    let _ = Session::update("u", "i").apply(|s| s.views.set_from(s.views.plus(1).plus(2)));
}
