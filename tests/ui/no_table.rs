// An entity names its table.
use dynamodel::Entity;

#[derive(Entity)]
struct Thing {
    #[dynamo(partition)]
    id: u64,
}

fn main() {}
