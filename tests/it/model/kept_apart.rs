//! No operation on one entity changes an item of another entity of the table, and no read mixes them.

use dynamodel::{
    BatchGet, BatchWrite, BulkWriter, Collection, Db, Entity, ErrorKind, Projection, Table,
    Transaction,
};
use dynamodel_tests::db;
use futures_util::TryStreamExt;

use crate::raw;

#[derive(Table)]
#[dynamo(name = "depot", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
#[dynamo(index(keys, partition = "gsi2pk", sort = "gsi2sk", project = keys))]
struct Depot;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Depot, key(partition = "SITE#{site}", sort = "AREA#{area}"))]
#[dynamo(index(gsi1 as by_kind, partition = "KIND#{kind}", sort = "{area}"))]
#[dynamo(index(keys as keys_by_kind, partition = "KIND#{kind}", sort = "{area}"))]
struct Area {
    site: String,
    area: String,
    kind: String,
    size: u32,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Depot, key(partition = "SITE#{site}", sort = "AREA#{area}#STOCK#{sku}"))]
#[dynamo(index(gsi1 as by_kind, partition = "KIND#{kind}", sort = "{area}#{sku}"))]
struct Stock {
    site: String,
    area: String,
    sku: String,
    kind: String,
    count: u32,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Depot, key(partition = "SITE#{site}", sort = "BADGE#{badge}"))]
struct Badge {
    site: String,
    badge: String,
    #[dynamo(unique)]
    owner: String,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Depot, key(partition = "SITE#{site}", sort = "BADGE#{badge}#LOG#{n}"))]
struct BadgeLog {
    site: String,
    badge: String,
    n: u32,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Area)]
struct Size {
    size: u32,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Area)]
struct SizeView<'a> {
    kind: &'a str,
    size: u32,
}

fn area(area: &str) -> Area {
    Area {
        site: "s".into(),
        area: area.into(),
        kind: "cold".into(),
        size: 7,
    }
}

fn stock(area: &str, sku: &str) -> Stock {
    Stock {
        site: "s".into(),
        area: area.into(),
        sku: sku.into(),
        kind: "cold".into(),
        count: 3,
    }
}

async fn depot() -> Db {
    let db = db().await;
    db.create_table::<Depot>().await.unwrap();
    db
}

/// An area whose key is that of the stock `a`, `1`.
fn hostile() -> Area {
    area("a#STOCK#1")
}

#[tokio::test]
async fn writes_of_one_entity_leave_items_of_others_alone() {
    let db = &depot().await;
    let stored = stock("a", "1").create().send(db).await.unwrap();
    let key = || Area::key("s", "a#STOCK#1");
    let set = || Area::update("s", "a#STOCK#1").apply(|a| a.size.set(9));
    let results = [
        hostile().put().send(db).await.map(drop),
        hostile()
            .put()
            .when(|a| a.size.ge(0))
            .send(db)
            .await
            .map(drop),
        hostile().create().send(db).await.map(drop),
        hostile().replace().send(db).await.map(drop),
        hostile().upsert().send(db).await.map(drop),
        hostile().put().returning_old().send(db).await.map(drop),
        hostile().remove().send(db).await.map(drop),
        Area::delete("s", "a#STOCK#1").send(db).await,
        Area::delete("s", "a#STOCK#1").must_exist().send(db).await,
        Area::delete("s", "a#STOCK#1")
            .returning_old()
            .send(db)
            .await
            .map(drop),
        set().send(db).await,
        set().or_create(hostile()).send(db).await,
        set().returning_new().send(db).await.map(drop),
        hostile()
            .diff(&Area {
                size: 1,
                ..hostile()
            })
            .send(db)
            .await,
    ];
    for (i, result) in results.into_iter().enumerate() {
        let e = result.expect_err(&format!("operation {i}"));
        assert_eq!(e.kind(), ErrorKind::OtherEntity, "operation {i}: {e}");
        assert!(e.is_other_entity() && e.is_condition_failed() && !e.is_retryable());
        assert!(e.current::<Area>().is_none());
        assert_eq!(e.current::<Stock>(), Some(stored.clone()));
    }
    let transactions = [
        {
            let mut tx = Transaction::new();
            tx.put(hostile().put());
            tx
        },
        {
            let mut tx = Transaction::new();
            tx.put(hostile().replace());
            tx
        },
        {
            let mut tx = Transaction::new();
            tx.update(set());
            tx
        },
        {
            let mut tx = Transaction::new();
            tx.delete(hostile().remove());
            tx
        },
        {
            let mut tx = Transaction::new();
            tx.delete(Area::delete("s", "a#STOCK#1"));
            tx
        },
        {
            let mut tx = Transaction::new();
            tx.check(Area::check("s", "a#STOCK#1"));
            tx
        },
    ];
    for (i, tx) in transactions.into_iter().enumerate() {
        let e = tx.send(db).await.expect_err(&format!("transaction {i}"));
        assert_eq!(e.kind(), ErrorKind::OtherEntity, "transaction {i}: {e}");
    }
    let batches = [
        BatchWrite::new().put(hostile()),
        BatchWrite::new().delete(key()),
    ];
    for batch in batches {
        let e = batch.send(db).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::InvalidKey, "{e}");
        assert!(e.to_string().contains("`area`"), "{e}");
        assert!(!e.to_string().contains("STOCK"), "{e}");
    }
    let load = BulkWriter::new().load(db, futures_util::stream::iter([hostile()]));
    assert!(load.await.unwrap_err().is_invalid_key());
    assert_eq!(
        Stock::get("s", "a", "1").send(db).await.unwrap(),
        Some(stored)
    );
    assert_eq!(raw::count::<Stock>(db).await, 1);
}

