//! Cursors of sharded indexes, which are valid in their own query only.

use dynamodel::{Cursor, Error, Query};

use super::*;

async fn db() -> (Db, Cursor) {
    let db = orders((0..60).map(|n| order(n, n))).await;
    put(
        &db,
        (0..20).map(|n| Order {
            status: Some("closed".to_owned()),
            ..order(format!("c{n}"), n)
        }),
    )
    .await;
    let page = Order::by_status("open")
        .page_size(25)
        .page(&db)
        .await
        .unwrap();
    (db, page.next.unwrap())
}

async fn refused(db: &Db, query: Query<Order, OrderByStatus>, message: &str) {
    check(query.page(db).await.err(), message);
}

fn check(error: Option<Error>, message: &str) {
    let e = error.expect("it does not belong there");
    assert!(e.is_invalid_cursor() && e.attempts() == 0, "{e}");
    assert!(e.to_string().ends_with(message), "{e}");
}

#[tokio::test]
async fn shard_cursor_survives_as_short_text() {
    let (db, cursor) = db().await;
    let text = cursor.to_string();
    assert!(
        text.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    );
    // The text has the sort key and the primary key of each shard, and no names.
    assert!(text.len() < 60 * 16, "{}", text.len());
    let json = serde_json::to_string(&cursor).unwrap();
    let cursor: Cursor = serde_json::from_str(&json).unwrap();
    let query = || Order::by_status("open").start_at(cursor.clone());
    assert_eq!(query().count(&db).await.unwrap(), 35);
    assert_eq!(query().first(&db).await.unwrap().unwrap().placed_at, 25);
    let rest = query().all(&db).await.unwrap();
    assert!(rest.iter().map(|o| o.placed_at).eq(25..60));
    let ranged = query().sort(|k| k.placed_at.le(40)).all(&db).await;
    assert_eq!(ranged.unwrap().len(), 16);
    let requests = query().to_json().unwrap();
    assert!(requests.contains("ExclusiveStartKey"));
}

#[tokio::test]
async fn shard_cursor_is_refused_by_other_queries() {
    let (db, cursor) = db().await;
    let closed = Order::by_status("closed").start_at(cursor.clone());
    refused(&db, closed, "it comes from another query").await;
    let back = Order::by_status("open")
        .descending()
        .start_at(cursor.clone());
    refused(&db, back, "it comes from another query").await;
    let one = Order::by_status("open")
        .sort(|k| k.placed_at.eq(40))
        .start_at(cursor.clone());
    refused(&db, one, "it comes from another query").await;
    let other = Order::by_year(2020_u16)
        .start_at(cursor.clone())
        .count(&db)
        .await;
    check(other.err(), "it comes from another table or index");
    let table = Order::query("1").start_at(cursor.clone()).count(&db).await;
    check(table.err(), "it comes from another table or index");
    let scan = Order::scan()
        .index::<OrderByStatus>()
        .start_at(cursor)
        .count(&db)
        .await;
    check(scan.err(), "it is of an index that is spread over shards");
    // A cursor of a table is refused by a query of a sharded index.
    let page = Order::scan().page_size(3).page(&db).await.unwrap();
    let query = Order::by_status("open").start_at(page.next);
    refused(&db, query, "it comes from another table or index").await;
    let mut stream = Order::by_status("closed")
        .start_at(db_cursor(&db).await)
        .stream(&db);
    let first = futures_util::StreamExt::next(&mut stream).await;
    check(first.unwrap().err(), "it comes from another query");
    assert!(futures_util::StreamExt::next(&mut stream).await.is_none());
}

async fn db_cursor(db: &Db) -> Cursor {
    let page = Order::by_status("open")
        .page_size(2)
        .page(db)
        .await
        .unwrap();
    page.next.unwrap()
}

#[tokio::test]
async fn tampered_shard_cursor_is_refused_or_names_other_position() {
    let (db, cursor) = db().await;
    let text = cursor.to_string();
    let start = async |text: &str| {
        let cursor: Cursor = text.parse()?;
        let query = Order::by_status("open").page_size(1).start_at(cursor);
        query.page(&db).await.map(drop)
    };
    for end in (0..text.len()).step_by(3) {
        let e = start(&text[..end]).await.unwrap_err();
        assert!(e.is_invalid_cursor(), "{end}: {e}");
    }
    let e = start(&format!("{text}AAAA")).await.unwrap_err();
    assert!(e.is_invalid_cursor(), "{e}");
    // A changed character is refused by the library or the service, or names another position of the
    // same query.
    for at in (0..text.len()).step_by(5) {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        if let Err(e) = start(std::str::from_utf8(&changed).unwrap()).await {
            let is_refused = e.is_invalid_cursor() || e.code() == Some("ValidationException");
            assert!(is_refused, "{at}: {e}");
        }
    }
}
