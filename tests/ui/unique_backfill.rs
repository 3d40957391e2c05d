// A backfill of unique items needs an entity with a unique attribute.

use dynamodel::{BackfillUnique, Entity};

#[derive(Entity)]
#[dynamo(table = "users")]
struct User {
    #[dynamo(partition)]
    id: String,
    email: String,
}

fn main() {
    let _ = BackfillUnique::<User>::new();
}
