// Two indexes cannot have the same name.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_name, partition = name))]
#[dynamo(index(by_name, partition = title))]
#[dynamo(index(by_title, partition = title, name = "by_name"))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
    title: String,
}

fn main() {}
