//! Queries: conditions on every kind of sort key, limits, pages, filters, indexes.

use std::collections::BTreeSet;

use dynamodel::{Binary, Db, Entity, Query};
use dynamodel_tests::db;
use futures_util::TryStreamExt;

macro_rules! sorted_by {
    ($name:ident, $table:literal, $sort:ty) => {
        #[derive(Debug, Clone, PartialEq, Entity)]
        #[dynamo(table = $table)]
        struct $name {
            #[dynamo(partition)]
            p: String,
            #[dynamo(sort)]
            k: $sort,
            n: u32,
        }
    };
}
sorted_by!(ByText, "by_text", String);
sorted_by!(ByNumber, "by_number", i64);
sorted_by!(ByBytes, "by_bytes", Binary);

fn same_type<T>(_: &[T], items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect()
}

/// Stores an item for each key, and checks queries against the expected keys.
macro_rules! check_sort {
    ($entity:ident, $keys:expr, $($condition:expr => $expected:expr;)*) => {{
        let db = db().await;
        db.create_table::<$entity>().await.unwrap();
        for (n, k) in (0..).zip($keys) {
            $entity { p: "p".into(), k: k.into(), n }.create().send(&db).await.unwrap();
            // Items with the same keys in another partition must not be found.
            $entity { p: "q".into(), k: k.into(), n }.create().send(&db).await.unwrap();
        }
        $({
            let query = || $entity::query("p").sort($condition);
            let found = query().all(&db).await.unwrap();
            let found: Vec<_> = found.into_iter().map(|i| i.k).collect();
            let expected = same_type(&found, $expected.into_iter().map(|k| k.into()));
            assert_eq!(found, expected, "{}", stringify!($condition));
            let found = query().descending().page_size(2).all(&db).await.unwrap();
            let found: Vec<_> = found.into_iter().rev().map(|i| i.k).collect();
            assert_eq!(found, expected, "descending {}", stringify!($condition));
            assert_eq!(query().count(&db).await.unwrap(), expected.len() as u64);
        })*
    }};
}

#[tokio::test]
async fn sort_conditions_select_by_text_key() {
    check_sort! {
        ByText, ["a", "ab", "abc", "b", "ä", "𝄞"],
        |k| k.k.eq("ab") => ["ab"];
        |k| k.k.lt("ab") => ["a"];
        |k| k.k.le("ab") => ["a", "ab"];
        |k| k.k.gt("b") => ["ä", "𝄞"];
        |k| k.k.ge(String::from("b")) => ["b", "ä", "𝄞"];
        |k| k.k.between("ab", "b") => ["ab", "abc", "b"];
        |k| k.k.begins_with("ab") => ["ab", "abc"];
        |k| k.k.begins_with("ä") => ["ä"];
        |k| k.k.begins_with("zz") => Vec::<&str>::new();
    }
}

/// DynamoDB refuses the query with a message that contains the values; the error leaves them out.
#[tokio::test]
async fn between_with_swapped_bounds_fails_without_showing_values() {
    let db = db().await;
    db.create_table::<ByText>().await.unwrap();
    let query = ByText::query("p").sort(|k| k.k.between("zebra", "apple"));
    let e = query.all(&db).await.unwrap_err();
    assert_eq!(e.code(), Some("ValidationException"));
    let text = format!("{e} {e:?}");
    assert!(text.contains("upper bound"), "{text}");
    assert!(!text.contains("zebra") && !text.contains("apple"), "{text}");
}

#[tokio::test]
async fn sort_conditions_select_by_number_key() {
    check_sort! {
        ByNumber, [0_i64, -5, 10, 9, -40, i64::MAX, i64::MIN],
        |k| k.k.eq(9) => [9_i64];
        |k| k.k.lt(0) => [i64::MIN, -40, -5];
        |k| k.k.le(0) => [i64::MIN, -40, -5, 0];
        |k| k.k.gt(9) => [10_i64, i64::MAX];
        |k| k.k.ge(9) => [9_i64, 10, i64::MAX];
        |k| k.k.between(-40, 9) => [-40_i64, -5, 0, 9];
        |k| k.k.between(i64::MIN, i64::MAX) => [i64::MIN, -40, -5, 0, 9, 10, i64::MAX];
    }
}

