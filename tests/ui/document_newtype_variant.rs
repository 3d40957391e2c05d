// the only field of a variant is a document
use dynamodel::Document;

#[derive(Document)]
enum Choice {
    Text(String),
}

fn main() {}
