// The derive checks the attributes of documents.
use dynamodel::Document;

#[derive(Document)]
#[dynamo(tag = "kind", table = "things")]
struct Struct {
    #[dynamo(partition)]
    a: u8,
    #[dynamo(rename = "a")]
    b: u8,
}

#[derive(Document)]
#[dynamo(transparent)]
enum Choice {
    #[dynamo(rename = "b")]
    A,
    #[dynamo(rename = "b")]
    B,
}

#[derive(Document)]
enum Tagged {
    A { r#type: u8 },
}

#[derive(Document)]
#[dynamo(transparent)]
struct Two {
    a: u8,
    b: u8,
}

fn main() {}
