//! Time to Live.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::{AttributeValue, TimeToLiveStatus};
use dynamodel::{Db, Entity, Projection};
use dynamodel_tests::db;

use crate::raw;

/// Defines an entity with a table, for each type that a Time to Live can have.
macro_rules! ttl_entity {
    ($name:ident, $table:literal, $time:ty) => {
        #[derive(Debug, Clone, PartialEq, Entity)]
        #[dynamo(table = $table)]
        #[dynamo(index(whole, partition = kind, sort = id))]
        #[dynamo(index(keys, partition = kind, project = keys))]
        #[dynamo(index(some, partition = kind, sort = id, project = [expires]))]
        struct $name {
            #[dynamo(partition)]
            kind: String,
            #[dynamo(sort)]
            id: u32,
            #[dynamo(ttl, rename = "Expires")]
            expires: $time,
        }
    };
}
ttl_entity!(Seconds, "ttl_u64", u64);
ttl_entity!(Small, "ttl_u32", u32);
ttl_entity!(Signed, "ttl_i64", i64);
ttl_entity!(Clock, "ttl_time", SystemTime);
ttl_entity!(Optional, "ttl_option", Option<SystemTime>);
ttl_entity!(OptionalSeconds, "ttl_option_u64", Option<u64>);

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Clock)]
struct ClockPart {
    id: u32,
    expires: SystemTime,
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

async fn with<E: Entity>() -> Db {
    let db = db().await;
    db.create_table::<E>().await.unwrap();
    db
}

/// Stores the entity, checks the stored number (or its absence), and returns the entity as read.
async fn check_stored<E: Entity + Clone + PartialEq + std::fmt::Debug>(
    entity: E,
    number: Option<&str>,
) -> E {
    let db = with::<E>().await;
    let stored = entity.put().send(&db).await.unwrap();
    let item = raw::get::<E>(&db, r#"{"kind":{"S":"k"},"id":{"N":"1"}}"#).await;
    let expected = number.map(|n| AttributeValue::N(n.to_owned()));
    assert_eq!(item.unwrap().get("Expires"), expected.as_ref());
    E::scan()
        .first(&db)
        .await
        .unwrap()
        .unwrap_or_else(|| panic!("{stored:?}"))
}

#[tokio::test]
async fn ttl_is_stored_as_whole_seconds() {
    macro_rules! check {
        ($entity:ident, $time:expr, $number:expr, $read:expr) => {
            let entity = $entity {
                kind: "k".into(),
                id: 1,
                expires: $time,
            };
            let read = check_stored(entity, $number).await;
            assert_eq!(read.expires, $read);
        };
    }
    check!(Seconds, 1_900_000_000, Some("1900000000"), 1_900_000_000);
    check!(Small, 4_000_000_000, Some("4000000000"), 4_000_000_000);
    check!(Signed, 1_900_000_000, Some("1900000000"), 1_900_000_000);
    let with_fraction = time(1_900_000_000) + Duration::from_millis(999);
    check!(
        Clock,
        with_fraction,
        Some("1900000000"),
        time(1_900_000_000)
    );
    check!(
        Optional,
        Some(with_fraction),
        Some("1900000000"),
        Some(time(1_900_000_000))
    );
    check!(OptionalSeconds, Some(5), Some("5"), Some(5));
}

#[tokio::test]
async fn item_without_ttl_never_expires() {
    let entity = Optional {
        kind: "k".into(),
        id: 1,
        expires: None,
    };
    // The index by the time of expiry is sparse: without the attribute the item is not in it.
    let read = check_stored(entity, None).await;
    assert_eq!(read.expires, None);
    assert_eq!(read.expires_at(), None);
    assert!(!read.is_expired());
    assert!(!read.is_expired_at(time(u64::from(u32::MAX))));
}

#[test]
fn item_is_expired_from_its_second_on() {
    let seconds = |expires| Seconds {
        kind: "k".into(),
        id: 1,
        expires,
    };
    assert!(seconds(100).is_expired_at(time(100)));
    assert!(!seconds(101).is_expired_at(time(100)));
    assert!(seconds(100).is_expired());
    assert!(!seconds(now() + 60).is_expired());
    assert_eq!(seconds(100).expires_at(), Some(100));
    let clock = |expires| Clock {
        kind: "k".into(),
        id: 1,
        expires,
    };
    assert!(clock(time(100)).is_expired_at(time(100)));
    assert!(!clock(time(100)).is_expired_at(time(99)));
    let signed = Signed {
        kind: "k".into(),
        id: 1,
        expires: -5,
    };
    assert_eq!(signed.expires_at(), Some(0));
}

#[tokio::test]
async fn unexpired_leaves_out_expired_items() {
    let db = with::<Optional>().await;
    let times = [Some(now() - 60), None, Some(now() + 600), Some(1)];
    for (id, expires) in (0..).zip(times) {
        let entity = Optional {
            kind: "k".into(),
            id,
            expires: expires.map(time),
        };
        entity.create().send(&db).await.unwrap();
    }
    let ids = |items: Vec<Optional>| {
        let mut ids: Vec<u32> = items.iter().map(|i| i.id).collect();
        ids.sort_unstable();
        ids
    };
    let all = Optional::query("k").all(&db).await.unwrap();
    assert_eq!(all.iter().filter(|i| i.is_expired()).count(), 2);
    let live = Optional::query("k").unexpired().all(&db).await.unwrap();
    assert_eq!(ids(live), [1, 2]);
    let live = Optional::query("k")
        .unexpired()
        .filter(|o| o.expires.exists());
    assert_eq!(ids(live.all(&db).await.unwrap()), [2]);
    assert_eq!(
        Optional::query("k").unexpired().count(&db).await.unwrap(),
        2
    );
    let first = Optional::query("k")
        .unexpired()
        .page_size(1)
        .first(&db)
        .await;
    assert_eq!(first.unwrap().map(|o| o.id), Some(1));
    let scanned = Optional::scan().unexpired().segments(2).all(&db).await;
    assert_eq!(ids(scanned.unwrap()), [1, 2]);
    let of_index = Optional::some("k").unexpired().select::<OptionalSome>();
    assert_eq!(of_index.all(&db).await.unwrap().len(), 2);
}

/// A filter on an index that does not hold the time of expiry would silently leave out no item.
#[tokio::test]
async fn unexpired_is_refused_on_index_without_ttl() {
    let db = with::<Seconds>().await;
    let keys = Seconds::keys("k").unexpired().select::<SecondsKeys>();
    let e = keys.all(&db).await.unwrap_err();
    assert!(e.is_invalid_request(), "{e}");
    assert!(
        e.to_string()
            .contains("`Expires`, which index `keys` does not hold"),
        "{e}"
    );
    let scan = Seconds::scan().unexpired().index::<SecondsKeys>();
    let e = scan.count(&db).await.unwrap_err();
    assert!(e.is_invalid_request(), "{e}");
    let scan = Seconds::scan().index::<SecondsWhole>().unexpired();
    assert_eq!(scan.count(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn created_table_has_time_to_live_on() {
    let db = with::<Clock>().await;
    let describe = db.client().describe_time_to_live();
    let table = db.table_name::<Clock>();
    let description = describe.table_name(&*table).send().await.unwrap();
    let description = description.time_to_live_description.unwrap();
    assert_eq!(description.attribute_name.as_deref(), Some("Expires"));
    let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
    assert!(on.contains(&description.time_to_live_status.unwrap()));
}

#[tokio::test]
async fn ttl_works_in_updates_conditions_and_projections() {
    let db = with::<Clock>().await;
    let entity = Clock {
        kind: "k".into(),
        id: 1,
        expires: time(100),
    };
    entity.create().send(&db).await.unwrap();
    let later = time(2_000_000_000);
    let update = Clock::update("k", 1_u32)
        .apply(|c| c.expires.set(later))
        .when(|c| c.expires.lt(later));
    assert_eq!(
        update.returning_new().send(&db).await.unwrap().expires,
        later
    );
    let part = Clock::get("k", 1_u32).select::<ClockPart>().send(&db).await;
    assert_eq!(
        part.unwrap(),
        Some(ClockPart {
            id: 1,
            expires: later
        })
    );
    let found = Clock::whole("k").filter(|c| c.expires.ge(later));
    assert_eq!(found.count(&db).await.unwrap(), 1);
}

#[tokio::test]
async fn ttl_of_other_writers_is_read_or_refused() {
    let db = with::<Seconds>().await;
    let item = |n: &str| format!(r#"{{"kind":{{"S":"k"}},"id":{{"N":"1"}},"Expires":{n}}}"#);
    raw::put::<Seconds>(&db, &item(r#"{"N":"1900000000.75"}"#)).await;
    let read = Seconds::get("k", 1_u32).send(&db).await.unwrap();
    assert_eq!(read.map(|s| s.expires), Some(1_900_000_000));
    let db = with::<Small>().await;
    raw::put::<Small>(&db, &item(r#"{"N":"5000000000"}"#)).await;
    let e = Small::get("k", 1_u32).send(&db).await.unwrap_err();
    assert!(e.is_unreadable());
    assert_eq!(e.attribute_path().as_deref(), Some("Expires"));
}

/// Some time of the year 2026, in milliseconds.
const IN_MILLIS: u64 = 1_796_050_957_396;

#[tokio::test]
async fn time_in_milliseconds_is_refused_before_sending() {
    let (db, faults) = dynamodel_tests::faults::db().await;
    db.create_table::<Seconds>().await.unwrap();
    db.create_table::<Clock>().await.unwrap();
    let seconds = || Seconds {
        kind: "k".into(),
        id: 1,
        expires: IN_MILLIS,
    };
    let update = || Seconds::update("k", 1_u32);
    let clock = Clock {
        kind: "k".into(),
        id: 1,
        expires: time(IN_MILLIS),
    };
    let mut tx = dynamodel::Transaction::new();
    tx.put(seconds().create());
    let results = [
        seconds().put().send(&db).await.map(drop),
        seconds().create().send(&db).await.map(drop),
        update().apply(|s| s.expires.set(IN_MILLIS)).send(&db).await,
        update()
            .apply(|s| s.expires.set(now()))
            .when(|s| s.expires.lt(IN_MILLIS))
            .send(&db)
            .await,
        clock.put().send(&db).await.map(drop),
        tx.send(&db).await.map(drop),
        dynamodel::BatchWrite::new()
            .put(seconds())
            .send(&db)
            .await
            .map(drop),
    ];
    for (n, result) in results.into_iter().enumerate() {
        let e = result.expect_err(&n.to_string());
        assert_eq!(e.kind(), dynamodel::ErrorKind::InvalidValue, "{e}");
        assert_eq!(e.attribute_path().as_deref(), Some("Expires"), "{e}");
        let text = e.to_string();
        assert!(
            text.contains("milliseconds") && text.contains("seconds since 1970"),
            "{text}"
        );
        assert!(!text.contains("17960"), "{text}");
        assert_eq!(e.attempts(), 0);
    }
    assert_eq!(faults.sent("PutItem"), []);
    // The year 4999 is a time.
    let late = Seconds {
        expires: 95_617_583_999,
        ..seconds()
    };
    late.put().send(&db).await.unwrap();
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "times")]
struct Times {
    #[dynamo(partition)]
    id: String,
    at: SystemTime,
    took: Duration,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "times")]
struct Millis {
    #[dynamo(partition)]
    id: String,
    #[dynamo(with = dynamodel::wire::millis)]
    at: SystemTime,
    #[dynamo(with = dynamodel::wire::millis)]
    took: Duration,
}

#[tokio::test]
async fn stored_milliseconds_are_refused_unless_asked_for() {
    let db = with::<Times>().await;
    let item = |at: &str, took: &str| {
        format!(r#"{{"id":{{"S":"a"}},"at":{{"N":"{at}"}},"took":{{"N":"{took}"}}}}"#)
    };
    for (at, took, path) in [
        ("1796050957396", "1", "at"),
        ("1796050957", "1796050957396", "took"),
    ] {
        raw::put::<Times>(&db, &item(at, took)).await;
        let e = Times::get("a").send(&db).await.unwrap_err();
        assert!(e.is_unreadable(), "{e}");
        assert_eq!(e.attribute_path().as_deref(), Some(path), "{e}");
        assert!(e.to_string().contains("milliseconds"), "{e}");
    }
    raw::put::<Times>(&db, &item("1796050957396", "1500")).await;
    let read = Millis::get("a").send(&db).await.unwrap().unwrap();
    assert_eq!(read.at, UNIX_EPOCH + Duration::from_millis(IN_MILLIS));
    assert_eq!(read.took, Duration::from_millis(1_500));
    read.clone().put().send(&db).await.unwrap();
    assert_eq!(Millis::get("a").send(&db).await.unwrap(), Some(read));
    // The last second of the year 9999 is a date.
    raw::put::<Times>(&db, &item("253402300799", "1")).await;
    let read = Times::get("a").send(&db).await.unwrap().unwrap();
    read.put().send(&db).await.unwrap();
}

#[tokio::test]
async fn number_in_milliseconds_can_be_read_and_put_right() {
    let db = with::<Seconds>().await;
    let item = r#"{"kind":{"S":"k"},"id":{"N":"1"},"Expires":{"N":"1796050957396"}}"#;
    raw::put::<Seconds>(&db, item).await;
    let mut read = Seconds::get("k", 1_u32).send(&db).await.unwrap().unwrap();
    assert_eq!(read.expires, IN_MILLIS);
    read.expires /= 1_000;
    read.put().send(&db).await.unwrap();
}
