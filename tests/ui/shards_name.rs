// A field cannot have the name of the attribute that holds the shard.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "orders")]
#[dynamo(index(by_status, partition = status, shards = 4))]
struct Order {
    #[dynamo(partition)]
    id: u64,
    status: String,
    #[dynamo(rename = "_by_status_shard")]
    shard: u8,
}

fn main() {}
