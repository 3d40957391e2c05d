// a field is the partition or the sort key, not both
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition, sort)]
    id: u64,
}

fn main() {}
