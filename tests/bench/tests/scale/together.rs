//! Tests of operations that are all in flight at the same time.

use std::future::Future;
use std::time::Duration;

use dynamodel::{Db, Entity};
use dynamodel_bench::model::{Counter, Sample, get_answer, page_answer};
use dynamodel_bench::stub::Stub;
use futures_util::TryStreamExt;

use crate::{turn, two_threads};

/// Runs work whose requests all have to reach the network before any is answered. A lock that an
/// operation holds while it waits for its response would block the work until the timeout.
fn together<F: Future<Output = ()>>(work: F) {
    let _turn = turn();
    let limit = Duration::from_secs(60);
    let done = two_threads().block_on(async { tokio::time::timeout(limit, work).await });
    assert!(
        done.is_ok(),
        "the requests were not all under way at the same time"
    );
}

#[test]
fn one_db_has_a_thousand_operations_in_flight_at_once() {
    let stub = Stub::new([("GetItem", get_answer::<Counter>(false))]).patient();
    let db = Db::new(stub.client());
    let get = |n: usize| {
        let db = db.clone();
        async move { Counter::get(format!("PAGE#{n}"), "DAY#1").send(&db).await }
    };
    together(async {
        get(0).await.expect("answered");
        assert_eq!(
            db.transport_status().fast_path().succeeded(),
            1,
            "{:?}",
            db.transport_status().fast_path()
        );
        stub.gather(1_000);
        let tasks: Vec<_> = (0..1_000).map(|n| tokio::spawn(get(n))).collect();
        for task in tasks {
            let found = task.await.expect("no panic").expect("answered");
            assert_eq!(found, Some(Counter::sample(1)));
        }
    });
    let status = db.transport_status().fast_path();
    assert_eq!((status.succeeded(), status.fell_back()), (1_001, 0));
    assert_eq!(stub.calls(), 1_001);
}

#[test]
fn parallel_scan_has_a_request_per_segment_in_flight() {
    const SEGMENTS: usize = 8;
    let stub = Stub::new([("Scan", page_answer::<Counter>(10, false))]);
    let stub = stub.ending_after(SEGMENTS as u64);
    stub.gather(SEGMENTS);
    let db = Db::new(stub.client());
    together(async {
        let items: Vec<Counter> = Counter::scan()
            .segments(SEGMENTS)
            .stream(&db)
            .try_collect()
            .await
            .expect("answered");
        assert_eq!(items.len(), 10 * SEGMENTS);
    });
    assert_eq!(stub.calls(), 2 * SEGMENTS as u64);
}
