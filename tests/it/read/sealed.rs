//! Cursors that are sealed with a key: nothing is read in them, and nothing is made of them.

use dynamodel::{AnyIndex, Cursor, Db, Entity, Error, Page, Projection, Query, ScanCursor};
use dynamodel_tests::db;
use futures_util::TryStreamExt;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "letters")]
#[dynamo(index(by_writer, partition = writer, sort = number))]
#[dynamo(index(by_year, partition = year, sort = number, shards = 3))]
struct Letter {
    #[dynamo(partition)]
    place: String,
    #[dynamo(sort)]
    number: u32,
    writer: String,
    year: u32,
}

#[derive(Debug, Projection)]
#[dynamo(of = Letter)]
struct LetterView<'a> {
    place: &'a str,
    number: u32,
}

fn letter(number: u32) -> Letter {
    Letter {
        place: "hidden".into(),
        number,
        writer: "private".into(),
        year: 1_900,
    }
}

/// Returns a `Db` of the same tables whose keys for cursors these are, the first of which seals.
fn keyed(db: &Db, keys: &[u8]) -> Db {
    let name = db.table_name::<Letter>().to_string();
    let keyed = Db::builder()
        .client(db.client().clone())
        .table_name("letters", name);
    let add = |builder: dynamodel::Builder, key: &u8| builder.cursor_key([*key; 32]);
    keys.iter().fold(keyed, add).build()
}

async fn letters() -> (Db, Db) {
    let db = db().await;
    db.create_table::<Letter>().await.unwrap();
    for number in 0..9 {
        letter(number).create().send(&db).await.unwrap();
    }
    let elsewhere = Letter {
        place: "elsewhere".into(),
        ..letter(4)
    };
    elsewhere.create().send(&db).await.unwrap();
    let keyed = keyed(&db, &[1]);
    (db, keyed)
}

#[track_caller]
fn check_refused<T>(result: Result<T, Error>, text: &str) {
    let error = result.err().expect("it does not belong here");
    assert!(error.is_invalid_cursor(), "{error}");
    assert_eq!(error.attempts(), 0);
    assert!(error.to_string().contains(text), "{error}");
}

fn reparsed(cursor: &Cursor) -> Cursor {
    let text = cursor.to_string();
    let unsealed = base64_text(&text);
    for secret in ["hidden", "private", "place", "number"] {
        assert!(
            !unsealed
                .windows(secret.len())
                .any(|w| w == secret.as_bytes())
        );
    }
    text.parse().unwrap()
}

/// Returns the bytes of a cursor's text.
fn base64_text(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap()
}

async fn two(db: &Db) -> Page<Letter> {
    let query = Letter::query("hidden").page_size(2);
    query.page(db).await.unwrap()
}

#[tokio::test]
async fn sealed_cursors_lead_through_table_index_shards_and_scan() {
    let (_, db) = letters().await;
    type Read = fn(Option<Cursor>) -> Query<Letter, AnyIndex<Letter>>;
    let pages: [(&str, Read, usize); 4] = [
        (
            "table",
            |at| Letter::query("hidden").start_at(at).any_index(),
            9,
        ),
        (
            "index",
            |at| Letter::by_writer("private").start_at(at).any_index(),
            10,
        ),
        (
            "shards",
            |at| Letter::by_year(1_900_u32).start_at(at).any_index(),
            10,
        ),
        (
            "back",
            |at| {
                Letter::query("hidden")
                    .descending()
                    .start_at(at)
                    .any_index()
            },
            9,
        ),
    ];
    for (what, query, count) in pages {
        let all = query(None).all(&db).await.unwrap();
        assert_eq!(all.len(), count, "{what}");
        let (mut read, mut next) = (Vec::new(), None);
        loop {
            let borrowed = query(next.clone()).page_size(2).borrowed::<LetterView>();
            let borrowed = borrowed.page(&db).await.unwrap();
            let page = query(next).page_size(2).page(&db).await.unwrap();
            let views = borrowed.items().unwrap();
            let views = views.iter().map(|view| (view.place, view.number));
            assert!(views.eq(page.items.iter().map(|l| (l.place.as_str(), l.number))));
            read.extend(page.items);
            assert_eq!(borrowed.next().is_some(), page.next.is_some(), "{what}");
            // Half of the steps go by the cursor of the borrowed page.
            let after = match read.len() % 4 {
                0 => borrowed.next(),
                _ => page.next,
            };
            match after {
                Some(cursor) => next = Some(reparsed(&cursor)),
                None => break,
            }
        }
        assert_eq!(read, all, "{what}");
    }

    let mut letters = Letter::scan().segments(2).page_size(1).resumable(&db);
    let mut read = Vec::new();
    for _ in 0..5 {
        read.push(letters.try_next().await.unwrap().unwrap());
    }
    let text = letters.cursor().to_string();
    let cursor: ScanCursor = text.parse().unwrap();
    let rest = Letter::scan().resume_at(cursor).all(&db).await.unwrap();
    read.extend(rest);
    read.sort_by_key(|l| (l.place.clone(), l.number));
    read.dedup();
    assert_eq!(read.len(), 10);
}

