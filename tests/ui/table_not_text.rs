// The name of a table is a text.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = things)]
struct Thing {
    #[dynamo(partition)]
    id: u64,
}

fn main() {}
