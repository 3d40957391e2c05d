// The `rest` field is a map from names to values.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(rest)]
    rest: Vec<String>,
}

fn main() {}
