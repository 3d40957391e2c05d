//! Unique items whose owners are gone, or have another value: the next write takes the value over at
//! once.

use dynamodel::{Entity, Transaction};
use dynamodel_tests::db;

use super::{Account, account, check};
use crate::raw;

async fn gone(db: &dynamodel::Db, id: &str) {
    raw::delete::<Account>(db, &format!(r#"{{"id":{{"S":"{id}"}}}}"#)).await;
}

#[tokio::test]
async fn unique_item_without_owner_is_taken_over() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    for (id, email) in [("a", "a@x"), ("b", "b@x"), ("c", "c@x"), ("d", "d@x")] {
        account(id, email).create().send(&db).await.unwrap();
    }
    gone(&db, "a").await;
    account("e", "a@x").create().send(&db).await.unwrap();
    gone(&db, "b").await;
    Account::update("e")
        .apply(|e| e.email.set("b@x"))
        .send(&db)
        .await
        .unwrap();
    // The owner itself is created again.
    gone(&db, "c").await;
    account("c", "c@x").create().send(&db).await.unwrap();
    // The owner exists, but without the value of its unique item.
    raw::put::<Account>(
        &db,
        r#"{"id":{"S":"d"},"visits":{"N":"0"},"version":{"N":"9"}}"#,
    )
    .await;
    account("f", "d@x").create().send(&db).await.unwrap();
    assert!(
        account("g", "d@x")
            .create()
            .send(&db)
            .await
            .unwrap_err()
            .is_unique_violation()
    );
    assert_eq!(check::<Account>(&db).await, 7);
}

#[tokio::test]
async fn takeover_succeeds_when_transaction_recreates_owner() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    account("a", "a@x").create().send(&db).await.unwrap();
    gone(&db, "a").await;
    let mut tx = Transaction::new();
    tx.put(account("a", "new@x").create());
    tx.put(account("b", "a@x").create());
    tx.send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 4);
}

/// The owner's own operation pins its values, so the transaction needs no separate check of the owner.
#[tokio::test]
async fn takeover_succeeds_when_transaction_updates_owner() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    account("a", "a@x").create().send(&db).await.unwrap();
    let other = r#"{"id":{"S":"a"},"visits":{"N":"0"},"version":{"N":"1"}}"#;
    raw::put::<Account>(&db, other).await;
    let mut tx = Transaction::new();
    tx.update(Account::update("a").apply(|a| a.handle.set("ada")));
    tx.put(account("b", "a@x").create());
    tx.send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 4);

    // The value has a valid owner again, so a takeover fails.
    let mut tx = Transaction::new();
    tx.update(Account::update("b").apply(|b| b.handle.set("bob")));
    let c = tx.put(account("c", "a@x").create());
    let err = tx.send(&db).await.unwrap_err();
    assert!(
        err.reason(c).is_some_and(|r| r.is_unique_violation()),
        "{err}"
    );
    assert_eq!(check::<Account>(&db).await, 4);
}

/// A transaction cannot have two operations on one item, so one check of the owner serves all its unique
/// items.
#[tokio::test]
async fn takeover_of_two_values_checks_their_owner_once() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    for (id, handle) in [("a", "ada"), ("b", "bob")] {
        let mut old = account(id, &format!("{id}@x"));
        old.handle = Some(handle.to_owned());
        old.create().send(&db).await.unwrap();
    }
    gone(&db, "a").await;
    let mut new = account("c", "a@x");
    new.handle = Some("ada".to_owned());
    new.create().send(&db).await.unwrap();

    // The owner exists, and still has one of its two values.
    let other = r#"{"id":{"S":"b"},"Handle":{"S":"bob"},"visits":{"N":"0"},"version":{"N":"1"}}"#;
    raw::put::<Account>(&db, other).await;
    let mut new = account("d", "b@x");
    new.handle = Some("bob".to_owned());
    let err = new.clone().create().send(&db).await.unwrap_err();
    assert!(err.is_unique_violation(), "{err}");
    Account::update("b")
        .apply(|b| b.handle.remove())
        .send(&db)
        .await
        .unwrap();
    new.create().send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 7);
}

/// The transaction may check or update the owner for reasons of its own.
#[tokio::test]
async fn takeover_succeeds_when_transaction_checks_owner() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    for id in ["a", "b", "c"] {
        let email = format!("{id}@x");
        account(id, &email).create().send(&db).await.unwrap();
        let other =
            format!(r#"{{"id":{{"S":"{id}"}},"visits":{{"N":"0"}},"version":{{"N":"1"}}}}"#);
        raw::put::<Account>(&db, &other).await;
    }
    let mut tx = Transaction::new();
    tx.update(Account::update("a").apply(|a| a.visits.add(1)));
    tx.put(account("d", "a@x").create());
    tx.send(&db).await.unwrap();
    let mut tx = Transaction::new();
    tx.check(Account::check("b").when(|b| b.visits.eq(0)));
    tx.put(account("e", "b@x").create());
    tx.send(&db).await.unwrap();

    // The caller's condition on the owner still holds.
    let mut tx = Transaction::new();
    let c = tx.check(Account::check("c").when(|c| c.visits.eq(1)));
    tx.put(account("f", "c@x").create());
    let err = tx.send(&db).await.unwrap_err();
    assert!(
        err.reason(c).is_some_and(|r| r.is_condition_failed()),
        "{err}"
    );
    // An owner that has the value keeps it.
    let mut tx = Transaction::new();
    tx.update(Account::update("d").apply(|d| d.visits.add(1)));
    let f = tx.put(account("f", "a@x").create());
    let err = tx.send(&db).await.unwrap_err();
    assert!(
        err.reason(f).is_some_and(|r| r.is_unique_violation()),
        "{err}"
    );
    account("f", "c@x").create().send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 9);
}

#[tokio::test]
async fn write_leaves_unique_item_of_other_owner() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    account("a", "a@x").create().send(&db).await.unwrap();
    let second = r#"{"id":{"S":"b"},"email":{"S":"a@x"},"visits":{"N":"0"},"version":{"N":"1"}}"#;
    raw::put::<Account>(&db, second).await;
    Account::update("b")
        .apply(|b| b.email.set("b@x"))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(check::<Account>(&db).await, 4);
    Account::delete("b").send(&db).await.unwrap();
    raw::put::<Account>(&db, second).await;
    Account::delete("b").send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_creates_takes_value_over() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    for round in 0..3 {
        let old = format!("old{round}");
        let email = format!("{round}@x");
        account(&old, &email).create().send(&db).await.unwrap();
        gone(&db, &old).await;
        let tasks: Vec<_> = (0..12)
            .map(|n| {
                let (db, email) = (db.clone(), email.clone());
                tokio::spawn(async move {
                    let new = account(&format!("{round}-{n}"), &email);
                    match new.create().send(&db).await {
                        Ok(_) => 1,
                        Err(e) if e.is_unique_violation() => 0,
                        Err(e) => panic!("{e}"),
                    }
                })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            won += task.await.unwrap();
        }
        assert_eq!(won, 1);
    }
    assert_eq!(check::<Account>(&db).await, 6);
}
