//! Order processing: one transaction takes an order's articles out of the stock and counts the order for
//! the customer, all or nothing.
//!
//! | The shop asks for | By | Served by |
//! |---|---|---|
//! | the remaining quantity of an article | article | `Stock::get` |
//! | a customer | customer id | `Customer::get` |
//! | an order | customer id, order id | `Order::get` |
//! | a customer's orders, newest first | customer id | `Order::query(..).descending` |
//! | the orders to be packed, oldest first | status | `Order::by_status` |
//!
//! Writes: `place` and `cancel`, one transaction each. DynamoDB names the operation that a transaction
//! was refused for and returns the stored item, so a refusal reports the remaining quantity with no
//! further read.
//!
//! `cargo run --example order_processing` runs it on the embedded engine; `-- --help` lists the other databases.

use dynamodel::{Db, Document, Entity, Error, Transaction};
use dynamodel_examples::{Outcome, connect};
use futures_util::future::try_join_all;

/// Remaining quantity of an article.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "order-stock")]
struct Stock {
    #[dynamo(partition)]
    sku: String,
    quantity: u32,
}

/// A customer, who may be blocked.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "order-customers")]
struct Customer {
    #[dynamo(partition)]
    id: String,
    blocked: bool,
    orders: u64,
}

/// State of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
enum Status {
    Open,
    Canceled,
}

/// An order. Its id begins with the time, so ids sort by time.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "orders", index(by_status, partition = status, sort = id))]
struct Order {
    #[dynamo(partition)]
    customer_id: String,
    #[dynamo(sort)]
    id: String,
    status: Status,
    lines: Vec<Line>,
    #[dynamo(version)]
    version: u64,
}

/// An article of an order.
#[derive(Debug, Clone, PartialEq, Document)]
struct Line {
    sku: String,
    quantity: u32,
}

/// Reason for which an order was not placed.
#[derive(Debug)]
enum Refused {
    SoldOut {
        sku: String,
        left: u32,
    },
    /// The customer is blocked or unknown.
    Customer,
    /// Another order has this id.
    PlacedBefore,
}

async fn place(db: &Db, order: Order) -> Result<Result<Order, Refused>, Error> {
    let mut tx = Transaction::new();
    let mut of_stock = Vec::new();
    for line in &order.lines {
        let quantity = line.quantity;
        let take = Stock::update(&line.sku)
            .apply(|s| s.quantity.subtract(quantity))
            .when(|s| s.quantity.ge(quantity));
        of_stock.push((line.sku.clone(), tx.update(take)));
    }
    let customer = tx.update(
        Customer::update(&order.customer_id)
            .apply(|c| c.orders.add(1))
            .when(|c| c.blocked.eq(false)),
    );
    let placed = tx.put(order.clone().create());

    let error = match tx.send(db).await {
        Ok(mut done) => return Ok(Ok(done.take(placed).unwrap_or(order))),
        Err(error) if error.is_condition_failed() => error,
        Err(error) => return Err(error),
    };
    for (sku, update) in of_stock {
        if let Some(why) = error.reason(update).filter(|why| why.is_condition_failed()) {
            let left = why.item.map_or(0, |stock| stock.quantity);
            return Ok(Err(Refused::SoldOut { sku, left }));
        }
    }
    let of_customer = error.reason(customer);
    Ok(Err(match of_customer {
        Some(why) if why.is_condition_failed() => Refused::Customer,
        _ => Refused::PlacedBefore,
    }))
}

/// Puts the articles back into the stock. The version keeps an order from being canceled twice.
async fn cancel(db: &Db, mut order: Order) -> Result<Order, Error> {
    let mut tx = Transaction::new();
    for line in &order.lines {
        tx.update(Stock::update(&line.sku).apply(|s| s.quantity.add(line.quantity)));
    }
    order.status = Status::Canceled;
    let canceled = tx.put(order.clone().put());
    let mut done = tx.send(db).await?;
    Ok(done.take(canceled).unwrap_or(order))
}

