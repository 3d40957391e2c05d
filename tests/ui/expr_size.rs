// A number has no size, and a size is compared with numbers only.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::check("u", "i").when(|s| s.views.size().gt(3));
    let _ = Session::check("u", "i").when(|s| s.tags.size().gt("3"));
    let _ = Session::check("u", "i").when(|s| s.token.eq(s.tags.size()));
    let _ = Session::check("u", "i").when(|s| s.tags.size());
}
