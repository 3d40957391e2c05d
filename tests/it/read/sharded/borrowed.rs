//! Borrowed reads of a sharded index return the same items as owned reads, page by page.

use std::time::Duration;

use dynamodel::{BorrowedPage, Cursor, Query};
use dynamodel_tests::faults::{self, Fault, Faults};
use dynamodel_tests::is_embedded;
use futures_util::{StreamExt, TryStreamExt};

use super::order::random_order;
use super::*;
use crate::raw;

const FAULT: Fault = Fault::Refuse("ResourceNotFoundException", 400);

#[derive(Debug, Projection)]
#[dynamo(of = Order)]
struct OrderView<'a> {
    id: &'a str,
    line: u32,
    status: Option<&'a str>,
    placed_at: u64,
    region: Option<&'a str>,
    year: Option<u16>,
    amount: Option<Decimal>,
    digest: Option<Binary>,
    note: Option<&'a str>,
    pieces: Option<u32>,
}

impl OrderView<'_> {
    fn order(&self) -> Order {
        let text = |text: &str| text.to_owned();
        Order {
            id: text(self.id),
            line: self.line,
            status: self.status.map(text),
            placed_at: self.placed_at,
            region: self.region.map(text),
            year: self.year,
            amount: self.amount,
            digest: self.digest.clone(),
            note: self.note.map(text),
            pieces: self.pieces,
        }
    }
}

/// A view without key attributes, which the merge fetches in addition.
#[derive(Debug, Projection)]
#[dynamo(of = Order)]
struct NoteView<'a> {
    note: Option<&'a str>,
}

#[derive(Debug, Projection)]
#[dynamo(of = Order)]
struct IdView<'a> {
    id: &'a str,
}

#[derive(Debug, Projection)]
#[dynamo(of = Task)]
struct TaskView<'a> {
    user: &'a str,
    title: &'a str,
    due: u64,
}

fn items(page: &BorrowedPage<OrderView<'_>>) -> Vec<Order> {
    let items = page.items().unwrap();
    let orders: Vec<Order> = items.iter().map(OrderView::order).collect();
    let again = page.iter().map(|item| item.unwrap().order());
    assert!(orders.iter().cloned().eq(again));
    orders
}

/// Reads page after page, borrowed and owned, and compares items, counts, costs and cursors. Returns all
/// items.
async fn compared(db: &Db, query: impl Fn() -> Query<Order, OrderByRegion>) -> Vec<Order> {
    let (mut all, mut cursor) = (Vec::new(), None::<Cursor>);
    for _ in 0..500 {
        let query = || query().measured().start_at(cursor.clone());
        let owned = query().page(db).await.unwrap();
        let page = query().borrowed::<OrderView<'_>>().page(db).await.unwrap();
        assert_eq!(items(&page), owned.items);
        assert_eq!(page.count(), owned.count);
        assert_eq!(page.scanned_count(), owned.scanned_count);
        assert_eq!(page.consumed_capacity(), owned.consumed_capacity.as_ref());
        assert_eq!(page.next(), owned.next);
        all.extend(owned.items);
        match page.next() {
            Some(next) => cursor = Some(next.to_string().parse().unwrap()),
            None => return all,
        }
    }
    panic!("it has no end");
}

/// Returns an order whose note is a text that JSON escapes; some notes are equal.
fn escaped(random: &mut fastrand::Rng, order: Order) -> Order {
    let texts = ["\"", "\\", "a\nb", "\u{1}", "],\"Count\":1}", "é\t☃", "a"];
    let note = random.choice(texts).map(str::to_owned);
    Order { note, ..order }
}

