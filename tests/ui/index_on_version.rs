// The version cannot be a key of an index.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_version, partition = version))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(version)]
    version: u64,
}

fn main() {}
