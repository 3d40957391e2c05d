// The `rest` field is a map of attributes and none itself: it has no name, form or role of one.
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{Document, Entity};

type Map = HashMap<String, AttributeValue>;

#[derive(Entity)]
#[dynamo(table = "keys")]
struct AsKey {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(sort, rest)]
    rest: Map,
}

#[derive(Entity)]
#[dynamo(table = "names")]
struct Renamed {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(rest, rename = "others")]
    rest: Map,
}

#[derive(Entity)]
#[dynamo(table = "roles")]
struct WithRoles {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(rest, ttl, immutable, unique)]
    rest: Map,
}

#[derive(Document)]
struct WithForm {
    #[dynamo(rest, serde)]
    rest: Map,
}

#[derive(Document)]
struct WithDefault {
    #[dynamo(rest, default)]
    rest: Map,
}

#[derive(Document)]
struct Skipped {
    #[dynamo(rest, skip)]
    rest: Map,
}

#[derive(Document)]
#[dynamo(transparent)]
struct Transparent {
    #[dynamo(rest)]
    rest: Map,
}

fn main() {}
