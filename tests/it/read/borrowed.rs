//! Borrowed items equal the owned ones of the same page.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use dynamodel::{Binary, BorrowedPage, Db, Document, Entity, Error, Projection};
use dynamodel_tests::db;
use dynamodel_tests::faults::{self, Fault};
use futures_util::TryStreamExt;
use proptest::prelude::*;

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "letters")]
#[dynamo(index(by_sender, partition = sender, project = [subject]))]
struct Letter {
    #[dynamo(partition)]
    to: String,
    #[dynamo(sort, rename = "no")]
    number: u64,
    sender: String,
    subject: Option<String>,
    kind: Kind,
    lines: Vec<String>,
    scores: Vec<Option<i64>>,
    labels: BTreeSet<String>,
    headers: BTreeMap<String, String>,
    weight: f64,
    open: bool,
    seal: Binary,
    place: Place,
    stops: Vec<Place>,
    #[dynamo(ttl)]
    expires: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Document)]
enum Kind {
    Letter,
    #[dynamo(rename = "post \"card\"")]
    Card,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Place {
    country: String,
    #[dynamo(rename = "c")]
    city: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Projection)]
#[dynamo(of = Letter)]
struct LetterView<'a> {
    to: &'a str,
    number: u64,
    sender: Cow<'a, str>,
    subject: Option<&'a str>,
    kind: &'a str,
    lines: Vec<&'a str>,
    scores: Vec<Option<i64>>,
    labels: BTreeSet<&'a str>,
    headers: HashMap<&'a str, Cow<'a, str>>,
    weight: f64,
    open: bool,
    seal: Binary,
    place: PlaceView<'a>,
    stops: Vec<PlaceView<'a>>,
    expires: u64,
}

#[derive(Debug, Clone, PartialEq, Projection)]
#[dynamo(of = Place)]
struct PlaceView<'a> {
    country: &'a str,
    city: Option<&'a str>,
}

/// Projection of the attributes in the index, and of attributes that may be missing.
#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Letter)]
struct Envelope<'a> {
    #[dynamo(default = "none")]
    sender: &'a str,
    to: Option<&'a str>,
    subject: Option<&'a str>,
    number: Option<u64>,
}

/// Converts a view to the entity.
fn owned(view: &LetterView<'_>) -> Letter {
    let place = |view: &PlaceView<'_>| Place {
        country: view.country.to_owned(),
        city: view.city.map(str::to_owned),
    };
    let text = |text: &&str| (*text).to_owned();
    Letter {
        to: view.to.to_owned(),
        number: view.number,
        sender: view.sender.clone().into_owned(),
        subject: view.subject.map(str::to_owned),
        kind: match view.kind {
            "Letter" => Kind::Letter,
            _ => Kind::Card,
        },
        lines: view.lines.iter().map(text).collect(),
        scores: view.scores.clone(),
        labels: view.labels.iter().map(text).collect(),
        headers: view
            .headers
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.clone().into_owned()))
            .collect(),
        weight: view.weight,
        open: view.open,
        seal: view.seal.clone(),
        place: place(&view.place),
        stops: view.stops.iter().map(place).collect(),
        expires: view.expires,
    }
}

fn letter(number: u64, text: &str) -> Letter {
    Letter {
        to: "ann".into(),
        number,
        sender: format!("sender {number}"),
        subject: number.is_multiple_of(2).then(|| text.to_owned()),
        kind: if number.is_multiple_of(3) {
            Kind::Card
        } else {
            Kind::Letter
        },
        lines: vec![text.to_owned(); number as usize % 4],
        scores: vec![Some(-3), None, Some(7)],
        labels: (0..number % 3).map(|n| format!("{n}{text}")).collect(),
        headers: BTreeMap::from([(format!("h{text}"), text.to_owned())]),
        weight: 0.5,
        open: number % 2 == 1,
        seal: Binary::from(text.as_bytes()),
        place: Place {
            country: text.to_owned(),
            city: (number % 2 == 1).then(|| text.to_owned()),
        },
        stops: vec![
            Place {
                country: "PT".into(),
                city: None,
            };
            number as usize % 2
        ],
        expires: 4_000_000_000,
    }
}

const TEXTS: [&str; 8] = [
    "plain",
    "a \"quoted\" word",
    "line\nline\ttab\r\u{8}\u{c}\u{1}",
    "back\\slash\\",
    "\"",
    "é ☃ 𝄞 \u{7f}",
    "],\"Count\":1}",
    "\\\"],\"ScannedCount\":3}",
];

