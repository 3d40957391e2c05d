// An index cannot use attributes of the table's key in an invalid place.
use dynamodel::Table;

#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
#[dynamo(index(again, partition = "pk", sort = "sk"))]
#[dynamo(index(twice, partition = "sk", sort = "sk"))]
#[dynamo(index(first, partition = "gsi1pk", sort = "pk"))]
#[dynamo(index(second, partition = "gsi1pk", sort = "sk"))]
#[dynamo(local_index(local, sort = "sk"))]
struct App;

fn main() {}
