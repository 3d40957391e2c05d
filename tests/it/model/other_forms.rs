//! Forms in which other programs store values.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use dynamodel::{Db, Document, Entity, Projection};
use dynamodel_tests::db;

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "players")]
struct Player {
    #[dynamo(partition)]
    id: String,
    badges: BTreeSet<String>,
    scores: HashSet<u32>,
    #[dynamo(default)]
    level: u32,
    #[dynamo(default = "en".to_owned())]
    language: String,
    #[dynamo(default = Some(5))]
    rank: Option<u8>,
    #[dynamo(default)]
    home: Place,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
struct Place {
    #[dynamo(default)]
    city: String,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Player)]
struct Level {
    #[dynamo(default)]
    level: u32,
    badges: BTreeSet<String>,
}

async fn stored(attributes: &str) -> Db {
    let db = db().await;
    db.create_table::<Player>().await.unwrap();
    let json = format!(r#"{{"id":{{"S":"p"}}{attributes}}}"#);
    raw::put::<Player>(&db, &json).await;
    db
}

async fn player(db: &Db) -> Player {
    Player::get("p")
        .send(db)
        .await
        .unwrap()
        .expect("the item is there")
}

#[tokio::test]
async fn set_is_read_from_list_of_its_elements() {
    let lists = r#","badges":{"L":[{"S":"b"},{"S":"a"},{"S":"b"}]},"scores":{"L":[]}"#;
    let db = &stored(lists).await;
    let mut read = player(db).await;
    assert_eq!(
        read.badges,
        BTreeSet::from(["a".to_owned(), "b".to_owned()])
    );
    assert!(read.scores.is_empty());
    let part = Player::get("p")
        .select::<Level>()
        .send(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(part.badges.len(), 2);
    // A set is written as one.
    read.scores.insert(7);
    read.put().send(db).await.unwrap();
    let item = raw::get::<Player>(db, r#"{"id":{"S":"p"}}"#).await.unwrap();
    assert!(matches!(&item["badges"], AttributeValue::Ss(badges) if badges.len() == 2));
    assert!(matches!(&item["scores"], AttributeValue::Ns(scores) if scores.len() == 1));
}

#[tokio::test]
async fn set_is_not_read_from_list_of_other_elements() {
    let db = &stored(r#","badges":{"L":[{"S":"a"},{"N":"1"}]}"#).await;
    let e = Player::get("p").send(db).await.unwrap_err();
    assert_eq!(e.attribute_path().as_deref(), Some("badges[1]"), "{e}");
}

#[tokio::test]
async fn null_is_read_as_default_where_there_is_one() {
    let nulls = r#","level":{"NULL":true},"language":{"NULL":true},"rank":{"NULL":true},
        "home":{"M":{"city":{"NULL":true}}},"badges":{"NULL":true}"#;
    let db = &stored(nulls).await;
    let read = player(db).await;
    assert_eq!((read.level, read.language.as_str()), (0, "en"));
    // NULL is a value of an `Option`.
    assert_eq!(read.rank, None);
    assert_eq!(read.home.city, "");
    assert!(read.badges.is_empty());
    let part = Player::get("p")
        .select::<Level>()
        .send(db)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(part.level, 0);
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "visits")]
struct Visit {
    #[dynamo(partition)]
    id: String,
    #[dynamo(created_at, with = dynamodel::wire::millis)]
    at: SystemTime,
    #[dynamo(updated_at, with = dynamodel::wire::seconds)]
    changed: Option<DateTime<Utc>>,
    #[dynamo(with = dynamodel::wire::millis)]
    seen: DateTime<Utc>,
    #[dynamo(with = dynamodel::wire::number_text)]
    amount: u64,
    #[dynamo(with = dynamodel::wire::number_text)]
    share: Option<f64>,
    #[dynamo(with = dynamodel::wire::binary_text)]
    note: String,
    text_time: DateTime<Utc>,
    spent: Duration,
}

#[tokio::test]
async fn times_numbers_and_text_are_kept_in_forms_that_are_asked_for() {
    let db = &db().await;
    db.create_table::<Visit>().await.unwrap();
    raw::put::<Visit>(
        db,
        r#"{"id":{"S":"v"},"at":{"N":"1700000000123"},"changed":{"N":"1700000001"},
            "seen":{"N":"1700000002500"},"amount":{"S":"12"},"share":{"S":"0.5"},
            "note":{"B":"aGk="},"text_time":{"S":"2023-11-14T22:13:20Z"},
            "spent":{"N":"1.2345678901234"}}"#,
    )
    .await;
    let read = Visit::get("v").send(db).await.unwrap().unwrap();
    assert_eq!(
        read.at,
        UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)
    );
    assert_eq!(read.changed, DateTime::from_timestamp(1_700_000_001, 0));
    assert_eq!(read.seen.timestamp_millis(), 1_700_000_002_500);
    assert_eq!(
        (read.amount, read.share, read.note.as_str()),
        (12, Some(0.5), "hi")
    );
    assert_eq!(read.text_time.timestamp(), 1_700_000_000);
    assert_eq!(read.spent, Duration::new(1, 234_567_890));
    let written = read.clone().put().send(db).await.unwrap();
    assert_eq!(written.at, read.at);
    assert!(written.changed > read.changed);
    Visit::update("v")
        .apply(|v| (v.amount.set(13), v.note.set("ho".to_owned())))
        .send(db)
        .await
        .unwrap();
    let item = raw::get::<Visit>(db, r#"{"id":{"S":"v"}}"#).await.unwrap();
    assert_eq!(item["at"].as_n().unwrap(), "1700000000123");
    assert_eq!(item["changed"].as_n().unwrap().len(), "1700000001".len());
    assert_eq!(item["seen"].as_n().unwrap(), "1700000002500");
    assert_eq!(item["amount"].as_s().unwrap(), "13");
    assert_eq!(item["share"].as_s().unwrap(), "0.5");
    assert_eq!(item["note"].as_b().unwrap().as_ref(), b"ho");
    let found = Visit::scan()
        .filter(|v| v.amount.eq(13))
        .count(db)
        .await
        .unwrap();
    assert_eq!(found, 1);
}

#[derive(Debug, PartialEq, Document)]
struct Times {
    at: DateTime<Utc>,
    local: chrono::NaiveDateTime,
}

#[test]
fn texts_of_times_are_read_with_any_number_of_decimals() {
    for (text, nanos) in [
        ("2024-05-06T07:08:09Z", 0),
        ("2024-05-06T07:08:09.5Z", 500_000_000),
        ("2024-05-06T07:08:09.123Z", 123_000_000),
        ("2024-05-06 07:08:09.123456+00:00", 123_456_000),
        ("2024-05-06t07:08:09.1234567891234z", 123_456_789),
    ] {
        let local = text.trim_end_matches(['Z', 'z']).trim_end_matches("+00:00");
        let json = format!(r#"{{"M":{{"at":{{"S":"{text}"}},"local":{{"S":"{local}"}}}}}}"#);
        let times: Times = dynamodel::wire::from_slice(json.as_bytes()).unwrap();
        assert_eq!(times.at.timestamp_subsec_nanos(), nanos, "{text}");
        assert_eq!(times.at.timestamp(), 1_714_979_289, "{text}");
        assert_eq!(times.local, times.at.naive_utc(), "{text}");
    }
    for text in [
        "2024-05-06T07:08:09",
        "2024-05-06T07:08:09.Z",
        "2024-05-06T07:08:09.1x",
        "2024-05-06",
    ] {
        let json =
            format!(r#"{{"M":{{"at":{{"S":"{text}"}},"local":{{"S":"2024-05-06T07:08:09"}}}}}}"#);
        let read = dynamodel::wire::from_slice::<Times>(json.as_bytes());
        assert!(read.is_err(), "{text}");
    }
}