#[tokio::test]
async fn borrowed_pages_of_random_items_equal_owned_pages() {
    let rounds = if is_embedded() { 2 } else { 1 };
    for seed in 0..rounds {
        let mut random = fastrand::Rng::with_seed(100 + seed);
        let count = [45, 9][seed as usize % 2];
        let all: Vec<Order> = (0..count)
            .map(|n| {
                let order = random_order(&mut random, n);
                let order = Order {
                    pieces: Some(random.u32(..4)),
                    ..order
                };
                escaped(&mut random, order)
            })
            .collect();
        let db = orders(all).await;
        let sizes: &[usize] = match is_embedded() {
            true => &[1, 7, 1_000],
            false => &[3, 40],
        };
        for back in [false, true] {
            let query = || {
                let query = Order::by_region("eu", 2026_u16);
                if back { query.descending() } else { query }
            };
            let few = || query().filter(|o| o.pieces.eq(1));
            let whole = query().all(&db).await.unwrap();
            let some = few().all(&db).await.unwrap();
            assert_eq!(compared(&db, query).await, whole);
            assert_eq!(compared(&db, few).await, some);
            for &size in sizes {
                assert_eq!(compared(&db, || query().page_size(size)).await, whole);
                assert_eq!(compared(&db, || few().page_size(size)).await, some);
                read_on(&db, || query().page_size(size), &whole, size).await;
                read_on(&db, || few().page_size(size), &some, size).await;
            }
            let slow = || query().page_size(9).concurrency(2);
            assert_eq!(compared(&db, slow).await, whole);
            for limit in [1, 10, 57] {
                let first = &whole[..whole.len().min(limit)];
                read_on(&db, || query().limit(limit), first, usize::MAX).await;
                read_on(&db, || query().limit(limit).page_size(3), first, 3).await;
                let first = &some[..some.len().min(limit)];
                read_on(&db, || few().limit(limit).page_size(3), first, 3).await;
            }
        }
    }
}

/// Checks that the pages of one read have these items, and that the cursor of each continues the read.
async fn read_on(
    db: &Db,
    query: impl Fn() -> Query<Order, OrderByRegion>,
    expected: &[Order],
    size: usize,
) {
    let mut seen = Vec::new();
    let read = query().borrowed::<OrderView<'_>>();
    read.each(db, |view| seen.push(view.order())).await.unwrap();
    assert_eq!(seen, expected);
    let mut pages = query().borrowed::<OrderView<'_>>().pages(db);
    let mut given = 0;
    while let Some(page) = pages.try_next().await.unwrap() {
        let items = items(&page);
        assert!(items.len() <= size);
        assert_eq!(items, expected[given..given + items.len()]);
        given += items.len();
        if let Some(next) = page.next().filter(|_| given % 5 == 0) {
            let rest = query().start_at(next).limit(1).borrowed::<OrderView<'_>>();
            let mut first = Vec::new();
            rest.each(db, |view| first.push(view.order()))
                .await
                .unwrap();
            if let Some(expected) = expected.get(given) {
                assert_eq!(&first[0], expected);
            }
        }
    }
    assert_eq!(given, expected.len());
}

/// Returns a sorted description of each request since the last call, because responses arrive in any
/// order.
fn sent(script: &Faults) -> Vec<String> {
    let sent = script.sent("Query");
    let mut requests: Vec<String> = sent
        .iter()
        .map(|request| {
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            let (limit, start) = (&body["Limit"], &body["ExclusiveStartKey"]);
            let names = ["_by_status_shard", "placed_at", "id"];
            let start = names.map(|name| start[name].to_string());
            format!("{} {limit} {start:?}", body["ExpressionAttributeValues"])
        })
        .collect();
    requests.sort();
    script.forget();
    requests
}

