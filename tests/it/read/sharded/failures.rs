//! Failing shards: a result is complete or an error.

use dynamodel_tests::faults::{self, Fault};
use futures_util::StreamExt;

use super::*;
use crate::raw;

const FAULT: Fault = Fault::Refuse("ResourceNotFoundException", 400);

fn third() -> Vec<Fault> {
    vec![Fault::Pass, Fault::Pass, FAULT]
}

#[tokio::test]
async fn failing_shard_fails_whole_read_but_not_cursor() {
    let (db, script) = faults::db().await;
    db.create_table::<Order>().await.unwrap();
    put(&db, (0..60).map(|n| order(n, n))).await;
    let page = || Order::by_status("open").page_size(10);
    script.next("Query", third());
    let e = page().page(&db).await.unwrap_err();
    assert_eq!(e.code(), Some("ResourceNotFoundException"));
    assert!(
        e.to_string().contains("Order") && e.to_string().contains("Query"),
        "{e}"
    );
    script.next("Query", third());
    assert!(Order::by_status("open").all(&db).await.is_err());
    script.next("Query", third());
    assert!(Order::by_status("open").count(&db).await.is_err());
    // The cursor stays valid.
    let first = page().page(&db).await.unwrap();
    script.next("Query", third());
    assert!(page().start_at(first.next.clone()).page(&db).await.is_err());
    let second = page().start_at(first.next).page(&db).await.unwrap();
    assert!(second.items.iter().map(|o| o.placed_at).eq(10..20));
}

#[tokio::test]
async fn stream_ends_after_error_of_one_shard() {
    let (db, script) = faults::db().await;
    db.create_table::<Order>().await.unwrap();
    put(&db, (0..60).map(|n| order(n, n))).await;
    script.next("Query", (0..16).map(|_| Fault::Pass).chain([FAULT]));
    let mut stream = Order::by_status("open").page_size(1).stream(&db);
    let mut given = 0;
    while let Some(Ok(order)) = stream.next().await {
        assert_eq!(order.placed_at, given);
        given += 1;
    }
    // One item of each shard was buffered, and the first shard without more items was requested again.
    assert!((1..=16).contains(&given), "{given}");
    assert!(stream.next().await.is_none());
    script.next("Query", [FAULT]);
    let mut stream = Order::by_status("open").stream_results(&db);
    assert!(stream.next().await.unwrap().is_err());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn unreadable_item_of_shard_does_not_affect_others() {
    let db = orders((0..10).map(|n| order(n, n * 10))).await;
    let shard = shard(&[('S', "bad"), ('N', "1e0")], 16);
    let item = format!(
        r#"{{"id":{{"S":"bad"}},"line":{{"N":"1"}},"status":{{"S":"open"}},"placed_at":{{"N":"45"}},
            "pieces":{{"S":"?"}},"_by_status_shard":{{"N":"{shard}"}}}}"#
    );
    raw::put::<Order>(&db, &item).await;
    let page = Order::by_status("open").page(&db).await;
    assert!(page.unwrap_err().is_unreadable());
    let page = Order::by_status("open").page_results(&db).await.unwrap();
    let results: Vec<bool> = page.items.iter().map(Result::is_ok).collect();
    assert_eq!(results.iter().filter(|ok| **ok).count(), 10);
    assert!(!results[5]);
    assert!(
        Order::by_status("open")
            .all(&db)
            .await
            .unwrap_err()
            .is_unreadable()
    );
    let few = Order::by_status("open").limit(5).all(&db).await.unwrap();
    assert_eq!(few.len(), 5);
    let results: Vec<bool> = Order::by_status("open")
        .stream_results(&db)
        .map(|r| r.is_ok())
        .collect()
        .await;
    assert_eq!((results.len(), results[5]), (11, false));
    let results: Vec<bool> = Order::by_status("open")
        .stream(&db)
        .map(|r| r.is_ok())
        .collect()
        .await;
    assert_eq!(results, [true, true, true, true, true, false]);
}