#[tokio::test]
async fn own_items_and_missing_ones_are_written_as_ever() {
    let db = &depot().await;
    area("a").put().send(db).await.unwrap();
    area("a").put().send(db).await.unwrap();
    area("b").upsert().send(db).await.unwrap();
    Area::update("s", "c")
        .apply(|a| a.size.add(1))
        .or_create(area("c"))
        .send(db)
        .await
        .unwrap();
    Area::delete("s", "missing").send(db).await.unwrap();
    let e = Area::delete("s", "missing")
        .must_exist()
        .send(db)
        .await
        .unwrap_err();
    assert!(e.is_not_found(), "{e}");
    let e = area("missing").replace().send(db).await.unwrap_err();
    assert!(e.is_not_found(), "{e}");
    let e = area("a").create().send(db).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::AlreadyExists);
    let e = area("a")
        .put()
        .when(|a| a.size.eq(0))
        .send(db)
        .await
        .unwrap_err();
    assert_eq!(e.kind(), ErrorKind::ConditionFailed);
    area("a").remove().send(db).await.unwrap();
    // A batch that says so may.
    BatchWrite::new()
        .put(area("x#y"))
        .allow_delimiters()
        .send(db)
        .await
        .unwrap();
    assert!(Area::get("s", "x#y").send(db).await.unwrap().is_some());
    assert_eq!(Area::scan().count(db).await.unwrap(), 3);
}

#[tokio::test]
async fn versioned_and_unique_writes_leave_items_of_others_alone() {
    let db = &depot().await;
    let log = BadgeLog {
        site: "s".into(),
        badge: "b".into(),
        n: 5,
        version: 0,
    };
    let log = log.create().send(db).await.unwrap();
    let key = raw::all::<BadgeLog>(db).await[0]["sk"]
        .as_s()
        .unwrap()
        .clone();
    let badge = key.strip_prefix("BADGE#").unwrap().to_owned();
    let badge = |version| Badge {
        site: "s".into(),
        badge: badge.clone(),
        owner: "ada".into(),
        version,
    };
    // The stored version is 1, so that the version alone would let the writes pass.
    let results = [
        badge(0).put().send(db).await.map(drop),
        badge(1).put().send(db).await.map(drop),
        badge(1).put().unversioned().send(db).await.map(drop),
        badge(1).replace().send(db).await.map(drop),
        badge(1).remove().send(db).await,
        Badge::delete("s", &*badge(0).badge).send(db).await,
        badge(1)
            .diff(&Badge {
                owner: "eve".into(),
                ..badge(1)
            })
            .send(db)
            .await,
        Badge::update("s", &*badge(0).badge)
            .apply(|b| b.owner.set("eve"))
            .send(db)
            .await,
    ];
    for (i, result) in results.into_iter().enumerate() {
        let e = result.expect_err(&format!("operation {i}"));
        assert_eq!(e.kind(), ErrorKind::OtherEntity, "operation {i}: {e}");
    }
    assert_eq!(
        raw::count::<BadgeLog>(db).await,
        1,
        "no unique item is left"
    );
    let read = BadgeLog::get("s", "b", 5_u32).send(db).await.unwrap();
    assert_eq!(read, Some(log));
}