#[tokio::test]
async fn series_of_pages_requests_no_item_twice() {
    let (db, script) = faults::db().await;
    db.create_table::<Order>().await.unwrap();
    put(&db, (0..100).map(|n| order(n, n % 30))).await;
    let query = || Order::by_status("open").page_size(20).measured();
    type By = Query<Order, OrderByStatus>;
    let kinds: [fn(By) -> By; 4] = [
        |query| query,
        |query| query.limit(50),
        |query| query.concurrency(3),
        |query| query.descending(),
    ];
    for kind in kinds {
        sent(&script);
        let all: Vec<Order> = kind(query()).stream(&db).try_collect().await.unwrap();
        let expected = sent(&script);
        let pages = kind(query()).borrowed::<OrderView<'_>>().pages(&db);
        let pages: Vec<_> = pages.try_collect().await.unwrap();
        assert_eq!(sent(&script), expected);
        let seen: Vec<Order> = pages.iter().flat_map(items).collect();
        assert_eq!(seen, all);
        let sizes: Vec<usize> = pages.iter().map(|p| p.iter().count()).collect();
        let (last, others) = sizes.split_last().unwrap();
        assert!(others.iter().all(|n| *n == 20) && *last <= 20, "{sizes:?}");
        // The count and the cost of each response belong to one page.
        let count: u64 = pages.iter().map(BorrowedPage::count).sum();
        assert!((all.len() as u64..=100).contains(&count), "{count}");
        let units = pages.iter().map(|p| p.consumed_capacity().unwrap());
        let units: f64 = units.map(|c| c.capacity_units).sum();
        assert!(units >= 0.5 * 16.0, "{units}");
    }
    // The first page of a series costs the same as a single page, and pages that are not requested cost
    // nothing.
    sent(&script);
    let page = query().borrowed::<OrderView<'_>>().page(&db).await.unwrap();
    let expected = sent(&script);
    let mut pages = query().borrowed::<OrderView<'_>>().pages(&db);
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!(sent(&script), expected);
    assert_eq!(items(&first), items(&page));
    assert_eq!((first.count(), first.next()), (page.count(), page.next()));
    drop(pages);
    // The first page stays valid after the other pages are dropped.
    assert_eq!(items(&first), items(&page));
    let shown = format!("{first:?}");
    assert!(
        shown.contains("items: 20") && !shown.contains("open"),
        "{shown}"
    );
}

#[tokio::test]
async fn borrowed_shards_handle_zero_limit_empty_result_and_wrong_cursor() {
    let db = orders((0..10).map(|n| order(n, n))).await;
    let query = || Order::by_status("open");
    let none = query().limit(0).borrowed::<OrderView<'_>>();
    assert!(none.pages(&db).next().await.is_none());
    let empty = Order::by_status("shut").borrowed::<OrderView<'_>>();
    let pages: Vec<_> = empty.pages(&db).try_collect().await.unwrap();
    assert_eq!(pages.len(), 1);
    assert!(pages[0].next().is_none() && pages[0].items().unwrap().is_empty());
    let invalid = Order::by_status("").borrowed::<OrderView<'_>>();
    let e = invalid.pages(&db).try_next().await.unwrap_err();
    assert!(e.is_invalid_key() && e.attempts() == 0, "{e}");
    // A cursor of one direction is refused in the other.
    let page = query().page_size(3).borrowed::<OrderView<'_>>();
    let next = page.page(&db).await.unwrap().next();
    let back = query().descending().start_at(next);
    let mut back = back.borrowed::<OrderView<'_>>().pages(&db);
    let e = back.try_next().await.unwrap_err();
    assert!(e.is_invalid_cursor() && e.attempts() == 0, "{e}");
    assert!(back.next().await.is_none());
}

#[tokio::test]
async fn borrowed_projections_equal_owned_projections() {
    let db = orders((0..40).map(|n| Order {
        note: Some(format!("note \"{}\"", n % 7)),
        year: Some(2026),
        ..order(n, 100 - n)
    }))
    .await;
    let query = || Order::by_status("open").page_size(9);
    let notes = query().select::<Note>().page(&db).await.unwrap();
    let page = query().borrowed::<NoteView<'_>>().page(&db).await.unwrap();
    let views = page.items().unwrap();
    let views = views.iter().map(|view| view.note.map(str::to_owned));
    assert!(views.eq(notes.items.into_iter().map(|note| note.note)));
    assert_eq!(page.next(), notes.next);

    let held: Vec<OrderByNote> = Order::by_note("open").select().all(&db).await.unwrap();
    let mut ids = Vec::new();
    let read = Order::by_note("open").page_size(4).borrowed::<IdView<'_>>();
    read.each(&db, |view| ids.push(view.id.to_owned()))
        .await
        .unwrap();
    assert!(ids.iter().eq(held.iter().map(|o| &o.id)));

    // An index without a sort key has no order.
    for size in [1, 6, 100] {
        let mut ids = Vec::new();
        let read = Order::by_year(2026_u16).page_size(size);
        let mut pages = read.borrowed::<IdView<'_>>().pages(&db);
        while let Some(page) = pages.try_next().await.unwrap() {
            let items = page.items().unwrap();
            assert!(items.len() <= size);
            ids.extend(items.iter().map(|view| view.id.parse::<u64>().unwrap()));
        }
        ids.sort_unstable();
        assert!(ids.into_iter().eq(0..40));
    }
}

