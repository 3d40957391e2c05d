// `apply` takes actions, and `when` takes a condition.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| s.views.eq(1));
    let _ = Session::update("u", "i").apply(|s| (s.views.add(1), s.note.exists()));
    let _ = Session::update("u", "i").when(|s| s.views.add(1));
    let _ = Session::update("u", "i").when(|s| s.views);
}