#[tokio::test]
async fn reads_leave_items_of_other_entities_out() {
    let db = &depot().await;
    for name in ["a", "b"] {
        area(name).create().send(db).await.unwrap();
        for sku in 0..30 {
            stock(name, &sku.to_string())
                .create()
                .send(db)
                .await
                .unwrap();
        }
    }
    let areas = vec![area("a"), area("b")];
    let query = || Area::query("s");
    assert_eq!(query().all(db).await.unwrap(), areas);
    assert_eq!(query().count(db).await.unwrap(), 2);
    assert_eq!(query().limit(2).count(db).await.unwrap(), 2);
    assert_eq!(query().limit(2).all(db).await.unwrap(), areas);
    assert_eq!(
        query().descending().first(db).await.unwrap(),
        Some(area("b"))
    );
    assert_eq!(
        query().limit(1).descending().all(db).await.unwrap(),
        [area("b")]
    );
    let streamed: Vec<Area> = query().stream(db).try_collect().await.unwrap();
    assert_eq!(streamed, areas);
    let parts = query().select::<Size>().all(db).await.unwrap();
    assert_eq!(parts, [Size { size: 7 }, Size { size: 7 }]);
    let page = query().borrowed::<SizeView>().page(db).await.unwrap();
    assert_eq!(page.items().unwrap().len(), 2);
    assert_eq!(Area::by_kind("cold").all(db).await.unwrap(), areas);
    assert_eq!(Area::by_kind("cold").count(db).await.unwrap(), 2);
    assert_eq!(Stock::by_kind("cold").count(db).await.unwrap(), 60);
    assert_eq!(
        Area::by_kind("cold").hydrate().all(db).await.unwrap(),
        areas
    );
    assert_eq!(Area::scan().all(db).await.unwrap(), areas);
    assert_eq!(Area::scan().segments(3).count(db).await.unwrap(), 2);
    assert_eq!(
        Area::scan().index::<AreaByKind>().count(db).await.unwrap(),
        2
    );
    let mut cursor = None;
    let mut paged = Vec::new();
    loop {
        let page = query()
            .page_size(7)
            .start_at(cursor)
            .page(db)
            .await
            .unwrap();
        paged.extend(page.items);
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(paged, areas);
}

#[tokio::test]
async fn query_of_any_type_reports_items_of_other_entities() {
    let db = &depot().await;
    area("a").create().send(db).await.unwrap();
    stock("a", "1").create().send(db).await.unwrap();
    let e = Area::query("s").any_type().all(db).await.unwrap_err();
    assert!(e.is_unreadable(), "{e}");
    assert!(
        !Area::query("s")
            .any_type()
            .to_json()
            .unwrap()
            .contains("FilterExpression")
    );
    assert!(
        Area::query("s")
            .to_json()
            .unwrap()
            .contains("FilterExpression")
    );
}

#[tokio::test]
async fn get_refuses_items_of_other_entities_whole_and_in_part() {
    let db = &depot().await;
    stock("a", "1").create().send(db).await.unwrap();
    raw::put::<Area>(
        db,
        r#"{"pk":{"S":"SITE#s"},"sk":{"S":"AREA#x#STOCK#1"},"_type":{"S":"Stock"},"size":{"N":"1"}}"#,
    )
    .await;
    for key in ["a#STOCK#1", "x#STOCK#1"] {
        let whole = Area::get("s", key).send(db).await.unwrap_err();
        let part = Area::get("s", key)
            .select::<Size>()
            .send(db)
            .await
            .unwrap_err();
        for e in [whole, part] {
            assert!(e.is_unreadable(), "{e}");
            assert_eq!(e.attribute_path().as_deref(), Some("_type"), "{e}");
        }
        let found = BatchGet::new([Area::key("s", key)]).send(db).await;
        assert!(found.unwrap_err().is_unreadable());
        let found = BatchGet::new([Area::key("s", key)])
            .select::<Size>()
            .send(db)
            .await;
        assert!(found.unwrap_err().is_unreadable());
    }
}

/// An index that does not hold the type is read by the keys of the table.
#[tokio::test]
async fn index_of_keys_is_told_apart_by_prefixes() {
    let db = &depot().await;
    area("a").create().send(db).await.unwrap();
    let badge = r#"{"pk":{"S":"SITE#s"},"sk":{"S":"BADGE#1"},"_type":{"S":"Badge"},
        "gsi2pk":{"S":"KIND#cold"},"gsi2sk":{"S":"z"}}"#;
    raw::put::<Area>(db, badge).await;
    assert_eq!(Area::keys_by_kind("cold").count(db).await.unwrap(), 1);
    let hydrated = Area::keys_by_kind("cold").hydrate().all(db).await.unwrap();
    assert_eq!(hydrated, [area("a")]);
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Depot, key(partition = "CAR#{plate}", sort = "CAR"))]
#[dynamo(kind = "car", kind_alias = ["Car", "vehicle"])]
struct Car {
    plate: String,
    doors: u8,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Depot, key(partition = "CAR#{plate}", sort = "KEY#{key}"), untyped)]
