// The type of a field is at least as visible as the entity.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
pub struct Thing {
    #[dynamo(partition)]
    id: u64,
    inner: Inner,
}

#[derive(dynamodel::Document)]
struct Inner {
    a: u8,
}

fn main() {}
