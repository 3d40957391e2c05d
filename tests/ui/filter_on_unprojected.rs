// A filter can name only attributes that the index holds.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::by_device("d").filter(|s| s.token.eq("x"));
}
