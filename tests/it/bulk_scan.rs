//! Scans in several segments that end early and go on.

use std::collections::BTreeSet;

use dynamodel::{BatchWrite, Db, Entity, Projection, ScanCursor};
use dynamodel_tests::faults::{self, Fault};
use futures_util::TryStreamExt;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
    note: Option<String>,
}

async fn filled(db: &Db, things: u64) {
    db.create_table::<Thing>().await.unwrap();
    let all = BatchWrite::new().put_all((0..things).map(|id| Thing { id, note: None }));
    all.send(db).await.unwrap();
}

#[tokio::test]
async fn it_goes_on_in_every_segment() {
    let (db, _) = faults::db().await;
    filled(&db, 200).await;
    let mut seen = BTreeSet::new();
    let mut given = 0;
    let mut cursor: Option<ScanCursor> = None;
    let mut runs = 0;
    loop {
        let scan = Thing::scan()
            .segments(4)
            .page_size(7)
            .resume_at(cursor.take());
        let mut things = scan.resumable(&db);
        for _ in 0..30 {
            let Some(thing) = things.try_next().await.unwrap() else {
                break;
            };
            seen.insert(thing.id);
            given += 1;
        }
        let stopped = things.cursor();
        assert_eq!(stopped.segments(), 4);
        runs += 1;
        assert!(runs < 100);
        if stopped.is_finished() {
            break;
        }
        let text = stopped.to_string();
        cursor = Some(text.parse().unwrap());
        assert_eq!(cursor, Some(stopped));
    }
    assert_eq!(seen.len(), 200, "none is left out");
    // At most the begun page of each segment comes again.
    assert!(given <= 200 + runs * 4 * 6, "{given} in {runs} runs");
    assert!(runs >= 6);
}

#[tokio::test]
async fn it_goes_on_after_an_error() {
    let (db, faults) = faults::db().await;
    filled(&db, 120).await;
    let refused = std::iter::repeat_n(Fault::Refuse("ValidationException", 400), 1);
    let passes = std::iter::repeat_n(Fault::Pass, 7);
    faults.next("Scan", passes.chain(refused));
    let mut things = Thing::scan().segments(3).page_size(5).resumable(&db);
    let mut seen = BTreeSet::new();
    let err = loop {
        match things.try_next().await {
            Ok(Some(thing)) => seen.insert(thing.id),
            Ok(None) => panic!("it ends with the error"),
            Err(e) => break e,
        };
    };
    assert_eq!(err.code(), Some("ValidationException"));
    assert!(seen.len() < 120);
    let rest = Thing::scan().resume_at(things.cursor()).resumable(&db);
    let rest: Vec<Thing> = rest.try_collect().await.unwrap();
    seen.extend(rest.iter().map(|t| t.id));
    assert_eq!(seen.len(), 120);
}

/// A worker's share goes on as that share.
#[tokio::test]
async fn one_segment_of_several_goes_on() {
    let (db, _) = faults::db().await;
    filled(&db, 60).await;
    let mut seen = Vec::new();
    for segment in 0..3 {
        let scan = || Thing::scan().segment(segment, 3).page_size(4);
        let share: Vec<u64> = scan()
            .all(&db)
            .await
            .unwrap()
            .iter()
            .map(|t| t.id)
            .collect();
        assert!(share.len() > 4, "{share:?}");
        let mut things = scan().resumable(&db);
        let mut given = Vec::new();
        for _ in 0..4 {
            given.push(things.try_next().await.unwrap().unwrap().id);
        }
        let stopped = things.cursor();
        assert!(!stopped.is_finished());
        let mut rest = scan().resume_at(stopped).resumable(&db);
        while let Some(thing) = rest.try_next().await.unwrap() {
            given.push(thing.id);
        }
        assert!(rest.cursor().is_finished());
        assert_eq!(given, share);
        seen.extend(given);
    }
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..60));
}

