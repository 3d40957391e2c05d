// a unique value is a string, number or binary, and its table has text as the partition key
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
