// A table's index projects `all`, `keys` or a list of names without keys and duplicates.
use dynamodel::Table;

#[derive(Table)]
#[dynamo(name = "app", partition = "pk")]
#[dynamo(index(gsi1, partition = "gsi1pk", project = ["a", "pk", "a", ""]))]
#[dynamo(index(gsi2, partition = "gsi2pk", sort = "gsi2sk", project = ["gsi2sk"]))]
#[dynamo(index(gsi3, partition = "gsi3pk", project = []))]
struct App;

#[derive(Table)]
#[dynamo(name = "app", partition = "pk")]
#[dynamo(index(gsi1, partition = "gsi1pk", project = some))]
#[dynamo(index(gsi2, partition = "gsi2pk", project = [a]))]
struct Other;

fn main() {}
