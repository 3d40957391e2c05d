// The name of a table has only permitted characters.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "my things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
}

fn main() {}
