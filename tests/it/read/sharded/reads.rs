//! Queries of a sharded index: conditions, projections, costs and limits.

use dynamodel_tests::faults;
use futures_util::TryStreamExt;

use super::*;

async fn hundred() -> Db {
    orders((0..100).map(|n| Order {
        note: (n % 3 == 0).then(|| format!("note {n:02}")),
        year: Some(2020 + (n % 2) as u16),
        ..order(n, 1_000 - n)
    }))
    .await
}

#[tokio::test]
async fn sharded_query_respects_sort_conditions_and_filters() {
    let db = hundred().await;
    let some = Order::by_status("open")
        .sort(|k| k.placed_at.between(950, 960))
        .all(&db)
        .await
        .unwrap();
    assert!(some.iter().map(|o| o.placed_at).eq(950..=960));
    let filtered = || Order::by_status("open").filter(|o| o.note.exists());
    let all = filtered().all(&db).await.unwrap();
    assert_eq!(all.len(), 34);
    assert!(all.is_sorted_by_key(|o| o.placed_at));
    assert_eq!(filtered().count(&db).await.unwrap(), 34);
    assert_eq!(filtered().limit(5).count(&db).await.unwrap(), 5);
    assert_eq!(filtered().limit(5).all(&db).await.unwrap(), all[..5]);
    assert_eq!(filtered().first(&db).await.unwrap().as_ref(), all.first());
    // Pages of a filtered query can be short, but they reach the end.
    for size in [1, 4, 30] {
        let (mut paged, mut cursor) = (Vec::new(), None);
        for _ in 0..200 {
            let page = filtered()
                .page_size(size)
                .start_at(cursor)
                .page(&db)
                .await
                .unwrap();
            assert!(page.items.len() <= size);
            paged.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, all, "pages of {size}");
    }
}

#[tokio::test]
async fn sharded_query_selects_projection_and_hydrates() {
    let db = hundred().await;
    let query = || Order::by_status("open").sort(|k| k.placed_at.le(905));
    let whole = query().all(&db).await.unwrap();
    let notes = query().select::<Note>().all(&db).await.unwrap();
    assert!(
        whole
            .iter()
            .map(|o| &o.note)
            .eq(notes.iter().map(|n| &n.note))
    );
    // An index that holds only some attributes can be read by its own type, or hydrated to whole
    // entities.
    let held: Vec<OrderByNote> = Order::by_note("open").select().all(&db).await.unwrap();
    assert_eq!(held.len(), 34);
    assert!(held.is_sorted_by_key(|o| o.note.clone()));
    let whole = Order::by_note("open").hydrate().all(&db).await.unwrap();
    assert!(whole.iter().map(|o| &o.id).eq(held.iter().map(|o| &o.id)));
    assert!(whole.iter().all(|o| o.year.is_some()));
    let page = Order::by_note("open").page_size(5).select::<OrderByNote>();
    let page = page.page(&db).await.unwrap();
    let rest = Order::by_note("open")
        .start_at(page.next)
        .hydrate()
        .all(&db)
        .await
        .unwrap();
    assert_eq!(page.items.len() + rest.len(), 34);
}

