// The name of a table has 3 to 255 characters.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
}

fn main() {}
