// The derive checks the options of an index.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_name, partition = name, projct = all))]
#[dynamo(index(by_id, partition = id, project = some))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    name: String,
}

fn main() {}
