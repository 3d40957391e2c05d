// A path goes into a list by `index`, into a map by `key`, and into a document by its fields.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    let _ = Session::check("u", "i").when(|s| s.data.index(0).exists());
    let _ = Session::check("u", "i").when(|s| s.pages.key("a").exists());
    let _ = Session::check("u", "i").when(|s| s.pages.at(|p| p.first).exists());
    let _ = Session::check("u", "i").when(|s| s.data.at(|d| d.pgae).exists());
}
