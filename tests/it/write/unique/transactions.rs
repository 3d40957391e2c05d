//! Unique attributes in transactions, `modify` and `diff`, and changes between their read and their
//! write.

use std::time::Duration;

use dynamodel::{Backoff, Entity, Transaction};
use dynamodel_tests::faults::{self, Fault};
use dynamodel_tests::{db, is_embedded};

use super::{Account, Guarded, Team, User, account, check, user};

#[tokio::test]
async fn unique_values_move_within_one_transaction() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    let a = account("a", "a@x").create().send(&db).await.unwrap();
    account("b", "b@x").create().send(&db).await.unwrap();

    let mut swap = Transaction::new();
    swap.update(
        Account::update("a")
            .apply(|a| a.email.set("b@x"))
            .at_version(a.version),
    );
    swap.update(Account::update("b").apply(|b| b.email.set("a@x")));
    let done = swap.measured().send(&db).await.unwrap();
    assert!(!done.consumed_capacity.is_empty() || is_embedded());
    assert_eq!(check::<Account>(&db).await, 4);

    let mut hand_over = Transaction::new();
    hand_over.delete(Account::delete("a"));
    let c = hand_over.put(account("c", "b@x").create());
    let mut done = hand_over.send(&db).await.unwrap();
    assert_eq!(done.take(c).map(|c| c.version), Some(1));
    assert_eq!(check::<Account>(&db).await, 4);
    let b = Account::get("b").send(&db).await.unwrap().unwrap();
    assert_eq!(b.email, "a@x");
}

#[tokio::test]
async fn cancellation_reasons_name_operations_of_the_caller() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    db.create_table::<Guarded>().await.unwrap();
    account("a", "a@x").create().send(&db).await.unwrap();

    let mut tx = Transaction::new();
    let new = tx.put(user(1, "a@x").create());
    let taken = tx.put(account("b", "a@x").create());
    let err = tx.send(&db).await.unwrap_err();
    assert!(
        err.is_unique_violation() && err.is_transaction_canceled(),
        "{err}"
    );
    assert!(!err.is_condition_failed() && !err.is_conflict());
    assert_eq!(err.entity(), Some("Account"));
    let why = err.reason(taken).expect("the e-mail is why");
    assert!(why.is_unique_violation() && !why.is_condition_failed());
    assert_eq!((why.attribute(), why.item), (Some("email"), None));
    assert!(err.reason(new).is_none());
    assert_eq!(err.reason_codes().count(), 2);
    assert_eq!(User::scan().count(&db).await.unwrap(), 0);

    let mut tx = Transaction::new();
    let update = tx.update(
        Account::update("a")
            .apply(|a| a.email.set("z@x"))
            .when(|a| a.visits.eq(9)),
    );
    tx.put(account("b", "b@x").create());
    let err = tx.send(&db).await.unwrap_err();
    assert!(
        err.is_condition_failed() && !err.is_unique_violation(),
        "{err}"
    );
    assert_eq!(
        err.reason(update)
            .and_then(|r| r.item)
            .map(|a| a.email)
            .as_deref(),
        Some("a@x")
    );

    // Two items of the transaction with one value are refused before sending.
    let mut tx = Transaction::new();
    tx.put(account("b", "b@x").create());
    tx.put(account("c", "b@x").create());
    let err = tx.send(&db).await.unwrap_err();
    assert!(
        err.is_unique_violation() && !err.is_transaction_canceled(),
        "{err}"
    );
    assert_eq!(check::<Account>(&db).await, 2);
}

#[tokio::test]
async fn repeated_token_makes_unique_write_happen_once() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    let token = format!("{:x}", fastrand::u128(..));
    for _ in 0..2 {
        let mut tx = Transaction::new();
        tx.put(account("a", "a@x").create());
        tx.idempotency_token(&token).send(&db).await.unwrap();
    }
    assert_eq!(check::<Account>(&db).await, 2);
}

#[tokio::test]
async fn unique_items_count_toward_transaction_limit() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    let mut tx = Transaction::new();
    for n in 0..51 {
        tx.put(account(&format!("a{n}"), &format!("a{n}@x")).create());
    }
    let err = tx.send(&db).await.unwrap_err();
    assert!(err.is_limit_exceeded(), "{err}");
    assert!(
        err.to_string()
            .contains("102 operations, 51 of them on items of unique"),
        "{err}"
    );

    let mut tx = Transaction::new();
    for n in 0..50 {
        tx.put(account(&format!("a{n}"), &format!("a{n}@x")).create());
    }
    tx.send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 100);
}

