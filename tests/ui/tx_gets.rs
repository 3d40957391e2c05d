// `transact_get` takes gets rather than keys.
#[path = "model/mod.rs"]
mod model;

use dynamodel::transact_get;
use model::Session;

fn main() {
    let _ = transact_get((Session::get("u", "s"), Session::key("u", "t")));
}
