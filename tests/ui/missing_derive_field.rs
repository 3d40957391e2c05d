// a type without a derive is one error, whatever the field is used for
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_kind, partition = kind, sort = at))]
#[dynamo(index(by_time, partition = at, project = [inner]))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(sort)]
    at: u64,
    kind: String,
    inner: Inner,
    #[dynamo(version)]
    version: u64,
}

struct Inner {
    views: u64,
}

fn main() {}
