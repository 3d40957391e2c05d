//! Unique items for entities that were stored without them.

use std::time::Duration;

use dynamodel::{BackfillUnique, Db, Entity};
use dynamodel_tests::db;
use dynamodel_tests::faults::{self, Fault};

use super::{Account, Guarded, Member, Team, User, account, check, member, user};
use crate::raw;

async fn accounts() -> Db {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    db
}

/// Stores an account without unique items, as another program does.
async fn old(db: &Db, id: &str, email: &str, more: &str) {
    let item = format!(
        r#"{{"id":{{"S":"{id}"}},"email":{{"S":"{email}"}},"visits":{{"N":"0"}},"version":{{"N":"1"}}{more}}}"#
    );
    raw::put::<Account>(db, &item).await;
}

#[tokio::test]
async fn backfill_writes_unique_item_for_each_value() {
    let db = accounts().await;
    for n in 0..60 {
        let handle = format!(r#","Handle":{{"S":"h{n}"}}"#);
        let more = if n % 3 == 0 { &*handle } else { "" };
        old(&db, &format!("old{n}"), &format!("{n}@x"), more).await;
    }
    account("new", "new@x").create().send(&db).await.unwrap();
    for (segments, written) in [(4, 80), (1, 0)] {
        let backfill = BackfillUnique::<Account>::new().segments(segments);
        let report = backfill.concurrency(5).send(&db).await.unwrap();
        assert_eq!((report.items, report.written), (61, written));
        assert!(report.refused.is_empty(), "{report:?}");
        assert_eq!(check::<Account>(&db).await, 61 + 81);
    }
    let e = account("another", "7@x").create().send(&db).await;
    assert!(e.unwrap_err().is_unique_violation());
    let found = Account::get_by_handle("h9").send(&db).await.unwrap();
    assert_eq!(found.unwrap().id, "old9");
    // The entities themselves are unchanged.
    assert_eq!(found_version(&db, "old9").await, 1);
}

async fn found_version(db: &Db, id: &str) -> u64 {
    Account::get(id).send(db).await.unwrap().unwrap().version
}

#[tokio::test]
async fn backfill_reports_values_shared_by_two_items() {
    let db = accounts().await;
    account("a", "a@x").create().send(&db).await.unwrap();
    old(&db, "b", "a@x", r#","Handle":{"S":"bea"}"#).await;
    old(&db, "c", "c@x", r#","Handle":{"S":"bea"}"#).await;
    let report = BackfillUnique::<Account>::new().send(&db).await.unwrap();
    assert_eq!((report.items, report.written), (3, 2));
    let mut refused: Vec<_> = report.refused.iter().collect();
    refused.sort_by_key(|(_, e)| e.attribute_path());
    let [(handle_of, handle), (email_of, email)] = refused[..] else {
        panic!("{report:?}");
    };
    assert!([Account::key("b"), Account::key("c")].contains(handle_of));
    assert_eq!(*email_of, Account::key("b"));
    for (e, attribute) in [(handle, "Handle"), (email, "email")] {
        assert!(e.is_unique_violation());
        assert_eq!(e.attribute_path().as_deref(), Some(attribute));
        assert_eq!(e.entity(), Some("Account"));
        assert_eq!(e.operation(), Some("TransactWriteItems"));
    }
    let shown = format!("{report:?}");
    assert!(!shown.contains("bea") && !shown.contains("@x"), "{shown}");

    Account::update("b")
        .apply(|b| (b.email.set("b@x"), b.handle.remove()))
        .send(&db)
        .await
        .unwrap();
    let report = BackfillUnique::<Account>::new().send(&db).await.unwrap();
    assert!(report.refused.is_empty());
    assert_eq!(check::<Account>(&db).await, 3 + 4);
}

#[tokio::test]
async fn backfill_reports_too_long_value() {
    let db = accounts().await;
    old(&db, "a", &"long".repeat(600), "").await;
    old(&db, "b", "b@x", "").await;
    let report = BackfillUnique::<Account>::new().send(&db).await.unwrap();
    assert_eq!((report.items, report.written), (2, 1));
    let [(key, e)] = &report.refused[..] else {
        panic!("{report:?}");
    };
    assert_eq!(*key, Account::key("a"));
    assert!(e.is_invalid_key() && e.to_string().contains("bytes"), "{e}");
    assert_eq!(e.attribute_path().as_deref(), Some("email"));
}

/// Like any other write, a backfill takes over unique items whose owners are gone.
#[tokio::test]
async fn backfill_takes_over_unique_item_without_owner() {
    let db = accounts().await;
    account("gone", "a@x").create().send(&db).await.unwrap();
    raw::delete::<Account>(&db, r#"{"id":{"S":"gone"}}"#).await;
    old(&db, "a", "a@x", "").await;
    let report = BackfillUnique::<Account>::new().send(&db).await.unwrap();
    assert_eq!((report.items, report.written), (1, 1));
    assert_eq!(check::<Account>(&db).await, 2);
}

#[tokio::test]
async fn backfill_in_shared_table_reads_only_its_entity() {
    let db = db().await;
    db.create_table::<Guarded>().await.unwrap();
    let mut expiring = user(1, "one@x");
    expiring.expires = Some(4_000_000_000);
    expiring.create().send(&db).await.unwrap();
    user(2, "two@x").create().send(&db).await.unwrap();
    // Another program has changed the expiry of the first user, but not that of its unique item.
    let key = r#"{"pk":{"S":"USER#0000000001"},"sk":{"S":"PROFILE"}}"#;
    raw::delete::<User>(&db, key).await;
    let later = r#"{"pk":{"S":"USER#0000000001"},"sk":{"S":"PROFILE"},"_type":{"S":"User"},"user_id":{"N":"1"},"email":{"S":"one@x"},"name":{"S":""},"expires":{"N":"4100000000"}}"#;
    raw::put::<User>(&db, later).await;
    let team = Team {
        name: "red".into(),
        email: "one@x".into(),
    };
    team.create().send(&db).await.unwrap();
    let report = BackfillUnique::<User>::new().send(&db).await.unwrap();
    assert_eq!((report.items, report.written), (2, 1), "{report:?}");
    check::<User>(&db).await;
    let report = BackfillUnique::<Team>::new().send(&db).await.unwrap();
    assert_eq!((report.items, report.written), (1, 0));
    check::<Team>(&db).await;
}

#[tokio::test]
async fn backfill_treats_forms_of_one_number_as_equal() {
    let db = db().await;
    db.create_table::<Member>().await.unwrap();
    member(1, 70).create().send(&db).await.unwrap();
    for (number, badge) in [("2", "7.0e1"), ("3", "8E2")] {
        let item = format!(
            r#"{{"club":{{"S":"chess"}},"number":{{"N":"{number}"}},"badge":{{"N":"{badge}"}},"name":{{"S":""}}}}"#
        );
        raw::put::<Member>(&db, &item).await;
    }
    let report = BackfillUnique::<Member>::new().send(&db).await.unwrap();
    assert_eq!((report.items, report.written), (3, 1));
    assert_eq!(report.refused[0].0, Member::key("chess", 2_u32));
    assert!(report.refused[0].1.is_unique_violation());
}

/// Values move from item to item, while their unique items are written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backfill_runs_beside_concurrent_writers() {
    let (db, faults) = faults::db().await;
    db.create_table::<Account>().await.unwrap();
    for n in 0..24 {
        old(&db, &n.to_string(), &format!("{n}@x"), "").await;
    }
    faults.next(
        "TransactWriteItems",
        [Fault::DropResponse, Fault::SERVICE_FAULT],
    );
    let writers = (0..2).map(|writer| {
        let db = db.clone();
        tokio::spawn(async move {
            for n in (writer..24).step_by(2) {
                let email = format!("{n}-new@x");
                let moved = Account::update(n.to_string()).apply(|a| a.email.set(email));
                moved.send(&db).await.unwrap();
                let mut new = account(&format!("{n}-new"), &format!("{n}@x"));
                new.handle = Some(format!("h{n}"));
                new.create().send(&db).await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let backfill = BackfillUnique::<Account>::new().segments(2).send(&db);
    let report = backfill.await.unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(report.refused.is_empty(), "{report:?}");
    assert_eq!(check::<Account>(&db).await, 48 + 72);
}

/// The value belongs to another item by the time that the backfill writes its unique item.
#[tokio::test]
async fn backfill_ignores_value_that_moved_to_other_item() {
    let (db, faults) = faults::db().await;
    db.create_table::<Account>().await.unwrap();
    old(&db, "a", "a@x", "").await;
    let late = Fault::Delay(Duration::from_millis(400));
    faults.next("TransactWriteItems", [late]);
    let backfill = BackfillUnique::<Account>::new();
    let writers = async {
        while faults.sent("TransactWriteItems").is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let moved = Account::update("a").apply(|a| a.email.set("b@x"));
        moved.send(&db).await.unwrap();
        account("c", "a@x").create().send(&db).await.unwrap();
    };
    let (report, ()) = tokio::join!(backfill.send(&db), writers);
    let report = report.unwrap();
    assert!(report.refused.is_empty(), "{report:?}");
    assert_eq!(check::<Account>(&db).await, 4);
}
