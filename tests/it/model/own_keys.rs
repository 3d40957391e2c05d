//! Shared tables whose keys are numbers, or the fields themselves.

use dynamodel::{BatchGet, BatchWrite, Collection, Db, Entity, Table, Transaction};
use dynamodel_tests::db;

use crate::raw;

#[derive(Table)]
#[dynamo(name = "shop", partition = "customer_id", sort = "made": N, discriminator = "t")]
#[dynamo(index(by_state, partition = "state", sort = "made": N))]
#[dynamo(index(gsi1, partition = "g1": N, sort = "g1s"))]
struct Shop;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "{customer_id}", sort = "{made}"))]
#[dynamo(index(by_state as in_state, partition = "{state}", sort = "{made}"))]
#[dynamo(index(gsi1 as by_total, partition = "{total}", sort = "T#{customer_id}"))]
struct Order {
    customer_id: String,
    made: u64,
    state: Option<String>,
    total: Option<i32>,
    #[dynamo(version)]
    version: u64,
}

/// An entity of the same table whose number stands in the key alone.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "{customer}", sort = "{seq}"))]
struct Note {
    customer: String,
    #[dynamo(in_key)]
    seq: i64,
    text: String,
}

#[derive(Debug, PartialEq, Collection)]
enum ShopItem {
    Order(Order),
    Note(Note),
}

const STORED: &str = r#"{"customer_id":{"S":"c1"},"made":{"N":"1700"},"state":{"S":"open"},"total":{"N":"-5"},
    "g1":{"N":"-5"},"g1s":{"S":"T#c1"},"version":{"N":"1"},"t":{"S":"Order"}}"#;

fn order() -> Order {
    Order {
        customer_id: "c1".into(),
        made: 1700,
        state: Some("open".into()),
        total: Some(-5),
        version: 1,
    }
}

async fn shop() -> Db {
    let db = db().await;
    db.create_table::<Shop>().await.unwrap();
    db
}

#[tokio::test]
async fn fields_that_are_the_key_are_stored_once() {
    let db = shop().await;
    let created = Order {
        version: 0,
        ..order()
    }
    .create()
    .send(&db)
    .await
    .unwrap();
    assert_eq!(created, order());
    assert_eq!(raw::all::<Order>(&db).await, [raw::item(STORED)]);
    // The table is there, with the same key.
    db.create_table::<Order>().await.unwrap();
}

#[tokio::test]
async fn numbers_and_fields_as_keys_are_queried_as_values() {
    let db = shop().await;
    for made in [9, 10, 1700, 20_000] {
        let order = Order {
            made,
            version: 0,
            ..order()
        };
        order.create().send(&db).await.unwrap();
    }
    Note {
        customer: "c1".into(),
        seq: -3,
        text: "n".into(),
    }
    .create()
    .send(&db)
    .await
    .unwrap();
    let made = |orders: Vec<Order>| orders.into_iter().map(|o| o.made).collect::<Vec<_>>();
    let late = Order::query("c1")
        .sort(|k| k.made.ge(10))
        .all(&db)
        .await
        .unwrap();
    assert_eq!(made(late), [10, 1700, 20_000]);
    let between = Order::query("c1")
        .sort(|k| k.made.between(9, 1699))
        .all(&db)
        .await
        .unwrap();
    assert_eq!(made(between), [9, 10]);
    let open = Order::in_state("open")
        .sort(|k| k.made.lt(10))
        .all(&db)
        .await
        .unwrap();
    assert_eq!(made(open), [9]);
    let of_total = Order::by_total(-5)
        .sort(|k| k.customer_id.begins_with("c"))
        .all(&db)
        .await;
    assert_eq!(of_total.unwrap().len(), 4);
    let get = Order::get("c1", 1700_u64).send(&db).await.unwrap();
    assert_eq!(get, Some(order()));
    let batch = BatchGet::new([Order::key("c1", 9_u64), Order::key("c1", 1_u64)]);
    let found = batch.send(&db).await.unwrap();
    assert_eq!(made(found.into_iter().flatten().collect()), [9]);
    let items = ShopItem::query("c1").all(&db).await.unwrap();
    assert_eq!(items.len(), 5);
    assert_eq!(
        items[0],
        ShopItem::Note(Note {
            customer: "c1".into(),
            seq: -3,
            text: "n".into()
        })
    );
    let note = Note::get("c1", -3_i64).send(&db).await.unwrap();
    assert_eq!(note.map(|n| n.seq), Some(-3));
    let mut pages = Vec::new();
    let mut page = Order::query("c1")
        .sort(|k| k.made.ge(0))
        .page_size(2)
        .page(&db)
        .await
        .unwrap();
    while let Some(next) = page.next.take() {
        pages.extend(page.items);
        let query = Order::query("c1").sort(|k| k.made.ge(0)).page_size(2);
        page = query.start_at(next).page(&db).await.unwrap();
    }
    pages.extend(page.items);
    assert_eq!(made(pages), [9, 10, 1700, 20_000]);
}

