// `serde` and `unique` say what to use
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(serde)]
    a: String,
    #[dynamo(unique)]
    b: String,
}

fn main() {}
