// A query gives its partition key.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::query();
    let _ = Session::by_device();
}
