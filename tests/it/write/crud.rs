//! Writes of whole items, and updates by key, of versioned and unversioned entities.

use std::time::{Duration, SystemTime};

use dynamodel::{Db, Entity, Error};
use dynamodel_tests::db;

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "notes")]
struct Note {
    #[dynamo(partition)]
    owner: String,
    #[dynamo(sort)]
    id: u32,
    text: String,
    stars: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "documents")]
struct Paper {
    #[dynamo(partition)]
    id: String,
    text: String,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "letters")]
struct Letter {
    #[dynamo(partition)]
    id: String,
    text: String,
    #[dynamo(created_at)]
    created: Option<SystemTime>,
    #[dynamo(updated_at)]
    updated: u64,
}

fn note(id: u32, text: &str) -> Note {
    Note {
        owner: "ada".into(),
        id,
        text: text.into(),
        stars: Some(1),
    }
}

fn paper(text: &str, version: u64) -> Paper {
    Paper {
        id: "p".into(),
        text: text.into(),
        version,
    }
}

async fn with<E: Entity>() -> Db {
    let db = db().await;
    db.create_table::<E>().await.unwrap();
    db
}

async fn stored(db: &Db, id: u32) -> Option<Note> {
    Note::get("ada", id).consistent().send(db).await.unwrap()
}

fn check_condition_failed(result: Result<impl Sized, Error>, current: Option<&Note>) {
    let e = result.err().expect("the condition is not met");
    assert!(e.is_condition_failed() && !e.is_ambiguous());
    assert_eq!(e.is_conflict(), e.is_already_exists());
    assert_eq!(e.current::<Note>().as_ref(), current);
    assert_eq!(e.code(), Some("ConditionalCheckFailedException"));
    assert_eq!(e.entity(), Some("Note"));
    assert!(e.request_id().is_some());
    assert_eq!(e.attempts(), 1);
}

#[tokio::test]
async fn create_fails_when_item_exists() {
    let db = with::<Note>().await;
    let created = note(1, "first").create().send(&db).await.unwrap();
    assert_eq!(created, note(1, "first"));
    let again = note(1, "second").create().send(&db).await;
    assert!(again.as_ref().is_err_and(Error::is_already_exists));
    check_condition_failed(again, Some(&created));
    assert_eq!(stored(&db, 1).await, Some(created));
}

#[tokio::test]
async fn put_overwrites_and_returns_old_item() {
    let db = with::<Note>().await;
    let old = note(1, "first").put().returning_old().send(&db).await;
    assert_eq!(old.unwrap(), None);
    let old = note(1, "second").put().returning_old().send(&db).await;
    assert_eq!(old.unwrap(), Some(note(1, "first")));
    let third = note(1, "third").put().send(&db).await.unwrap();
    assert_eq!(stored(&db, 1).await, Some(third));
}

