// The shard counts as one of the four partition attributes of an index.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "orders")]
#[dynamo(index(wide, partition = (a, b, c, d), shards = 4))]
struct Order {
    #[dynamo(partition)]
    id: u64,
    a: u8,
    b: u8,
    c: u8,
    d: u8,
}

fn main() {}
