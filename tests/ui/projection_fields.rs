// A projection has fields of the entity, with their types.
#[path = "model/mod.rs"]
mod model;

use dynamodel::Projection;
use model::Session;

#[derive(Projection)]
#[dynamo(of = Session)]
struct Unknown {
    user: String,
    veiws: u64,
}

#[derive(Projection)]
#[dynamo(of = Session)]
struct Other {
    views: String,
}

#[derive(Projection)]
struct Nothing {}

#[derive(Projection)]
#[dynamo(of = Session)]
struct Renamed {
    #[dynamo(rename = "views")]
    seen: u64,
}

fn main() {}
