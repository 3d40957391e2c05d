// The type of a time to live is a time.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(ttl)]
    until: String,
}

fn main() {}
