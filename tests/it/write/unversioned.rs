//! Items without a version, or at version 0: from before the version field, or of other mappers.

use dynamodel::{Db, Entity, ErrorKind, Projection, Transaction};
use dynamodel_tests::db;

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "tickets")]
struct Ticket {
    #[dynamo(partition)]
    code: String,
    seat: u32,
    #[dynamo(version)]
    rev: u64,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Ticket)]
struct Revision {
    rev: u64,
}

/// Stored forms of version 0.
const AT_ZERO: [&str; 3] = ["", r#","rev":{"NULL":true}"#, r#","rev":{"N":"0"}"#];

async fn table() -> Db {
    let db = db().await;
    db.create_table::<Ticket>().await.unwrap();
    db
}

async fn store(db: &Db, version: &str) {
    let json = format!(r#"{{"code":{{"S":"x"}},"seat":{{"N":"3"}}{version}}}"#);
    raw::put::<Ticket>(db, &json).await;
}

async fn stored(db: &Db) -> Ticket {
    let get = Ticket::get("x").consistent().send(db).await;
    get.unwrap().expect("the item is there")
}

#[tokio::test]
async fn item_without_version_reads_as_version_zero() {
    let db = &table().await;
    for version in AT_ZERO {
        store(db, version).await;
        assert_eq!(stored(db).await.rev, 0, "{version}");
        let part = Ticket::get("x").select::<Revision>().consistent();
        assert_eq!(part.send(db).await.unwrap(), Some(Revision { rev: 0 }));
        assert_eq!(Ticket::query("x").all(db).await.unwrap()[0].rev, 0);
    }
}

#[tokio::test]
async fn writes_of_item_at_version_zero_begin_to_count() {
    let db = &table().await;
    for version in AT_ZERO {
        store(db, version).await;
        let read = stored(db).await;
        let replaced = Ticket {
            seat: 4,
            ..read.clone()
        }
        .replace()
        .send(db)
        .await;
        assert_eq!(replaced.unwrap().rev, 1, "{version}");
        let late = read.clone().replace().send(db).await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::VersionConflict);

        store(db, version).await;
        let changed = Ticket {
            seat: 5,
            ..read.clone()
        };
        let updated = read.diff(&changed).returning_new().send(db).await.unwrap();
        assert_eq!((updated.seat, updated.rev), (5, 1), "{version}");
        let late = read.diff(&changed).send(db).await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::VersionConflict);

        store(db, version).await;
        let modified = Ticket::get("x").modify(db, |t| {
            t.seat = 6;
            Ok(())
        });
        let modified = modified.await.unwrap();
        assert_eq!((modified.seat, modified.rev), (6, 1), "{version}");

        store(db, version).await;
        read.clone().remove().send(db).await.unwrap();
        assert_eq!(raw::count::<Ticket>(db).await, 0, "{version}");
        let gone = read.clone().remove().send(db).await.unwrap_err();
        assert!(gone.is_conflict(), "{gone}");
    }
}

#[tokio::test]
async fn update_by_key_begins_to_count_where_it_knows_the_version() {
    let db = &table().await;
    for version in AT_ZERO {
        store(db, version).await;
        let update = Ticket::update("x").apply(|t| t.seat.set(7)).at_version(0);
        let new = update.returning_new().send(db).await.unwrap();
        assert_eq!((new.seat, new.rev), (7, 1), "{version}");
    }
    for version in [AT_ZERO[0], AT_ZERO[2]] {
        store(db, version).await;
        let update = Ticket::update("x").apply(|t| t.seat.set(8));
        assert_eq!(update.returning_new().send(db).await.unwrap().rev, 1);
    }
}

#[tokio::test]
async fn transaction_takes_items_at_version_zero() {
    let db = &table().await;
    for version in AT_ZERO {
        store(db, version).await;
        let read = stored(db).await;
        let mut tx = Transaction::new();
        let put = tx.put(
            Ticket {
                seat: 9,
                ..read.clone()
            }
            .replace(),
        );
        let mut done = tx.send(db).await.unwrap();
        assert_eq!(done.take(put).unwrap().rev, 1, "{version}");

        store(db, version).await;
        let mut tx = Transaction::new();
        tx.update(read.diff(&Ticket {
            seat: 2,
            ..read.clone()
        }));
        tx.send(db).await.unwrap();
        assert_eq!((stored(db).await.seat, stored(db).await.rev), (2, 1));

        store(db, version).await;
        let mut tx = Transaction::new();
        tx.delete(read.clone().remove());
        tx.send(db).await.unwrap();
        assert_eq!(raw::count::<Ticket>(db).await, 0);
    }
}

#[tokio::test]
async fn put_at_version_zero_over_unversioned_item_names_replace() {
    let db = &table().await;
    for version in &AT_ZERO[..2] {
        store(db, version).await;
        let e = stored(db).await.put().send(db).await.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::AlreadyExists, "{e}");
        assert!(e.to_string().contains("`replace`"), "{e}");
        assert!(!e.to_string().contains("somebody else"), "{e}");
        assert_eq!(e.current::<Ticket>().map(|t| t.seat), Some(3));
        assert_eq!(stored(db).await.seat, 3);
    }
    // A stored 0 is a version: that of an item which was read at 0.
    store(db, AT_ZERO[2]).await;
    assert_eq!(stored(db).await.put().send(db).await.unwrap().rev, 1);
}

/// The Java Enhanced Client writes 1 with the first put (`startAt` 0), or 0 with `startAt` -1 in
/// newer releases; PynamoDB writes 1 and deletes on condition of the version.
#[tokio::test]
async fn versions_of_other_mappers_are_continued() {
    let db = &table().await;
    for first in [0, 1] {
        store(db, &format!(r#","rev":{{"N":"{first}"}}"#)).await;
        let read = stored(db).await;
        let put = Ticket {
            seat: 4,
            ..read.clone()
        }
        .put()
        .send(db)
        .await;
        assert_eq!(put.unwrap().rev, first + 1);
        // The condition of the other mapper on its next write.
        let update = db.client().update_item();
        let update = update.table_name(&*db.table_name::<Ticket>());
        let update = update.set_key(Some(raw::item(r#"{"code":{"S":"x"}}"#)));
        let update = update.update_expression("SET rev = :next");
        let update = update.condition_expression("rev = :old");
        let number = |n: u64| aws_sdk_dynamodb::types::AttributeValue::N(n.to_string());
        let update = update.expression_attribute_values(":old", number(first + 1));
        let update = update.expression_attribute_values(":next", number(first + 2));
        update.send().await.unwrap();
        let late = read.remove().send(db).await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::VersionConflict);
        stored(db).await.remove().send(db).await.unwrap();
    }
}
