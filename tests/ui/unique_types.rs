// A unique value is a string, number or binary, and the partition key of its table is a text.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: String,
    #[dynamo(unique)]
    tags: Vec<String>,
    #[dynamo(unique)]
    weight: Option<f64>,
}

#[derive(Entity)]
#[dynamo(table = "numbers")]
struct Number {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(unique)]
    name: String,
}

fn main() {}
