// The entity declares the shards of an index, not the table.
use dynamodel::Table;

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", index(gsi1, partition = "gsi1pk", shards = 4))]
struct App;

fn main() {}
