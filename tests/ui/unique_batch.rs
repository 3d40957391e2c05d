// A batch cannot write entities with unique attributes.
use dynamodel::{BatchWrite, Entity};

#[derive(Entity)]
#[dynamo(table = "users")]
struct User {
    #[dynamo(partition)]
    id: String,
    #[dynamo(unique)]
    email: String,
}

fn main() {
    let user = || User { id: "u".into(), email: "e".into() };
    let _ = BatchWrite::new().put(user());
    let _ = BatchWrite::new().put(user().put());
    let _ = BatchWrite::new().delete(User::key("u"));
}
