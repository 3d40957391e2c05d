// a global index is not read consistently
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::by_token("t").consistent();
}
