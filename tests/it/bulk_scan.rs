//! Scans in several segments that end early and go on.

use std::collections::BTreeSet;

use dynamodel::{BatchWrite, Db, Entity, ScanCursor};
use dynamodel_tests::faults::{self, Fault};
use futures_util::TryStreamExt;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    id: u64,
}

async fn filled(db: &Db, things: u64) {
    db.create_table::<Thing>().await.unwrap();
    let all = BatchWrite::new().put_all((0..things).map(|id| Thing { id }));
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
