// The type of a field is an attribute type.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    inner: Inner,
}

struct Inner;

fn main() {}
