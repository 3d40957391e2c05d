//! Test that a scan needs the memory of a few pages, whatever the size of the table.

use dynamodel::{Db, Entity, Error, Scan};
use dynamodel_bench::alloc;
use dynamodel_bench::model::{Counter, CounterView, Sample, page_answer};
use dynamodel_bench::stub::Stub;
use futures_util::TryStreamExt;

use crate::{turn, two_threads};

/// Number of items in a page.
const ITEMS: usize = 2_000;

/// Number of pages: 200,000 items, or ten million with `DYNAMODEL_TEST_FULL=1`, which a release build
/// reads in seconds.
fn pages() -> u64 {
    match std::env::var_os("DYNAMODEL_TEST_FULL") {
        Some(_) => 5_000,
        None => 100,
    }
}

/// Returns the peak memory of the process while all pages are read, in pages: the size of a page is its
/// bytes and its structs.
fn peak_in_pages(pages: u64, read: impl AsyncFn(&Db) -> Result<usize, Error>) -> f64 {
    let page = page_answer::<Counter>(ITEMS, false);
    let entities: Vec<Counter> = (0..ITEMS).map(Counter::sample).collect();
    let (_, structs) = alloc::measure(|| entities.clone());
    let page_bytes = page.len() as u64 + structs.peak_bytes;

    let stub = Stub::new([("Scan", page)]).copying().ending_after(pages);
    let db = Db::new(stub.client());
    let runtime = two_threads();
    let (items, peak) = alloc::peak_of_process(|| runtime.block_on(read(&db)));
    assert_eq!(items.unwrap(), pages as usize * ITEMS);
    peak as f64 / page_bytes as f64
}

fn peak_of_stream(scan: impl Fn() -> Scan<Counter>) -> f64 {
    peak_in_pages(pages(), async |db| {
        let mut counters = scan().stream(db);
        let mut items = 0;
        while let Some(counter) = counters.try_next().await? {
            items += usize::from(!counter.pk.is_empty());
        }
        Ok(items)
    })
}

fn peak_of_borrowed(scan: impl Fn() -> Scan<Counter>) -> f64 {
    peak_in_pages(pages(), async |db| {
        let mut pages = scan().borrowed::<CounterView>().pages(db);
        let mut items = 0;
        while let Some(page) = pages.try_next().await? {
            for counter in &page {
                items += usize::from(!counter?.pk.is_empty());
            }
        }
        Ok(items)
    })
}

/// Holds the turn until the message of a failure is formatted, because formatting takes memory too.
fn check(at_most: f64, peak: impl FnOnce() -> f64) {
    let _turn = turn();
    let pages = peak();
    println!("{pages:.2} pages of at most {at_most}");
    assert!(
        pages <= at_most,
        "at a time, {pages:.2} pages were in memory, not {at_most}"
    );
}

#[test]
fn stream_holds_less_than_two_pages() {
    check(2.0, || peak_of_stream(Counter::scan));
}

#[test]
fn prefetching_stream_holds_less_than_two_pages() {
    check(2.0, || peak_of_stream(|| Counter::scan().prefetch(true)));
}

#[test]
fn four_segment_stream_holds_page_and_a_half_per_segment() {
    check(6.0, || peak_of_stream(|| Counter::scan().segments(4)));
}

#[test]
fn borrowed_pages_are_held_one_at_a_time_without_structs() {
    check(1.0, || peak_of_borrowed(Counter::scan));
}

#[test]
fn borrowed_pages_of_four_segments_are_held_one_per_segment() {
    check(3.0, || peak_of_borrowed(|| Counter::scan().segments(4)));
}

/// Control of the tests above: their bounds would prove nothing if kept pages were not counted.
#[test]
fn kept_pages_raise_measured_peak() {
    let _turn = turn();
    let kept = peak_in_pages(20, async |db| {
        let pages = Counter::scan().borrowed::<CounterView>().pages(db);
        let pages: Vec<_> = pages.try_collect().await?;
        Ok(pages.iter().map(|page| page.count() as usize).sum())
    });
    assert!(kept > 5.0, "{kept} pages");
}
