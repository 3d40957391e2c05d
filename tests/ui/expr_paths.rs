// Two attributes can be compared only if they have the same type.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::check("u", "i").when(|s| s.views.eq(&s.token));
    let _ = Session::check("u", "i").when(|s| s.tags.lt(&s.tags));
    let _ = Session::check("u", "i").when(|s| s.token.between("a", &s.views));
}
