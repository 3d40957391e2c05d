//! Writes of whole values: `upsert`, `patch`, immutable attributes, generated ids and constructors.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use dynamodel::{BatchWrite, Db, Entity, Table, Transaction, WriteToken};
use dynamodel_tests::db;
use dynamodel_tests::faults::{self, Fault};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "tasks", partial, new)]
struct Task {
    #[dynamo(partition, id = "uuid7")]
    id: String,
    #[dynamo(immutable, rename = "Owner")]
    owner: String,
    title: String,
    note: Option<String>,
    tags: BTreeSet<String>,
    #[dynamo(immutable)]
    source: Option<String>,
    #[dynamo(version)]
    version: u64,
    #[dynamo(created_at)]
    created: SystemTime,
    #[dynamo(updated_at)]
    updated: Option<u64>,
    #[dynamo(write_token)]
    token: WriteToken,
    #[dynamo(skip)]
    cached: u32,
}

fn task(owner: &str) -> Task {
    Task::new(owner, "title", None, BTreeSet::new(), None)
}

async fn tasks() -> Db {
    let db = db().await;
    db.create_table::<Task>().await.unwrap();
    db
}

async fn stored(db: &Db, id: &str) -> Task {
    Task::get(id).consistent().send(db).await.unwrap().unwrap()
}

#[tokio::test]
async fn constructor_leaves_library_fields_unset() {
    let made = Task::new(
        "ann",
        String::from("title"),
        "note",
        BTreeSet::new(),
        Some("web".to_owned()),
    );
    assert_eq!(
        (&*made.owner, &*made.title, made.note.as_deref()),
        ("ann", "title", Some("note"))
    );
    assert_eq!((made.version, made.cached, made.updated), (0, 0, None));
    assert!(made.id.is_empty() && made.created == SystemTime::UNIX_EPOCH);
    let db = &tasks().await;
    let kept = made.create().send(db).await.unwrap();
    assert!(kept.created > SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    assert_eq!(stored(db, &kept.id).await, kept);
}

#[tokio::test]
async fn id_is_made_once_and_returned() {
    let db = &tasks().await;
    let first = task("ann").create().send(db).await.unwrap();
    let second = task("ann").put().send(db).await.unwrap();
    let third = task("ann").upsert().send(db).await.unwrap();
    assert!(
        first.id.len() == 36 && first.id.as_bytes()[14] == b'7',
        "{}",
        first.id
    );
    assert_eq!(BTreeSet::from([&first.id, &second.id, &third.id]).len(), 3);
    // An id that is set is kept, in later writes too.
    let again = first.clone().put().send(db).await.unwrap();
    assert_eq!(again.id, first.id);
    let mut given = task("ann");
    given.id = "mine".into();
    assert_eq!(given.create().send(db).await.unwrap().id, "mine");
    let mut tx = Transaction::new();
    let handle = tx.put(task("ann").create());
    let mut done = tx.send(db).await.unwrap();
    let kept = done.take(handle).unwrap();
    assert_eq!(stored(db, &kept.id).await.id, kept.id);
    let batch = BatchWrite::new()
        .put(task("a").put().unversioned())
        .put(task("b").put().unversioned());
    batch.send(db).await.unwrap();
    assert_eq!(Task::scan().count(db).await.unwrap(), 7);
    let e = task("ann").replace().send(db).await.unwrap_err();
    assert!(e.is_invalid_key(), "{e}");
}

#[tokio::test]
async fn upsert_creates_or_overwrites_at_its_version() {
    let db = &tasks().await;
    let first = task("ann").upsert().send(db).await.unwrap();
    assert_eq!(first.version, 1);
    let second = Task {
        title: "two".into(),
        ..first.clone()
    }
    .upsert()
    .send(db)
    .await
    .unwrap();
    assert_eq!(second.version, 2);
    let e = first.clone().upsert().send(db).await.unwrap_err();
    assert!(e.is_conflict(), "{e}");
    assert_eq!(e.current::<Task>().map(|t| t.title), Some("two".into()));
    // A value that was stored before is created again, in a transaction too.
    Task::delete(&*first.id).send(db).await.unwrap();
    assert!(
        second
            .clone()
            .put()
            .send(db)
            .await
            .unwrap_err()
            .is_conflict()
    );
    let when = second.clone().upsert().when(|t| t.title.eq("other"));
    assert_eq!(when.send(db).await.unwrap().version, 3);
    let mut tx = Transaction::new();
    let stale = tx.put(second.clone().upsert());
    let e = tx.send(db).await.unwrap_err();
    assert!(e.reason(stale).unwrap().is_conflict(), "{e}");
    let forced = second.upsert().unversioned().send(db).await.unwrap();
    assert_eq!(forced.version, 3);
}

#[tokio::test]
async fn patch_writes_what_has_a_value() {
    let db = &tasks().await;
    let first = Task::new(
        "ann",
        "title",
        "note",
        BTreeSet::from(["a".to_owned()]),
        None,
    );
    let first = first.create().send(db).await.unwrap();
    let changes = TaskPartial {
        title: Some("new".into()),
        ..TaskPartial::default()
    };
    let update = Task::update(&*first.id).patch(changes).returning_new();
    let second = update.send(db).await.unwrap();
    let expected = Task {
        title: "new".into(),
        version: 2,
        updated: second.updated,
        token: second.token,
        ..first.clone()
    };
    assert_eq!(second, expected);
    // The key may be given, and a set that is empty is absent.
    let changes = TaskPartial {
        id: Some(first.id.clone()),
        tags: Some(BTreeSet::new()),
        ..TaskPartial::default()
    };
    let update = Task::update(&*first.id)
        .patch(changes)
        .apply(|t| t.note.remove());
    let third = update.returning_new().send(db).await.unwrap();
    assert_eq!(
        (third.tags.len(), third.note, &*third.title),
        (0, None, "new")
    );
    for (fixed, path) in [
        (
            TaskPartial {
                id: Some("other".into()),
                ..TaskPartial::default()
            },
            "id",
        ),
        (
            TaskPartial {
                version: Some(7),
                ..TaskPartial::default()
            },
            "version",
        ),
        (
            TaskPartial {
                owner: Some("bob".into()),
                ..TaskPartial::default()
            },
            "Owner",
        ),
    ] {
        let e = Task::update(&*first.id)
            .patch(fixed)
            .send(db)
            .await
            .unwrap_err();
        assert_eq!(
            (e.attribute_path().as_deref(), e.attempts()),
            (Some(path), 0),
            "{e}"
        );
        assert!(e.is_invalid_value(), "{e}");
    }
    let missing = TaskPartial {
        title: Some("x".into()),
        ..TaskPartial::default()
    };
    let e = Task::update("missing")
        .patch(missing)
        .send(db)
        .await
        .unwrap_err();
    assert!(e.is_not_found(), "{e}");
}

#[tokio::test]
async fn immutable_attribute_keeps_its_first_value() {
    let db = &tasks().await;
    let first = task("ann").create().send(db).await.unwrap();
    let other = Task {
        owner: "bob".into(),
        ..first.clone()
    };
    let mut errors = vec![
        other.clone().put().send(db).await.unwrap_err(),
        other
            .clone()
            .put()
            .unversioned()
            .send(db)
            .await
            .unwrap_err(),
        other.clone().replace().send(db).await.unwrap_err(),
        other.clone().upsert().send(db).await.unwrap_err(),
        first.diff(&other).send(db).await.unwrap_err(),
    ];
    let modified = Task::get(&*first.id).modify(db, |t| {
        t.owner = "bob".into();
        Ok(())
    });
    errors.push(modified.await.unwrap_err());
    for e in errors {
        assert_eq!(e.attribute_path().as_deref(), Some("Owner"), "{e}");
        assert!(e.to_string().contains("immutable"), "{e}");
        assert!(!e.to_string().contains("bob"), "{e}");
    }
    let mut tx = Transaction::new();
    let handle = tx.put(other.clone().put());
    let e = tx.send(db).await.unwrap_err();
    assert!(e.reason(handle).unwrap().is_condition_failed(), "{e}");
    // The same value is no change, and an absent one is written once.
    let second = Task {
        source: Some("web".into()),
        title: "two".into(),
        ..first.clone()
    };
    let second = second.put().send(db).await.unwrap();
    let e = Task {
        source: None,
        ..second.clone()
    }
    .put()
    .send(db)
    .await
    .unwrap_err();
    assert_eq!(e.attribute_path().as_deref(), Some("source"), "{e}");
    let e = first.clone().put().send(db).await.unwrap_err();
    assert!(e.is_conflict(), "{e}");
    // An update that creates the item writes the attribute, one of an existing item does not.
    let upsert = |owner: &str| {
        let entity = Task {
            id: "x".into(),
            ..task(owner)
        };
        Task::update("x")
            .apply(|t| t.title.set("new"))
            .or_create(entity)
    };
    upsert("ann").send(db).await.unwrap();
    upsert("bob").send(db).await.unwrap();
    let kept = stored(db, "x").await;
    assert_eq!((&*kept.owner, kept.version), ("ann", 2));
}

#[derive(Table)]
#[dynamo(name = "desk", partition = "pk", sort = "sk")]
struct Desk;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Desk, key(partition = "NOTE#{owner}", sort = "NOTE#{id}"), new, partial)]
struct Note {
    #[dynamo(id = "ulid")]
    id: String,
    owner: String,
    text: String,
    size: u32,
    limit: Option<u64>,
}

