// The number of shards is from 2 to 256.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "orders")]
#[dynamo(index(one, partition = status, shards = 1))]
#[dynamo(index(many, partition = status, shards = 257))]
#[dynamo(index(text, partition = status, shards = "4"))]
#[dynamo(index(flag, partition = status, shards))]
struct Order {
    #[dynamo(partition)]
    id: u64,
    status: String,
}

fn main() {}
