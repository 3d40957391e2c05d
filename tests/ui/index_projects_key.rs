// A list of projected fields contains no key, and no field twice.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_name, partition = name, project = [id, title, title]))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
    title: String,
}

fn main() {}