#[tokio::test]
async fn sort_conditions_select_by_binary_key() {
    check_sort! {
        ByBytes, [[0_u8].as_slice(), &[0, 1], &[1], &[127], &[128], &[255, 0]],
        |k| k.k.eq([1]) => [[1_u8].as_slice()];
        |k| k.k.lt([0, 1]) => [[0_u8].as_slice()];
        |k| k.k.le([0, 1]) => [[0_u8].as_slice(), &[0, 1]];
        |k| k.k.gt([127]) => [[128_u8].as_slice(), &[255, 0]];
        |k| k.k.ge(Binary::from([127])) => [[127_u8].as_slice(), &[128], &[255, 0]];
        |k| k.k.between([1], [128]) => [[1_u8].as_slice(), &[127], &[128]];
        |k| k.k.begins_with([0]) => [[0_u8].as_slice(), &[0, 1]];
        |k| k.k.begins_with([255, 0]) => [[255_u8, 0].as_slice()];
    }
}

/// Returns a database with 20 items whose `n` runs from 0 to 19.
async fn twenty() -> Db {
    let db = db().await;
    db.create_table::<ByNumber>().await.unwrap();
    for n in 0..20_u32 {
        let item = ByNumber {
            p: "p".into(),
            k: n.into(),
            n,
        };
        item.create().send(&db).await.unwrap();
    }
    db
}

fn all_of(p: &str) -> Query<ByNumber> {
    ByNumber::query(p)
}

#[tokio::test]
async fn query_respects_limits_pages_and_filters() {
    let db = twenty().await;
    type Change = fn(Query<ByNumber>) -> Query<ByNumber>;
    let cases: [(&str, Change, Vec<u32>); 14] = [
        ("all", |q| q, (0..20).collect()),
        ("descending", |q| q.descending(), (0..20).rev().collect()),
        (
            "back again",
            |q| q.descending().ascending(),
            (0..20).collect(),
        ),
        ("limit", |q| q.limit(3), vec![0, 1, 2]),
        ("limit 0", |q| q.limit(0), vec![]),
        ("limit above", |q| q.limit(1_000), (0..20).collect()),
        ("huge limit", |q| q.limit(usize::MAX), (0..20).collect()),
        ("huge page", |q| q.page_size(usize::MAX), (0..20).collect()),
        ("pages", |q| q.page_size(7), (0..20).collect()),
        (
            "limit over pages",
            |q| q.page_size(2).limit(5),
            (0..5).collect(),
        ),
        ("filter", |q| q.filter(|i| i.n.ge(17)), vec![17, 18, 19]),
        (
            "limit counts after the filter",
            |q| q.filter(|i| i.n.ge(10)).limit(2).page_size(3),
            vec![10, 11],
        ),
        (
            "both filters",
            |q| q.filter(|i| i.n.ge(3)).filter(|i| i.n.lt(6) | i.n.eq(19)),
            vec![3, 4, 5, 19],
        ),
        (
            "descending with a limit and a filter",
            |q| q.filter(|i| i.n.lt(5)).descending().limit(2).page_size(4),
            vec![4, 3],
        ),
    ];
    for (name, change, expected) in cases {
        let numbers = |items: &[ByNumber]| items.iter().map(|i| i.n).collect::<Vec<_>>();
        let all = change(all_of("p")).all(&db).await.unwrap();
        assert_eq!(numbers(&all), expected, "{name}");
        let stream = change(all_of("p")).stream(&db);
        let streamed: Vec<ByNumber> = stream.try_collect().await.unwrap();
        assert_eq!(numbers(&streamed), expected, "{name}, streamed");
        let count = change(all_of("p")).count(&db).await.unwrap();
        assert_eq!(count, expected.len() as u64, "{name}, counted");
        let first = change(all_of("p")).first(&db).await.unwrap();
        let expected_first = if name == "limit 0" {
            Some(0)
        } else {
            expected.first().copied()
        };
        assert_eq!(first.map(|i| i.n), expected_first, "{name}, first");
    }
}

