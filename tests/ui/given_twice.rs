// an attribute is given once
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things", table = "others")]
struct Thing {
    #[dynamo(partition, partition)]
    id: u64,
}

fn main() {}
