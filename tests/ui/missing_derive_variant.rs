// a type without a derive in the variants of an enum
use dynamodel::Document;

#[derive(Document)]
enum Payment {
    Cash,
    Card { card: Card },
}
struct Card;

#[derive(Document)]
enum Shape {
    Empty,
    Circle(Circle),
}
struct Circle;

fn main() {}
