//! A write that is done is never told as a failed read, and what it returns is not lost.

use dynamodel::{Db, Entity, Error, ErrorKind, WriteToken};
use dynamodel_tests::faults::{self, Fault};

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "vouchers")]
struct Voucher {
    #[dynamo(partition)]
    code: String,
    cents: u32,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "counters")]
struct Counter {
    #[dynamo(partition)]
    id: String,
    n: u64,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "tokened")]
struct Tokened {
    #[dynamo(partition)]
    id: String,
    n: u64,
    #[dynamo(write_token)]
    token: WriteToken,
}

fn voucher() -> Voucher {
    Voucher {
        code: "v".into(),
        cents: 1,
        note: None,
    }
}

/// Stores a voucher whose `cents` are text, as another program would.
async fn store_text(db: &Db) {
    raw::put::<Voucher>(db, r#"{"code":{"S":"v"},"cents":{"S":"SECRET"}}"#).await;
}

/// Checks that the error says that the write is done, and holds the old item.
fn check(e: &Error, done: &str) {
    assert_eq!(e.kind(), ErrorKind::Unreadable, "{e}");
    assert!(e.has_happened() && e.may_have_happened(), "{e}");
    assert!(e.to_string().contains(done), "{e}");
    assert!(!format!("{e} {e:?}").contains("SECRET"), "{e:?}");
    assert_eq!(e.attribute_path().as_deref(), Some("cents"), "{e}");
    assert_eq!(e.attempts(), 1);
    assert!(e.request_id().is_some());
    let item = e.returned_item().expect("it is not lost");
    assert!(!format!("{item} {item:?}").contains("SECRET"));
    let attributes = item.attributes().unwrap();
    assert_eq!(attributes["cents"].as_s().unwrap(), "SECRET");
}

#[tokio::test]
async fn unreadable_return_values_come_with_their_attributes() {
    let (db, _) = faults::db().await;
    db.create_table::<Voucher>().await.unwrap();
    let gone = || async { raw::count::<Voucher>(&db).await == 0 };

    store_text(&db).await;
    let e = Voucher::delete("v").returning_old().send(&db).await;
    check(&e.unwrap_err(), "the item was deleted");
    assert!(gone().await);

    store_text(&db).await;
    let e = voucher().remove().returning_old().send(&db).await;
    check(&e.unwrap_err(), "the item was deleted");
    assert!(gone().await);

    store_text(&db).await;
    let e = voucher().put().returning_old().send(&db).await;
    check(&e.unwrap_err(), "the item was written");
    assert_eq!(Voucher::get("v").send(&db).await.unwrap(), Some(voucher()));

    let update = || Voucher::update("v").apply(|v| v.note.set("x"));
    store_text(&db).await;
    check(
        &update().returning_old().send(&db).await.unwrap_err(),
        "written",
    );
    check(
        &update().returning_new().send(&db).await.unwrap_err(),
        "written",
    );
    let item = raw::get::<Voucher>(&db, r#"{"code":{"S":"v"}}"#)
        .await
        .unwrap();
    assert_eq!(item["note"].as_s().unwrap(), "x");
}

#[tokio::test]
async fn lenient_write_is_a_success_with_the_raw_attributes() {
    let (db, _) = faults::db().await;
    db.create_table::<Voucher>().await.unwrap();
    let is_text = |e: dynamodel::UnreadableItem| {
        assert_eq!(e.attribute_path().as_deref(), Some("cents"));
        let attributes = e.attributes().unwrap();
        attributes["cents"].as_s().unwrap() == "SECRET"
    };
    store_text(&db).await;
    let old = Voucher::delete("v")
        .returning_old()
        .lenient()
        .send(&db)
        .await;
    assert!(is_text(old.unwrap().unwrap_err()));
    assert_eq!(raw::count::<Voucher>(&db).await, 0);

    store_text(&db).await;
    let update = || Voucher::update("v").apply(|v| v.note.set("x"));
    let new = update().returning_new().lenient().send_measured(&db).await;
    assert!(is_text(new.unwrap().output.unwrap_err()));
    let old = voucher().put().returning_old().lenient().send(&db).await;
    assert!(is_text(old.unwrap().unwrap_err()));

    // A readable item is read.
    let old = update().returning_old().lenient().send(&db).await.unwrap();
    assert_eq!(old.unwrap(), Some(voucher()));
    let old = voucher().remove().returning_old().lenient().send(&db).await;
    assert_eq!(
        old.unwrap().unwrap().and_then(|v| v.note).as_deref(),
        Some("x")
    );
    let old = Voucher::delete("v")
        .returning_old()
        .lenient()
        .send(&db)
        .await;
    assert_eq!(old.unwrap().unwrap(), None);
}

#[tokio::test]
async fn old_item_after_a_lost_response_is_ambiguous() {
    for fault in [Fault::DropResponse, Fault::FailAfter] {
        let (db, faults) = faults::db().await;
        db.create_table::<Voucher>().await.unwrap();
        let lost = || [fault.clone()];
        let check = |e: Error| {
            assert_eq!(e.kind(), ErrorKind::Ambiguous, "{e}");
            assert!(e.is_ambiguous() && e.has_happened(), "{e}");
            assert_eq!(e.attempts(), 2, "{e}");
            assert!(e.to_string().contains("the write is done"), "{e}");
        };
        // The first attempt has deleted the item.
        voucher().create().send(&db).await.unwrap();
        faults.next("DeleteItem", lost());
        let old = Voucher::delete("v").returning_old().send(&db).await;
        check(old.unwrap_err());
        // The old item of the second attempt is the new one of the first.
        faults.next("PutItem", lost());
        check(voucher().put().returning_old().send(&db).await.unwrap_err());
        let update = || Voucher::update("v").apply(|v| v.cents.set(7));
        faults.next("UpdateItem", lost());
        check(update().returning_old().send(&db).await.unwrap_err());
        faults.next("UpdateItem", lost());
        check(
            update()
                .returning_updated_old()
                .send(&db)
                .await
                .unwrap_err(),
        );
        // The new item is what is stored.
        faults.next("UpdateItem", lost());
        assert_eq!(update().returning_new().send(&db).await.unwrap().cents, 7);
    }
}

#[tokio::test]
async fn old_item_that_is_proven_is_returned_after_a_retry() {
    let (db, faults) = faults::db().await;
    db.create_table::<Voucher>().await.unwrap();
    db.create_table::<Counter>().await.unwrap();
    db.create_table::<Tokened>().await.unwrap();
    let nothing_done = || [Fault::DropRequest];
    // The item was there for the second attempt to delete.
    voucher().create().send(&db).await.unwrap();
    faults.next("DeleteItem", nothing_done());
    let old = Voucher::delete("v").returning_old().send(&db).await;
    assert_eq!(old.unwrap(), Some(voucher()));
    // A put of the first attempt would have left an item.
    faults.next("PutItem", nothing_done());
    let old = voucher().put().returning_old().send(&db).await;
    assert_eq!(old.unwrap(), None);
    // An update of the first attempt would have left another version.
    let counter = Counter {
        id: "c".into(),
        n: 1,
        version: 0,
    };
    let stored = counter.create().send(&db).await.unwrap();
    faults.next("UpdateItem", nothing_done());
    let update = Counter::update("c").apply(|c| c.n.add(1)).at_version(1);
    let old = update.returning_old().send(&db).await;
    assert_eq!(old.unwrap(), Some(stored));
    // A put of the first attempt would have left its token.
    let tokened = |n| Tokened {
        id: "t".into(),
        n,
        token: WriteToken::default(),
    };
    tokened(1).put().send(&db).await.unwrap();
    faults.next("PutItem", nothing_done());
    let old = tokened(2).put().returning_old().send(&db).await.unwrap();
    assert_eq!(old.map(|t| t.n), Some(1));
    faults.next("PutItem", [Fault::DropResponse]);
    let e = tokened(3)
        .put()
        .returning_old()
        .send(&db)
        .await
        .unwrap_err();
    assert!(e.is_ambiguous() && e.has_happened(), "{e}");
    // A throttled attempt has done nothing.
    faults.next("DeleteItem", [Fault::THROTTLE]);
    let old = Voucher::delete("none").returning_old().send(&db).await;
    assert_eq!(old.unwrap(), None);
}
