// A projection read from an index has only attributes that the index holds.
#[path = "model/mod.rs"]
mod model;

use model::Session;

fn main() {
    #[derive(dynamodel::Projection)]
    #[dynamo(of = Session)]
    struct Part {
        views: u64,
        token: String,
    }
    let _ = Session::by_device("d").select::<Part>();
}
