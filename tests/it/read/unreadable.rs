//! An unreadable item does not keep the others from being read.

use dynamodel::{Db, Entity, Error};
use dynamodel_tests::db;
use futures_util::{StreamExt, TryStreamExt};

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "readings")]
struct Reading {
    #[dynamo(partition)]
    p: String,
    #[dynamo(sort)]
    n: u32,
    values: Vec<u32>,
}

const BAD: u32 = 4;

/// Returns a database with ten readings, one of which has a text as its value.
async fn readings() -> Db {
    let db = db().await;
    db.create_table::<Reading>().await.unwrap();
    for n in 0..10 {
        if n == BAD {
            let item = format!(
                r#"{{"p":{{"S":"secret"}},"n":{{"N":"{n}"}},"values":{{"L":[{{"N":"1"}},{{"S":"secret"}}]}}}}"#
            );
            raw::put::<Reading>(&db, &item).await;
        } else {
            let reading = Reading {
                p: "secret".into(),
                n,
                values: vec![n],
            };
            reading.create().send(&db).await.unwrap();
        }
    }
    db
}

fn check_error(e: &Error, operation: &str) {
    assert!(e.is_unreadable());
    assert_eq!(e.entity(), Some("Reading"));
    assert_eq!(e.operation(), Some(operation));
    assert_eq!(e.attribute_path().as_deref(), Some("values[1]"));
    let text = format!("{e} {e:?}");
    assert!(text.contains("attribute `values[1]`: expected N"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

fn numbers(readings: &[Reading]) -> Vec<u32> {
    readings.iter().map(|r| r.n).collect()
}

#[tokio::test]
async fn unreadable_item_of_page_is_reported_at_its_position() {
    let db = readings().await;
    let page = || Reading::query("secret").page(&db);
    let good: Vec<u32> = (0..10).filter(|n| *n != BAD).collect();

    check_error(&page().await.unwrap_err(), "Query");
    let scan = Reading::scan().page(&db).await;
    check_error(&scan.unwrap_err(), "Scan");

    let mut read = Vec::new();
    let mut errors = Vec::new();
    let results = Reading::query("secret").page_results(&db).await.unwrap();
    assert_eq!(results.count, 10);
    for (at, item) in results.items.into_iter().enumerate() {
        match item {
            Ok(item) => read.push(item.n),
            Err(e) => errors.push((at, e)),
        }
    }
    assert_eq!(read, good);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].0, BAD as usize);
    check_error(&errors[0].1, "Query");

    let page = Reading::query("secret")
        .sort(|k| k.n.gt(BAD))
        .page(&db)
        .await
        .unwrap();
    assert_eq!(numbers(&page.items), [5, 6, 7, 8, 9]);
}

/// Pages of results lead through the whole table, past the item that cannot be read.
#[tokio::test]
async fn pages_of_results_go_on_behind_unreadable_item() {
    let db = readings().await;
    let (mut read, mut unreadable, mut next) = (Vec::new(), 0, None);
    loop {
        let query = Reading::query("secret").page_size(3).start_at(next);
        let page = query.page_results(&db).await.unwrap();
        for item in page.items {
            match item {
                Ok(item) => read.push(item.n),
                Err(e) => {
                    check_error(&e, "Query");
                    unreadable += 1;
                }
            }
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(read, (0..10).filter(|n| *n != BAD).collect::<Vec<_>>());
    assert_eq!(unreadable, 1);
    let scan = Reading::scan().page_results(&db).await.unwrap();
    assert_eq!(scan.items.iter().filter(|item| item.is_err()).count(), 1);
}

#[tokio::test]
async fn all_and_first_fail_only_at_unreadable_item() {
    let db = readings().await;
    let query = || Reading::query("secret");
    check_error(&query().all(&db).await.unwrap_err(), "Query");
    check_error(&query().page_size(3).all(&db).await.unwrap_err(), "Query");
    assert_eq!(query().first(&db).await.unwrap().map(|r| r.n), Some(0));
    let at_bad = query().sort(|k| k.n.ge(BAD));
    check_error(&at_bad.first(&db).await.unwrap_err(), "Query");
    // All requested items come before the unreadable one.
    let limited = query().limit(4).all(&db).await.unwrap();
    assert_eq!(numbers(&limited), [0, 1, 2, 3]);
    assert_eq!(query().count(&db).await.unwrap(), 10);
    let e = Reading::get("secret", BAD).send(&db).await.unwrap_err();
    check_error(&e, "GetItem");
    assert!(e.request_id().is_some() && e.attempts() == 1);
}

#[tokio::test]
async fn stream_stops_at_unreadable_item_or_yields_its_error() {
    let db = readings().await;
    for page_size in [1, 3, 5, 100] {
        let query = || Reading::query("secret").page_size(page_size);
        let results: Vec<_> = query().stream(&db).collect().await;
        // The plain stream stops at the unreadable item.
        assert_eq!(results.len(), 5, "{page_size}");
        assert!(results[..4].iter().all(Result::is_ok));
        check_error(results[4].as_ref().unwrap_err(), "Query");

        let results: Vec<_> = query().stream_results(&db).collect().await;
        assert_eq!(results.len(), 10, "{page_size}");
        for (n, result) in (0..).zip(&results) {
            match result {
                Ok(reading) => assert_eq!(reading.n, n),
                Err(e) => {
                    assert_eq!(n, BAD);
                    check_error(e, "Query");
                }
            }
        }
        // A limit counts readable and unreadable items.
        let limited: Vec<_> = query().limit(6).stream_results(&db).collect().await;
        assert_eq!(limited.iter().filter(|r| r.is_ok()).count(), 6);
    }
}

#[tokio::test]
async fn scan_reports_unreadable_item_in_any_segment() {
    let db = readings().await;
    check_error(&Reading::scan().all(&db).await.unwrap_err(), "Scan");
    for segments in [1, 3] {
        let stream = Reading::scan().segments(segments).stream_results(&db);
        let results: Vec<_> = stream.collect().await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 9);
        let error = results.iter().find_map(|r| r.as_ref().err());
        check_error(error.expect("one"), "Scan");
        let stream = Reading::scan().segments(segments).stream(&db);
        let stopped: Result<Vec<Reading>, Error> = stream.try_collect().await;
        check_error(&stopped.unwrap_err(), "Scan");
    }
}

#[tokio::test]
async fn write_that_returns_unreadable_item_fails() {
    let db = readings().await;
    let e = Reading::delete("secret", BAD)
        .returning_old()
        .send(&db)
        .await;
    check_error(&e.unwrap_err(), "DeleteItem");
    // As documented, the item is deleted although the call fails.
    assert_eq!(Reading::query("secret").count(&db).await.unwrap(), 9);
}
