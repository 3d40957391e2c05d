// Only a query of a sharded index can send several requests at a time.
#[path = "model/mod.rs"]
mod model;
use model::Session;

fn main() {
    let _ = Session::by_token("t").concurrency(2);
}
