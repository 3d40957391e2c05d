// An unknown attribute is refused with the nearest known name.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(idnex(by_name, partition = name))]
struct Thing {
    #[dynamo(partitoin)]
    id: u64,
    #[dynamo(colour)]
    name: String,
}

fn main() {}
