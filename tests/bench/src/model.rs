//! The entities, in four shapes, each with the code that every contestant needs for it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::wire::Writer;
use dynamodel::{Document, Entity, Projection};
use modyne::EntityDef;
use serde::{Deserialize, Serialize};

use self::hand::Value;

pub mod hand;

pub const TABLE: &str = "orders";

/// An item of a table with the key `pk` and `sk`.
pub trait Sample:
    Entity + EntityDef + Serialize + for<'de> Deserialize<'de> + Clone + PartialEq + std::fmt::Debug
{
    /// Name of the shape.
    const SHAPE: &'static str;
    /// Number of items in a page of 1 MB.
    const PAGE: usize;

    /// Returns the `n`-th item.
    fn sample(n: usize) -> Self;
    fn pk_sk(&self) -> hand::PkSk;

    /// Conversion as people write it by hand.
    fn to_attributes(&self) -> HashMap<String, AttributeValue>;
    fn from_attributes(item: HashMap<String, AttributeValue>) -> Option<Self>;
}

/// Derives the struct for all contestants, and converts it by hand.
macro_rules! entity {
    ($(#[$attr:meta])* $name:ident { $($(#[$field_attr:meta])* $field:ident: $ty:ty,)* }
     $shape:literal, $page:literal, $sample:expr) => {
        $(#[$attr])*
        #[derive(Debug, Clone, PartialEq, Entity, EntityDef, Serialize, Deserialize)]
        #[dynamo(table = "orders")]
        pub struct $name {
            #[dynamo(partition)]
            pub pk: String,
            #[dynamo(sort)]
            pub sk: String,
            $($(#[$field_attr])* pub $field: $ty,)*
        }

        impl Sample for $name {
            const SHAPE: &'static str = $shape;
            const PAGE: usize = $page;

            fn sample(n: usize) -> Self {
                $sample(n)
            }

            fn pk_sk(&self) -> hand::PkSk {
                hand::PkSk { pk: self.pk.clone(), sk: self.sk.clone() }
            }

            fn to_attributes(&self) -> HashMap<String, AttributeValue> {
                let mut item = HashMap::with_capacity(64);
                item.insert("pk".to_owned(), self.pk.to_value());
                item.insert("sk".to_owned(), self.sk.to_value());
                $(if !self.$field.is_absent() {
                    item.insert(stringify!($field).to_owned(), self.$field.to_value());
                })*
                item
            }

            fn from_attributes(mut item: HashMap<String, AttributeValue>) -> Option<Self> {
                Some($name {
                    pk: Value::from_value(item.remove("pk"))?,
                    sk: Value::from_value(item.remove("sk"))?,
                    $($field: Value::from_value(item.remove(stringify!($field)))?,)*
                })
            }
        }

        impl modyne::Entity for $name {
            type KeyInput<'a> = (&'a str, &'a str);
            type Table = crate::model::hand::Shop;
            type IndexKeys = ();

            fn primary_key((pk, sk): (&str, &str)) -> hand::PkSk {
                hand::PkSk { pk: pk.to_owned(), sk: sk.to_owned() }
            }

            fn full_key(&self) -> modyne::keys::FullKey<hand::PkSk, ()> {
                modyne::keys::FullKey {
                    primary: Self::primary_key((&self.pk, &self.sk)),
                    indexes: (),
                }
            }
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Document, Serialize, Deserialize)]
pub enum Status {
    Pending,
    Paid,
    Shipped,
    Delivered,
}

entity! {
    /// Twelve flat attributes, about 700 bytes.
    Order {
        customer_name: String,
        email: String,
        status: Status,
        quantity: u32,
        total_cents: i64,
        discount: f64,
        gift: bool,
        created_at: String,
        address: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
    "12 flat attributes", 1500, order
}

#[derive(Debug, Clone, PartialEq, Document, Serialize, Deserialize)]
pub struct Address {
    pub street: String,
    pub city: String,
    pub zip: String,
}

entity! {
    /// The most common kind of item: thirteen attributes, among them a list and a document.
    Parcel {
        customer_name: String,
        email: String,
        status: Status,
        quantity: u32,
        total_cents: i64,
        discount: f64,
        gift: bool,
        created_at: String,
        tags: Vec<String>,
        address: Address,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
    "13 attributes, a list and a document", 1500, parcel
}

entity! {
    /// A small counter: three attributes.
    Counter { views: u64, }
    "3 attributes", 10_000, |n: usize| Counter {
        pk: format!("PAGE#{:08}", n * 7919),
        sk: format!("DAY#2026-{:02}-{:02}", n % 12 + 1, n % 28 + 1),
        views: n as u64 * 37,
    }
}

/// Borrowed projection of an [`Order`].
#[derive(Debug, Projection)]
#[dynamo(of = Order)]
pub struct OrderView<'a> {
    pub pk: &'a str,
    pub sk: &'a str,
    pub customer_name: &'a str,
    pub email: &'a str,
    pub status: &'a str,
    pub quantity: u32,
    pub total_cents: i64,
    pub discount: f64,
    pub gift: bool,
    pub created_at: &'a str,
    pub address: &'a str,
    pub note: Option<&'a str>,
}

/// Borrowed projection of a [`Parcel`].
#[derive(Debug, Projection)]
#[dynamo(of = Parcel)]
pub struct ParcelView<'a> {
    pub pk: &'a str,
    pub sk: &'a str,
    pub customer_name: &'a str,
    pub email: &'a str,
    pub status: &'a str,
    pub quantity: u32,
    pub total_cents: i64,
    pub discount: f64,
    pub gift: bool,
    pub created_at: &'a str,
    pub tags: Vec<&'a str>,
    pub address: AddressView<'a>,
    pub note: Option<&'a str>,
}

/// Borrowed projection of an [`Address`].
#[derive(Debug, Projection)]
#[dynamo(of = Address)]
pub struct AddressView<'a> {
    pub street: &'a str,
    pub city: &'a str,
    pub zip: &'a str,
}

/// Borrowed projection of a [`Counter`].
#[derive(Debug, Projection)]
#[dynamo(of = Counter)]
pub struct CounterView<'a> {
    pub pk: &'a str,
    pub sk: &'a str,
    pub views: u64,
}

/// Borrowed projection of a [`Part`].
#[derive(Debug, Projection)]
#[dynamo(of = Part)]
pub struct PartView<'a> {
    pub sku: &'a str,
    pub label: &'a str,
    pub sizes: Vec<i64>,
    pub origin: OriginView<'a>,
}

/// Borrowed projection of an [`Origin`].
#[derive(Debug, Projection)]
#[dynamo(of = Origin)]
pub struct OriginView<'a> {
    pub country: &'a str,
    pub batch: u32,
}

#[derive(Debug, Clone, PartialEq, Document, Serialize, Deserialize)]
pub struct Part {
    pub sku: String,
    pub label: String,
    pub sizes: Vec<i64>,
    pub origin: Origin,
}
#[derive(Debug, Clone, PartialEq, Document, Serialize, Deserialize)]
pub struct Origin {
    pub country: String,
    pub batch: u32,
}

macro_rules! wide {
    (text: $($text:ident)*; number: $($number:ident)*; flag: $($flag:ident)*;
     optional: $($optional:ident)*; list: $($list:ident)*; part: $($part:ident)*;) => {
        /// Borrowed projection of a [`Product`].
        #[derive(Debug, Projection)]
        #[dynamo(of = Product)]
        pub struct ProductView<'a> {
            pub pk: &'a str,
            pub sk: &'a str,
            $(pub $text: &'a str,)*
            $(pub $number: i64,)*
            $(pub $flag: bool,)*
            $(pub $optional: Option<&'a str>,)*
            $(pub $list: Vec<&'a str>,)*
            $(pub $part: PartView<'a>,)*
        }

        entity! {
            /// Sixty attributes with nested lists and maps.
            Product {
                $($text: String,)*
                $($number: i64,)*
                $($flag: bool,)*
                $(#[serde(default, skip_serializing_if = "Option::is_none")] $optional: Option<String>,)*
                $($list: Vec<String>,)*
                $($part: Part,)*
            }
            "60 attributes, nested", 260, |n: usize| Product {
                pk: format!("CATALOG#{:012x}", n * 7919),
                sk: format!("PRODUCT#{n:08}"),
                $($text: format!("{} of product {n}", stringify!($text)),)*
                $($number: n as i64 * 31 - 500,)*
                $($flag: n % 3 == 0,)*
                $($optional: (n % 2 == 0).then(|| format!("{} {n}", stringify!($optional))),)*
                $($list: (0..n % 5).map(|i| format!("{}-{i}", stringify!($list))).collect(),)*
                $($part: Part {
                    sku: format!("SKU-{n:06}"),
                    label: format!("{} for product {n}", stringify!($part)),
                    sizes: vec![n as i64, 20, 300],
                    origin: Origin { country: "Portugal".to_owned(), batch: n as u32 },
                },)*
            }
        }
    };
}
wide! {
    text: name brand category family color material season line model collection manual warranty
          care finish fabric pattern supplier warehouse shelf channel;
    number: price cost tax weight height width depth stock reserved sold rating votes views rank lead;
    flag: active fragile digital taxable refundable;
    optional: subtitle slogan video successor remark;
    list: tags images keywords markets bundles reviews;
    part: box_part lid_part left_part right_part front_part back_part core_part;
}

fn order(n: usize) -> Order {
    let (month, day, minute) = (n % 9 + 1, n % 19 + 10, n % 60);
    let created_at = format!("2026-0{month}-{day}T09:{minute:02}:33.481Z");
    Order {
        pk: format!("CUSTOMER#7f3a9c52-41de-4b0e-9f6a-{:012x}", n * 7919),
        sk: format!("ORDER#{created_at}#{n:08}"),
        customer_name: format!("Customer Number {n} O'Neill"),
        email: format!("customer.{n}@example-mail.com"),
        status: [
            Status::Pending,
            Status::Paid,
            Status::Shipped,
            Status::Delivered,
        ][n % 4],
        quantity: n as u32 % 17 + 1,
        total_cents: 12_999 + n as i64 * 37,
        discount: 0.05 + (n % 40) as f64 / 100.0,
        gift: n.is_multiple_of(3),
        created_at,
        address: format!(
            "{} Long Meadow Boulevard, Apartment {}, San Francisco",
            n % 999,
            n % 30
        ),
        note: match n % 8 {
            0 => None,
            1 => Some(
                "Ring twice and wait at the \"north\" door.\nPlease leave it with the concierge."
                    .into(),
            ),
            _ => Some(
                "Handle with care. The customer asked for delivery in the afternoon, after four."
                    .into(),
            ),
        },
    }
}

fn parcel(n: usize) -> Parcel {
    let order = order(n);
    Parcel {
        pk: order.pk,
        sk: order.sk,
        customer_name: order.customer_name,
        email: order.email,
        status: order.status,
        quantity: order.quantity,
        total_cents: order.total_cents,
        discount: order.discount,
        gift: order.gift,
        created_at: order.created_at,
        tags: vec![
            "priority".to_owned(),
            "eu-west".to_owned(),
            format!("batch-{}", n % 97),
        ],
        address: Address {
            street: format!("{} Long Meadow Boulevard, Apartment {}", n % 999, n % 30),
            city: "San Francisco".to_owned(),
            zip: format!("{:05}", 90_000 + n % 10_000),
        },
        note: order.note,
    }
}

/// Returns the item as DynamoDB sends it: the order of the attributes is arbitrary, but the same for all
/// items. `for_modyne` adds the type attribute that modyne reads.
pub fn stored<E: Sample>(item: &E, for_modyne: bool) -> String {
    let mut w = Writer::new();
    item.write_item(&mut w);
    let json = w.finish().expect("the samples can be stored");
    let item: HashMap<String, serde_json::Value> =
        serde_json::from_slice(&json).expect("the codec writes JSON");
    let mut attributes: Vec<_> = item.into_iter().collect();
    if for_modyne {
        let kind = serde_json::json!({"S": E::ENTITY_TYPE.as_str()});
        attributes.push(("entity_type".to_owned(), kind));
    }
    attributes.sort_by_cached_key(|(name, _)| mixed(name));
    let attributes = attributes.iter();
    let attributes: Vec<_> = attributes.map(|(k, v)| format!("\"{k}\":{v}")).collect();
    format!("{{{}}}", attributes.join(","))
}

/// FNV-1a hash of an attribute's name; items are sorted by it.
fn mixed(name: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Response to GetItem.
pub fn get_answer<E: Sample>(for_modyne: bool) -> Vec<u8> {
    format!("{{\"Item\":{}}}", stored(&E::sample(1), for_modyne)).into_bytes()
}

/// Response to Query and Scan: a page with another one after it.
pub fn page_answer<E: Sample>(items: usize, for_modyne: bool) -> Vec<u8> {
    let all: Vec<_> = (0..items)
        .map(|n| stored(&E::sample(n), for_modyne))
        .collect();
    let last = r#"{"pk":{"S":"CUSTOMER#1"},"sk":{"S":"ORDER#9"}}"#;
    format!(
        r#"{{"Count":{items},"Items":[{}],"LastEvaluatedKey":{last},"ScannedCount":{items}}}"#,
        all.join(",")
    )
    .into_bytes()
}

/// Response to BatchGetItem.
pub fn batch_answer<E: Sample>(items: usize, for_modyne: bool) -> Vec<u8> {
    let all: Vec<_> = (0..items)
        .map(|n| stored(&E::sample(n), for_modyne))
        .collect();
    format!(
        r#"{{"Responses":{{"{TABLE}":[{}]}},"UnprocessedKeys":{{}}}}"#,
        all.join(",")
    )
    .into_bytes()
}
