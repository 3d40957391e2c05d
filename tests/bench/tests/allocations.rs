//! Guards against growing costs without a clock: how often each operation allocates, which is the same
//! on every machine. A change that needs more says so by raising its ceiling here.

use std::future::Future;

use dynamodel::{Db, Entity};
use dynamodel_bench::alloc;
use dynamodel_bench::model::{Counter, Order, Product, Sample, Status, get_answer, page_answer};
use dynamodel_bench::stub::Stub;

/// The allocations of the second run of an operation; the first one fills caches.
fn allocations<T, F: Future<Output = Result<T, dynamodel::Error>>>(
    mut operation: impl FnMut() -> F,
) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(operation()).unwrap();
    let (result, usage) = alloc::measure(|| runtime.block_on(operation()));
    result.unwrap();
    usage.allocations
}

#[track_caller]
fn check(what: &str, allocations: u64, ceiling: u64) {
    assert!(
        allocations <= ceiling,
        "{what} allocates {allocations} times; the recorded ceiling is {ceiling}"
    );
    assert!(
        allocations + 25 >= ceiling.min(400),
        "{what} allocates {allocations} times; lower the recorded ceiling of {ceiling}"
    );
}

fn db_with_page<E: Sample>(items: usize) -> Db {
    let page = page_answer::<E>(items, false);
    Db::new(
        Stub::new([
            ("Query", page.clone()),
            ("Scan", page),
            ("GetItem", get_answer::<E>(false)),
        ])
        .client(),
    )
}