#[tokio::test]
async fn sharded_query_without_sort_key_reads_every_item() {
    let db = hundred().await;
    let query = || Order::by_year(2021_u16);
    let mut ids: Vec<String> = query()
        .hydrate()
        .all(&db)
        .await
        .unwrap()
        .into_iter()
        .map(|o| o.id)
        .collect();
    ids.sort();
    let mut expected: Vec<String> = (0..100)
        .filter(|n| n % 2 == 1)
        .map(|n| n.to_string())
        .collect();
    expected.sort();
    assert_eq!(ids, expected);
    for size in [1, 6, 100] {
        let (mut paged, mut cursor) = (Vec::new(), None);
        loop {
            let page = query()
                .select::<OrderByYear>()
                .page_size(size)
                .start_at(cursor);
            let page = page.page(&db).await.unwrap();
            assert!(page.items.len() <= size);
            paged.extend(page.items.into_iter().map(|o| o.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        paged.sort();
        assert_eq!(paged, expected);
    }
    assert_eq!(query().count(&db).await.unwrap(), 50);
}

#[tokio::test]
async fn sharded_streams_equal_all() {
    let db = hundred().await;
    let all = Order::by_status("open").all(&db).await.unwrap();
    let stream = Order::by_status("open").page_size(10).stream(&db);
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap(), all);
    let some = Order::by_status("open").descending().limit(7).stream(&db);
    let some: Vec<Order> = some.try_collect().await.unwrap();
    assert!(some.iter().eq(all.iter().rev().take(7)));
    let few = Order::by_status("open").concurrency(2).stream(&db);
    assert_eq!(few.try_collect::<Vec<_>>().await.unwrap(), all);
    for requests in [0, 1, 3] {
        let few = Order::by_status("open").concurrency(requests);
        assert_eq!(few.all(&db).await.unwrap(), all);
    }
}

#[tokio::test]
async fn sharded_query_sums_costs_of_all_shards() {
    let (db, sent) = faults::db().await;
    db.create_table::<Order>().await.unwrap();
    put(&db, (0..100).map(|n| order(n, n))).await;
    let page = Order::by_status("open").page_size(20).measured();
    let page = page.page(&db).await.unwrap();
    assert_eq!(page.items.len(), 20);
    let bodies = sent.sent("Query");
    // Each shard gets one request for twice its share, and a second one if it holds more of the page.
    assert!((16..20).contains(&bodies.len()), "{}", bodies.len());
    assert!(bodies.iter().all(|r| r.body.contains("\"Limit\":6")));
    assert!(page.scanned_count >= 20 && page.scanned_count <= 6 * bodies.len() as u64);
    assert_eq!(page.count, page.scanned_count);
    let capacity = page.consumed_capacity.unwrap();
    assert!(capacity.capacity_units >= 0.5 * 16.0, "{capacity:?}");
    sent.forget();
    Order::by_status("open").first(&db).await.unwrap();
    assert_eq!(sent.sent("Query").len(), 16);
}

#[test]
fn sharded_query_shows_request_of_each_shard() {
    let json = Order::by_status("open").page_size(20).to_json().unwrap();
    let requests: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(requests.len(), 16);
    let key = "#n0 = :v0 AND #n1 = :v1";
    for (n, request) in requests.iter().enumerate() {
        assert_eq!(request["KeyConditionExpression"], key);
        assert_eq!(
            request["ExpressionAttributeNames"]["#n1"],
            "_by_status_shard"
        );
        assert_eq!(
            request["ExpressionAttributeValues"][":v1"]["N"],
            n.to_string()
        );
        assert_eq!(request["Limit"], 6);
    }
    let json = Task::by_state("open").select::<Done>().to_json().unwrap();
    let requests: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(
        requests[9]["ExpressionAttributeValues"][":v0"]["S"],
        "STATE#open#009"
    );
    // The projection also contains the attributes that the merge needs, and the type.
    assert_eq!(
        requests[9]["ProjectionExpression"]
            .as_str()
            .unwrap()
            .split(',')
            .count(),
        5
    );
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Task)]
struct Done {
    done: bool,
}

/// A scan reads a sharded index like any other.
#[tokio::test]
async fn scan_cursor_of_sharded_index_is_refused_by_query() {
    let db = hundred().await;
    let scan = Order::scan().index::<OrderByStatus>().page_size(30);
    let (page, query) = (scan.page(&db).await.unwrap(), Order::by_status("open"));
    assert_eq!(page.items.len(), 30);
    let e = query.start_at(page.next).page(&db).await.unwrap_err();
    assert!(e.is_invalid_cursor(), "{e}");
}

/// A value that is too long for a key because of its shard suffix is refused before sending.
#[tokio::test]
async fn value_too_long_with_shard_is_refused_before_sending() {
    let db = dynamodel_tests::db().await;
    db.create_table::<App>().await.unwrap();
    let state = |bytes| "x".repeat(bytes - "STATE#".len());
    let with = |bytes| Task {
        state: Some(state(bytes)),
        ..task("u", 1)
    };
    with(2044).create().send(&db).await.unwrap();
    assert_eq!(Task::by_state(state(2044)).count(&db).await.unwrap(), 1);
    let e = with(2045).put().send(&db).await.unwrap_err();
    assert!(e.is_invalid_key() && e.attempts() == 0, "{e}");
    let e = Task::by_state(state(2045)).count(&db).await.unwrap_err();
    assert!(e.is_invalid_key() && e.attempts() == 0, "{e}");
}