#[tokio::test]
async fn first_reads_on_when_filter_empties_pages() {
    let db = twenty().await;
    let last = || all_of("p").filter(|i| i.n.eq(19)).page_size(1);
    assert_eq!(last().first(&db).await.unwrap().map(|i| i.n), Some(19));
    let page = last().page(&db).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_some());
    assert_eq!((page.count, page.scanned_count), (0, 1));
    let none = all_of("p")
        .filter(|i| i.n.gt(100))
        .page_size(6)
        .first(&db)
        .await;
    assert_eq!(none.unwrap(), None);
    assert_eq!(all_of("nobody").first(&db).await.unwrap(), None);
    assert_eq!(all_of("nobody").count(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn pages_continue_from_cursor_to_end() {
    let db = twenty().await;
    let mut next = None;
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let query = all_of("p").page_size(8).start_at(next).measured();
        let page = query.page(&db).await.unwrap();
        assert!(
            page.consumed_capacity
                .is_some_and(|c| c.capacity_units > 0.0)
        );
        sizes.push(page.items.len());
        seen.extend(page.items.iter().map(|i| i.n));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..20).collect::<Vec<_>>());
    assert_eq!(sizes, [8, 8, 4]);
    let page = all_of("p").page_size(8).limit(3).page(&db).await.unwrap();
    assert_eq!(page.items.len(), 3);
    assert!(page.next.is_some());
    let page = all_of("p").page(&db).await.unwrap();
    assert_eq!((page.count, page.scanned_count, page.next), (20, 20, None));
    assert!(page.consumed_capacity.is_none());
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "events")]
#[dynamo(index(by_place, partition = (country, city), sort = (year, month, day)))]
#[dynamo(index(by_note, partition = note))]
#[dynamo(local_index(by_size, sort = size))]
struct Event {
    #[dynamo(partition)]
    id: String,
    #[dynamo(sort)]
    seq: u32,
    country: String,
    city: String,
    year: u32,
    month: u32,
    day: u32,
    size: u64,
    note: Option<String>,
}

fn event(seq: u32, (year, month, day): (u32, u32, u32)) -> Event {
    Event {
        id: "e".into(),
        seq,
        country: "de".into(),
        city: "kiel".into(),
        year,
        month,
        day,
        size: u64::from(100 - seq),
        note: (seq == 3).then(|| "rain".into()),
    }
}

async fn events() -> Db {
    let db = db().await;
    db.create_table::<Event>().await.unwrap();
    let days = [
        (2024, 5, 1),
        (2025, 1, 2),
        (2025, 1, 9),
        (2025, 2, 1),
        (2026, 1, 1),
    ];
    for (seq, day) in (1..).zip(days) {
        event(seq, day).create().send(&db).await.unwrap();
        let mut elsewhere = event(seq + 50, day);
        elsewhere.city = "ulm".into();
        elsewhere.create().send(&db).await.unwrap();
    }
    db
}