fn order(customer_id: &str, id: &str, lines: &[(&str, u32)]) -> Order {
    let lines = lines.iter().map(|(sku, quantity)| Line {
        sku: (*sku).to_owned(),
        quantity: *quantity,
    });
    Order {
        customer_id: customer_id.to_owned(),
        id: id.to_owned(),
        status: Status::Open,
        lines: lines.collect(),
        version: 0,
    }
}

async fn left(db: &Db, sku: &str) -> Result<u32, Error> {
    let stock = Stock::get(sku).consistent().send(db).await?;
    Ok(stock.map_or(0, |s| s.quantity))
}

#[tokio::main]
async fn main() -> Outcome {
    let Some(db) = connect("Order processing in transactions.").await? else {
        return Ok(());
    };
    db.create_table::<Stock>().await?;
    db.create_table::<Customer>().await?;
    db.create_table::<Order>().await?;
    for (sku, quantity) in [("apple", 10), ("pear", 2), ("plum", 5)] {
        let sku = sku.to_owned();
        Stock { sku, quantity }.create().send(&db).await?;
    }
    for (id, blocked) in [("ada", false), ("eve", true)] {
        let (id, orders) = (id.to_owned(), 0);
        Customer {
            id,
            blocked,
            orders,
        }
        .create()
        .send(&db)
        .await?;
    }

    let first = order("ada", "2026-03-01#1", &[("apple", 3), ("pear", 2)]);
    let first = place(&db, first).await?.map_err(|r| format!("{r:?}"))?;
    println!("placed {} at version {}", first.id, first.version);
    assert_eq!(left(&db, "pear").await?, 0);

    // Nothing is written when one article is short: the apples stay, and the customer still has one
    // order.
    let short = order("ada", "2026-03-01#2", &[("apple", 5), ("pear", 1)]);
    let refused = place(&db, short).await?;
    println!("with a pear too many: {refused:?}");
    assert!(matches!(refused, Err(Refused::SoldOut { sku, left: 0 }) if sku == "pear"));
    assert_eq!(left(&db, "apple").await?, 7);
    let refused = place(&db, order("eve", "2026-03-01#3", &[("apple", 1)])).await?;
    println!("for a blocked customer: {refused:?}");
    assert!(matches!(refused, Err(Refused::Customer)));
    let refused = place(&db, order("ada", "2026-03-01#1", &[("apple", 1)])).await?;
    println!("under an id that is taken: {refused:?}");
    assert!(matches!(refused, Err(Refused::PlacedBefore)));
    let ada = Customer::get("ada").consistent().send(&db).await?;
    assert_eq!(ada.map(|c| c.orders), Some(1));

    // Twelve orders for five plums, all at once: five are placed.
    let rush = (0..12).map(|n| {
        place(
            &db,
            order("ada", &format!("2026-03-02#{n:02}"), &[("plum", 1)]),
        )
    });
    let rush = try_join_all(rush).await?;
    let placed = rush.iter().filter(|result| result.is_ok()).count();
    let all_sold_out = rush
        .iter()
        .flat_map(|r| r.as_ref().err())
        .all(|refused| matches!(refused, Refused::SoldOut { left: 0, .. }));
    println!("12 orders at once for 5 plums: {placed} placed, the others sold out: {all_sold_out}");
    assert!(placed == 5 && all_sold_out);

    let canceled = cancel(&db, first.clone()).await?;
    println!(
        "canceled {}: {} pears are back",
        canceled.id,
        left(&db, "pear").await?
    );
    let twice = cancel(&db, first).await;
    assert!(twice.is_err_and(|e| e.is_conflict()));
    assert_eq!(
        (left(&db, "apple").await?, left(&db, "pear").await?),
        (10, 2)
    );
    let to_pack = Order::by_status(Status::Open).count(&db).await?;
    let newest = Order::query("ada")
        .descending()
        .first(&db)
        .await?
        .ok_or("no order")?;
    println!(
        "to be packed: {to_pack}; the newest of them was for {} plum",
        newest.lines[0].quantity
    );
    assert_eq!(to_pack, 5);

    db.delete_table::<Stock>().await?;
    db.delete_table::<Customer>().await?;
    Ok(db.delete_table::<Order>().await?)
}
