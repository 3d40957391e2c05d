// A struct that names a table derives `Entity`, with or without `Document`.
use dynamodel::Document;

#[derive(Document)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
}

fn main() {}
