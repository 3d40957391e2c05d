// A value has the type of the attribute.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::get(1, "i");
    let _ = Session::check("u", "i").when(|s| s.views.eq("many"));
    let _ = Session::update("u", "i").apply(|s| s.note.set(1));
    let _ = Session::update("u", "i").apply(|s| s.token.set(None::<String>));
}
