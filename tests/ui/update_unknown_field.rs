// An update names a field of the entity.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::update("u", "i").apply(|s| s.veiws.add(1));
    let _ = Session::update("u", "i").apply(|s| s.data.at(|d| d.pgae).set("x"));
}
