//! Writes of single items with unique attributes.

use dynamodel::Entity;
use dynamodel_tests::db;

use super::{Account, Guarded, Member, MemberByNumber, Team, User, account, check, member, user};
use crate::raw;

#[tokio::test]
async fn unique_value_belongs_to_one_item() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    let ada = account("a", "ada@x").create().send(&db).await.unwrap();
    assert_eq!(ada.version, 1);
    assert_eq!(check::<Account>(&db).await, 2);

    let err = account("b", "ada@x").create().send(&db).await.unwrap_err();
    assert!(err.is_unique_violation(), "{err}");
    assert!(!err.is_condition_failed() && !err.is_conflict());
    assert_eq!(err.attribute_path().as_deref(), Some("email"));
    assert_eq!(err.entity(), Some("Account"));
    assert!(!format!("{err} {err:?}").contains("ada@x"));
    assert_eq!(Account::get("b").send(&db).await.unwrap(), None);
    assert_eq!(check::<Account>(&db).await, 2);

    // An existing item is reported as a conflict first, as it is without unique attributes.
    let err = account("a", "other@x")
        .create()
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_conflict() && err.is_condition_failed(), "{err}");
    assert_eq!(err.code(), Some("ConditionalCheckFailedException"));
    assert_eq!(err.current::<Account>(), Some(ada.clone()));
    let err = account("a", "ada@x").create().send(&db).await.unwrap_err();
    assert!(err.is_conflict(), "{err}");
    assert_eq!(check::<Account>(&db).await, 2);

    ada.remove().send(&db).await.unwrap();
    assert_eq!(raw::count::<Account>(&db).await, 0);
    account("b", "ada@x").create().send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 2);
}

#[tokio::test]
async fn unique_items_follow_whole_item_writes() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    let mut ada = account("a", "ada@x").put().send(&db).await.unwrap();
    account("b", "bob@x").create().send(&db).await.unwrap();

    ada.handle = Some("ada".into());
    ada.email = "lovelace@x".into();
    let ada = ada.replace().send(&db).await.unwrap();
    assert_eq!(check::<Account>(&db).await, 5);

    // A released value is free, a held one is not.
    let mut bob = account("c", "ada@x").create().send(&db).await.unwrap();
    bob.handle = Some("ada".into());
    let err = bob.clone().put().send(&db).await.unwrap_err();
    assert_eq!(err.attribute_path().as_deref(), Some("Handle"));
    bob.handle = None;
    let bob = bob.put().send(&db).await.unwrap();
    assert_eq!((bob.version, check::<Account>(&db).await), (2, 7));

    // A stale version is a conflict, and the unique items stay with their owner.
    let mut stale = ada.clone();
    stale.version = 1;
    stale.email = "stale@x".into();
    let err = stale.clone().replace().send(&db).await.unwrap_err();
    assert!(err.is_conflict(), "{err}");
    assert_eq!(err.current::<Account>(), Some(ada.clone()));
    assert!(
        stale
            .clone()
            .remove()
            .send(&db)
            .await
            .unwrap_err()
            .is_conflict()
    );
    let stored = stale.put().unversioned().send(&db).await.unwrap();
    assert_eq!(stored.version, 2);
    assert_eq!(check::<Account>(&db).await, 7);

    let err = account("z", "z@x").replace().send(&db).await.unwrap_err();
    assert!(err.is_not_found(), "{err}");
    assert_eq!(check::<Account>(&db).await, 7);
}

#[tokio::test]
async fn unique_items_follow_updates_and_deletes() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    account("a", "ada@x").create().send(&db).await.unwrap();
    account("b", "bob@x").create().send(&db).await.unwrap();

    Account::update("a")
        .apply(|a| {
            (
                a.email.set("lovelace@x"),
                a.handle.set("ada"),
                a.visits.add(1),
            )
        })
        .when(|a| a.visits.eq(0))
        .send(&db)
        .await
        .unwrap();
    assert_eq!(check::<Account>(&db).await, 5);

    let err = Account::update("a")
        .apply(|a| a.email.set("bob@x"))
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_unique_violation(), "{err}");
    assert_eq!(err.operation(), Some("UpdateItem"));
    let err = Account::update("a")
        .apply(|a| a.email.set("new@x"))
        .when(|a| a.visits.eq(7))
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_condition_failed() && !err.is_conflict(), "{err}");
    assert_eq!(err.current::<Account>().map(|a| a.visits), Some(1));
    let err = Account::update("a")
        .apply(|a| a.email.set("new@x"))
        .at_version(1)
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_conflict(), "{err}");
    let err = Account::update("c")
        .apply(|a| a.email.set("new@x"))
        .must_exist()
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_not_found(), "{err}");
    assert_eq!(check::<Account>(&db).await, 5);

    Account::update("a")
        .apply(|a| a.handle.remove())
        .send(&db)
        .await
        .unwrap();
    assert_eq!(check::<Account>(&db).await, 4);
    // An update with the same value, and updates that create the item and do not.
    Account::update("a")
        .apply(|a| a.email.set("lovelace@x"))
        .send(&db)
        .await
        .unwrap();
    let upsert = |handle: &str| {
        Account::update("c")
            .apply(|a| a.handle.set(handle))
            .or_create(account("c", "c@x"))
    };
    let err = Account::update("c")
        .apply(|a| a.handle.set("c"))
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_not_found(), "{err}");
    for handle in ["c", "c", "other"] {
        upsert(handle).send(&db).await.unwrap();
        // The item, and the unique items of its e-mail address and its handle.
        assert_eq!(check::<Account>(&db).await, 7);
    }
    let taken = Account::update("d").or_create(account("d", "c@x"));
    let err = taken.send(&db).await.unwrap_err();
    assert!(err.is_unique_violation(), "{err}");
    assert_eq!(check::<Account>(&db).await, 7);
    Account::delete("c").send(&db).await.unwrap();
    Account::delete("c").send(&db).await.unwrap();
    let err = Account::delete("a")
        .when(|a| a.visits.eq(7))
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_condition_failed(), "{err}");
    assert!(
        Account::delete("c")
            .must_exist()
            .send(&db)
            .await
            .unwrap_err()
            .is_not_found()
    );
    assert_eq!(check::<Account>(&db).await, 4);
}

