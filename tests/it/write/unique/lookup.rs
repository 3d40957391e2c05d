//! Reads by a unique value.

use dynamodel::{Entity, Model};
use dynamodel_tests::db;

use super::{Account, Guarded, Member, Team, User, account, member, user};
use crate::raw;

#[tokio::test]
async fn get_by_unique_value_finds_its_owner() {
    let db = db().await;
    db.create_table::<Account>().await.unwrap();
    db.create_table::<Member>().await.unwrap();
    db.create_table::<Guarded>().await.unwrap();
    let mut ada = account("a", "a@x");
    ada.handle = Some("ada".into());
    let ada = ada.create().send(&db).await.unwrap();
    assert_eq!(
        Account::get_by_email("a@x").send(&db).await.unwrap(),
        Some(ada.clone())
    );
    assert_eq!(
        Account::get_by_handle("ada").send(&db).await.unwrap(),
        Some(ada.clone())
    );
    assert_eq!(Account::get_by_handle("a@x").send(&db).await.unwrap(), None);

    let one = member(1, 77).create().send(&db).await.unwrap();
    assert_eq!(
        Member::get_by_badge(77_u64).send(&db).await.unwrap(),
        Some(one)
    );
    let bob = user(1, "b@x").create().send(&db).await.unwrap();
    assert_eq!(
        User::get_by_email("b@x").send(&db).await.unwrap(),
        Some(bob)
    );
    assert_eq!(Team::get_by_email("b@x").send(&db).await.unwrap(), None);

    // A unique item whose owner is gone, or has another value, finds nothing.
    raw::delete::<Account>(&db, r#"{"id":{"S":"a"}}"#).await;
    assert_eq!(Account::get_by_email("a@x").send(&db).await.unwrap(), None);
    let other = r#"{"id":{"S":"a"},"email":{"S":"c@x"},"visits":{"N":"0"},"version":{"N":"1"}}"#;
    raw::put::<Account>(&db, other).await;
    assert_eq!(Account::get_by_email("a@x").send(&db).await.unwrap(), None);
    let get = Account::get_by_email("a@x");
    assert!(!format!("{:?}", get.clone()).contains("a@x"));
    assert!(
        Account::get_by_email("x".repeat(3_000))
            .send(&db)
            .await
            .unwrap_err()
            .is_invalid_key()
    );
}

#[test]
fn diagram_shows_unique_items() {
    let picture = Model::of::<(User, Account)>();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: Vec<String> = picture.to_string().lines().map(words).collect();
    for line in [
        "| User | unique items of email | pk = _unique#User#email#{email} | sk = _unique |",
        "| Account | unique items of Handle | id = _unique#Handle#{Handle} | |",
        "| User::get_by_email(email) | unique items of email | the unique value |",
    ] {
        assert!(text.iter().any(|l| l == line), "{line}\n{picture}");
    }
    assert!(
        picture
            .to_mermaid()
            .contains("        S Handle UK \"unique\"\n")
    );
}
