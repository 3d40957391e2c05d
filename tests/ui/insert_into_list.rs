// `insert` and `delete` of elements work on sets only.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| s.pages.insert(["x"]));
    let _ = Session::update("u", "i").apply(|s| s.views.delete([1]));
}
