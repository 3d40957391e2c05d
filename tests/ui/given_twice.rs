// An attribute of the derive can be given only once.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things", table = "others")]
struct Thing {
    #[dynamo(partition, partition)]
    id: u64,
}

fn main() {}
