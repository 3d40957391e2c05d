//! Many items in little memory, and many operations at the same time.

use std::future::Future;
use std::time::Duration;

use dynamodel::{Db, Entity};
use dynamodel_bench::alloc;
use dynamodel_bench::model::{Counter, Sample, get_answer, page_answer};
use dynamodel_bench::stub::Stub;
use futures_util::TryStreamExt;

/// Items of a page.
const ITEMS: usize = 2_000;

/// 200,000 items; with `DYNAMODEL_TEST_FULL=1` ten million, for which a release build takes seconds.
fn pages() -> u64 {
    match std::env::var_os("DYNAMODEL_TEST_FULL") {
        Some(_) => 5_000,
        None => 100,
    }
}

/// The most memory that a streamed scan of so many pages uses at a time.
fn peak_of_scan(pages: u64) -> u64 {
    let stub = Stub::new([("Scan", page_answer::<Counter>(ITEMS, false))]).ending_after(pages);
    let db = Db::new(stub.client());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let scan = || async {
        let mut items = 0;
        let mut scan = Counter::scan().stream(&db);
        while let Some(counter) = scan.try_next().await.unwrap() {
            items += u64::from(!counter.pk.is_empty());
        }
        items
    };
    let (items, usage) = alloc::measure(|| runtime.block_on(scan()));
    assert_eq!(items, pages * ITEMS as u64);
    assert_eq!(stub.calls(), pages + 1);
    usage.peak_bytes
}

#[test]
fn a_streamed_scan_uses_the_memory_of_two_pages_whatever_the_size_of_the_table() {
    let few = peak_of_scan(4);
    let pages = pages();
    let many = peak_of_scan(pages);
    assert!(
        many <= few + few / 10,
        "4 pages take {few} bytes, {pages} pages {many}"
    );
}

/// Each of them has to get to the network before any is answered: a lock that is held while another
/// operation waits would never let go.
fn together<F: Future<Output = ()>>(work: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let limit = Duration::from_secs(60);
    let done = runtime
        .unwrap()
        .block_on(async { tokio::time::timeout(limit, work).await });
    assert!(
        done.is_ok(),
        "the requests were not all under way at the same time"
    );
}

#[test]
fn a_thousand_operations_are_under_way_at_once_on_one_db() {
    let stub = Stub::new([("GetItem", get_answer::<Counter>(false))]).gathering(1_000);
    let db = Db::new(stub.client());
    together(async {
        let tasks: Vec<_> = (0..1_000)
            .map(|n| {
                let db = db.clone();
                tokio::spawn(
                    async move { Counter::get(format!("PAGE#{n}"), "DAY#1").send(&db).await },
                )
            })
            .collect();
        for task in tasks {
            let found = task.await.expect("no panic").expect("answered");
            assert_eq!(found, Some(Counter::sample(1)));
        }
    });
    assert_eq!(stub.calls(), 1_000);
}

#[test]
fn each_segment_of_a_parallel_scan_has_a_request_under_way() {
    const SEGMENTS: u32 = 8;
    let stub = Stub::new([("Scan", page_answer::<Counter>(10, false))]);
    let stub = stub
        .ending_after(SEGMENTS.into())
        .gathering(SEGMENTS as usize);
    let db = Db::new(stub.client());
    together(async {
        let items: Vec<Counter> = Counter::scan()
            .segments(SEGMENTS)
            .stream(&db)
            .try_collect()
            .await
            .expect("answered");
        assert_eq!(items.len(), 10 * SEGMENTS as usize);
    });
    assert_eq!(stub.calls(), 2 * u64::from(SEGMENTS));
}
