//! Prefetch: with it, the next page is requested before the items of the current page are used up.

use dynamodel::{Db, Entity, Projection};
use dynamodel_tests::faults::{self, Fault, Faults};
use futures_util::{StreamExt, TryStreamExt};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "events")]
struct Event {
    #[dynamo(partition)]
    day: String,
    #[dynamo(sort)]
    at: u64,
    note: u64,
}

#[derive(Debug, Projection)]
#[dynamo(of = Event)]
struct EventView<'a> {
    #[allow(dead_code, reason = "only the times are looked at")]
    day: &'a str,
    at: u64,
}

/// Creates a database with ten events, and returns the record of its requests.
async fn events() -> (Db, Faults) {
    let (db, faults) = faults::db().await;
    db.create_table::<Event>().await.unwrap();
    for at in 0..10 {
        let (day, note) = ("mon".to_owned(), at);
        Event { day, at, note }.put().send(&db).await.unwrap();
    }
    (db, faults)
}

fn pages(faults: &Faults) -> usize {
    faults.sent("Query").len() + faults.sent("Scan").len()
}

fn query() -> dynamodel::Query<Event> {
    Event::query("mon").page_size(3)
}

#[tokio::test]
async fn stream_prefetches_next_page_when_enabled() {
    for (ahead, sent) in [(false, [1, 1, 1, 2]), (true, [2, 2, 2, 3])] {
        let (db, faults) = events().await;
        let mut events = query().prefetch(ahead).stream(&db);
        for (at, sent) in sent.into_iter().enumerate() {
            assert_eq!(events.next().await.unwrap().unwrap().at, at as u64);
            assert_eq!(pages(&faults), sent, "after event {at}");
        }
        let rest: Vec<_> = events.map_ok(|e| e.at).try_collect().await.unwrap();
        assert_eq!(rest, (4..10).collect::<Vec<_>>());
        assert_eq!(pages(&faults), 4);
    }
}

#[tokio::test]
async fn prefetch_reads_no_page_beyond_limit() {
    let (db, faults) = events().await;
    let found: Vec<_> = query()
        .prefetch(true)
        .limit(6)
        .stream(&db)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(found.len(), 6);
    assert_eq!(pages(&faults), 2);

    let (db, faults) = events().await;
    assert_eq!(query().limit(6).all(&db).await.unwrap().len(), 6);
    assert_eq!(pages(&faults), 2);
    assert_eq!(query().limit(0).all(&db).await.unwrap().len(), 0);
    assert_eq!(pages(&faults), 2);
    let mut seen = 0;
    let read = query().limit(6).borrowed::<EventView>();
    read.each(&db, |_| seen += 1).await.unwrap();
    assert_eq!((seen, pages(&faults)), (6, 4));
    // A filter can shorten a page; only then is another page requested.
    let filtered = || query().filter(|e| e.note.ge(5)).limit(2);
    let found: Vec<_> = filtered()
        .all(&db)
        .await
        .unwrap()
        .iter()
        .map(|e| e.at)
        .collect();
    assert_eq!(found, [5, 6]);
}

#[tokio::test]
async fn prefetch_error_follows_items_of_earlier_pages() {
    let (db, faults) = events().await;
    faults.next(
        "Query",
        [
            Fault::Pass,
            Fault::Pass,
            Fault::Refuse("ValidationException", 400),
        ],
    );
    let results: Vec<_> = query().prefetch(true).stream(&db).collect().await;
    assert_eq!(results.len(), 7);
    assert!(results[..6].iter().all(Result::is_ok));
    assert!(results[6].is_err());
    assert_eq!(pages(&faults), 3);

    let refused = [
        Fault::Pass,
        Fault::Pass,
        Fault::Refuse("ValidationException", 400),
    ];
    faults.next("Query", refused);
    let mut seen = Vec::new();
    let read = query().borrowed::<EventView>();
    read.each(&db, |e| seen.push(e.at)).await.unwrap_err();
    assert_eq!(seen, (0..6).collect::<Vec<_>>());
}

#[tokio::test]
async fn borrowed_items_are_visited_while_next_page_is_in_flight() {
    let (db, faults) = events().await;
    let mut sent = Vec::new();
    let read = query().borrowed::<EventView>();
    read.each(&db, |_| sent.push(pages(&faults))).await.unwrap();
    assert_eq!(sent, [2, 2, 2, 3, 3, 3, 4, 4, 4, 4]);

    let (db, faults) = events().await;
    let mut sent = Vec::new();
    let read = query().prefetch(false).borrowed::<EventView>();
    read.each(&db, |_| sent.push(pages(&faults))).await.unwrap();
    assert_eq!(sent, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4]);

    let (db, faults) = events().await;
    let mut pages_read = query().borrowed::<EventView>().pages(&db);
    drop(pages_read.next().await.unwrap().unwrap());
    assert_eq!(pages(&faults), 1);
}

#[tokio::test]
async fn all_returns_items_of_every_page_in_order() {
    let (db, faults) = events().await;
    for ahead in [None, Some(false), Some(true)] {
        let query = match ahead {
            None => query(),
            Some(ahead) => query().prefetch(ahead),
        };
        let events = query.descending().all(&db).await.unwrap();
        assert_eq!(
            events.iter().map(|e| e.at).collect::<Vec<_>>(),
            (0..10).rev().collect::<Vec<_>>()
        );
    }
    assert_eq!(pages(&faults), 12);
    let scanned = Event::scan()
        .segments(3)
        .page_size(2)
        .all(&db)
        .await
        .unwrap();
    assert_eq!(scanned.len(), 10);
}

#[tokio::test]
async fn prefetching_segments_continue_from_their_cursor() {
    let (db, _) = events().await;
    let scan = || Event::scan().segments(2).page_size(2).prefetch(true);
    let mut events = scan().resumable(&db);
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(events.next().await.unwrap().unwrap().at);
    }
    let rest = scan().resume_at(events.cursor()).stream(&db);
    seen.extend(rest.map_ok(|e| e.at).try_collect::<Vec<_>>().await.unwrap());
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
}