#[tokio::test]
async fn writes_meet_the_item_and_keep_index_keys_true() {
    let db = shop().await;
    raw::put::<Order>(&db, STORED).await;
    let update = Order::update("c1", 1700_u64).apply(|o| (o.state.set("paid"), o.total.set(7)));
    let updated = update.returning_new().send(&db).await.unwrap();
    assert_eq!(
        (updated.state.as_deref(), updated.total),
        (Some("paid"), Some(7))
    );
    assert_eq!(Order::in_state("paid").all(&db).await.unwrap().len(), 1);
    assert_eq!(Order::by_total(7).all(&db).await.unwrap().len(), 1);
    let removed = Order::update("c1", 1700_u64).apply(|o| (o.state.remove(), o.total.remove()));
    removed.send(&db).await.unwrap();
    assert_eq!(Order::in_state("paid").count(&db).await.unwrap(), 0);
    assert_eq!(Order::by_total(7).count(&db).await.unwrap(), 0);
    let read = Order::scan().all(&db).await.unwrap().remove(0);
    let changed = Order {
        state: Some("x".into()),
        total: Some(1),
        ..read.clone()
    };
    read.diff(&changed).send(&db).await.unwrap();
    assert_eq!(Order::by_total(1).count(&db).await.unwrap(), 1);
    let read = Order::scan().all(&db).await.unwrap().remove(0);
    let mut tx = Transaction::new();
    tx.put(
        Order {
            total: None,
            ..read
        }
        .put(),
    );
    tx.send(&db).await.unwrap();
    assert_eq!(Order::by_total(1).count(&db).await.unwrap(), 0);
    let read = Order::scan().all(&db).await.unwrap().remove(0);
    BatchWrite::new()
        .put(read.clone().put().unversioned())
        .send(&db)
        .await
        .unwrap();
    assert_eq!(raw::count::<Order>(&db).await, 1);
    let read = Order::scan().all(&db).await.unwrap().remove(0);
    read.remove().send(&db).await.unwrap();
    assert_eq!(raw::count::<Order>(&db).await, 0);
}

#[tokio::test]
async fn upsert_sets_no_key_attribute() {
    let db = shop().await;
    let update = Order::update("c2", 3_u64).apply(|o| o.total.set(2));
    let new = Order {
        customer_id: "c2".into(),
        made: 3,
        version: 0,
        ..order()
    };
    update.or_create(new).send(&db).await.unwrap();
    let update = Order::update("c3", 4_u64).apply(|o| o.total.set(9));
    update.or_create_empty().send(&db).await.unwrap();
    assert_eq!(Order::by_total(2).count(&db).await.unwrap(), 1);
    let empty = Order::get("c3", 4_u64).send(&db).await.unwrap().unwrap();
    assert_eq!((empty.total, empty.state), (Some(9), None));
}

#[tokio::test]
async fn number_in_key_that_is_not_the_fields_is_refused() {
    let db = shop().await;
    let item = r#"{"customer_id":{"S":"c1"},"made":{"N":"3"},"t":{"S":"Dated"},"day":{"N":"4"}}"#;
    raw::put::<Dated>(&db, item).await;
    let refused = Dated::scan().all(&db).await.unwrap_err();
    assert!(refused.is_unreadable());
    assert_eq!(refused.attribute_path().as_deref(), Some("made"));
    raw::put::<Dated>(&db, &item.replace("\"4\"", "\"3\"")).await;
    assert_eq!(Dated::scan().all(&db).await.unwrap()[0].day, 3);
}

/// An entity whose number in the key has another name than the field.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Shop, key(partition = "{customer_id}", sort = "{day}"))]
struct Dated {
    customer_id: String,
    day: u16,
}

#[derive(Table)]
#[dynamo(name = "boxes", partition = "id")]
struct Boxes;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Boxes, key(partition = "{id}"))]
struct Carton {
    id: uuid::Uuid,
}

#[tokio::test]
async fn own_key_field_in_other_form_is_refused() {
    let db = db().await;
    db.create_table::<Boxes>().await.unwrap();
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let item = format!(r#"{{"id":{{"S":"{id}"}},"_type":{{"S":"Carton"}}}}"#);
    raw::put::<Carton>(&db, &item).await;
    assert_eq!(Carton::scan().all(&db).await.unwrap()[0].id.to_string(), id);
    let other = item.replace(id, &id.to_uppercase());
    raw::put::<Carton>(&db, &other).await;
    let refused = Carton::scan().all(&db).await.unwrap_err();
    assert!(refused.is_unreadable());
    assert_eq!(refused.attribute_path().as_deref(), Some("id"));
}