#[tokio::test]
async fn unique_write_refuses_return_values() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    account("a", "ada@x").create().send(&db).await.unwrap();

    let refused = [
        account("a", "b@x")
            .put()
            .returning_old()
            .send(&db)
            .await
            .map(|_| ()),
        Account::delete("a")
            .returning_old()
            .send(&db)
            .await
            .map(|_| ()),
        Account::update("a")
            .apply(|a| a.email.set("b@x"))
            .returning_new()
            .send(&db)
            .await
            .map(|_| ()),
        Account::update("a")
            .apply(|a| a.email.set("b@x"))
            .returning_old()
            .send(&db)
            .await
            .map(|_| ()),
    ];
    for refused in refused {
        let err = refused.unwrap_err();
        assert!(err.is_invalid_request(), "{err}");
        assert!(err.to_string().contains("`modify`"), "{err}");
    }
    // An update without unique attributes is still one UpdateItem.
    let a = Account::update("a")
        .apply(|a| a.visits.add(3))
        .returning_new()
        .send(&db)
        .await;
    assert_eq!(a.unwrap().visits, 3);
    assert_eq!(check::<Account>(&db).await, 2);
}

#[tokio::test]
async fn update_with_unknown_or_too_long_unique_value_is_refused() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    db.create_table::<Member>().await.unwrap();
    let err = Account::update("a")
        .apply(|a| a.email.set_if_absent("a@x"))
        .send(&db)
        .await
        .unwrap_err();
    assert!(
        err.is_invalid_request() && err.to_string().contains("`email`"),
        "{err}"
    );
    let err = Member::update("chess", 1_u32)
        .apply(|m| m.badge.add(1))
        .send(&db)
        .await
        .unwrap_err();
    assert!(
        err.is_invalid_request() && err.to_string().contains("`badge`"),
        "{err}"
    );

    let long = "x".repeat(2_100);
    let err = account("a", &long).create().send(&db).await.unwrap_err();
    assert!(
        err.is_invalid_key() && err.to_string().contains("2034 bytes"),
        "{err}"
    );
    account("a", &"x".repeat(2_034))
        .create()
        .send(&db)
        .await
        .unwrap();
    let err = account("_unique#email#x", "x")
        .create()
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_invalid_key(), "{err}");
    assert!(
        Account::delete("_unique#email#x")
            .send(&db)
            .await
            .unwrap_err()
            .is_invalid_key()
    );
    assert_eq!(raw::count::<Account>(&db).await, 2);
}

#[tokio::test]
async fn unique_numbers_are_compared_by_value() {
    let db = db().await;
    db.create_table::<Member>().await.unwrap();
    member(1, 1_200).create().send(&db).await.unwrap();
    member(2, None).create().send(&db).await.unwrap();
    let err = member(3, 1_200).put().send(&db).await.unwrap_err();
    assert!(err.is_unique_violation(), "{err}");
    // Other spellings of a number count as the same number.
    raw::put::<Member>(
        &db,
        r#"{"club":{"S":"chess"},"number":{"N":"1"},"badge":{"N":"1.2E+3"},"name":{"S":"raw"}}"#,
    )
    .await;
    member(1, 7).put().send(&db).await.unwrap();
    let err = member(2, 7).put().send(&db).await.unwrap_err();
    assert!(err.is_unique_violation(), "{err}");
    member(2, 1_200).put().send(&db).await.unwrap();

    // Reads of the entity leave out the unique items, although the index holds them too.
    assert_eq!(raw::count::<Member>(&db).await, 4);
    assert_eq!(Member::scan().count(&db).await.unwrap(), 2);
    assert_eq!(
        Member::scan()
            .index::<MemberByNumber>()
            .all(&db)
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(Member::by_number(1_u32).count(&db).await.unwrap(), 1);
    assert_eq!(Member::by_number(0_u32).count(&db).await.unwrap(), 0);
}
#[tokio::test]
async fn entities_of_shared_table_have_separate_unique_values() {
    let db = db().await;
    db.create_table::<Guarded>().await.unwrap();
    user(1, "ada@x").create().send(&db).await.unwrap();
    let team = Team {
        name: "t".into(),
        email: "ada@x".into(),
    };
    team.create().send(&db).await.unwrap();
    let err = user(2, "ada@x").create().send(&db).await.unwrap_err();
    assert!(err.is_unique_violation(), "{err}");
    let err = user(1, "b@x").create().send(&db).await.unwrap_err();
    assert!(err.is_already_exists(), "{err}");
    User::update(1_u32)
        .apply(|u| u.email.set("b@x"))
        .send(&db)
        .await
        .unwrap();
    user(2, "ada@x").put().send(&db).await.unwrap();
    assert_eq!(check::<User>(&db).await, 6);
    check::<Team>(&db).await;
    assert_eq!(User::scan().count(&db).await.unwrap(), 2);
    User::delete(1_u32).send(&db).await.unwrap();
    assert_eq!(check::<User>(&db).await, 4);
}
