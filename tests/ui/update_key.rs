// An update cannot change a key or the version.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| (s.user.set("x"), s.id.remove()));
    let _ = Session::update("u", "i").apply(|s| s.version.set(3));
}
