// An index names fields of the entity.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_name, partition = nmae, project = [colour]))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
}

fn main() {}
