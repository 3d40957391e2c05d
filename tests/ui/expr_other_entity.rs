// A condition belongs to its entity.
#[path = "model/mod.rs"]
mod model;

use dynamodel::{Condition, Entity};
use model::Session;

#[derive(Entity)]
#[dynamo(table = "users")]
struct User {
    #[dynamo(partition)]
    id: u64,
}

fn main() {
    let old = Condition::<User>::of(|u| u.id.lt(100));
    let _ = Session::check("u", "i").when(|_| old);
    let _ = Session::check("u", "i").when(|s| s.views.eq(1) & Condition::<User>::of(|u| u.id.eq(1)));
}
