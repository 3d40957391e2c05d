// Two fields cannot have the same stored name.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
    #[dynamo(rename = "name")]
    title: String,
}

fn main() {}