#[tokio::test]
async fn cursor_that_is_not_sealed_is_refused_where_there_is_a_key() {
    let (open, db) = letters().await;
    let cursor = two(&open).await.next.unwrap();
    let parsed: Cursor = cursor.to_string().parse().unwrap();
    let query = || Letter::query("hidden");
    check_refused(
        query().start_at(parsed.clone()).all(&db).await,
        "not sealed",
    );
    check_refused(
        query().start_at(parsed.clone()).page(&db).await,
        "not sealed",
    );
    check_refused(
        query().start_at(parsed.clone()).count(&db).await,
        "not sealed",
    );
    let stream = query().start_at(parsed.clone()).stream(&db);
    check_refused(stream.try_collect::<Vec<_>>().await, "not sealed");
    let borrowed = query().start_at(parsed).borrowed::<LetterView>();
    check_refused(borrowed.page(&db).await, "not sealed");

    let scan = Letter::scan().segments(2).page_size(1).resumable(&open);
    let scan: ScanCursor = {
        let mut scan = scan;
        scan.try_next().await.unwrap();
        scan.try_next().await.unwrap();
        scan.cursor().to_string().parse().unwrap()
    };
    let resumed = Letter::scan().resume_at(scan).all(&db).await;
    check_refused(resumed, "not sealed");
}

#[tokio::test]
async fn sealed_cursor_is_refused_without_its_key_and_in_another_read() {
    let (open, db) = letters().await;
    let cursor = reparsed(&two(&db).await.next.unwrap());
    let query = || Letter::query("hidden").start_at(cursor.clone());
    check_refused(query().all(&open).await, "nothing here has its key");
    check_refused(query().to_json(), "nothing here has its key");
    let other = keyed(&open, &[2]);
    check_refused(query().all(&other).await, "another key");
    let elsewhere = Letter::query("elsewhere").start_at(cursor.clone());
    check_refused(elsewhere.all(&db).await, "of another query");
    let index = Letter::by_writer("private").start_at(cursor.clone());
    check_refused(index.all(&db).await, "another table or index");

    let both = keyed(&open, &[2, 1]);
    assert_eq!(query().all(&both).await.unwrap().len(), 7);
    let newer = reparsed(&two(&both).await.next.unwrap());
    let older = Letter::query("hidden").start_at(newer.clone());
    check_refused(older.all(&db).await, "another key");
    let newer = Letter::query("hidden").start_at(newer);
    assert_eq!(newer.all(&other).await.unwrap().len(), 7);
}

#[tokio::test]
async fn sealed_cursor_with_any_bit_changed_is_refused() {
    let (_, db) = letters().await;
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let bytes = base64_text(&two(&db).await.next.unwrap().to_string());
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Ok(cursor) = engine.encode(changed).parse::<Cursor>() else {
            continue;
        };
        let query = Letter::query("hidden").start_at(cursor);
        check_refused(query.all(&db).await, "");
    }
    for length in 0..bytes.len() {
        if let Ok(cursor) = engine.encode(&bytes[..length]).parse::<Cursor>() {
            check_refused(Letter::query("hidden").start_at(cursor).all(&db).await, "");
        }
    }
}

#[tokio::test]
async fn cursor_of_item_is_taken_in_this_process_and_sealed_for_clients() {
    let (_, db) = letters().await;
    let query = Letter::query("hidden");
    let cursor = Cursor::after(&query, &letter(3)).unwrap();
    let rest = query.clone().start_at(cursor.clone());
    assert_eq!(rest.all(&db).await.unwrap().len(), 5);
    let text: Cursor = cursor.to_string().parse().unwrap();
    check_refused(query.clone().start_at(text).all(&db).await, "not sealed");

    let sealed = reparsed(&cursor.sealed(&db, &query).unwrap());
    let rest = query.clone().start_at(sealed).all(&db).await.unwrap();
    assert_eq!(rest.len(), 5);
    let cursor = Cursor::after(&Letter::by_writer("private"), &letter(3)).unwrap();
    check_refused(cursor.sealed(&db, &query), "another table or index");
}
