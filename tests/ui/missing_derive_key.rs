// a type without a derive in the keys of the table and of an index
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_kind, partition = kind, project = keys))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    kind: Kind,
}

enum Kind {
    Big,
    Small,
}

#[derive(Entity)]
#[dynamo(table = "others")]
struct Other {
    #[dynamo(partition)]
    id: Id,
    views: u64,
}

struct Id(u64);

fn main() {}
