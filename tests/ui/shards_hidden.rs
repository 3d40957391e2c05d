// Users cannot set or pass the shard of an index; the library computes it.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "orders")]
#[dynamo(index(by_status, partition = status, shards = 4))]
struct Order {
    #[dynamo(partition)]
    id: u64,
    status: String,
}

fn main() {
    let _ = Order::update(1_u64).apply(|o| o._by_status_shard.set(1));
    let _ = Order::by_status("open", 1);
}