async fn letters() -> (Db, Vec<Letter>) {
    let db = db().await;
    db.create_table::<Letter>().await.unwrap();
    let letters: Vec<Letter> = (0..24)
        .map(|n| letter(n, TEXTS[n as usize % TEXTS.len()]))
        .collect();
    for letter in &letters {
        letter.clone().put().send(&db).await.unwrap();
    }
    (db, letters)
}

fn items(page: &BorrowedPage<LetterView<'_>>) -> Vec<Letter> {
    page.items().unwrap().iter().map(owned).collect()
}

#[tokio::test]
async fn borrowed_page_holds_all_items_of_query() {
    let (db, letters) = letters().await;
    let page = Letter::query("ann").borrowed::<LetterView>();
    let page = page.page(&db).await.unwrap();
    assert_eq!(items(&page), letters);
    assert_eq!((page.count(), page.scanned_count()), (24, 24));
    assert!(page.next().is_none());
    assert!(page.consumed_capacity().is_none());
    // A page's items can be read again, also one by one.
    let again: Vec<_> = page.iter().map(|item| owned(&item.unwrap())).collect();
    assert_eq!(again, letters);
    let empty = Letter::query("nobody").borrowed::<LetterView>();
    let empty = empty.page(&db).await.unwrap();
    assert_eq!(empty.iter().count(), 0);
    assert_eq!(empty.items().unwrap(), []);
}

#[tokio::test]
async fn borrowed_pages_follow_cursor_limit_and_filter_of_query() {
    let (db, letters) = letters().await;
    let query = || Letter::query("ann").sort(|k| k.number.ge(3)).page_size(5);
    let mut start = None;
    let mut all = Vec::new();
    loop {
        let page = query().start_at(start).measured().borrowed::<LetterView>();
        let page = page.page(&db).await.unwrap();
        all.extend(items(&page));
        assert!(page.consumed_capacity().is_some());
        start = page.next();
        if start.is_none() {
            break;
        }
        assert_eq!(page.count(), 5);
    }
    assert_eq!(all, letters[3..]);

    for prefetch in [false, true] {
        let pages = query().prefetch(prefetch).borrowed::<LetterView>();
        let pages = pages
            .pages(&db)
            .try_fold(Vec::new(), |mut all, page| async move {
                all.extend(items(&page));
                Ok(all)
            });
        assert_eq!(pages.await.unwrap(), letters[3..]);
    }

    let mut seen = Vec::new();
    let newest = query().descending().limit(7).borrowed::<LetterView>();
    newest.each(&db, |l| seen.push(l.number)).await.unwrap();
    assert_eq!(seen, (17..24).rev().collect::<Vec<_>>());

    let mut seen = Vec::new();
    let filtered = query().filter(|l| l.open.eq(true)).limit(4);
    let filtered = filtered.borrowed::<LetterView>();
    filtered.each(&db, |l| seen.push(l.number)).await.unwrap();
    assert_eq!(seen, [3, 5, 7, 9]);
}

#[tokio::test]
async fn borrowed_scan_reads_every_segment() {
    let (db, letters) = letters().await;
    let mut seen = Vec::new();
    let scan = Letter::scan()
        .segments(4)
        .page_size(3)
        .borrowed::<LetterView>();
    scan.each(&db, |l| seen.push(owned(&l))).await.unwrap();
    seen.sort_by_key(|l| l.number);
    assert_eq!(seen, letters);

    let scan = Letter::scan().segments(4).borrowed::<LetterView>();
    let e = scan.page(&db).await.unwrap_err();
    assert!(e.is_invalid_request(), "{e}");
    let e = Letter::scan().segments(0).borrowed::<LetterView>();
    let e = e.each(&db, |_| {}).await.unwrap_err();
    assert!(e.is_invalid_request(), "{e}");
}

#[tokio::test]
async fn borrowed_index_query_fills_missing_attributes() {
    let (db, _) = letters().await;
    let page = Letter::by_sender("sender 3").borrowed::<Envelope>();
    let page = page.page(&db).await.unwrap();
    let expected = Envelope {
        sender: "sender 3",
        to: Some("ann"),
        subject: None,
        number: Some(3),
    };
    assert_eq!(page.items().unwrap(), [expected]);
}

