// a list of projected fields names no key and nothing twice
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
