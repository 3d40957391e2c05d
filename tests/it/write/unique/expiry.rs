//! Unique items expire together with their owners.

use std::time::Duration;

use dynamodel::{Entity, Transaction};
use dynamodel_tests::faults::Fault;
use dynamodel_tests::{db, faults};

use super::{Guarded, User, check, user};
use crate::raw;

/// Returns the key of the unique item of a user's e-mail address.
fn guard(email: &str) -> String {
    format!(r#"{{"pk":{{"S":"_unique#User#email#{email}"}},"sk":{{"S":"_unique"}}}}"#)
}

async fn expiry(db: &dynamodel::Db, email: &str) -> Option<u64> {
    let guard = raw::get::<User>(db, &guard(email))
        .await
        .expect("the guard");
    Some(guard.get("expires")?.as_n().unwrap().parse().unwrap())
}

#[tokio::test]
async fn unique_item_expires_with_its_owner() {
    let (db, faults) = faults::db().await;
    db.create_table::<Guarded>().await.unwrap();
    let mut ada = user(1, "a@x");
    ada.expires = Some(4_000_000_000);
    let mut ada = ada.create().send(&db).await.unwrap();
    assert_eq!(expiry(&db, "a@x").await, Some(4_000_000_000));

    User::update(1_u32)
        .apply(|u| u.expires.set(4_000_000_001_u64))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(expiry(&db, "a@x").await, Some(4_000_000_001));
    User::update(1_u32)
        .apply(|u| u.email.set("b@x"))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(expiry(&db, "b@x").await, Some(4_000_000_001));
    assert_eq!(check::<User>(&db).await, 2);
    User::update(1_u32)
        .apply(|u| u.expires.remove())
        .send(&db)
        .await
        .unwrap();
    assert_eq!(expiry(&db, "b@x").await, None);

    ada.email = "b@x".into();
    let ada = ada.put().send(&db).await.unwrap();
    assert_eq!(expiry(&db, "b@x").await, Some(4_000_000_000));
    let mut later = ada.clone();
    later.expires = Some(4_000_000_009);
    let mut tx = Transaction::new();
    tx.update(ada.diff(&later));
    tx.send(&db).await.unwrap();
    assert_eq!(expiry(&db, "b@x").await, Some(4_000_000_009));

    // If neither the value nor the expiry changes, the unique item is not written; an update of another
    // attribute does not even read the item.
    faults.forget();
    later.put().send(&db).await.unwrap();
    let sent = faults.sent("TransactWriteItems");
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].body.contains("_unique#"), "{}", sent[0].body);
    faults.forget();
    User::update(1_u32)
        .apply(|u| u.name.set("Ada"))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(
        faults.sent("GetItem").len() + faults.sent("TransactWriteItems").len(),
        0
    );
    assert_eq!(check::<User>(&db).await, 2);
}

#[tokio::test]
async fn update_with_unknown_expiry_is_refused() {
    let db = db().await;
    db.create_table::<Guarded>().await.unwrap();
    let update = User::update(1_u32).apply(|u| u.expires.add(60));
    let err = update.send(&db).await.unwrap_err();
    assert!(
        err.is_invalid_request() && err.to_string().contains("`expires`"),
        "{err}"
    );
}

/// DynamoDB deletes expired items in any order: the unique item may go before its owner.
#[tokio::test]
async fn expired_unique_item_is_written_again_for_its_owner() {
    let db = db().await;
    db.create_table::<Guarded>().await.unwrap();
    for (id, email) in [(1, "a@x"), (2, "b@x"), (3, "c@x")] {
        user(id, email).create().send(&db).await.unwrap();
        raw::delete::<User>(&db, &guard(email)).await;
    }
    User::update(1_u32)
        .apply(|u| u.expires.set(4_000_000_000_u64))
        .send(&db)
        .await
        .unwrap();
    User::delete(2_u32).send(&db).await.unwrap();
    // Another item has taken the value, so an update cannot extend the life of the old owner with it.
    user(4, "c@x").create().send(&db).await.unwrap();
    let live = User::update(3_u32).apply(|u| u.expires.set(4_000_000_000_u64));
    assert!(live.send(&db).await.unwrap_err().is_unique_violation());
    User::delete(3_u32).send(&db).await.unwrap();
    assert_eq!(check::<User>(&db).await, 4);
}

/// The value belongs to another item by the time that its unique item would get the new expiry.
#[tokio::test]
async fn new_expiry_does_not_claim_value_of_other_item() {
    let (db, faults) = faults::db().await;
    db.create_table::<Guarded>().await.unwrap();
    user(1, "one@x").create().send(&db).await.unwrap();
    faults.next(
        "TransactWriteItems",
        [Fault::Delay(Duration::from_millis(400))],
    );
    let before = faults.sent("TransactWriteItems").len();
    let expires = User::update(1_u32).apply(|u| u.expires.set(4_000_000_000_u64));
    let others = async {
        while faults.sent("TransactWriteItems").len() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let moved = User::update(1_u32).apply(|u| u.email.set("new@x"));
        moved.send(&db).await.unwrap();
        user(2, "one@x").create().send(&db).await.unwrap();
    };
    let (expired, ()) = tokio::join!(expires.send(&db), others);
    expired.unwrap();
    assert_eq!(check::<User>(&db).await, 4);
    assert_eq!(expiry(&db, "new@x").await, Some(4_000_000_000));
    assert_eq!(expiry(&db, "one@x").await, None);
}
