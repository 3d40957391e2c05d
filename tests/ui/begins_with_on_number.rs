// `begins_with` works on strings and binary values only.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::check("u", "i").when(|s| s.views.begins_with("1"));
}
