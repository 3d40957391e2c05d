// a filter names only what the index holds
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::by_device("d").filter(|s| s.token.eq("x"));
}
