// `append` works on lists only.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| s.token.append(["x"]));
    let _ = Session::update("u", "i").apply(|s| s.tags.append(["x"]));
}
