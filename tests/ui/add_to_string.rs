// `add` works on numbers only.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| s.token.add("x"));
    let _ = Session::update("u", "i").apply(|s| s.tags.add(1));
}
