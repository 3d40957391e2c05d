//! An index of a shared table whose key contains attributes of the table's own key.

use dynamodel::{Db, Entity, Table, Transaction};
use dynamodel_tests::db;

use crate::raw;

#[expect(
    clippy::duplicated_attributes,
    reason = "one attribute is in the keys of several indexes"
)]
#[derive(Table)]
#[dynamo(name = "club", partition = "pk", sort = "sk")]
#[dynamo(index(inverted, partition = "sk", sort = "pk"))]
#[dynamo(index(overloaded, partition = "sk", sort = "data"))]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "pk"))]
struct Club;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Club, key(partition = "USER#{user}", sort = "GROUP#{group}"))]
#[dynamo(index(inverted as of_group, partition = "GROUP#{group}", sort = "USER#{user}"))]
#[dynamo(index(overloaded as by_since, partition = "GROUP#{group}", sort = "{since}"))]
#[dynamo(index(gsi1 as by_role, partition = "ROLE#{role}", sort = "USER#{user}"))]
struct Member {
    user: String,
    group: String,
    since: Option<u64>,
    role: String,
}

/// An entity that shares the table, uses only this index, and is in it by its key alone.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Club, key(partition = "USER#{user}", sort = "PROFILE"))]
#[dynamo(index(inverted as all_users, partition = "PROFILE", sort = "USER#{user}"))]
struct Profile {
    user: String,
}

/// The only item of its type: its key has no fields.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Club, key(partition = "SETTINGS", sort = "SETTINGS"))]
struct Settings {
    motto: String,
}

fn member(user: &str, group: &str, since: u64) -> Member {
    Member {
        user: user.to_owned(),
        group: group.to_owned(),
        since: Some(since),
        role: "player".to_owned(),
    }
}

async fn club() -> Db {
    let db = db().await;
    db.create_table::<Club>().await.unwrap();
    for (n, user) in ["eve", "bob", "ann", "dan"].into_iter().enumerate() {
        for group in ["chess", "go"] {
            member(user, group, n as u64)
                .create()
                .send(&db)
                .await
                .unwrap();
        }
        let profile = Profile { user: user.into() };
        profile.create().send(&db).await.unwrap();
    }
    db
}

fn users(members: Vec<Member>) -> Vec<String> {
    members.into_iter().map(|m| m.user).collect()
}

#[tokio::test]
async fn table_with_inverted_index_is_created() {
    let db = club().await;
    db.create_table::<Club>().await.unwrap();
    let info = db.describe_table::<Club>().await.unwrap();
    assert!(info.differences().is_empty(), "{:?}", info.differences());
}

#[tokio::test]
async fn inverted_index_queries_by_sort_key_of_table() {
    let db = club().await;
    let of_group = Member::of_group("go").all(&db).await.unwrap();
    assert_eq!(users(of_group), ["ann", "bob", "dan", "eve"]);
    let some = Member::of_group("go").sort(|k| k.user.begins_with("d"));
    assert_eq!(users(some.all(&db).await.unwrap()), ["dan"]);
    let range = Member::of_group("go")
        .sort(|k| k.user.gt("bob"))
        .descending();
    assert_eq!(users(range.all(&db).await.unwrap()), ["eve", "dan"]);
    let filtered = Member::of_group("go").filter(|m| m.since.ge(2));
    assert_eq!(users(filtered.all(&db).await.unwrap()), ["ann", "dan"]);
    let by_since = Member::by_since("chess").all(&db).await.unwrap();
    assert_eq!(users(by_since), ["eve", "bob", "ann", "dan"]);
    let by_role = Member::by_role("player").sort(|k| k.user.eq("ann"));
    assert_eq!(by_role.count(&db).await.unwrap(), 2);
    assert_eq!(Profile::all_users().count(&db).await.unwrap(), 4);
    let page = Member::of_group("go").page_size(3).page(&db).await.unwrap();
    let rest = Member::of_group("go")
        .start_at(page.next)
        .all(&db)
        .await
        .unwrap();
    assert_eq!((page.items.len(), users(rest)), (3, vec!["eve".to_owned()]));
}

