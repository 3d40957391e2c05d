// two fields have two stored names
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
