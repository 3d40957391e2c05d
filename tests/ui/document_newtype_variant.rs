// The only field of a tuple variant is a document.
use dynamodel::Document;

#[derive(Document)]
enum Choice {
    Text(String),
}

fn main() {}
