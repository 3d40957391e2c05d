// One field keeps the attributes that the struct does not know.
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{Document, Entity};

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(rest)]
    one: HashMap<String, AttributeValue>,
    #[dynamo(rest)]
    two: HashMap<String, AttributeValue>,
}

#[derive(Document)]
struct Part {
    #[dynamo(rest)]
    one: HashMap<String, AttributeValue>,
    #[dynamo(rest)]
    two: HashMap<String, AttributeValue>,
}

fn main() {}