#[tokio::test]
async fn id_is_made_before_key_is_composed() {
    let db = &db().await;
    db.create_table::<Desk>().await.unwrap();
    let note = Note::new("ann", "text", 5, 7)
        .create()
        .send(db)
        .await
        .unwrap();
    assert_eq!((note.id.len(), note.size, note.limit), (26, 5, Some(7)));
    let read = Note::get("ann", &*note.id)
        .consistent()
        .send(db)
        .await
        .unwrap();
    assert_eq!(read, Some(note.clone()));
    let changes = NotePartial {
        owner: Some("ann".into()),
        text: Some("other".into()),
        ..NotePartial::default()
    };
    let update = Note::update("ann", &*note.id)
        .patch(changes)
        .returning_new();
    assert_eq!(
        update.send(db).await.unwrap(),
        Note {
            text: "other".into(),
            ..note
        }
    );
}

/// All attempts of a call send the same id.
#[tokio::test]
async fn id_is_the_same_in_every_retry() {
    let (db, faults) = faults::db().await;
    db.create_table::<Task>().await.unwrap();
    // The first attempt reaches nothing, the second one does the work and loses its response.
    faults.next("PutItem", [Fault::DropRequest, Fault::DropResponse]);
    let kept = task("ann").create().send(&db).await.unwrap();
    let sent = faults.sent("PutItem");
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter().all(|sent| sent.body.contains(&kept.id)),
        "{sent:?}"
    );
    assert_eq!(Task::scan().count(&db).await.unwrap(), 1);
}
