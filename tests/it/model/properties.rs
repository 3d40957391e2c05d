//! Round trips of random keys and values.

use std::collections::{BTreeMap, BTreeSet};

use dynamodel::{Binary, Cursor, Db, Document, Entity};
use dynamodel_tests::db;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "random")]
#[dynamo(index(by_bytes, partition = bytes, sort = number))]
struct Random {
    #[dynamo(partition)]
    p: String,
    #[dynamo(sort)]
    s: String,
    bytes: Binary,
    number: i128,
    text: String,
    ratio: f64,
    set: BTreeSet<String>,
    map: BTreeMap<String, Option<String>>,
    list: Vec<Inner>,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Inner {
    text: String,
    bytes: Option<Binary>,
}

/// Text that is difficult for writers and readers of JSON: quotes, backslashes, controls, surrogate
/// pairs.
fn text(length: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        3 => any::<char>(),
        2 => prop::sample::select(vec!['"', '\\', '/', '\n', '\r', '\t', '\0', '\u{1f}', '\u{7f}', '{', '}']),
        2 => prop::sample::select(vec!['a', 'é', '€', '𝄞', '\u{2028}', '\u{feff}', '\u{ffff}']),
    ];
    vec(character, length).prop_map(|chars| chars.into_iter().collect())
}

fn number() -> impl Strategy<Value = i128> {
    const MOST: i128 = 10_i128.pow(38) - 1;
    prop_oneof![
        Just(0),
        Just(MOST),
        Just(-MOST),
        -MOST..=MOST,
        -1_000..1_000_i128
    ]
}

fn ratio() -> impl Strategy<Value = f64> {
    // These magnitudes are within DynamoDB's range.
    prop_oneof![
        Just(0.0),
        -1e9..1e9_f64,
        (-1e120..1e120_f64),
        (1e-120..1e-100_f64)
    ]
}

fn random() -> impl Strategy<Value = Random> {
    let inner = (text(0..8), prop::option::of(vec(any::<u8>(), 0..9)));
    let inner = inner.prop_map(|(text, bytes)| Inner {
        text,
        bytes: bytes.map(Binary::from),
    });
    let keys = (text(1..20), text(1..20), vec(any::<u8>(), 1..20), number());
    let set = btree_set(text(0..6), 0..4);
    let map = btree_map(text(1..6), prop::option::of(text(0..6)), 0..4);
    let rest = (text(0..30), ratio(), set, map, vec(inner, 0..4));
    (keys, rest).prop_map(
        |((p, s, bytes, number), (text, ratio, set, map, list))| Random {
            p,
            s,
            bytes: bytes.into(),
            number,
            text,
            ratio,
            set,
            map,
            list,
        },
    )
}

async fn check(db: &Db, item: Random) {
    let (p, s) = (item.p.clone(), item.s.clone());
    let stored = item.clone().put().send(db).await.unwrap();
    assert_eq!(stored, item);
    let get = Random::get(&p, &s).consistent().send(db).await.unwrap();
    assert_eq!(get.as_ref(), Some(&item));
    let query = Random::query(&p)
        .sort(|k| k.s.eq(&s))
        .filter(|r| r.text.eq(&item.text));
    assert_eq!(query.all(db).await.unwrap(), std::slice::from_ref(&item));
    let first: String = s.chars().take(1).collect();
    let prefixed = Random::query(&p).sort(|k| k.s.begins_with(&first));
    assert!(prefixed.all(db).await.unwrap().contains(&item));
    let indexed = Random::by_bytes(&item.bytes).sort(|k| k.number.eq(item.number));
    assert!(indexed.all(db).await.unwrap().contains(&item));

    // A condition and an update with the same values.
    let update = Random::update(&p, &s)
        .apply(|r| {
            (
                r.list.set(&item.list),
                r.map.set(&item.map),
                r.ratio.set(item.ratio),
            )
        })
        .when(|r| {
            r.text.eq(&item.text)
                & r.number.eq(item.number)
                & r.ratio.eq(item.ratio)
                & r.bytes.eq(&item.bytes)
                & r.list.eq(&item.list)
        });
    assert_eq!(update.returning_new().send(db).await.unwrap(), item);

    // A cursor with the same key.
    let page = Random::query(&p).page_size(1).page(db).await.unwrap();
    if let Some(cursor) = page.next {
        let cursor: Cursor = cursor.to_string().parse().unwrap();
        Random::query(&p).start_at(cursor).page(db).await.unwrap();
    }
    let deleted = Random::delete(&p, &s).returning_old().send(db).await;
    assert_eq!(deleted.unwrap(), Some(item));
    assert_eq!(
        Random::get(&p, &s).consistent().send(db).await.unwrap(),
        None
    );
}

#[test]
fn any_item_survives_round_trip() {
    let runtime = Runtime::new().unwrap();
    let db = runtime.block_on(async {
        let db = db().await;
        db.create_table::<Random>().await.unwrap();
        db
    });
    let config = Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&random(), |item| {
        runtime.block_on(check(&db, item));
        Ok(())
    });
    run.unwrap();
}