#[tokio::test]
async fn sort_conditions_on_many_attributes_extend_left_to_right() {
    let db = events().await;
    let seqs = |events: Vec<Event>| events.iter().map(|e| e.seq).collect::<Vec<_>>();
    let kiel = || Event::by_place("de", "kiel");
    assert_eq!(seqs(kiel().all(&db).await.unwrap()), [1, 2, 3, 4, 5]);
    let year = kiel().sort(|k| k.year.eq(2025)).all(&db).await;
    assert_eq!(seqs(year.unwrap()), [2, 3, 4]);
    let since = kiel().sort(|k| k.year.ge(2025)).all(&db).await;
    assert_eq!(seqs(since.unwrap()), [2, 3, 4, 5]);
    let month = kiel().sort(|k| k.year.eq(2025).month.eq(1)).descending();
    assert_eq!(seqs(month.all(&db).await.unwrap()), [3, 2]);
    let months = kiel().sort(|k| k.year.eq(2025).month.gt(1)).all(&db).await;
    assert_eq!(seqs(months.unwrap()), [4]);
    let days = kiel().sort(|k| k.year.eq(2025).month.eq(1).day.between(1, 5));
    assert_eq!(seqs(days.all(&db).await.unwrap()), [2]);
    let day = kiel().sort(|k| k.year.eq(2025).month.eq(1).day.eq(9));
    assert_eq!(seqs(day.all(&db).await.unwrap()), [3]);
    assert_eq!(Event::by_place("de", "bonn").count(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn pages_of_index_continue_from_cursor() {
    let db = events().await;
    let mut next = None;
    let mut seen = Vec::new();
    loop {
        let query = Event::by_place("de", "kiel").page_size(2).start_at(next);
        let page = query.page(&db).await.unwrap();
        seen.extend(page.items.iter().map(|e| e.seq));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    let filtered = Event::by_place("de", "kiel")
        .filter(|e| e.size.lt(98))
        .count(&db);
    assert_eq!(filtered.await.unwrap(), 3);
}

#[tokio::test]
async fn sparse_index_holds_only_items_with_its_key() {
    let db = events().await;
    let rain = Event::by_note("rain").all(&db).await.unwrap();
    assert_eq!(
        rain.iter().map(|e| e.seq).collect::<BTreeSet<_>>(),
        [3].into()
    );
    assert_eq!(
        Event::scan()
            .index::<EventByNote>()
            .count(&db)
            .await
            .unwrap(),
        1
    );
    Event::update("e", 3_u32)
        .apply(|e| e.note.remove())
        .send(&db)
        .await
        .unwrap();
    assert_eq!(Event::by_note("rain").count(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn local_index_query_can_be_consistent() {
    let db = events().await;
    let small = Event::by_size("e").sort(|k| k.size.le(48)).consistent();
    let small = small.all(&db).await.unwrap();
    assert_eq!(
        small.iter().map(|e| e.size).collect::<Vec<_>>(),
        [45, 46, 47, 48]
    );
    let largest = Event::by_size("e")
        .descending()
        .consistent()
        .first(&db)
        .await;
    assert_eq!(largest.unwrap().map(|e| e.seq), Some(1));
}

#[tokio::test]
async fn query_over_one_megabyte_reads_every_page() {
    let db = db().await;
    db.create_table::<ByText>().await.unwrap();
    let pad = "x".repeat(1_000);
    for n in 0..30_u32 {
        let k = format!("{n:02}{pad}");
        raw_large(&db, &k, n).await;
    }
    let query = || ByText::query("p");
    let all = query().all(&db).await.unwrap();
    assert_eq!(
        all.iter().map(|i| i.n).collect::<Vec<_>>(),
        (0..30).collect::<Vec<_>>()
    );
    let page = query().page(&db).await.unwrap();
    assert!(page.items.len() < 30 && page.next.is_some());
    assert_eq!(query().count(&db).await.unwrap(), 30);
    let streamed: Vec<ByText> = query().stream(&db).try_collect().await.unwrap();
    assert_eq!(streamed.len(), 30);
}

/// Stores an item of about 100 KB, most of it in an attribute that the entity does not have.
async fn raw_large(db: &Db, k: &str, n: u32) {
    let fill = "y".repeat(100_000);
    let json = format!(
        r#"{{"p":{{"S":"p"}},"k":{{"S":"{k}"}},"n":{{"N":"{n}"}},"fill":{{"S":"{fill}"}}}}"#
    );
    crate::raw::put::<ByText>(db, &json).await;
}

/// DynamoDB refuses a page size of 0, so the library refuses it before sending.
#[tokio::test]
async fn page_size_of_zero_is_refused_before_sending() {
    let db = db().await;
    let message =
        "Query Ghost: a page has at least 1 item; raise `page_size` or `limit`, or leave it out";
    let query = || Ghost::query("a");
    let errors = [
        query().page_size(0).all(&db).await.err(),
        query().page_size(0).first(&db).await.err(),
        query().page_size(0).count(&db).await.err(),
        query().page_size(0).page(&db).await.err(),
        query().limit(0).page(&db).await.err(),
        query().page_size(0).stream(&db).try_next().await.err(),
    ];
    for e in errors {
        let e = e.expect("refused");
        assert!(e.is_invalid_request() && e.attempts() == 0, "{e}");
        assert_eq!(e.to_string(), message);
    }
    // If the table does not exist, the error names the remedy.
    let e = Ghost::get("a").send(&db).await.unwrap_err();
    assert!(e.is_table_not_found(), "{e}");
    assert!(e.to_string().contains("make it with `create_table`"), "{e}");
}

#[derive(Debug, dynamodel::Entity)]
#[dynamo(table = "ghosts")]
struct Ghost {
    #[dynamo(partition)]
    id: String,
}