#[tokio::test]
async fn try_each_stops_at_first_error_of_closure() {
    let (db, _) = letters().await;
    #[derive(Debug)]
    enum Stop {
        Enough,
        Failed,
    }
    impl From<Error> for Stop {
        fn from(_: Error) -> Self {
            Stop::Failed
        }
    }
    let mut seen = 0;
    let read = Letter::query("ann").page_size(3).borrowed::<LetterView>();
    let stopped = read.try_each(&db, |l| {
        seen += 1;
        if l.number == 4 {
            Err(Stop::Enough)
        } else {
            Ok(())
        }
    });
    assert!(matches!(stopped.await, Err(Stop::Enough)));
    assert_eq!(seen, 5);
    let invalid = Letter::query("").borrowed::<LetterView>();
    let failed = invalid.try_each(&db, |_| Ok(())).await;
    assert!(matches!(failed, Err(Stop::Failed)));
}

#[tokio::test]
async fn unreadable_item_does_not_affect_other_borrowed_items() {
    let (db, letters) = letters().await;
    let bad = r#"{"to":{"S":"ann"},"no":{"N":"4"},"sender":{"S":"secret"},"stops":{"L":[{"M":{"country":{"N":"1"}}}]}}"#;
    raw::put::<Letter>(&db, bad).await;
    let page = Letter::query("ann").borrowed::<LetterView>();
    let page = page.page(&db).await.unwrap();
    let results: Vec<_> = page.iter().collect();
    assert_eq!(results.len(), letters.len());
    for (n, result) in results.into_iter().enumerate() {
        match result {
            Ok(view) => assert_eq!(owned(&view), letters[n]),
            Err(e) => {
                assert_eq!(n, 4);
                check(&e);
            }
        }
    }
    check(&page.items().unwrap_err());
    let mut seen = 0;
    let each = Letter::query("ann").borrowed::<LetterView>();
    check(&each.each(&db, |_| seen += 1).await.unwrap_err());
    assert_eq!(seen, 4);
}

