//! Failed batches of reads: the error holds the items read so far, and lists every other key as
//! unprocessed.

use std::time::Duration;

use dynamodel::{Backoff, BatchGet, BatchWrite, Db, Entity, Error, Projection, batch_get};
use dynamodel_tests::faults::{self, Fault};

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "things")]
#[dynamo(index(by_color, partition = color, sort = id, project = keys))]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    color: String,
    weight: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Projection)]
#[dynamo(of = Thing)]
struct Color {
    color: String,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "others")]
struct Other {
    #[dynamo(partition)]
    name: String,
}

fn thing(id: u64) -> Thing {
    Thing {
        id,
        color: "secret-red".into(),
        weight: None,
    }
}

fn keys(ids: impl IntoIterator<Item = u64>) -> Vec<dynamodel::Key<Thing>> {
    ids.into_iter().map(Thing::key).collect()
}

/// Creates the tables, and stores things with even numbers only.
async fn tables(db: &Db) {
    db.create_table::<Thing>().await.unwrap();
    db.create_table::<Other>().await.unwrap();
    let even = (0..150).map(|n| thing(n * 2));
    BatchWrite::new().put_all(even).send(db).await.unwrap();
}

/// Checks that the error shows no key or value, and counts each key as either read or left.
fn check(err: &Error, asked: u64, left: usize) {
    assert_eq!(err.unprocessed_count(), left);
    let text = format!("{err} {err:?}");
    assert!(
        text.contains(&format!("{left} of {asked} keys were not read")),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(err.entity(), None);
}

#[tokio::test]
async fn failed_batch_get_returns_items_read_so_far() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    faults.next("BatchGetItem", [Fault::Pass]);
    faults.always("BatchGetItem", Fault::SERVICE_FAULT);
    // The key 0 is requested twice and read once.
    let asked = keys((0..250).chain([0]));
    let read = BatchGet::new(asked).concurrency(1);
    let err = read.send(&db).await.unwrap_err();
    assert!(err.is_service_fault());
    check(&err, 250, 150);
    let found = err.found::<Thing>();
    let expected: Vec<_> = (0..100)
        .map(|n| (Thing::key(n), (n % 2 == 0).then(|| thing(n))))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(err.unprocessed::<Thing>(), keys(100..250));
    assert!(err.found::<Other>().is_empty());
    assert!(err.found::<Color>().is_empty(), "it was not what was read");

    faults.clear();
    let rest = BatchGet::new(err.unprocessed::<Thing>());
    let rest = rest.send(&db).await.unwrap();
    let all = found.into_iter().map(|(_, thing)| thing).chain(rest);
    let expected = (0..250).map(|n| (n % 2 == 0).then(|| thing(n)));
    assert!(all.eq(expected));
}

/// The error also holds items that arrived before DynamoDB left the rest of a request undone. DynamoDB
/// lists the unprocessed keys in any order.
#[tokio::test]
async fn failed_batch_get_returns_items_of_partial_response() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    let table = db.table_name::<Thing>();
    let answer = format!(
        r#"{{"Responses":{{"{table}":[{{"id":{{"N":"2"}},"color":{{"S":"secret-red"}}}}]}},
            "UnprocessedKeys":{{"{table}":{{"Keys":[{{"id":{{"N":"5"}}}},{{"id":{{"N":"4"}}}}]}}}}}}"#
    );
    faults.next("BatchGetItem", [Fault::Answer(answer.leak())]);
    faults.always("BatchGetItem", Fault::THROTTLE);
    let backoff = Backoff::new(Duration::ZERO, Duration::ZERO, 3);
    let read = BatchGet::new(keys(2..=5)).backoff(backoff);
    let err = read.send(&db).await.unwrap_err();
    assert!(err.is_throttled());
    check(&err, 4, 2);
    let expected = [
        (Thing::key(2_u64), Some(thing(2))),
        (Thing::key(3_u64), None),
    ];
    assert_eq!(err.found::<Thing>(), expected);
    assert_eq!(err.unprocessed::<Thing>(), keys(4..=5));
}

