//! Pages of 100 items, and reads of several pages.

use dynamodel::Entity;
use dynamodel_bench::model::{
    Counter, CounterView, Order, OrderView, Parcel, ParcelView, Product, ProductView, Sample,
    page_answer,
};
use dynamodel_bench::stub::Stub;
use futures_util::TryStreamExt;

use crate::ceiling::at_most;
use crate::guard::Guard;
use crate::model::{Visit, last_page, stored, visit};

const ITEMS: usize = 100;

/// Serves the given number of pages, and then an empty one.
fn guard<E: Sample>(pages: u64) -> Guard {
    let page = page_answer::<E>(ITEMS, false);
    let stub = Stub::new([("Query", page.clone()), ("Scan", page)]);
    Guard::new(stub.ending_after(pages))
}

/// Measures a page. An owned page allocates the contents of its structs, one `Vec` for them, and the
/// cost of the operation; a borrowed page allocates nothing for an item but the lists in it, even if the
/// item's text has escapes.
macro_rules! page {
    ($entity:ident $owned:expr, $view:ident $borrowed:expr) => {{
        let mut guard = guard::<$entity>(1);
        guard.fast_path(
            &format!("a page of {}", $entity::SHAPE),
            $owned,
            async |db| {
                let page = $entity::scan().page(db).await?;
                assert_eq!(page.items.len(), ITEMS);
                Ok(page)
            },
        );
        guard.fast_path(
            &format!("a borrowed page of {}", $entity::SHAPE),
            $borrowed,
            async |db| {
                let page = $entity::scan().borrowed::<$view>().page(db).await?;
                assert_eq!(page.items()?.len(), ITEMS);
                Ok(page)
            },
        );
    }};
}

#[test]
fn page_of_orders_stays_below_ceilings() {
    page!(Order at_most(722, 52_700), OrderView at_most(42, 17_890));
}

#[test]
fn page_of_parcels_stays_below_ceilings() {
    page!(Parcel at_most(1_322, 80_550), ParcelView at_most(144, 30_130));
}

#[test]
fn page_of_products_stays_below_ceilings() {
    page!(Product at_most(6_965, 383_220), ProductView at_most(1_228, 183_210));
}

#[test]
fn page_of_counters_stays_below_ceilings() {
    page!(Counter at_most(235, 14_380), CounterView at_most(30, 5_220));
}

#[test]
fn reads_of_three_pages_stay_below_ceilings() {
    let mut guard = guard::<Order>(3);
    guard.fast_path("all of 3 pages", at_most(2_191, 172_430), async |db| {
        let all = Order::query("CUSTOMER#1").all(db).await?;
        assert_eq!(all.len(), 3 * ITEMS);
        Ok(all)
    });
    guard.fast_path("a stream of 3 pages", at_most(2_184, 51_830), async |db| {
        let items = Order::scan().stream(db);
        let count = items.try_fold(0, async |count, _| Ok(count + 1)).await?;
        assert_eq!(count, 3 * ITEMS);
        Ok(())
    });
    guard.fast_path("a count of 3 pages", at_most(111, 8_360), async |db| {
        let count = Order::query("CUSTOMER#1").count(db).await?;
        assert_eq!(count, 3 * ITEMS as u64);
        Ok(())
    });
}

/// Each of the four shards of the index has a page of its own.
#[test]
fn index_queries_stay_below_ceilings() {
    let items: Vec<String> = (0..25).map(|at| stored(&visit(at))).collect();
    let mut guard = Guard::new(Stub::new([("Query", last_page(&items))]));
    guard.both(
        "a query of an index",
        [at_most(111, 8_690), at_most(316, 21_500)],
        async |db| {
            let visits = Visit::by_page("/cart").all(db).await?;
            assert_eq!(visits.len(), 25);
            Ok(visits)
        },
    );
    guard.both(
        "a query of a sharded index",
        [at_most(872, 37_300), at_most(1_688, 42_760)],
        async |db| {
            let visits = Visit::by_site("shop").all(db).await?;
            assert_eq!(visits.len(), 100);
            Ok(visits)
        },
    );
}
