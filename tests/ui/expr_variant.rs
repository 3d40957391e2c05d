// The variant of an enum is changed together with its fields, by setting the whole value.
use dynamodel::{Document, Entity};

#[derive(Entity)]
#[dynamo(table = "orders")]
struct Order {
    #[dynamo(partition)]
    id: u64,
    payment: Payment,
}

#[derive(Document)]
enum Payment {
    Invoice,
    Card { digits: String },
}

fn main() {
    let _ = Order::update(1).apply(|o| o.payment.at(|p| p.variant).set("Invoice"));
    let _ = Order::update(1).apply(|o| o.payment.at(|p| p.card.digit).set("42"));
    let _ = Order::update(1).apply(|o| o.payment.at(|p| p.invoice));
}
