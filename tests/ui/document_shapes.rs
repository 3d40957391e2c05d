// A document has a shape that can be stored.
use dynamodel::Document;

#[derive(Document)]
struct Unit;

#[derive(Document)]
struct Newtype(String);

#[derive(Document)]
struct Pair(String, u8);

#[derive(Document)]
enum Empty {}

#[derive(Document)]
enum Tuples {
    Two(u8, u8),
}

fn main() {}
