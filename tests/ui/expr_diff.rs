// A diff compares values of one entity; only an entity with a version can ignore its version.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "users")]
struct User {
    #[dynamo(partition)]
    id: u64,
}

#[derive(Entity)]
#[dynamo(table = "pages")]
struct Page {
    #[dynamo(partition)]
    id: u64,
}

fn main() {
    let (user, page) = (User { id: 1 }, Page { id: 1 });
    let _ = user.diff(&page);
    let _ = user.diff(&user).unversioned();
}
