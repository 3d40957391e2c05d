// An index cannot have the name of a function of the entity.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(get, partition = name))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
}

fn main() {}
