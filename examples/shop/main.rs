//! An online shop in one table.
//!
//! Access patterns and the calls that serve them; each but the second is a single request:
//!
//! | The shop asks for | By | Served by |
//! |---|---|---|
//! | a customer | customer id | `Customer::get` |
//! | the owner of an e-mail address | e-mail | `Customer::get_by_email`, two reads |
//! | a customer with cart, orders and lines | customer id | `Account::query(..).gather` |
//! | the cart of a customer | customer id | `CartItem::query` |
//! | the orders of a customer, newest first | customer id | `Order::query(..).descending` |
//! | an order's lines | customer id, number | `OrderLine::query(..).sort(number)` |
//! | the open orders of a period, oldest first | status, time | `Order::by_status(..).sort(placed_at)` |
//! | the customers who ordered an article | article | `OrderLine::by_article` |
//! | the stock of an article | article | `Stock::get` |
//! | everything that changed for a customer | customer id, sort key range | `CustomerItem::query(..).sort` |
//!
//! Writes: `register` keeps the e-mail address unique, by a unique item that `#[dynamo(unique)]` writes
//! with the customer; `place_order` takes the articles out of stock and empties the cart. Each is one
//! transaction, all or nothing.
//!
//! `cargo run --example shop` runs it on the embedded engine; `-- --help` lists the other databases.

mod model;

use dynamodel::{Db, Entity, Error, Model, Transaction};
use dynamodel_examples::{Outcome, connect};

use model::{Account, CartItem, Customer, CustomerItem, Order, OrderLine, Shop, Status, Stock};

/// Registers a customer; fails if another customer has the e-mail address.
async fn register(db: &Db, id: &str, email: &str, name: &str) -> Result<(), Error> {
    let customer = Customer {
        customer_id: id.into(),
        email: email.into(),
        name: name.into(),
    };
    customer.create().send(db).await.map(|_| ())
}

/// Turns the customer's cart into an order.
async fn place_order(db: &Db, customer_id: &str, number: u32, now: u64) -> Result<Order, Error> {
    let cart = CartItem::query(customer_id).consistent().all(db).await?;
    let mut tx = Transaction::new();
    let mut total_cents = 0;
    for (line, item) in (1..).zip(cart) {
        let stock = Stock::get(&item.sku).send(db).await?;
        let price = stock.map_or(0, |s| s.price_cents);
        total_cents += price * u64::from(item.quantity);
        tx.update(
            Stock::update(&item.sku)
                .apply(|s| s.quantity.subtract(item.quantity))
                .when(|s| s.quantity.ge(item.quantity)),
        );
        tx.put(
            OrderLine {
                customer_id: customer_id.into(),
                number,
                line,
                sku: item.sku.clone(),
                quantity: item.quantity,
            }
            .create(),
        );
        tx.delete(CartItem::delete(customer_id, &item.sku));
    }
    let order = Order {
        customer_id: customer_id.into(),
        number,
        status: Status::Open,
        placed_at: now,
        total_cents,
        version: 0,
    };
    tx.put(order.clone().create());
    tx.send(db).await?;
    Ok(order)
}

async fn put_into_cart(db: &Db, customer_id: &str, sku: &str, quantity: u32) -> Result<(), Error> {
    let item = CartItem {
        customer_id: customer_id.into(),
        sku: sku.into(),
        quantity,
        expires: 4_000_000_000,
    };
    item.put().send(db).await.map(|_| ())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let Some(db) = connect("An online shop in one table.").await? else {
        return Ok(());
    };
    println!(
        "{}",
        Model::of::<(Customer, CartItem, Order, OrderLine, Stock)>()
    );
    run(&db).await?;
    Ok(db.delete_table::<Shop>().await?)
}

async fn run(db: &Db) -> Result<(), Error> {
    db.create_table::<Shop>().await?;
    for (sku, quantity, price_cents) in [("apple", 10, 50), ("pear", 1, 80)] {
        let sku = sku.to_owned();
        Stock {
            sku,
            quantity,
            price_cents,
        }
        .create()
        .send(db)
        .await?;
    }
    register(db, "c1", "ada@example.org", "Ada").await?;
    let taken = register(db, "c2", "ada@example.org", "Eve").await;
    println!(
        "the e-mail address is taken: {}",
        taken.is_err_and(|e| e.is_unique_violation())
    );

    put_into_cart(db, "c1", "apple", 3).await?;
    put_into_cart(db, "c1", "pear", 1).await?;
    let order = place_order(db, "c1", 1, 1_000).await?;
    println!("order 1 costs {} cents", order.total_cents);

    put_into_cart(db, "c1", "pear", 1).await?;
    let sold_out = place_order(db, "c1", 2, 2_000).await;
    println!(
        "pears are sold out: {}",
        sold_out.is_err_and(|e| e.is_transaction_canceled())
    );

    let account = Account::query("c1").gather(db).await?;
    println!(
        "{} has {} in the cart, {} order with {} lines",
        account.customer.name,
        account.cart.len(),
        account.orders.len(),
        account.lines.len()
    );
    let open = Order::by_status(Status::Open).sort(|k| k.placed_at.le(1_500_u64));
    println!("open orders: {}", open.count(db).await?);
    Order::update("c1", 1_u32)
        .apply(|o| o.status.set(Status::Shipped))
        .send(db)
        .await?;
    println!(
        "open orders: {}",
        Order::by_status(Status::Open).count(db).await?
    );
    println!(
        "apples were ordered {} time",
        OrderLine::by_article("apple").count(db).await?
    );
    let lines = OrderLine::query("c1")
        .sort(|k| k.number.eq(1_u32))
        .all(db)
        .await?;
    println!("order 1 has {} lines", lines.len());
    let orders = CustomerItem::query("c1").sort(|k| k.begins_with("C#"));
    println!("items of orders: {}", orders.all(db).await?.len());
    Customer::update("c1")
        .apply(|c| c.email.set("lovelace@example.org"))
        .send(db)
        .await?;
    register(db, "c3", "ada@example.org", "Adam").await?;
    for email in ["lovelace@example.org", "ada@example.org"] {
        let owner = Customer::get_by_email(email).send(db).await?;
        println!(
            "{email} belongs to {}",
            owner.map_or_else(String::new, |c| c.customer_id)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn run_leaves_consistent_shop() {
        let db = Db::embedded().unwrap();
        run(&db).await.unwrap();
        let account = Account::query("c1").gather(&db).await.unwrap();
        assert_eq!(account.orders[0].total_cents, 230);
        assert_eq!(account.orders[0].status, Status::Shipped);
        assert_eq!(account.cart.len(), 1);
        let stock = Stock::get("apple").send(&db).await.unwrap().unwrap();
        assert_eq!(stock.quantity, 7);
        assert_eq!(Customer::get("c2").send(&db).await.unwrap(), None);
    }
}