#[tokio::test]
async fn transaction_mixes_all_operations_with_unique_values() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    db.create_table::<Guarded>().await.unwrap();
    for id in ["a", "b", "c", "d"] {
        account(id, &format!("{id}@x"))
            .create()
            .send(&db)
            .await
            .unwrap();
    }
    let read = |id: &'static str| Account::get(id).send(&db);
    let mut tx = Transaction::new();
    let mut a = read("a").await.unwrap().unwrap();
    a.email = "a2@x".into();
    a.handle = Some("a".into());
    tx.put(a.replace());
    tx.delete(read("b").await.unwrap().unwrap().remove());
    tx.check(Account::check("c").when(|c| c.visits.eq(0)));
    tx.update(Account::update("d").apply(|d| d.visits.add(1)));
    tx.update(
        Account::update("e")
            .apply(|e| e.email.set("a@x"))
            .or_create(account("e", "e@x")),
    );
    tx.put(
        Team {
            name: "t".into(),
            email: "a@x".into(),
        }
        .put(),
    );
    tx.send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 4 + 5);
    assert_eq!(check::<Team>(&db).await, 2);
}

#[tokio::test]
async fn modify_and_diff_keep_unique_items() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    let a = account("a", "a@x").create().send(&db).await.unwrap();
    account("b", "b@x").create().send(&db).await.unwrap();

    let set = |email: &'static str| {
        Account::get("a").modify(&db, move |a| {
            a.email = email.into();
            a.visits += 1;
            Ok(())
        })
    };
    let changed = set("new@x").await.unwrap();
    assert_eq!((changed.visits, changed.version), (1, 2));
    let err = set("b@x").await.unwrap_err();
    assert!(err.is_unique_violation(), "{err}");

    let mut other = changed.clone();
    other.handle = Some("h".into());
    changed.diff(&other).send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 5);
    let err = a.diff(&other).send(&db).await.unwrap_err();
    assert!(err.is_conflict(), "{err}");
    // If a long text makes the diff the smaller request, `modify` sends the diff, and otherwise the
    // whole item.
    let none = other.clone();
    Account::get("a")
        .modify(&db, |a| {
            a.handle = None;
            Ok(())
        })
        .await
        .unwrap();
    assert!(none.remove().send(&db).await.unwrap_err().is_conflict());
    assert_eq!(check::<Account>(&db).await, 4);
}

/// An item that changes between the read and the transaction is read again.
#[tokio::test]
async fn changed_item_is_read_again_before_transaction() {
    let (db, faults) = faults::db().await;
    db.create_table::<Account>().await.unwrap();
    account("a", "a@x").create().send(&db).await.unwrap();
    faults.forget();
    let late = Fault::DelayResponse(Duration::from_millis(150));
    for operation in ["update", "delete"] {
        faults.next("GetItem", [late.clone()]);
        let slow = {
            let db = db.clone();
            tokio::spawn(async move {
                match operation {
                    "update" => {
                        let update = Account::update("a").apply(|a| a.email.set("slow@x"));
                        update.send(&db).await
                    }
                    _ => Account::delete("a").send(&db).await,
                }
            })
        };
        tokio::time::sleep(Duration::from_millis(40)).await;
        let fast = Account::update("a").apply(|a| a.email.set("fast@x"));
        fast.send(&db).await.unwrap();
        slow.await.unwrap().unwrap();
        assert_eq!(faults.sent("TransactWriteItems").len(), 3, "{operation}");
        faults.forget();
        let left = if operation == "update" { 2 } else { 0 };
        assert_eq!(check::<Account>(&db).await, left);
    }
}

/// A retry that finds the call's own write, after the response was lost, reports no violation.
#[tokio::test]
async fn lost_response_is_no_unique_violation() {
    let (db, faults) = faults::db().await;
    db.create_table::<Account>().await.unwrap();
    for lost in [Fault::DropResponse, Fault::FailAfter, Fault::CutBody] {
        let id = format!("{lost:?}");
        faults.next("TransactWriteItems", [lost]);
        let a = account(&id, &id).create().send(&db).await.unwrap();
        assert_eq!(a.version, 1);
        faults.next("TransactWriteItems", [Fault::DropResponse]);
        let update = Account::update(&*id).apply(|a| a.email.set(format!("{}2", id)));
        update.send(&db).await.unwrap();
    }
    assert_eq!(check::<Account>(&db).await, 6);
    let a = Account::scan().first(&db).await.unwrap().unwrap();
    assert_eq!(a.version, 2);
}

#[tokio::test]
async fn retries_stop_after_given_attempts() {
    let (db, faults) = faults::db().await;
    db.create_table::<Account>().await.unwrap();
    account("a", "a@x").create().send(&db).await.unwrap();
    // Every read returns a value that is not stored, so every check of the read value fails.
    faults.always(
        "GetItem",
        Fault::Answer(r#"{"Item":{"id":{"S":"a"},"email":{"S":"other@x"}}}"#),
    );
    faults.forget();
    let mut tx = Transaction::new();
    let step = tx.update(Account::update("a").apply(|a| a.email.set("b@x")));
    let none = Duration::ZERO;
    let err = tx
        .backoff(Backoff::new(none, none, 4))
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_conflict() && !err.is_unique_violation(), "{err}");
    assert!(err.reason(step).is_some_and(|r| r.is_conflict()));
    assert_eq!(faults.sent("TransactWriteItems").len(), 4);
    faults.clear();
    assert_eq!(check::<Account>(&db).await, 2);
}
