// A key attribute is a string, a number or binary.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: bool,
    #[dynamo(sort)]
    at: Vec<String>,
}

fn main() {}
