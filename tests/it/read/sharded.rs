//! Indexes whose writes are spread over shards.

mod borrowed;
mod cursors;
mod failures;
mod order;
mod reads;
mod spread;
mod writes;

use dynamodel::{Binary, Db, Entity, Projection, Table};
use rust_decimal::Decimal;

/// An entity with a table of its own: the shard is an attribute.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "orders")]
#[dynamo(index(by_status, partition = status, sort = placed_at, shards = 16))]
#[dynamo(index(by_region, partition = (region, year), sort = (amount, digest, note), shards = 5))]
#[dynamo(index(by_year, partition = year, shards = 3, project = keys))]
#[dynamo(index(by_note, partition = status, sort = note, shards = 2, project = [placed_at], name = "by.note"))]
pub(crate) struct Order {
    #[dynamo(partition)]
    pub(crate) id: String,
    #[dynamo(sort)]
    pub(crate) line: u32,
    pub(crate) status: Option<String>,
    pub(crate) placed_at: u64,
    pub(crate) region: Option<String>,
    pub(crate) year: Option<u16>,
    pub(crate) amount: Option<Decimal>,
    pub(crate) digest: Option<Binary>,
    pub(crate) note: Option<String>,
    pub(crate) pieces: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Projection)]
#[dynamo(of = Order)]
pub(crate) struct Note {
    pub(crate) note: Option<String>,
}

/// An entity in a shared table: the shard is the end of the partition key's text.
#[derive(Table)]
#[dynamo(name = "app", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
pub(crate) struct App;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = App, key(partition = "USER#{user}", sort = "TASK#{number}"))]
#[dynamo(index(gsi1 as by_state, partition = "STATE#{state}", sort = "{due}#{title}", shards = 16))]
pub(crate) struct Task {
    pub(crate) user: String,
    pub(crate) number: u32,
    pub(crate) state: Option<String>,
    pub(crate) due: u64,
    pub(crate) title: String,
    pub(crate) done: bool,
}

pub(crate) fn order(id: impl ToString, placed_at: u64) -> Order {
    Order {
        id: id.to_string(),
        line: 1,
        status: Some("open".to_owned()),
        placed_at,
        region: None,
        year: None,
        amount: None,
        digest: None,
        note: None,
        pieces: None,
    }
}

pub(crate) fn task(user: impl ToString, due: u64) -> Task {
    Task {
        user: user.to_string(),
        number: 7,
        state: Some("open".to_owned()),
        due,
        title: "title".to_owned(),
        done: false,
    }
}

/// Returns a database with the tables and these orders.
pub(crate) async fn orders(orders: impl IntoIterator<Item = Order>) -> Db {
    let db = dynamodel_tests::db().await;
    db.create_table::<Order>().await.unwrap();
    put(&db, orders).await;
    db
}

pub(crate) async fn put<E: Entity<Lock = dynamodel::model::Unversioned>>(
    db: &Db,
    items: impl IntoIterator<Item = E>,
) {
    for item in items {
        item.put().send(db).await.unwrap();
    }
}

/// Computes the shard of a key according to the description of `dynamodel::schema::Shards`, as an
/// independent check: each part is given as `S` or `N` and its bytes.
pub(crate) fn shard(key: &[(char, &str)], shards: u64) -> u64 {
    let mut bytes = Vec::new();
    for (kind, value) in key {
        bytes.push(*kind as u8);
        bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
        bytes.extend_from_slice(value.as_bytes());
    }
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (hash ^ (hash >> 33)) % shards
}
