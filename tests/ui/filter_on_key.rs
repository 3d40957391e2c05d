// A filter cannot name a key attribute of the queried index.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::query("u").filter(|s| s.id.eq("x"));
    let _ = Session::by_token("t").filter(|s| s.token.eq("x"));
}
