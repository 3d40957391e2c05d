//! Batches of any size, with results in the order of the keys.

use dynamodel::{BatchGet, BatchWrite, Db, Entity, Projection, batch_get};
use dynamodel_tests::db;

use crate::entities::{Session, SessionSummary, session};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "things")]
struct Thing {
    #[dynamo(partition)]
    group: u32,
    #[dynamo(sort)]
    number: u64,
    text: String,
}

/// Another entity of the same table, without the text.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "things")]
struct Bare {
    #[dynamo(partition)]
    group: u32,
    #[dynamo(sort)]
    number: u64,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Thing)]
struct Text {
    text: String,
}

fn thing(number: u64) -> Thing {
    Thing {
        group: 1,
        number,
        text: format!("text {number}"),
    }
}

async fn things(count: u64) -> Db {
    let db = db().await;
    db.create_table::<Thing>().await.unwrap();
    db.create_table::<Session>().await.unwrap();
    let all = BatchWrite::new().put_all((0..count).map(thing));
    all.send(&db).await.unwrap();
    db
}

#[tokio::test]
async fn batch_get_returns_items_in_order_of_keys() {
    let db = things(250).await;
    let mut numbers: Vec<u64> = (0..300).collect();
    fastrand::Rng::with_seed(7).shuffle(&mut numbers);
    numbers.extend([3, 3, 299]);
    let keys = numbers.iter().map(|n| Thing::key(1_u32, *n));
    let found = BatchGet::new(keys).consistent().send(&db).await.unwrap();
    let expected: Vec<_> = numbers
        .iter()
        .map(|n| (*n < 250).then(|| thing(*n)))
        .collect();
    assert_eq!(found, expected);

    let none = BatchGet::<Thing>::new([]).send(&db).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn batch_get_of_projection_keeps_order_of_keys() {
    let db = things(5).await;
    let keys = [4, 9, 0].map(|n| Thing::key(1_u32, n as u64));
    let found = BatchGet::new(keys)
        .select::<Text>()
        .send(&db)
        .await
        .unwrap();
    let texts: Vec<_> = found.into_iter().map(|t| t.map(|t| t.text)).collect();
    assert_eq!(
        texts,
        [Some("text 4".to_owned()), None, Some("text 0".to_owned())]
    );
}

#[tokio::test]
async fn batch_get_reads_several_entities_and_tables() {
    let db = things(120).await;
    session("u1", "s1").create().send(&db).await.unwrap();
    let keys = || (0..120).map(|n| Thing::key(1_u32, n as u64));
    let bare = (0..3).map(|n| Bare::key(1_u32, n as u64));
    let (all, texts, bare, sessions) = batch_get((
        BatchGet::new(keys()).consistent(),
        BatchGet::new(keys().take(2)).select::<Text>(),
        BatchGet::new(bare),
        BatchGet::new(["s1", "s2"].map(|s| Session::key("u1", s))).select::<SessionSummary>(),
    ))
    .concurrency(2)
    .send(&db)
    .await
    .unwrap();
    assert!(
        all.iter()
            .enumerate()
            .all(|(n, t)| *t == Some(thing(n as u64)))
    );
    assert_eq!(all.len(), 120);
    let text = |n: u64| {
        Some(Text {
            text: thing(n).text,
        })
    };
    assert_eq!(texts, [text(0), text(1)]);
    assert_eq!(
        bare[2],
        Some(Bare {
            group: 1,
            number: 2
        })
    );
    assert_eq!(sessions[0].as_ref().unwrap().user_id, "u1");
    assert!(sessions[1].is_none());
}

#[tokio::test]
async fn batch_write_puts_and_deletes_several_entities() {
    let db = things(60).await;
    let stored = session("u1", "s1").create().send(&db).await.unwrap();
    let mut changed = stored.clone();
    changed.views = 9;
    BatchWrite::new()
        .put_all((60..90).map(thing))
        .delete_all((0..30).map(|n| Thing::key(1_u32, n as u64)))
        .put(changed.put().unversioned())
        .put(session("u1", "s2").put().unversioned())
        .delete(Session::key("u1", "s9"))
        .concurrency(3)
        .send(&db)
        .await
        .unwrap();
    let left = Thing::query(1_u32).all(&db).await.unwrap();
    let numbers: Vec<_> = left.iter().map(|t| t.number).collect();
    assert_eq!(numbers, (30..90).collect::<Vec<_>>());
    let s = Session::get("u1", "s1")
        .consistent()
        .send(&db)
        .await
        .unwrap();
    let s = s.unwrap();
    assert_eq!((s.views, s.version), (9, 2));
    assert_eq!(Session::query("u1").count(&db).await.unwrap(), 2);
    BatchWrite::new().send(&db).await.unwrap();
}

#[tokio::test]
async fn batch_write_refuses_two_writes_of_one_item() {
    let db = things(0).await;
    let twice = || {
        let other = Thing {
            text: "later".into(),
            ..thing(1)
        };
        BatchWrite::new().put(thing(0)).put(thing(1)).put(other)
    };
    let err = twice().send(&db).await.unwrap_err();
    assert!(err.is_invalid_request());
    assert!(err.to_string().contains("writes 2 and 3"), "{err}");
    assert_eq!(Thing::query(1_u32).count(&db).await.unwrap(), 0);

    twice().last_wins().send(&db).await.unwrap();
    let texts = Thing::query(1_u32).all(&db).await.unwrap();
    let texts: Vec<_> = texts.into_iter().map(|t| t.text).collect();
    assert_eq!(texts, ["text 0", "later"]);
}

#[tokio::test]
async fn batch_refuses_invalid_writes_and_keys_before_sending() {
    let db = things(0).await;
    let conditional = BatchWrite::new().put(thing(1)).put(thing(2).create());
    assert!(
        conditional
            .send(&db)
            .await
            .unwrap_err()
            .is_invalid_request()
    );
    let when = thing(2).put().when(|t| t.text.eq("x"));
    let conditional = BatchWrite::new().put(when);
    assert!(
        conditional
            .send(&db)
            .await
            .unwrap_err()
            .is_invalid_request()
    );
    let large = Thing {
        text: "x".repeat(410_000),
        ..thing(3)
    };
    let err = BatchWrite::new().put(thing(1)).put(large).send(&db).await;
    assert!(err.unwrap_err().is_limit_exceeded());
    let err = BatchWrite::new()
        .delete(Session::key("", "s"))
        .send(&db)
        .await;
    assert!(err.unwrap_err().is_invalid_key());
    let keys = [Session::key("u", "s"), Session::key("u", "")];
    assert!(
        BatchGet::new(keys)
            .send(&db)
            .await
            .unwrap_err()
            .is_invalid_key()
    );
    assert_eq!(Thing::query(1_u32).count(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn batch_splits_large_items_over_requests() {
    let db = things(0).await;
    // 60 items of 390 KB exceed the 16 MB that one response can hold.
    let large = |n: u64| Thing {
        text: "x".repeat(390_000),
        ..thing(n)
    };
    BatchWrite::new()
        .put_all((0..60).map(large))
        .send(&db)
        .await
        .unwrap();
    let keys = (0..60).map(|n| Thing::key(1_u32, n as u64));
    let measured = BatchGet::new(keys).send_measured(&db).await.unwrap();
    assert_eq!(measured.output.len(), 60);
    assert!(
        measured
            .output
            .iter()
            .all(|t| t.as_ref().is_some_and(|t| t.text.len() == 390_000))
    );
    let units = measured.consumed_capacity.unwrap().capacity_units;
    assert!(units > 1_000.0, "{units}");
}

/// The same keys are requested as two entities and a projection, with duplicates.
#[tokio::test]
async fn batch_get_returns_item_for_each_duplicate_key() {
    let db = things(3).await;
    let keys = || [2, 0, 2, 9, 9].map(|n| Thing::key(1_u32, n as u64));
    let (things, bare, texts) = batch_get((
        BatchGet::new(keys()),
        BatchGet::new([2, 1].map(|n| Bare::key(1_u32, n as u64))),
        BatchGet::new(keys()).select::<Text>(),
    ))
    .send(&db)
    .await
    .unwrap();
    let expected = [2, 0, 2].map(|n| Some(thing(n)));
    assert_eq!(things[..3], expected);
    assert_eq!(things[3..], [None, None]);
    let numbers: Vec<_> = bare.into_iter().flatten().map(|b| b.number).collect();
    assert_eq!(numbers, [2, 1]);
    let texts: Vec<_> = texts.into_iter().flatten().map(|t| t.text).collect();
    assert_eq!(texts, ["text 2", "text 0", "text 2"]);
}

/// The error is that of the first key whose item is unreadable, whatever the order of the response.
#[tokio::test]
async fn batch_get_reports_first_unreadable_item() {
    let db = things(3).await;
    for (number, text) in [(7, r#"{"N":"1"}"#), (8, r#"{"BOOL":true}"#)] {
        let item = format!(
            r#"{{"group":{{"N":"1"}},"number":{{"N":"{number}"}},"text":{text},"other":{{"L":[]}}}}"#
        );
        crate::raw::put::<Thing>(&db, &item).await;
    }
    for (first, second, found) in [(8, 7, "BOOL"), (7, 8, "found N")] {
        let keys = [0, first, second, first].map(|n| Thing::key(1_u32, n as u64));
        let e = BatchGet::new(keys).send(&db).await.unwrap_err();
        assert!(e.is_unreadable());
        assert_eq!(e.entity(), Some("Thing"));
        assert_eq!(e.attribute_path().as_deref(), Some("text"));
        assert!(e.to_string().contains(found), "{e}");
        // An entity without the text reads the same items.
        let bare = [first, 0].map(|n| Bare::key(1_u32, n as u64));
        assert!(BatchGet::new(bare).send(&db).await.is_ok());
    }
}