#[tokio::test]
async fn borrowed_pages_of_shared_table_equal_owned_pages() {
    let db = dynamodel_tests::db().await;
    db.create_table::<App>().await.unwrap();
    let mut random = fastrand::Rng::with_seed(5);
    let tasks = (0..90).map(|n| Task {
        title: random.choice(["\"a\"", "b\\", "c"]).unwrap().to_owned(),
        ..task(format!("user \"{n}\""), random.u64(..20))
    });
    put(&db, tasks).await;
    let owned = |view: &TaskView<'_>| (view.user.to_owned(), view.due, view.title.to_owned());
    for back in [false, true] {
        let query = |size| {
            let query = Task::by_state("open").page_size(size);
            if back { query.descending() } else { query }
        };
        let all: Vec<Task> = query(100).all(&db).await.unwrap();
        let expected: Vec<_> = all.into_iter().map(|t| (t.user, t.due, t.title)).collect();
        for size in [1, 8, 100] {
            let mut seen = Vec::new();
            let read = query(size).borrowed::<TaskView<'_>>();
            read.each(&db, |view| seen.push(owned(&view)))
                .await
                .unwrap();
            assert_eq!(seen, expected);
            let (mut seen, mut cursor) = (Vec::new(), None);
            loop {
                let read = query(size).start_at(cursor).borrowed::<TaskView<'_>>();
                let page = read.page(&db).await.unwrap();
                seen.extend(page.items().unwrap().iter().map(owned));
                cursor = page.next();
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected);
        }
    }
}

/// Responses are cut at 1 MB, which ends them at different places in the order.
#[tokio::test]
async fn large_borrowed_items_are_merged_without_gap() {
    let db = dynamodel_tests::db().await;
    db.create_table::<Ton>().await.unwrap();
    let note = "x\"".repeat(75_000);
    let tons = (0..60_u64).map(|n| Ton {
        id: n,
        kind: 1,
        at: n * 7 % 60,
        note: note.clone(),
    });
    put(&db, tons).await;
    let mut seen = Vec::new();
    let read = Ton::by_kind(1_u8).borrowed::<TonView<'_>>();
    let mut pages = read.pages(&db);
    let mut count = 0;
    let mut nexts = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        for view in &page {
            let view = view.unwrap();
            assert_eq!(view.note, note);
            seen.push(view.at);
        }
        count += page.count();
        nexts.push((seen.len(), page.next()));
    }
    assert!(seen.iter().copied().eq(0..60), "{seen:?}");
    assert_eq!(count, 60);
    assert!(nexts.len() > 3, "{nexts:?}");
    for (given, next) in nexts {
        let Some(next) = next else {
            assert_eq!(given, 60);
            continue;
        };
        let rest = Ton::by_kind(1_u8).start_at(next).page(&db).await.unwrap();
        assert_eq!(rest.items[0].at, given as u64);
    }
}

#[derive(Debug, PartialEq, Entity)]
#[dynamo(table = "tons", index(by_kind, partition = kind, sort = at, shards = 3))]
struct Ton {
    #[dynamo(partition)]
    id: u64,
    kind: u8,
    at: u64,
    note: String,
}

#[derive(Debug, Projection)]
#[dynamo(of = Ton)]
struct TonView<'a> {
    at: u64,
    note: &'a str,
}

