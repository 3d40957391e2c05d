// `contains` takes an element of a list or set, or a part of a text.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::check("u", "i").when(|s| s.views.contains(1));
    let _ = Session::check("u", "i").when(|s| s.token.contains(1));
    let _ = Session::check("u", "i").when(|s| s.tags.contains(1));
    let _ = Session::check("u", "i").when(|s| s.data.contains("page"));
    let _ = Session::check("u", "i").when(|s| s.token.contains(&s.views));
    let _ = Session::check("u", "i").when(|s| s.token.begins_with(&s.views));
}
