//! Batches that DynamoDB does only in part: nothing is lost, and the error lists exactly the rest.

use std::time::Duration;

use dynamodel::{Backoff, BatchGet, BatchWrite, BulkWriter, Db, Entity, batch_get};
use dynamodel_tests::chaos::{Chaos, Kind};
use dynamodel_tests::faults::{self, Fault};
use futures_util::stream;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "others")]
struct Other {
    #[dynamo(partition)]
    name: String,
}

fn thing(id: u64) -> Thing {
    Thing { id }
}

fn other(name: u64) -> Other {
    Other {
        name: name.to_string(),
    }
}

async fn tables(db: &Db) {
    db.create_table::<Thing>().await.unwrap();
    db.create_table::<Other>().await.unwrap();
}

fn quick(attempts: u32) -> Backoff {
    let most = Duration::from_millis(2);
    Backoff::new(Duration::from_millis(1), most, attempts)
}

#[tokio::test]
async fn batches_complete_after_partial_responses() {
    let (db, chaos) = Chaos::db(1, 0.1).await;
    tables(&db).await;
    chaos.storm();
    let mut batch = Some(
        BatchWrite::new()
            .put_all((0..500).map(thing))
            .put_all((0..200).map(other)),
    );
    let mut failures = 0;
    while let Some(writes) = batch.take() {
        if let Err(e) = writes.backoff(quick(50)).send(&db).await {
            failures += 1;
            assert!(failures < 100, "{e}");
            batch = e.into_unprocessed();
            assert!(batch.as_ref().is_some_and(|b| !b.is_empty()));
        }
    }
    let things = || (0..500).rev().map(Thing::key);
    let others = || (100..300).map(|n: u64| Other::key(n.to_string()));
    let (things, others) = loop {
        let read = batch_get((
            BatchGet::new(things()).consistent(),
            BatchGet::new(others()).consistent(),
        ));
        match read.backoff(quick(50)).send(&db).await {
            Ok(found) => break found,
            Err(e) => {
                failures += 1;
                assert!(failures < 100, "{e}");
                assert!(e.unprocessed_count() > 0);
            }
        }
    };
    let expected: Vec<_> = (0..500).rev().map(|n| Some(thing(n))).collect();
    assert_eq!(things, expected);
    let expected: Vec<_> = (100..300).map(|n| (n < 200).then(|| other(n))).collect();
    assert_eq!(others, expected);
    assert!(chaos.happened().contains_key(&Kind::Partial));
}

#[tokio::test]
async fn failed_batch_lists_unprocessed_writes_and_keys() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    // The first chunk passes, the second is throttled until the attempts are used up.
    let throttled = std::iter::repeat_n(Fault::THROTTLE, 30);
    faults.next("BatchWriteItem", [Fault::Pass].into_iter().chain(throttled));
    let writes = BatchWrite::new()
        .put_all((0..60).map(thing))
        .delete(Other::key("x"));
    let err = writes
        .concurrency(1)
        .backoff(quick(3))
        .send(&db)
        .await
        .unwrap_err();
    assert!(err.is_throttled());
    assert_eq!(err.unprocessed_count(), 36);
    let left: Vec<_> = (25..60).map(Thing::key).collect();
    assert_eq!(err.unprocessed::<Thing>(), left);
    assert_eq!(err.unprocessed::<Other>(), [Other::key("x")]);
    assert!(err.to_string().contains("36 writes were not done"), "{err}");
    assert_eq!(Thing::scan().consistent().count(&db).await.unwrap(), 25);

    faults.clear();
    err.into_unprocessed().unwrap().send(&db).await.unwrap();
    assert_eq!(Thing::scan().consistent().count(&db).await.unwrap(), 60);

    faults.next("BatchGetItem", [Fault::Pass]);
    faults.always("BatchGetItem", Fault::SERVICE_FAULT);
    let read = BatchGet::new((0..150).map(Thing::key)).concurrency(1);
    let err = read.send(&db).await.unwrap_err();
    assert!(err.is_service_fault());
    assert_eq!(
        err.unprocessed::<Thing>(),
        (100..150).map(Thing::key).collect::<Vec<_>>()
    );
    assert!(err.into_unprocessed().is_none());
}

