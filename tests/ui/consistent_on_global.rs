// A query of a global index cannot be consistent.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::by_token("t").consistent();
}