fn check(e: &Error) {
    assert!(e.is_unreadable());
    assert_eq!(e.entity(), Some("Letter"));
    assert_eq!(e.operation(), Some("Query"));
    assert_eq!(e.attribute_path().as_deref(), Some("stops[0].country"));
    let text = format!("{e} {e:?}");
    assert!(text.contains("expected S, found N"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

/// The members after the items are found by a search from the end of the response, whatever the items
/// contain.
#[tokio::test]
async fn borrowed_page_accepts_any_json_form_of_response() {
    let (db, faults) = faults::db().await;
    db.create_table::<Thing>().await.unwrap();
    let forms = [
        (
            r#"{"Items":[{"id":{"S":"a]}"},"x":{"SS":["],","]"]}}],"Count":1,"ScannedCount":9}"#,
            "a]}",
            9,
        ),
        (r#"{"Count":1,"Items":[{"id":{"S":"b"}}]}"#, "b", 0),
        (
            " {\"ScannedCount\" : 2 , \"Items\" : [ {\"id\" : {\"S\" : \"c\" } } ] , \"Count\" : 1 } \n",
            "c",
            2,
        ),
        (
            r#"{"Count":1,"Items":[{"id":{"S":"d"}}],"New":[{"x":1}],"ScannedCount":1,"Newer":[[1]]}"#,
            "d",
            1,
        ),
        (
            r#"{"Count":1,"Items":[{"id":{"S":"e\",],\"Count\":1}"}}],"LastEvaluatedKey":null,"ScannedCount":1}"#,
            "e\",],\"Count\":1}",
            1,
        ),
    ];
    for (answer, id, scanned) in forms {
        faults.next("Query", [Fault::Answer(answer)]);
        let page = Thing::query("x").borrowed::<ThingView>();
        let page = page.page(&db).await.unwrap();
        let views = page.items().unwrap();
        assert_eq!(views.iter().map(|t| t.id).collect::<Vec<_>>(), [id]);
        assert_eq!(page.scanned_count(), scanned, "{answer}");
        assert!(page.next().is_none());
    }
    faults.next("Query", [Fault::Answer(r#"{"Count":0,"ScannedCount":0}"#)]);
    let page = Thing::query("x").borrowed::<ThingView>();
    assert_eq!(page.page(&db).await.unwrap().iter().count(), 0);
    for broken in [
        r#"{"Count":1,"Items":[{"id":{"S":"a"}}"#,
        r#"{"Count":1,"Items":[{"id":{"S":"a}}],"Count":1}"#,
        r#"{"Count":1,"Items":[{"id":{"S":"\q"}}],"Count":1}"#,
        r#"{"Count":1,"Items":[{"id":{"S":"a"}},],"Count":1}"#,
        r#"{"Count":1,"Items":[{"id":{"S":"a"}}]],"Count":1}"#,
    ] {
        faults.next("Query", [Fault::Answer(broken)]);
        let mut seen = 0;
        let read = Thing::query("x").borrowed::<ThingView>();
        let e = read.each(&db, |_| seen += 1).await.unwrap_err();
        assert!(!e.is_unreadable(), "{broken}: {e}");
    }
}

/// A kept page may turn out to be unreadable when its items are read; the error describes the request of
/// that page.
#[tokio::test]
async fn unreadable_kept_page_reports_its_request() {
    const FIRST: &str =
        r#"{"Items":[{"id":{"S":"a"}}],"Count":1,"LastEvaluatedKey":{"id":{"S":"a"}}}"#;
    // The members around the items are valid, but the list of items has a stray comma.
    const BROKEN: &str = r#"{"Items":[{"id":{"S":"secret"}},],"Count":1}"#;
    let (db, faults) = faults::db_of_bytes().await;
    db.create_table::<Thing>().await.unwrap();
    let check = |e: Error| {
        assert!(e.is_invalid_response(), "{e}");
        assert_eq!(e.request_id(), Some(faults::REQUEST_ID));
        assert_eq!((e.attempts(), e.entity()), (2, Some("Thing")));
        assert!(!format!("{e} {e:?}").contains("secret"), "{e}");
    };
    let script = || {
        let answers = [Fault::Answer(FIRST), Fault::THROTTLE, Fault::Answer(BROKEN)];
        faults.next("Query", answers);
    };
    script();
    check(Thing::query("x").all(&db).await.unwrap_err());
    script();
    let mut seen = 0;
    let read = Thing::query("x").borrowed::<ThingView>();
    check(read.each(&db, |_| seen += 1).await.unwrap_err());
    assert_eq!(seen, 2);
    faults.next("Query", [Fault::THROTTLE, Fault::Answer(BROKEN)]);
    let page = Thing::query("x").borrowed::<ThingView>();
    check(page.page(&db).await.unwrap().items().unwrap_err());
    // The same for the pages of an index's shards.
    db.create_table::<Spread>().await.unwrap();
    const BROKEN_SHARD: &str = r#"{"Items":[{"id":{"S":"secret"},"kind":{"N":"1"}},],"Count":1}"#;
    let answers = [
        Fault::THROTTLE,
        Fault::Answer("{}"),
        Fault::Answer(BROKEN_SHARD),
    ];
    faults.next("Query", answers);
    let e = Spread::by_kind(1)
        .concurrency(1)
        .all(&db)
        .await
        .unwrap_err();
    assert!(e.is_invalid_response(), "{e}");
    assert_eq!(e.request_id(), Some(faults::REQUEST_ID));
    assert_eq!((e.attempts(), e.entity()), (1, Some("Spread")));
}

#[derive(Debug, Entity)]
#[dynamo(table = "borrowed_spread", index(by_kind, partition = kind, shards = 2))]
struct Spread {
    #[dynamo(partition)]
    id: String,
    kind: u8,
}

#[derive(Debug, Entity)]
#[dynamo(table = "borrowed_things")]
struct Thing {
    #[dynamo(partition)]
    id: String,
}

#[derive(Debug, Projection)]
#[dynamo(of = Thing)]
struct ThingView<'a> {
    id: &'a str,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn borrowed_items_equal_owned_items_of_any_text(texts in prop::collection::vec(any::<String>(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let db = db().await;
            db.create_table::<Letter>().await.unwrap();
            for (n, text) in texts.iter().enumerate() {
                letter(n as u64, text).put().send(&db).await.unwrap();
            }
            let query = || Letter::query("ann").page_size(4);
            let expected = query().all(&db).await.unwrap();
            let mut views = Vec::new();
            let read = query().borrowed::<LetterView>();
            read.each(&db, |view| views.push(owned(&view))).await.unwrap();
            assert_eq!(views, expected);
        });
    }
}