#[tokio::test]
async fn failed_batch_get_returns_items_of_each_entity_and_projection() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    let ada = Other { name: "Ada".into() };
    let ada = ada.create().send(&db).await.unwrap();
    faults.next(
        "BatchGetItem",
        [Fault::Pass, Fault::SERVICE_FAULT, Fault::SERVICE_FAULT],
    );
    faults.always("BatchGetItem", Fault::SERVICE_FAULT);
    let others = ["Ada", "Bob"].map(Other::key);
    // An entity and its projection read one table with two requests.
    let batches = batch_get((
        BatchGet::new(keys(0..2)).select::<Color>(),
        BatchGet::new(others.clone()),
        BatchGet::new(keys(0..3)),
    ));
    let err = batches.concurrency(1).send(&db).await.unwrap_err();
    check(&err, 7, 3);
    let red = Color {
        color: "secret-red".into(),
    };
    let expected = [(Thing::key(0_u64), Some(red)), (Thing::key(1_u64), None)];
    assert_eq!(err.found::<Color>(), expected);
    let [ada_key, bob_key] = others;
    assert_eq!(
        err.found::<Other>(),
        [(ada_key, Some(ada)), (bob_key, None)]
    );
    assert!(err.found::<Thing>().is_empty());
    assert_eq!(err.unprocessed::<Thing>(), keys(0..3));
}

/// An unreadable item does not affect the others: the error names its key.
#[tokio::test]
async fn unreadable_item_is_left_unprocessed() {
    let (db, _) = faults::db().await;
    tables(&db).await;
    raw::put::<Thing>(
        &db,
        r#"{"id":{"N":"3"},"color":{"S":"secret-red"},"weight":{"S":"secret"}}"#,
    )
    .await;
    let err = BatchGet::new(keys(0..6)).send(&db).await.unwrap_err();
    assert!(err.is_unreadable());
    assert_eq!(err.attribute_path().as_deref(), Some("weight"));
    assert_eq!(err.unprocessed::<Thing>(), keys([3]));
    assert_eq!(err.unprocessed_count(), 1);
    let found = err.found::<Thing>();
    assert_eq!(found.len(), 5);
    assert_eq!(found[3], (Thing::key(4_u64), Some(thing(4))));

    // The same if the batch fails for another reason.
    let (db, faults) = faults::db().await;
    tables(&db).await;
    raw::put::<Thing>(
        &db,
        r#"{"id":{"N":"3"},"color":{"S":"secret-red"},"weight":{"S":"7"}}"#,
    )
    .await;
    faults.next("BatchGetItem", [Fault::Pass]);
    faults.always("BatchGetItem", Fault::SERVICE_FAULT);
    let read = BatchGet::new(keys(0..101)).concurrency(1);
    let err = read.send(&db).await.unwrap_err();
    assert!(err.is_service_fault());
    check(&err, 101, 2);
    assert_eq!(err.unprocessed::<Thing>(), keys([3, 100]));
    assert_eq!(err.found::<Thing>().len(), 99);
}

#[tokio::test]
async fn failed_hydrate_returns_items_and_unprocessed_keys() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    faults.next("BatchGetItem", [Fault::Pass]);
    faults.always("BatchGetItem", Fault::SERVICE_FAULT);
    let red = Thing::by_color("secret-red").hydrate();
    let err = red.all(&db).await.unwrap_err();
    // Several chunks are in flight at once, and any one of them may be the one that passes.
    let (found, left) = (err.found::<Thing>(), err.unprocessed::<Thing>());
    assert_eq!(found.len() + left.len(), 150);
    assert!(found.len() == 100 || found.len() == 50, "{}", found.len());
    assert!(found.iter().all(|(_, thing)| thing.is_some()));
}

/// No request is sent after the future is dropped.
#[tokio::test]
async fn dropped_batch_get_sends_no_more_requests() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    faults.next("BatchGetItem", [Fault::Pass, Fault::Hang]);
    let read = BatchGet::new(keys(0..500)).concurrency(1).send(&db);
    let sent = tokio::time::timeout(Duration::from_secs(1), read).await;
    assert!(sent.is_err());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(faults.sent("BatchGetItem").len(), 2);
    let again = BatchGet::new(keys(0..500)).send(&db).await.unwrap();
    assert_eq!(again.iter().flatten().count(), 150);
}