#[tokio::test]
async fn batch_starts_no_request_after_failure() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    faults.always("BatchWriteItem", Fault::Refuse("ValidationException", 400));
    let writes = BatchWrite::new()
        .put_all((0..500).map(thing))
        .concurrency(2);
    let err = writes.send(&db).await.unwrap_err();
    assert_eq!(err.unprocessed_count(), 500);
    assert!(faults.sent("BatchWriteItem").len() <= 2);
}

#[tokio::test]
async fn batch_gives_up_on_keys_that_stay_unprocessed() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    let table = db.table_name::<Thing>();
    let keys = format!(
        r#"{{"Responses":{{}},"UnprocessedKeys":{{"{table}":{{"Keys":[{{"id":{{"N":"1.0"}}}}]}}}}}}"#
    );
    faults.always("BatchGetItem", Fault::Answer(keys.leak()));
    let read = BatchGet::new([Thing::key(1_u64)]).backoff(quick(4));
    let err = read.send(&db).await.unwrap_err();
    assert!(err.is_throttled());
    assert_eq!(err.unprocessed::<Thing>(), [Thing::key(1_u64)]);
    assert_eq!(faults.sent("BatchGetItem").len(), 4);

    faults.clear();
    let stranger = format!(
        r#"{{"UnprocessedItems":{{"{table}":[{{"DeleteRequest":{{"Key":{{"id":{{"N":"7"}}}}}}}}]}}}}"#
    );
    faults.always("BatchWriteItem", Fault::Answer(stranger.leak()));
    let err = BatchWrite::new().put(thing(1)).send(&db).await.unwrap_err();
    assert!(err.is_unreadable());
    assert_eq!(err.unprocessed_count(), 1, "what is not confirmed is left");
}

/// A dropped batch sends no more requests, and the writes confirmed before stay.
#[tokio::test]
async fn dropped_batch_sends_no_more_requests() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    faults.next("BatchWriteItem", [Fault::Pass, Fault::Pass, Fault::Hang]);
    let writes = BatchWrite::new()
        .put_all((0..200).map(thing))
        .concurrency(1);
    let sent = tokio::time::timeout(Duration::from_secs(2), writes.send(&db)).await;
    assert!(sent.is_err());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(faults.sent("BatchWriteItem").len(), 3);
    assert_eq!(Thing::scan().consistent().count(&db).await.unwrap(), 50);
}

#[tokio::test]
async fn failed_load_reports_position_to_continue_from() {
    let (db, faults) = faults::db().await;
    tables(&db).await;
    let throttled = std::iter::repeat_n(Fault::THROTTLE, 30);
    let passes = [Fault::Pass, Fault::Pass, Fault::Pass];
    faults.next("BatchWriteItem", passes.into_iter().chain(throttled));
    let writer = BulkWriter::new().concurrency(1).backoff(quick(2));
    let err = writer
        .load(&db, stream::iter((0..500).map(thing)))
        .await
        .unwrap_err();
    assert!(err.is_throttled());
    let progress = err.bulk_report().unwrap().progress;
    assert_eq!((progress.position, progress.stored), (75, 75));
    assert_eq!(
        err.unprocessed::<Thing>(),
        (75..100).map(Thing::key).collect::<Vec<_>>()
    );

    faults.clear();
    let rest = BulkWriter::new().start_at(progress.position);
    let report = rest
        .load(&db, stream::iter((0..500).map(thing)))
        .await
        .unwrap();
    assert_eq!(report.progress.stored, 425);
    assert_eq!(Thing::scan().consistent().count(&db).await.unwrap(), 500);
}
