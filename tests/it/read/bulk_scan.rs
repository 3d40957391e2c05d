//! Scans in several segments that end early and continue from their cursor.

use std::collections::BTreeSet;

use dynamodel::{BatchWrite, Db, Entity, Projection, Scan, ScanCursor};
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
async fn resumable_scan_continues_in_every_segment() {
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
    // At most the interrupted page of each segment is read again.
    assert!(given <= 200 + runs * 4 * 6, "{given} in {runs} runs");
    assert!(runs >= 6);
}

#[tokio::test]
async fn resumable_scan_continues_after_error() {
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

/// A worker's share of the segments continues as that share.
#[tokio::test]
async fn resumable_scan_of_one_segment_continues_within_it() {
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

/// Borrowed pages are delivered whole, so no item is delivered twice.
#[tokio::test]
async fn resumable_borrowed_pages_deliver_each_item_once() {
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
    // The same at a limit, and with one segment of several.
    let scan = || Thing::scan().segment(1, 2).page_size(5);
    let mut pages = scan().limit(5).borrowed::<ThingView<'_>>().pages(&db);
    let first = pages.try_next().await.unwrap().unwrap();
    assert!(pages.try_next().await.unwrap().is_none());
    let rest = scan().resume_at(pages.cursor().unwrap());
    let mut given = first.count();
    let rest = rest.borrowed::<ThingView<'_>>();
    rest.each(&db, |_| given += 1).await.unwrap();
    assert_eq!(given, scan().count(&db).await.unwrap());
    // Pages of a query have their own cursors.
    let query = Thing::query(1_u64).borrowed::<ThingView<'_>>().pages(&db);
    assert!(query.cursor().is_none());
}

#[test]
fn scan_shows_request_of_its_first_segment() {
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
async fn scan_refuses_cursors_of_other_scans() {
    let (db, _) = faults::db().await;
    filled(&db, 3).await;
    let fresh = Thing::scan().segments(2).resumable(&db).cursor();
    assert_eq!(fresh.to_string(), "1..");
    assert!(!fresh.is_finished());
    let scan = Thing::scan().resume_at(fresh.clone()).segments(3);
    let e = scan.all(&db).await.unwrap_err();
    assert!(e.is_invalid_cursor(), "{e}");
    assert!(e.to_string().contains("leave out `segments`"), "{e}");
    let page = Thing::scan().page_size(1).page(&db).await.unwrap();
    let scan = Thing::scan().resume_at(fresh).start_at(page.next);
    let e = scan.all(&db).await.unwrap_err();
    assert!(e.is_invalid_request(), "{e}");
    assert!(e.to_string().contains("two places to start"), "{e}");
    for text in ["", "1", "2.~", "1.?", "1.~.AAAA"] {
        let parsed = text.parse::<ScanCursor>();
        assert!(parsed.is_err_and(|e| e.is_invalid_cursor()), "{text}");
    }
    let finished: ScanCursor = "1.~.~".parse().unwrap();
    assert!(finished.is_finished());
    let none = Thing::scan().resume_at(finished).all(&db).await.unwrap();
    assert!(none.is_empty());
}

/// Every kind of read continues from a cursor, not only streams.
#[tokio::test]
async fn every_kind_of_read_continues_from_scan_cursor() {
    let (db, _) = faults::db().await;
    filled(&db, 12).await;
    for (segments, single) in [(1, true), (3, false)] {
        let mut things = Thing::scan().segments(segments).page_size(2).resumable(&db);
        let mut seen = BTreeSet::new();
        while seen.len() < 6 {
            seen.insert(things.try_next().await.unwrap().unwrap().id);
        }
        let cursor = things.cursor();
        let on = || Thing::scan().resume_at(cursor.clone());
        let rest: BTreeSet<_> = on().all(&db).await.unwrap().iter().map(|t| t.id).collect();
        assert!(rest.len() < 12 && rest.union(&seen).count() == 12);
        assert_eq!(on().count(&db).await.unwrap(), rest.len() as u64);
        let first = on().first(&db).await.unwrap().unwrap();
        assert!(rest.contains(&first.id));
        assert!(on().to_json().unwrap().contains("ExclusiveStartKey"));
        let page = on().page(&db).await;
        let borrowed = on().borrowed::<ThingView<'_>>().page(&db).await;
        if single {
            let ids = page.unwrap().items.into_iter().map(|t| t.id);
            assert_eq!(ids.collect::<BTreeSet<_>>(), rest);
            assert_eq!(borrowed.unwrap().count(), rest.len() as u64);
        } else {
            let message = "Scan Thing: a page belongs to one segment; use `segment(i, n)`";
            assert_eq!(page.unwrap_err().to_string(), message);
            assert_eq!(borrowed.unwrap_err().to_string(), message);
        }
    }
    let finished = || Thing::scan().resume_at("1.~.~".parse::<ScanCursor>().unwrap());
    assert_eq!(finished().first(&db).await.unwrap(), None);
    assert_eq!(finished().count(&db).await.unwrap(), 0);
    let message = "nothing is left to read; the cursor is that of a finished scan";
    let e = finished().page(&db).await.unwrap_err();
    assert_eq!(e.to_string(), format!("Scan Thing: {message}"));
    assert!(finished().to_json().unwrap_err().is_invalid_request());
    let e = finished().borrowed::<ThingView<'_>>().page(&db).await;
    assert_eq!(e.unwrap_err().to_string(), format!("Scan: {message}"));
}

/// Items that pass the filter but exceed the limit follow after the cursor.
#[tokio::test]
async fn scan_continues_after_limit_within_page() {
    let (db, _) = faults::db().await;
    filled(&db, 20).await;
    let odd = || Thing::scan().filter(|t| t.note.not_exists());
    for segments in [1, 3] {
        let limited = odd().segments(segments).limit(3);
        let mut pages = limited.borrowed::<ThingView<'_>>().pages(&db);
        let mut seen = Vec::new();
        while let Some(page) = pages.try_next().await.unwrap() {
            seen.extend(page.items().unwrap().iter().map(|t| t.id));
        }
        assert_eq!(seen.len(), 3);
        let cursor = pages.cursor().unwrap();
        assert!(!cursor.is_finished());
        let rest = odd().resume_at(cursor).borrowed::<ThingView<'_>>();
        rest.each(&db, |t| seen.push(t.id)).await.unwrap();
        assert!(
            seen.into_iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .eq(0..20)
        );
    }
}

/// A refused scan has not reached its end: a job that stores the cursor loses no items.
#[tokio::test]
async fn refused_scan_keeps_cursor_of_its_start() {
    let (db, _) = faults::db().await;
    filled(&db, 9).await;
    let mut things = Thing::scan().segments(2).page_size(1).resumable(&db);
    things.try_next().await.unwrap();
    let saved = things.cursor();
    let check = async |scan: &dyn Fn() -> Scan<Thing>, expected: &str| {
        let expected: ScanCursor = expected.parse().unwrap();
        assert!(!expected.is_finished());
        let mut things = scan().resumable(&db);
        assert_eq!(things.cursor(), expected);
        things.try_next().await.unwrap_err();
        assert_eq!(things.cursor(), expected);
        assert_eq!(things.try_next().await.unwrap(), None);
        assert_eq!(things.cursor(), expected);
        let mut pages = scan().borrowed::<ThingView<'_>>().pages(&db);
        pages.try_next().await.unwrap_err();
        assert_eq!(pages.cursor(), Some(expected));
    };
    let resumed = || Thing::scan().resume_at(saved.clone());
    check(&|| resumed().segments(3), &saved.to_string()).await;
    check(&|| Thing::scan().segments(3).segment(7, 2), "1...").await;
    check(&|| Thing::scan().segments(0), "1.").await;
    check(&|| Thing::scan().segments(usize::MAX), "1.").await;
}

#[tokio::test]
async fn scan_cursor_serializes_as_string() {
    let (db, _) = faults::db().await;
    filled(&db, 9).await;
    let mut things = Thing::scan().segments(2).page_size(2).resumable(&db);
    things.try_next().await.unwrap();
    let cursor = things.cursor();
    let json = serde_json::to_string(&cursor).unwrap();
    assert_eq!(json, format!("\"{cursor}\""));
    assert_eq!(serde_json::from_str::<ScanCursor>(&json).unwrap(), cursor);
    for text in ["7", r#""2.~""#] {
        assert!(serde_json::from_str::<ScanCursor>(text).is_err(), "{text}");
    }
}
