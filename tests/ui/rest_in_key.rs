// No key and no index names the attributes of the `rest` field.
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{Entity, Table};

type Map = HashMap<String, AttributeValue>;

#[derive(Entity)]
#[dynamo(table = "things", index(by_rest, partition = rest))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(rest)]
    rest: Map,
}

#[derive(Table)]
#[dynamo(name = "app", partition = "pk")]
struct App;

#[derive(Entity)]
#[dynamo(table = App, key(partition = "THING#{rest}"))]
struct Shared {
    #[dynamo(rest)]
    rest: Map,
}

fn main() {}
