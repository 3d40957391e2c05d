//! Types of other crates as parts of key templates.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use dynamodel::wire::{FixedWidth, TemplatePart};
use dynamodel::{Entity, Table};
use dynamodel_tests::db;
use proptest::prelude::*;
use ulid::Ulid;
use uuid::Uuid;

/// Checks that the texts have the order of the values and one length, and read back.
fn check<T: FixedWidth + Ord + std::fmt::Debug>(a: &T, b: &T) {
    let text = |value: &T| {
        let mut out = String::new();
        value.write_part(&mut out).expect("a value in range");
        out
    };
    let (x, y) = (text(a), text(b));
    assert_eq!(a.cmp(b), x.as_bytes().cmp(y.as_bytes()), "{x} {y}");
    assert_eq!(T::WIDTH, Some(x.len()), "{x}");
    assert_eq!(T::read_part(&x).as_ref(), Some(a), "{x}");
}

/// Seconds in the years 0 to 9999, and nanoseconds.
fn instant() -> impl Strategy<Value = (i64, u32)> {
    (-62_167_219_200_i64..253_402_207_200, 0_u32..1_000_000_000)
}

proptest! {
    #[test]
    fn template_text_keeps_order_of_values(a in instant(), b in instant(), ids in any::<(u128, u128)>()) {
        let chrono = |(s, n)| DateTime::<Utc>::from_timestamp(s, n).expect("in range");
        check(&chrono(a), &chrono(b));
        check(&chrono(a).fixed_offset(), &chrono(b).fixed_offset());
        check(&chrono(a).naive_utc(), &chrono(b).naive_utc());
        check(&chrono(a).date_naive(), &chrono(b).date_naive());
        check(&chrono(a).time(), &chrono(b).time());

        let time = |(s, n): (i64, u32)| {
            let nanos = i128::from(s) * 1_000_000_000 + i128::from(n);
            time::OffsetDateTime::from_unix_timestamp_nanos(nanos).expect("in range")
        };
        check(&time(a), &time(b));
        check(&time(a).date(), &time(b).date());
        check(&time(a).time(), &time(b).time());

        let jiff = |(s, n): (i64, u32)| {
            jiff::Timestamp::new(s, n.try_into().expect("small")).expect("in range")
        };
        check(&jiff(a), &jiff(b));
        let civil = |at| jiff::tz::Offset::UTC.to_datetime(jiff(at));
        check(&civil(a), &civil(b));
        check(&civil(a).date(), &civil(b).date());
        check(&civil(a).time(), &civil(b).time());

        check(&Uuid::from_u128(ids.0), &Uuid::from_u128(ids.1));
        check(&Ulid::from(ids.0), &Ulid::from(ids.1));
    }
}

#[test]
fn value_without_template_text_is_refused() {
    let late = NaiveDate::from_ymd_opt(10_000, 1, 1).expect("a date");
    assert!(late.write_part(&mut String::new()).is_err());
    assert_eq!(NaiveDate::read_part("2026-1-02"), None);
    assert_eq!(
        Uuid::read_part("67E55044-10B1-426F-9247-BB680E5FE0C8"),
        None
    );
}

#[derive(Debug, Table)]
#[dynamo(name = "logbook", partition = "pk", sort = "sk")]
#[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
struct Logbook;

/// The day, the time and the id have fixed widths, so they can be adjacent in a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Entity)]
#[dynamo(table = Logbook, key(partition = "DEVICE#{device}", sort = "{at}{id}"))]
#[dynamo(index(gsi1 as by_day, partition = "DAY#{day}", sort = "{seen}"))]
struct Reading {
    device: Uuid,
    at: DateTime<Utc>,
    id: Ulid,
    day: NaiveDate,
    seen: Option<jiff::Timestamp>,
    value: i64,
}

fn reading(minute: i64) -> Reading {
    let at = DateTime::<Utc>::from_timestamp(1_767_225_600 + 60 * minute, 0).expect("in range");
    Reading {
        device: Uuid::from_u128(7),
        at,
        id: Ulid::from(u128::from(minute.unsigned_abs())),
        day: at.date_naive(),
        seen: (minute % 2 == 0)
            .then(|| jiff::Timestamp::from_second(at.timestamp()).expect("in range")),
        value: minute,
    }
}

#[tokio::test]
async fn template_types_work_in_keys_and_indexes() {
    let db = db().await;
    db.create_table::<Reading>().await.unwrap();
    // The readings start an hour before midnight of December 31st.
    let all: BTreeSet<Reading> = (-60..60).step_by(5).map(reading).collect();
    for reading in &all {
        reading.clone().create().send(&db).await.unwrap();
    }
    let first = reading(-30);
    let found = Reading::get(first.device, first.at, first.id)
        .send(&db)
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&first));

    let found = Reading::query(first.device).all(&db).await.unwrap();
    assert_eq!(found, all.iter().cloned().collect::<Vec<_>>());
    let (from, to) = (reading(-10), reading(20));
    let between = Reading::query(first.device)
        .sort(|k| k.at.between(from.at, to.at))
        .all(&db)
        .await
        .unwrap();
    let expected: Vec<_> = all.range(from..=to).cloned().collect();
    assert_eq!(between, expected);
    let one = Reading::query(first.device)
        .sort(|k| k.at.eq(first.at).id.eq(first.id))
        .all(&db)
        .await
        .unwrap();
    assert_eq!(one, std::slice::from_ref(&first));

    // The index holds the readings that have both parts, in the order of the second.
    let new_year = NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date");
    let by_day = Reading::by_day(new_year).all(&db).await.unwrap();
    let expected: Vec<_> = all
        .iter()
        .filter(|r| r.day.year() == 2026 && r.seen.is_some())
        .cloned()
        .collect();
    assert_eq!(by_day, expected);

    // An update of both parts moves the item.
    let later = jiff::Timestamp::from_second(1_800_000_000).expect("in range");
    Reading::update(first.device, first.at, first.id)
        .apply(|r| r.by_day.set(new_year, later))
        .send(&db)
        .await
        .unwrap();
    let last = Reading::by_day(new_year)
        .descending()
        .first(&db)
        .await
        .unwrap();
    assert_eq!(last.map(|r| r.value), Some(first.value));
}