#[derive(Debug, Projection)]
#[dynamo(of = Thing)]
struct ThingView<'a> {
    id: u64,
    note: Option<&'a str>,
}

/// Borrowed pages are given whole, so that nothing comes twice.
#[tokio::test]
async fn borrowed_pages_go_on_too() {
    let (db, faults) = faults::db().await;
    filled(&db, 200).await;
    for prefetch in [false, true] {
        let mut seen = Vec::new();
        let mut cursor: Option<ScanCursor> = None;
        let mut runs = 0;
        loop {
            let scan = Thing::scan()
                .segments(4)
                .page_size(7)
                .prefetch(prefetch)
                .resume_at(cursor.take());
            let mut pages = scan.borrowed::<ThingView<'_>>().pages(&db);
            if runs % 3 == 2 {
                let refused = Fault::Refuse("ValidationException", 400);
                faults.next("Scan", [Fault::Pass, Fault::Pass, refused]);
            }
            for _ in 0..5 {
                let Ok(Some(page)) = pages.try_next().await else {
                    break;
                };
                for view in &page {
                    let view = view.unwrap();
                    assert_eq!(view.note, None);
                    seen.push(view.id);
                }
            }
            faults.clear();
            let stopped = pages.cursor().unwrap();
            assert_eq!(stopped.segments(), 4);
            runs += 1;
            assert!(runs < 100);
            if stopped.is_finished() {
                break;
            }
            cursor = Some(stopped.to_string().parse().unwrap());
        }
        assert!(runs >= 6);
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..200));
    }
    // At the limit, and of one segment of several.
    let scan = || Thing::scan().segment(1, 2).page_size(5);
    let mut pages = scan().limit(5).borrowed::<ThingView<'_>>().pages(&db);
    let first = pages.try_next().await.unwrap().unwrap();
    assert!(pages.try_next().await.unwrap().is_none());
    let rest = scan().resume_at(pages.cursor().unwrap());
    let mut given = first.count();
    let rest = rest.borrowed::<ThingView<'_>>();
    rest.each(&db, |_| given += 1).await.unwrap();
    assert_eq!(given, scan().count(&db).await.unwrap());
    // A query's pages tell it themselves.
    let query = Thing::query(1_u64).borrowed::<ThingView<'_>>().pages(&db);
    assert!(query.cursor().is_none());
}

#[test]
fn requests_can_be_looked_at() {
    let scan = || Thing::scan().segments(3).page_size(9);
    let json = scan().borrowed::<ThingView<'_>>().to_json().unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["Segment"], &json["TotalSegments"]),
        (&0.into(), &3.into())
    );
    assert_eq!(json["Limit"], 9);
    let names = &json["ExpressionAttributeNames"];
    assert_eq!(
        (&names["#n0"], &names["#n1"]),
        (&"id".into(), &"note".into())
    );
    let finished: ScanCursor = "1.~.~".parse().unwrap();
    let none = Thing::scan()
        .resume_at(finished)
        .borrowed::<ThingView<'_>>();
    assert!(none.to_json().unwrap_err().is_invalid_request());
}

#[tokio::test]
async fn cursors_of_other_scans_are_refused() {
    let (db, _) = faults::db().await;
    filled(&db, 3).await;
    let fresh = Thing::scan().segments(2).resumable(&db).cursor();
    assert_eq!(fresh.to_string(), "1..");
    assert!(!fresh.is_finished());
    let scan = Thing::scan().resume_at(fresh).segments(3);
    assert!(scan.all(&db).await.unwrap_err().is_invalid_cursor());
    for text in ["", "1", "2.~", "1.?", "1.~.AAAA"] {
        let parsed = text.parse::<ScanCursor>();
        assert!(parsed.is_err_and(|e| e.is_invalid_cursor()), "{text}");
    }
    let finished: ScanCursor = "1.~.~".parse().unwrap();
    assert!(finished.is_finished());
    let none = Thing::scan().resume_at(finished).all(&db).await.unwrap();
    assert!(none.is_empty());
}