/// A page fails if one of its shards does, and the cursor before it stays valid.
#[tokio::test]
async fn failing_shard_fails_borrowed_page_but_not_cursor() {
    let (db, script) = faults::db().await;
    db.create_table::<Order>().await.unwrap();
    put(&db, (0..60).map(|n| order(n, n))).await;
    let third = || [Fault::Pass, Fault::Pass, FAULT];
    let query = || Order::by_status("open").page_size(10);
    script.next("Query", third());
    let e = query().borrowed::<OrderView<'_>>().page(&db).await;
    let e = e.unwrap_err();
    assert_eq!(e.code(), Some("ResourceNotFoundException"));
    assert_eq!((e.entity(), e.operation()), (Some("Order"), Some("Query")));
    let first = query().borrowed::<OrderView<'_>>().page(&db).await.unwrap();
    script.next("Query", third());
    let second = || query().start_at(first.next()).borrowed::<OrderView<'_>>();
    assert!(second().page(&db).await.is_err());
    let second = second().page(&db).await.unwrap();
    assert!(items(&second).iter().map(|o| o.placed_at).eq(10..20));
    // A request of one shard is retried after a service fault.
    script.next("Query", [Fault::Pass, Fault::SERVICE_FAULT]);
    let page = query().borrowed::<OrderView<'_>>().page(&db).await.unwrap();
    assert_eq!(items(&page), items(&first));

    // If a later page fails, the pages before it have been delivered.
    script.next("Query", (0..16).map(|_| Fault::Pass).chain([FAULT]));
    let mut pages = query().borrowed::<OrderView<'_>>().pages(&db);
    let mut last = None;
    let mut given = 0;
    let e = loop {
        match pages.next().await.unwrap() {
            Ok(page) => {
                let items = items(&page);
                assert!(items.iter().map(|o| o.placed_at).eq(given..given + 10));
                given += 10;
                last = page.next();
            }
            Err(e) => break e,
        }
    };
    assert_eq!(e.code(), Some("ResourceNotFoundException"));
    assert!(given > 0);
    assert!(pages.next().await.is_none());
    let rest = query().start_at(last).borrowed::<OrderView<'_>>();
    let mut seen = Vec::new();
    rest.each(&db, |view| seen.push(view.placed_at))
        .await
        .unwrap();
    assert!(seen.into_iter().eq(given..60));

    script.forget();
    script.next("Query", (0..16).map(|_| Fault::Pass).chain([FAULT]));
    let mut seen = Vec::new();
    let read = query().borrowed::<OrderView<'_>>();
    let failed = read.each(&db, |view| seen.push(view.placed_at)).await;
    assert!(failed.is_err());
    assert!(seen.into_iter().eq(0..given));
}

/// Responses arrive in any order, and a caller may stop waiting for a page and poll again later.
#[tokio::test]
async fn late_responses_keep_order_of_items() {
    let (db, script) = faults::db().await;
    db.create_table::<Order>().await.unwrap();
    put(&db, (0..60).map(|n| order(n, n))).await;
    let late = |n: u64| Fault::DelayResponse(Duration::from_millis(n * 7 % 5 * 10));
    for requests in [2, 100] {
        script.next("Query", (0..40).map(late));
        let query = Order::by_status("open").page_size(25).concurrency(requests);
        let mut pages = query.borrowed::<OrderView<'_>>().pages(&db);
        let mut given = 0;
        let mut waits = 0;
        loop {
            let page = match tokio::time::timeout(Duration::from_millis(4), pages.next()).await {
                Ok(Some(page)) => page.unwrap(),
                Ok(None) => break,
                Err(_) => {
                    waits += 1;
                    assert!(waits < 1_000);
                    continue;
                }
            };
            let items = items(&page);
            let expected = given..60.min(given + 25);
            given = expected.end;
            assert!(items.iter().map(|o| o.placed_at).eq(expected));
        }
        assert_eq!(given, 60);
        assert!(waits > 0);
        script.clear();
    }
}