struct CarKey {
    plate: String,
    key: u32,
}

#[derive(Debug, PartialEq, Collection)]
enum CarItem {
    Car(Car),
    CarKey(CarKey),
}

#[tokio::test]
async fn chosen_type_is_written_and_aliases_are_read() {
    let db = &depot().await;
    let car = |plate: &str| Car {
        plate: plate.into(),
        doors: 3,
    };
    car("p0").create().send(db).await.unwrap();
    assert_eq!(raw::all::<Car>(db).await[0]["_type"].as_s().unwrap(), "car");
    for (i, kind) in ["Car", "vehicle"].into_iter().enumerate() {
        let json = format!(
            r#"{{"pk":{{"S":"CAR#p{n}"}},"sk":{{"S":"CAR"}},"_type":{{"S":"{kind}"}},"plate":{{"S":"p{n}"}},"doors":{{"N":"3"}}}}"#,
            n = i + 1
        );
        raw::put::<Car>(db, &json).await;
    }
    for plate in ["p0", "p1", "p2"] {
        assert_eq!(Car::get(plate).send(db).await.unwrap(), Some(car(plate)));
        assert_eq!(Car::query(plate).count(db).await.unwrap(), 1);
        assert_eq!(
            CarItem::query(plate)
                .skip_unknown()
                .all(db)
                .await
                .unwrap()
                .len(),
            1
        );
        Car::update(plate)
            .apply(|c| c.doors.set(5))
            .send(db)
            .await
            .unwrap();
        let changed = Car::get(plate).send(db).await.unwrap().unwrap();
        changed.put().send(db).await.unwrap();
    }
    assert_eq!(Car::scan().count(db).await.unwrap(), 3);
    let types = raw::all::<Car>(db).await;
    assert!(
        types
            .iter()
            .all(|item| item["_type"].as_s().unwrap() == "car")
    );
}

#[tokio::test]
async fn items_without_a_type_are_read_where_the_entity_says_so() {
    let db = &depot().await;
    let json =
        r#"{"pk":{"S":"CAR#p"},"sk":{"S":"KEY#0000000001"},"plate":{"S":"p"},"key":{"N":"1"}}"#;
    raw::put::<CarKey>(db, json).await;
    let key = CarKey {
        plate: "p".into(),
        key: 1,
    };
    assert_eq!(
        CarKey::get("p", 1_u32).send(db).await.unwrap(),
        Some(key.clone())
    );
    assert_eq!(
        CarKey::query("p").all(db).await.unwrap(),
        std::slice::from_ref(&key)
    );
    assert_eq!(
        CarKey::scan().all(db).await.unwrap(),
        std::slice::from_ref(&key)
    );
    assert_eq!(
        CarItem::query("p").all(db).await.unwrap(),
        [CarItem::CarKey(key.clone())]
    );
    key.clone().put().send(db).await.unwrap();
    assert_eq!(
        raw::all::<CarKey>(db).await[0]["_type"].as_s().unwrap(),
        "CarKey"
    );
    raw::put::<CarKey>(db, json).await;
    key.remove().send(db).await.unwrap();
    assert_eq!(raw::count::<CarKey>(db).await, 0);
}

#[tokio::test]
async fn items_without_a_type_are_told_where_the_entity_does_not_say_so() {
    let db = &depot().await;
    let json = r#"{"pk":{"S":"CAR#p"},"sk":{"S":"CAR"},"plate":{"S":"p"},"doors":{"N":"3"}}"#;
    raw::put::<Car>(db, json).await;
    for e in [
        Car::get("p").send(db).await.unwrap_err(),
        Car::query("p").all(db).await.unwrap_err(),
        Car::scan().all(db).await.unwrap_err(),
    ] {
        assert!(e.is_unreadable(), "{e}");
        assert!(e.to_string().contains("no type"), "{e}");
    }
    let page = Car::scan().page_results(db).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(page.items[0].is_err());
    let e = Car {
        plate: "p".into(),
        doors: 4,
    }
    .put()
    .send(db)
    .await
    .unwrap_err();
    assert_eq!(e.kind(), ErrorKind::OtherEntity, "{e}");
}
