// `at` works on documents only.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| s.token.at(|t| t.x).set(1));
}
