//! The shop's table and its entities.

use dynamodel::{Collection, Document, Entity, Table};

/// Table of all the shop's entities.
#[derive(Table)]
#[dynamo(name = "shop", partition = "pk", sort = "sk", ttl = "expires", stream = new_and_old_images)]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
pub(crate) struct Shop;

/// A customer; no two have the same e-mail address.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "CUSTOMER#{customer_id}", sort = "A#PROFILE"))]
pub(crate) struct Customer {
    pub(crate) customer_id: String,
    #[dynamo(unique)]
    pub(crate) email: String,
    pub(crate) name: String,
}

/// One article in a customer's cart; DynamoDB deletes it when it expires.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "CUSTOMER#{customer_id}", sort = "B#CART#{sku}"))]
pub(crate) struct CartItem {
    pub(crate) customer_id: String,
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    #[dynamo(ttl)]
    pub(crate) expires: u64,
}

/// State of an order; stored as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
pub(crate) enum Status {
    Open,
    Shipped,
}

/// An order of a customer.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "CUSTOMER#{customer_id}", sort = "C#ORDER#{number}"))]
#[dynamo(index(gsi1 as by_status, partition = "STATUS#{status}", sort = "{placed_at}#{number}"))]
pub(crate) struct Order {
    pub(crate) customer_id: String,
    pub(crate) number: u32,
    pub(crate) status: Status,
    /// Seconds since 1970.
    pub(crate) placed_at: u64,
    pub(crate) total_cents: u64,
    #[dynamo(version)]
    pub(crate) version: u64,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "CUSTOMER#{customer_id}", sort = "D#LINE#{number}#{line}"))]
#[dynamo(index(gsi1 as by_article, partition = "ARTICLE#{sku}", sort = "LINE#{number}#{line}"))]
pub(crate) struct OrderLine {
    pub(crate) customer_id: String,
    pub(crate) number: u32,
    pub(crate) line: u16,
    pub(crate) sku: String,
    pub(crate) quantity: u32,
}

/// An article in the warehouse.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "ARTICLE#{sku}", sort = "STOCK"))]
pub(crate) struct Stock {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    pub(crate) price_cents: u64,
}

/// All items of a customer, read at once.
#[derive(Debug, PartialEq, Collection)]
pub(crate) struct Account {
    pub(crate) customer: Customer,
    pub(crate) cart: Vec<CartItem>,
    pub(crate) orders: Vec<Order>,
    pub(crate) lines: Vec<OrderLine>,
}

/// Any item of a customer's partition.
#[derive(Debug, PartialEq, Collection)]
pub(crate) enum CustomerItem {
    Customer(Customer),
    Cart(CartItem),
    Order(Order),
    Line(OrderLine),
}
