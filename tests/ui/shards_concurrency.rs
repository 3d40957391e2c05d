// only a sharded index is read by several requests at a time
#[path = "model/mod.rs"]
mod model;
use model::Session;

fn main() {
    let _ = Session::by_token("t").concurrency(2);
}
