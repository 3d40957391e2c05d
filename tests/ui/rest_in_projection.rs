// A projection reads the attributes that its fields name, so it keeps no others.
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{Entity, Projection};

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(rest)]
    others: HashMap<String, AttributeValue>,
}

#[derive(Projection)]
#[dynamo(of = Thing)]
struct Part {
    #[dynamo(rest)]
    id: u64,
}

fn main() {}
