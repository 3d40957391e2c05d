//! Loading of many items from a stream.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dynamodel::{BulkWriter, Entity, Error};
use dynamodel_tests::db;
use futures_util::{StreamExt, stream};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "readings")]
struct Reading {
    #[dynamo(partition)]
    sensor: String,
    #[dynamo(sort)]
    at: u64,
    value: u64,
}

fn reading(at: u64) -> Reading {
    Reading {
        sensor: "roof".into(),
        at,
        value: at,
    }
}

#[tokio::test]
async fn load_stores_whole_stream_and_reports_progress() {
    let db = db().await;
    db.create_table::<Reading>().await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let calls = seen.clone();
    let writer = BulkWriter::new()
        .concurrency(3)
        .on_progress(move |p| calls.lock().unwrap().push(*p));
    let task = {
        let db = db.clone();
        tokio::spawn(async move { writer.load(&db, stream::iter(0..1_003).map(reading)).await })
    };
    let report = task.await.unwrap().unwrap();
    assert_eq!(report.progress.stored, 1_003);
    assert_eq!(report.progress.read, 1_003);
    assert_eq!(report.progress.position, 1_003);
    assert!(report.progress.capacity_units >= 1_003.0);
    assert!(report.refused.is_empty());
    let count = Reading::query("roof")
        .consistent()
        .count(&db)
        .await
        .unwrap();
    assert_eq!(count, 1_003);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1_003_usize.div_ceil(25));
    assert!(seen.is_sorted_by_key(|p| p.stored));
    assert!(seen.is_sorted_by_key(|p| p.position));
    assert_eq!(seen.last().map(|p| p.position), Some(1_003));
}

#[tokio::test]
async fn load_stays_below_given_rate() {
    let db = db().await;
    db.create_table::<Reading>().await.unwrap();
    for writer in [
        BulkWriter::new().items_per_second(500.0),
        BulkWriter::new().capacity_per_second(500.0).concurrency(1),
    ] {
        let start = Instant::now();
        writer
            .load(&db, stream::iter(0..200).map(reading))
            .await
            .unwrap();
        // No wait follows the last batch.
        let least = Duration::from_millis((200 - 25) * 1_000 / 500);
        assert!(start.elapsed() >= least, "{:?}", start.elapsed());
    }
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let writer = BulkWriter::new().items_per_second(rate);
        let err = writer.load(&db, stream::iter([reading(1)])).await;
        assert!(err.unwrap_err().is_invalid_request());
    }
}

#[tokio::test]
async fn load_reads_stream_only_as_fast_as_rate() {
    let db = db().await;
    db.create_table::<Reading>().await.unwrap();
    let taken = Arc::new(Mutex::new(0_u64));
    let counter = taken.clone();
    let items = stream::iter(0..100_000).map(move |at| {
        *counter.lock().unwrap() += 1;
        reading(at)
    });
    let load = BulkWriter::new().items_per_second(250.0).load(&db, items);
    let stopped = tokio::time::timeout(Duration::from_millis(300), load).await;
    assert!(stopped.is_err());
    let taken = *taken.lock().unwrap();
    assert!(taken <= 25 * 5, "{taken} taken");
}

#[tokio::test]
async fn load_continues_at_reported_position() {
    let db = db().await;
    db.create_table::<Reading>().await.unwrap();
    let failing = stream::iter(0..500).map(|at| {
        if at == 333 {
            Err(Error::other("the source broke"))
        } else {
            Ok(reading(at))
        }
    });
    let err = BulkWriter::new().try_load(&db, failing).await.unwrap_err();
    let report = err.bulk_report().unwrap();
    assert_eq!(report.progress.position, 333);
    assert_eq!(report.progress.stored, 333);
    let position = report.progress.position;

    let report = BulkWriter::new()
        .start_at(position)
        .load(&db, stream::iter(0..500).map(reading))
        .await
        .unwrap();
    assert_eq!(
        (report.progress.stored, report.progress.position),
        (167, 500)
    );
    assert_eq!(Reading::query("roof").count(&db).await.unwrap(), 500);
}

#[tokio::test]
async fn load_lists_refused_items() {
    let db = db().await;
    db.create_table::<Reading>().await.unwrap();
    let items = || {
        stream::iter(0..60).map(|at| Reading {
            sensor: if at == 30 {
                String::new()
            } else {
                "roof".into()
            },
            ..reading(at)
        })
    };
    let report = BulkWriter::new()
        .keep_going()
        .load(&db, items())
        .await
        .unwrap();
    assert_eq!((report.progress.stored, report.progress.refused), (59, 1));
    let (position, error) = &report.refused[0];
    assert_eq!(*position, 30);
    assert!(error.is_invalid_value());

    let err = BulkWriter::new().load(&db, items()).await.unwrap_err();
    assert!(err.is_invalid_value());
    assert_eq!(err.bulk_report().unwrap().progress.position, 30);
}

#[tokio::test]
async fn load_keeps_later_of_two_items_with_one_key() {
    let db = db().await;
    db.create_table::<Reading>().await.unwrap();
    let items = (0..400).map(|n| Reading {
        value: n,
        ..reading(n % 40)
    });
    BulkWriter::new()
        .concurrency(8)
        .load(&db, stream::iter(items))
        .await
        .unwrap();
    let stored = Reading::query("roof").consistent().all(&db).await.unwrap();
    assert_eq!(stored.len(), 40);
    assert!(stored.iter().all(|r| r.value == 360 + r.at));
}
