//! Cursors: as text, by serde, over a restart, and in queries to which they do not belong.

use dynamodel::{Binary, Cursor, Db, Entity, Error};
use dynamodel_tests::db;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "visits")]
#[dynamo(index(by_kind, partition = kind, sort = n))]
struct Visit {
    #[dynamo(partition)]
    page: String,
    #[dynamo(sort)]
    n: u64,
    kind: Binary,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "others")]
struct Other {
    #[dynamo(partition)]
    page: String,
    #[dynamo(sort)]
    n: u64,
}

const PAGE: &str = "/\"quoted\"\\ \u{1}é𝄞";

async fn fill(db: &Db) {
    db.create_table::<Visit>().await.unwrap();
    for n in 0..5 {
        for page in [PAGE, "/other"] {
            let visit = Visit {
                page: page.into(),
                n: n * 1_000_000_000_000,
                kind: [1, 255].into(),
            };
            visit.create().send(db).await.unwrap();
        }
    }
}

async fn visits() -> Db {
    let db = db().await;
    fill(&db).await;
    db
}

async fn after_two(db: &Db) -> Cursor {
    let page = Visit::query(PAGE).page_size(2).page(db).await.unwrap();
    page.next.expect("there are five")
}

fn check_refused(result: Result<impl Sized, Error>, message: &str) {
    let e = result.err().expect("it does not belong there");
    assert!(e.is_invalid_cursor(), "{e}");
    assert_eq!(e.attempts(), 0);
    assert_eq!(e.to_string(), message);
}

#[tokio::test]
async fn cursor_survives_as_url_safe_text() {
    let db = visits().await;
    let cursor = after_two(&db).await;
    let text = cursor.to_string();
    let is_url_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    assert!(text.chars().all(is_url_safe), "{text}");
    let parsed: Cursor = text.parse().unwrap();
    assert_eq!(parsed, cursor);
    assert_eq!(format!("{cursor:?}"), "Cursor(_)");
    let rest = Visit::query(PAGE).start_at(parsed).all(&db).await.unwrap();
    assert_eq!(
        rest.iter()
            .map(|v| v.n / 1_000_000_000_000)
            .collect::<Vec<_>>(),
        [2, 3, 4]
    );
}

#[tokio::test]
async fn cursor_serializes_as_json_string() {
    let db = visits().await;
    let cursor = after_two(&db).await;
    let json = serde_json::to_string(&cursor).unwrap();
    assert_eq!(json, format!("\"{cursor}\""));
    let read: Cursor = serde_json::from_str(&json).unwrap();
    assert_eq!(read, cursor);
    assert!(serde_json::from_str::<Cursor>("\"garbage\"").is_err());
    assert!(serde_json::from_str::<Cursor>("7").is_err());
}

#[tokio::test]
async fn every_kind_of_read_starts_at_cursor() {
    let db = visits().await;
    let cursor = after_two(&db).await;
    let query = || Visit::query(PAGE).start_at(cursor.clone());
    assert_eq!(query().count(&db).await.unwrap(), 3);
    let first = query().first(&db).await.unwrap().unwrap();
    assert_eq!(first.n, 2_000_000_000_000);
    let backwards = Visit::query(PAGE).descending().start_at(cursor.clone());
    assert_eq!(backwards.all(&db).await.unwrap().len(), 1);
    let sorted = Visit::query(PAGE).sort(|k| k.n.le(3_000_000_000_000_u64));
    let sorted = sorted.start_at(cursor.clone()).count(&db).await;
    assert_eq!(sorted.unwrap(), 2);
    let all = Visit::query(PAGE).start_at(None).count(&db).await.unwrap();
    assert_eq!(all, 5);
    // The table and its scan have the same keys.
    assert!(Visit::scan().start_at(cursor).count(&db).await.is_ok());
}

#[tokio::test]
async fn index_cursor_with_binary_key_continues_only_its_query() {
    let db = visits().await;
    let page = Visit::by_kind([1, 255])
        .page_size(3)
        .page(&db)
        .await
        .unwrap();
    let cursor: Cursor = page.next.unwrap().to_string().parse().unwrap();
    let rest = Visit::by_kind([1, 255])
        .start_at(cursor.clone())
        .all(&db)
        .await;
    assert_eq!(rest.unwrap().len(), 7);
    let message = "Query Visit: invalid cursor: it comes from another query";
    let other = Visit::by_kind([1, 254]).start_at(cursor.clone());
    check_refused(other.all(&db).await, message);
    let elsewhere = Visit::query(PAGE).start_at(cursor);
    let message = "Query Visit: invalid cursor: it comes from another table or index";
    check_refused(elsewhere.all(&db).await, message);
}

#[tokio::test]
async fn cursor_is_refused_by_other_queries_and_tables() {
    let db = visits().await;
    db.create_table::<Other>().await.unwrap();
    let cursor = || after_two(&db);
    let message = "Query Visit: invalid cursor: it comes from another query";
    check_refused(
        Visit::query("/other")
            .start_at(cursor().await)
            .all(&db)
            .await,
        message,
    );
    let stream = Visit::query("/other").start_at(cursor().await).stream(&db);
    let streamed = futures_util::TryStreamExt::try_collect::<Vec<_>>(stream).await;
    check_refused(streamed, message);
    let message = "Query Other: invalid cursor: it comes from another table or index";
    check_refused(
        Other::query(PAGE).start_at(cursor().await).page(&db).await,
        message,
    );
    let message = "Scan Visit: invalid cursor: it comes from another table or index";
    let scan = Visit::scan()
        .index::<VisitByKind>()
        .start_at(cursor().await);
    check_refused(scan.count(&db).await, message);
}

#[test]
fn parsing_refuses_text_that_is_no_cursor() {
    for text in [
        "",
        "?",
        "garbage",
        "AQ",
        "AAAAAAB7fQ",
        "AQAAAAA",
        "AQAAAAB7",
        "é",
        "AQAAAABbXQ",
    ] {
        let e = text.parse::<Cursor>().unwrap_err();
        assert!(e.is_invalid_cursor(), "{text}");
        assert!(e.to_string().starts_with("invalid cursor: "), "{e}");
    }
}

#[tokio::test]
async fn tampered_cursor_is_refused_or_names_other_item() {
    let db = visits().await;
    let text = after_two(&db).await.to_string();
    let mut mutated = 0;
    for at in 7..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(bytes).unwrap();
        // The text is refused at parsing, by the query or by the service; or it names another item of
        // the partition.
        if let Ok(cursor) = text.parse::<Cursor>() {
            mutated += 1;
            let _ = Visit::query(PAGE).start_at(cursor).page(&db).await;
        }
    }
    assert!(mutated > 0);
}

#[tokio::test]
async fn cursor_continues_after_restart_of_database() {
    let folder = std::env::temp_dir().join(format!("dynamodel-cursor-{:x}", fastrand::u64(..)));
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("app.db");
    let text = {
        let db = Db::embedded_at(&file).unwrap();
        fill(&db).await;
        after_two(&db).await.to_string()
    };
    {
        let db = Db::embedded_at(&file).unwrap();
        db.create_table::<Visit>().await.unwrap();
        let rest = Visit::query(PAGE).start_at(text.parse::<Cursor>().unwrap());
        assert_eq!(rest.count(&db).await.unwrap(), 3);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