#[tokio::test]
async fn shared_key_attribute_is_written_once() {
    let db = club().await;
    let json = member("x", "y", 1).put().to_json().unwrap();
    for (name, value) in [
        ("pk", "USER#x"),
        ("sk", "GROUP#y"),
        ("gsi1pk", "ROLE#player"),
    ] {
        assert_eq!(json.matches(&format!("\"{name}\":")).count(), 1, "{json}");
        assert_eq!(json.matches(value).count(), 1, "{json}");
    }
    // The key alone determines the attributes of the table's key and of the index's key, so no update
    // writes them.
    let update = Member::update("ann", "go").apply(|m| (m.since.set(99), m.role.set("head")));
    let json = update.to_json().unwrap();
    assert!(
        !json.contains("\"sk\":\"") && !json.contains(":\"sk\""),
        "{json}"
    );
    let (actions, _) = json.split_once("ConditionExpression").unwrap();
    assert_eq!(actions.matches('=').count(), 4, "{json}");
    update.send(&db).await.unwrap();
    assert_eq!(
        users(Member::by_since("go").all(&db).await.unwrap()),
        ["eve", "bob", "dan", "ann"]
    );
    assert_eq!(
        users(Member::by_role("head").all(&db).await.unwrap()),
        ["ann"]
    );
    Member::update("ann", "go")
        .apply(|m| m.since.remove())
        .send(&db)
        .await
        .unwrap();
    assert_eq!(
        users(Member::by_since("go").all(&db).await.unwrap()),
        ["eve", "bob", "dan"]
    );
    assert_eq!(Member::of_group("go").count(&db).await.unwrap(), 4);
    let key = r#"{"pk":{"S":"USER#new"},"sk":{"S":"GROUP#go"}}"#;
    Member::update("new", "go")
        .apply(|m| m.since.set(5))
        .or_create(member("new", "go", 5))
        .send(&db)
        .await
        .unwrap();
    let stored = raw::get::<Member>(&db, key).await.unwrap();
    let mut names: Vec<&str> = stored.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "_type", "data", "group", "gsi1pk", "pk", "role", "since", "sk", "user",
    ];
    assert_eq!(names, expected);
    assert_eq!(Member::of_group("go").count(&db).await.unwrap(), 5);
}

#[tokio::test]
async fn transaction_and_diff_keep_inverted_index() {
    let db = club().await;
    let mut tx = Transaction::new();
    tx.put(member("tx", "go", 1).create());
    tx.update(Member::update("eve", "go").apply(|m| m.since.set(7)));
    tx.send(&db).await.unwrap();
    let before = member("dan", "go", 3);
    let after = Member {
        role: "head".to_owned(),
        ..before.clone()
    };
    before.diff(&after).send(&db).await.unwrap();
    let of_group = Member::of_group("go").all(&db).await.unwrap();
    assert_eq!(users(of_group.clone()), ["ann", "bob", "dan", "eve", "tx"]);
    assert_eq!(
        (of_group[2].role.as_str(), of_group[3].since),
        ("head", Some(7))
    );
    let hydrated = Member::of_group("go").hydrate().all(&db).await.unwrap();
    assert_eq!(hydrated, of_group);
}

#[test]
fn diagram_shows_both_uses_of_key_attribute() {
    let picture = dynamodel::Model::of::<(Member,)>().to_string();
    assert!(
        picture.contains("| inverted   | sk = GROUP#{group}   | pk = USER#{user}   |"),
        "{picture}"
    );
}

#[tokio::test]
async fn key_without_fields_has_one_item() {
    let db = club().await;
    assert_eq!(Settings::get().send(&db).await.unwrap(), None);
    let motto = "well played".to_owned();
    let settings = Settings { motto }.create().send(&db).await.unwrap();
    let found = Settings::get().send(&db).await.unwrap();
    assert_eq!(found, Some(settings.clone()));
    assert_eq!(Settings::query().all(&db).await.unwrap(), [settings]);
    Settings::delete().send(&db).await.unwrap();
    assert_eq!(Settings::get().send(&db).await.unwrap(), None);
}
