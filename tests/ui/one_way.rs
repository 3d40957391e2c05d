// A stored form is given by one complete way of writing and reading.
use dynamodel::Entity;

#[derive(Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(from = String)]
    a: Box<str>,
    #[dynamo(with = text, from = u8, into = u8)]
    b: u8,
    #[dynamo(kind = S)]
    c: u8,
    #[dynamo(serde, with = text)]
    d: u8,
    #[dynamo(serde, from = u8, into = u8)]
    e: u8,
}

fn main() {}