#[tokio::test]
async fn put_drops_attributes_missing_in_new_item() {
    let db = with::<Note>().await;
    note(1, "first").put().send(&db).await.unwrap();
    let mut second = note(1, "second");
    second.stars = None;
    second.put().send(&db).await.unwrap();
    let item = raw::get::<Note>(&db, r#"{"owner":{"S":"ada"},"id":{"N":"1"}}"#).await;
    let mut names: Vec<String> = item.unwrap().into_keys().collect();
    names.sort();
    assert_eq!(names, ["id", "owner", "text"]);
}

#[tokio::test]
async fn replace_fails_when_item_is_missing() {
    let db = with::<Note>().await;
    let e = note(1, "first").replace().send(&db).await.unwrap_err();
    assert!(e.is_not_found() && e.is_condition_failed() && !e.is_conflict());
    assert_eq!(
        e.to_string().split(" (").next(),
        Some("PutItem Note: the item does not exist")
    );
    assert_eq!(raw::count::<Note>(&db).await, 0);
    note(1, "first").create().send(&db).await.unwrap();
    note(1, "second").replace().send(&db).await.unwrap();
    assert_eq!(stored(&db, 1).await, Some(note(1, "second")));
}

#[tokio::test]
async fn whole_item_writes_check_their_conditions() {
    let db = with::<Note>().await;
    let first = note(1, "first").create().send(&db).await.unwrap();
    let put = |text| note(1, text).put();
    put("second")
        .when(|n| n.stars.eq(1))
        .send(&db)
        .await
        .unwrap();
    let failed = put("third").when(|n| n.stars.gt(1)).send(&db).await;
    check_condition_failed(failed, Some(&note(1, "second")));
    let both = put("fourth")
        .when(|n| n.stars.eq(1))
        .when(|n| n.text.eq("first"));
    check_condition_failed(both.send(&db).await, Some(&note(1, "second")));
    let absent = note(2, "x")
        .put()
        .when(|n| n.stars.exists())
        .send(&db)
        .await;
    check_condition_failed(absent, None);
    let kept = first
        .clone()
        .remove()
        .when(|n| n.text.eq("first"))
        .send(&db)
        .await;
    check_condition_failed(kept, Some(&note(1, "second")));
    let removed = first.remove().when(|n| n.text.eq("second")).returning_old();
    assert_eq!(removed.send(&db).await.unwrap(), Some(note(1, "second")));
    assert_eq!(stored(&db, 1).await, None);
}

#[tokio::test]
async fn remove_of_an_unversioned_item_is_idempotent() {
    let db = with::<Note>().await;
    note(1, "x").create().send(&db).await.unwrap();
    note(1, "y").remove().send(&db).await.unwrap();
    note(1, "y").remove().send(&db).await.unwrap();
    let old = note(1, "y").remove().returning_old().send(&db).await;
    assert_eq!(old.unwrap(), None);
}

#[tokio::test]
async fn get_finds_item_by_key() {
    let db = with::<Note>().await;
    assert_eq!(stored(&db, 1).await, None);
    note(1, "x").create().send(&db).await.unwrap();
    let eventual = Note::get("ada", 1_u32).send(&db).await.unwrap();
    assert_eq!(eventual, Some(note(1, "x")));
    let owner = String::from("ada");
    let by_reference = Note::get(&owner, 1).send(&db).await.unwrap();
    assert_eq!(by_reference, Some(note(1, "x")));
    assert_eq!(Note::get("bob", 1_u32).send(&db).await.unwrap(), None);
}

#[tokio::test]
async fn update_demands_item_unless_it_may_create_one() {
    let db = with::<Note>().await;
    let update = |text: &str| Note::update("ada", 1_u32).apply(|n| n.text.set(text));
    for missing in [update("x"), update("x").must_exist()] {
        let e = missing.send(&db).await.unwrap_err();
        assert!(e.is_not_found() && !e.is_conflict(), "{e}");
    }
    let e = update("x").when(|n| n.stars.not_exists()).send(&db).await;
    assert!(e.unwrap_err().is_not_found());
    assert_eq!(raw::count::<Note>(&db).await, 0);
    let upsert = update("x").or_create(note(1, "y"));
    let before = upsert.returning_old().send(&db).await.unwrap();
    assert_eq!(before, None);
    let mut expected = note(1, "x");
    assert_eq!(stored(&db, 1).await, Some(expected.clone()));
    let before = update("y").must_exist().returning_old().send(&db).await;
    assert_eq!(before.unwrap(), Some(expected.clone()));
    let after = update("z").returning_new().send(&db).await.unwrap();
    expected.text = "z".into();
    assert_eq!(after, expected);
}

#[tokio::test]
async fn update_applies_only_when_condition_holds() {
    let db = with::<Note>().await;
    let first = note(1, "x").create().send(&db).await.unwrap();
    let add = |least| {
        Note::update("ada", 1_u32)
            .apply(|n| n.stars.add(1))
            .when(|n| n.stars.ge(least))
    };
    check_condition_failed(add(2).send(&db).await, Some(&first));
    add(1).send(&db).await.unwrap();
    assert_eq!(stored(&db, 1).await.unwrap().stars, Some(2));
}

#[tokio::test]
async fn update_without_actions_leaves_item_unchanged() {
    let db = with::<Note>().await;
    note(1, "x").create().send(&db).await.unwrap();
    Note::update("ada", 1_u32).send(&db).await.unwrap();
    let nothing = Note::update("ada", 1_u32).apply(|_| ());
    assert_eq!(
        nothing.returning_new().send(&db).await.unwrap(),
        note(1, "x")
    );
}

#[tokio::test]
async fn set_none_removes() {
    let db = with::<Note>().await;
    note(1, "x").create().send(&db).await.unwrap();
    let update = Note::update("ada", 1_u32).apply(|n| n.stars.set(None));
    assert_eq!(update.returning_new().send(&db).await.unwrap().stars, None);
    let set = Note::update("ada", 1_u32).apply(|n| n.stars.set(Some(3)));
    assert_eq!(set.returning_new().send(&db).await.unwrap().stars, Some(3));
}

#[tokio::test]
async fn delete_removes_item_by_key() {
    let db = with::<Note>().await;
    Note::delete("ada", 1_u32).send(&db).await.unwrap();
    let e = Note::delete("ada", 1_u32).must_exist().send(&db).await;
    assert!(e.unwrap_err().is_not_found());
    let first = note(1, "x").create().send(&db).await.unwrap();
    let kept = Note::delete("ada", 1_u32).when(|n| n.stars.not_exists());
    check_condition_failed(kept.send(&db).await, Some(&first));
    let old = Note::delete("ada", 1_u32).returning_old().send(&db).await;
    assert_eq!(old.unwrap(), Some(first));
    let old = Note::delete("ada", 1_u32).returning_old().send(&db).await;
    assert_eq!(old.unwrap(), None);
}

#[tokio::test]
async fn unversioned_writes_ignore_stored_version() {
    let db = with::<Paper>().await;
    let first = paper("first", 0).create().send(&db).await.unwrap();
    assert_eq!(first.version, 1);
    // An unversioned put of a stale copy succeeds, and the version still rises.
    let forced = paper("forced", 5)
        .put()
        .unversioned()
        .send(&db)
        .await
        .unwrap();
    assert_eq!(forced.version, 6);
    let read = Paper::get("p").consistent().send(&db).await.unwrap();
    assert_eq!(read, Some(forced));
    let replaced = paper("again", 2).replace().unversioned().send(&db).await;
    assert_eq!(replaced.unwrap().version, 3);
    let exists = paper("new", 0).create().unversioned().send(&db).await;
    assert!(exists.unwrap_err().is_condition_failed());
    paper("any", 77)
        .remove()
        .unversioned()
        .send(&db)
        .await
        .unwrap();
    let missing = paper("new", 4).replace().unversioned().send(&db).await;
    assert!(missing.unwrap_err().is_not_found());
    assert_eq!(raw::count::<Paper>(&db).await, 0);
}

#[tokio::test]
async fn versioned_writes_return_old_item() {
    let db = with::<Paper>().await;
    let old = paper("a", 0).put().returning_old().send(&db).await;
    assert_eq!(old.unwrap(), None);
    let old = paper("b", 1).put().returning_old().send(&db).await;
    assert_eq!(old.unwrap(), Some(paper("a", 1)));
    let old = paper("b", 2).remove().returning_old().send(&db).await;
    assert_eq!(old.unwrap(), Some(paper("b", 2)));
}

#[tokio::test]
async fn created_time_stays_and_updated_time_rises() {
    let db = with::<Letter>().await;
    let begun = SystemTime::now() - Duration::from_secs(2);
    let letter = Letter {
        id: "l".into(),
        text: "x".into(),
        created: None,
        updated: 0,
    };
    let first = letter.create().send(&db).await.unwrap();
    let created = first.created.expect("filled by the write");
    assert!(created >= begun && first.updated > 1_700_000_000);
    let mut old = first.clone();
    old.updated = 1;
    let second = old.put().send(&db).await.unwrap();
    assert_eq!(second.created, Some(created));
    assert!(second.updated >= first.updated);
    let updated = Letter::update("l").apply(|l| l.text.set("y"));
    let third = updated.returning_new().send(&db).await.unwrap();
    assert_eq!(third.created, second.created);
    assert!(third.updated >= second.updated);
    let entity = |created| Letter {
        id: "m".into(),
        text: "x".into(),
        created,
        updated: 0,
    };
    let new = |created| {
        let update = Letter::update("m").apply(|l| l.text.set("y"));
        update.or_create(entity(created)).returning_new()
    };
    let known = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let brought = new(Some(known)).send(&db).await.unwrap();
    assert_eq!(brought.created, Some(known));
    assert!(brought.updated > 1_700_000_000);
    Letter::delete("m").send(&db).await.unwrap();
    let new = new(None).send(&db).await.unwrap();
    assert!(new.created >= Some(begun) && new.updated > 1_700_000_000);
}

#[tokio::test]
async fn send_measured_reports_consumed_capacity() {
    let db = with::<Note>().await;
    let put = note(1, "x").create().send_measured(&db).await.unwrap();
    assert_eq!(put.output, note(1, "x"));
    let consumed = put.consumed_capacity.expect("asked for");
    assert_eq!(consumed.capacity_units, 1.0);
    assert_eq!(
        consumed.table_name.as_deref(),
        Some(&*db.table_name::<Note>())
    );

    let get = Note::get("ada", 1_u32).send_measured(&db).await.unwrap();
    assert_eq!(get.output, Some(note(1, "x")));
    assert_eq!(get.consumed_capacity.map(|c| c.capacity_units), Some(0.5));
    let get = Note::get("ada", 1_u32)
        .consistent()
        .send_measured(&db)
        .await;
    let consumed = get.unwrap().consumed_capacity;
    assert_eq!(consumed.map(|c| c.capacity_units), Some(1.0));
    let missing = Note::get("ada", 9_u32).send_measured(&db).await.unwrap();
    assert_eq!(missing.output, None);
    assert!(missing.consumed_capacity.is_some());

    let update = Note::update("ada", 1_u32).apply(|n| n.stars.add(1));
    let update = update.returning_new().send_measured(&db).await.unwrap();
    assert_eq!(update.output.stars, Some(2));
    assert!(
        update
            .consumed_capacity
            .is_some_and(|c| c.capacity_units >= 1.0)
    );
    let delete = Note::delete("ada", 1_u32).returning_old();
    let delete = delete.send_measured(&db).await.unwrap();
    assert_eq!(delete.output.map(|n| n.stars), Some(Some(2)));
    assert!(
        delete
            .consumed_capacity
            .is_some_and(|c| c.capacity_units >= 1.0)
    );
    let remove = note(1, "x").remove().send_measured(&db).await.unwrap();
    assert!(remove.consumed_capacity.is_some());
}