#[tokio::test]
async fn unreadable_borrowed_item_does_not_affect_others() {
    let db = orders((0..10).map(|n| order(n, n * 10))).await;
    let shard = shard(&[('S', "bad"), ('N', "1e0")], 16);
    let item = format!(
        r#"{{"id":{{"S":"bad"}},"line":{{"N":"1"}},"status":{{"S":"open"}},"placed_at":{{"N":"45"}},
            "pieces":{{"S":"?"}},"_by_status_shard":{{"N":"{shard}"}}}}"#
    );
    raw::put::<Order>(&db, &item).await;
    let read = || Order::by_status("open").borrowed::<OrderView<'_>>();
    let page = read().page(&db).await.unwrap();
    let results: Vec<_> = page.iter().collect();
    assert_eq!(results.len(), 11);
    for (n, result) in results.into_iter().enumerate() {
        match result {
            Ok(view) => assert_eq!(view.placed_at, n as u64 * 10 - if n > 5 { 10 } else { 0 }),
            Err(e) => {
                assert_eq!(n, 5);
                assert!(e.is_unreadable());
                assert_eq!(e.attribute_path().as_deref(), Some("pieces"));
                assert_eq!((e.entity(), e.operation()), (Some("Order"), Some("Query")));
            }
        }
    }
    assert!(page.items().unwrap_err().is_unreadable());
    let mut seen = 0;
    let each = read().each(&db, |_| seen += 1).await;
    assert!(each.unwrap_err().is_unreadable());
    assert_eq!(seen, 5);
}

/// Tests responses from which no item can be read.
#[tokio::test]
async fn broken_response_of_shard_is_an_error() {
    let (db, script) = faults::db().await;
    db.create_table::<Pair>().await.unwrap();
    let read = || Pair::by_kind(1_u8).borrowed::<PairView<'_>>();
    let good = r#"{"Items":[{"id":{"S":"a]\"}"},"kind":{"N":"1"},"at":{"N":"5"}}],"Count":1}"#;
    let other = r#" {"Count" : 2, "ScannedCount" : 7, "Items" : [ {"at" : {"N":"4"}, "x":{"SS":["],"]}, "kind":{"N":"1"}, "id":{"S":"b"} } ,
        {"at":{"N":"6.0"},"kind":{"N":"1"},"id":{"S":"\u00e9"}} ] }"#;
    script.next("Query", [Fault::Answer(good), Fault::Answer(other)]);
    let page = read().page(&db).await.unwrap();
    let ids: Vec<_> = page.iter().map(|view| view.unwrap().id).collect();
    assert_eq!(ids, ["b", "a]\"}", "é"]);
    assert_eq!((page.count(), page.scanned_count()), (3, 7));
    let keyless = [
        r#"{"Items":[{"id":{"S":"a"},"kind":{"N":"1"}}],"Count":1}"#,
        r#"{"Items":[{"id":{"BOOL":true},"kind":{"N":"1"},"at":{"N":"1"}}],"Count":1}"#,
    ];
    let broken = [
        r#"{"Items":[{"id":{"S":"a"},"kind":{"N":"1"},"at":{"N":"1"}"#,
        r#"{"Items":[{"id":{"S":"a"},"kind":{"N":"1"},"at":{"N":"1"}},],"Count":1}"#,
        r#"{"Items":[{"id":{"S":"\q"},"kind":{"N":"1"},"at":{"N":"1"}}],"Count":1}"#,
        r#"{"Items":[{"id":{"S":"a"}]],"Count":1}"#,
    ];
    for (answers, unreadable) in [(&keyless[..], true), (&broken[..], false)] {
        for answer in answers {
            script.next("Query", [Fault::Answer(good), Fault::Answer(answer)]);
            let e = read().page(&db).await.unwrap_err();
            assert_eq!(e.is_unreadable(), unreadable, "{answer}: {e}");
            script.next("Query", [Fault::Answer(good), Fault::Answer(answer)]);
            let e = Pair::by_kind(1_u8).all(&db).await.unwrap_err();
            assert_eq!(e.is_unreadable(), unreadable, "{answer}: {e}");
        }
    }
}

#[derive(Debug, PartialEq, Entity)]
#[dynamo(table = "pairs", index(by_kind, partition = kind, sort = at, shards = 2))]
struct Pair {
    #[dynamo(partition)]
    id: String,
    kind: u8,
    at: u64,
}

#[derive(Debug, Projection)]
#[dynamo(of = Pair)]
struct PairView<'a> {
    id: &'a str,
}
