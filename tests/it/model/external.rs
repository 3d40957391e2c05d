//! Types of other crates: stored forms byte by byte, as keys, in conditions and sets, as times.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::AttributeValue;
use bigdecimal::BigDecimal;
use bytes::Bytes;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use dynamodel::{Attribute, Entity, wire};
use dynamodel_tests::db;
use indexmap::{IndexMap, IndexSet};
use jiff::civil;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use smol_str::SmolStr;
use time::{OffsetDateTime, PrimitiveDateTime, UtcDateTime, UtcOffset};
use ulid::Ulid;
use url::Url;
use uuid::Uuid;

/// Checks that the value is stored as this JSON, and reads back from it.
#[track_caller]
fn form<T: Attribute + PartialEq + Debug>(value: T, json: &str) {
    let bytes = wire::to_vec(&value).unwrap();
    assert_eq!(std::str::from_utf8(&bytes).unwrap(), json);
    assert_eq!(wire::from_slice::<T>(&bytes).unwrap(), value);
}

/// Checks that the stored value is refused with this message.
#[track_caller]
fn unreadable<T: Attribute + Debug>(json: &str, message: &str) {
    let e = wire::from_slice::<T>(json.as_bytes()).unwrap_err();
    assert_eq!(e.to_string(), message, "{json}");
}

/// Checks that the value is refused with this message.
#[track_caller]
fn unwritable<T: Attribute>(value: T, message: &str) {
    assert_eq!(wire::to_vec(&value).unwrap_err().to_string(), message);
}

const YEARS: &str = "a time outside of the years 0000 to 9999 (in UTC) cannot be stored";

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

#[test]
fn chrono_times_have_exact_stored_forms() {
    let day = date(2026, 1, 2);
    let noon = NaiveTime::from_hms_nano_opt(12, 3, 4, 5_000).unwrap();
    let utc = day.and_time(noon).and_utc();
    form(utc, r#"{"S":"2026-01-02T12:03:04.000005000Z"}"#);
    form(day, r#"{"S":"2026-01-02"}"#);
    form(
        day.and_time(noon),
        r#"{"S":"2026-01-02T12:03:04.000005000"}"#,
    );
    form(noon, r#"{"S":"12:03:04.000005000"}"#);
    form(date(0, 2, 29), r#"{"S":"0000-02-29"}"#);
    form(date(9999, 12, 31), r#"{"S":"9999-12-31"}"#);

    let east = utc.with_timezone(&FixedOffset::east_opt(2 * 3600).unwrap());
    form(east, r#"{"S":"2026-01-02T12:03:04.000005000Z"}"#);
    let new_year = date(9999, 12, 31)
        .and_time(noon)
        .and_local_timezone(FixedOffset::west_opt(13 * 3600).unwrap());
    unwritable(new_year.unwrap(), YEARS);
    unwritable(date(10_000, 1, 1), YEARS);
    unwritable(date(-1, 12, 31), YEARS);
    unwritable(DateTime::<Utc>::MAX_UTC, YEARS);

    let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
    form(leap, r#"{"S":"23:59:60.500000000"}"#);
    form(
        day.and_time(leap).and_utc(),
        r#"{"S":"2026-01-02T23:59:60.500000000Z"}"#,
    );
    let odd = chrono::Timelike::with_nanosecond(&noon, 1_500_000_000).unwrap();
    unwritable(
        odd,
        "a leap second that does not end a minute cannot be stored",
    );
}

#[test]
fn time_crate_times_have_exact_stored_forms() {
    let day = time::Date::from_calendar_date(2026, time::Month::January, 2).unwrap();
    let noon = time::Time::from_hms_nano(12, 3, 4, 5_000).unwrap();
    let local = PrimitiveDateTime::new(day, noon);
    form(local, r#"{"S":"2026-01-02T12:03:04.000005000"}"#);
    form(local.as_utc(), r#"{"S":"2026-01-02T12:03:04.000005000Z"}"#);
    form(day, r#"{"S":"2026-01-02"}"#);
    form(noon, r#"{"S":"12:03:04.000005000"}"#);
    let east = local
        .assume_utc()
        .to_offset(UtcOffset::from_hms(2, 0, 0).unwrap());
    form(east, r#"{"S":"2026-01-02T12:03:04.000005000Z"}"#);
    unwritable(time::Date::MIN, YEARS);
    let west = UtcOffset::from_hms(-13, 0, 0).unwrap();
    unwritable(PrimitiveDateTime::MAX.assume_offset(west), YEARS);
    unreadable::<time::Time>(
        r#"{"S":"23:59:60.000000000"}"#,
        "expected S in the form 03:04:05.123456789, found text of another form",
    );
}

#[test]
fn jiff_times_have_exact_stored_forms() {
    let day = civil::date(2026, 1, 2);
    let noon = civil::time(12, 3, 4, 5_000);
    let local = civil::DateTime::from_parts(day, noon);
    form(local, r#"{"S":"2026-01-02T12:03:04.000005000"}"#);
    form(day, r#"{"S":"2026-01-02"}"#);
    form(noon, r#"{"S":"12:03:04.000005000"}"#);
    let utc = jiff::tz::Offset::UTC.to_timestamp(local).unwrap();
    form(utc, r#"{"S":"2026-01-02T12:03:04.000005000Z"}"#);
    form(
        jiff::Timestamp::UNIX_EPOCH,
        r#"{"S":"1970-01-01T00:00:00.000000000Z"}"#,
    );
    form(
        jiff::Timestamp::MAX,
        r#"{"S":"9999-12-30T22:00:00.999999999Z"}"#,
    );
    unwritable(jiff::Timestamp::MIN, YEARS);
    unwritable(civil::Date::MIN, YEARS);
}

#[test]
fn durations_have_exact_stored_forms() {
    form(TimeDelta::milliseconds(-1_500), r#"{"N":"-1.5"}"#);
    form(TimeDelta::zero(), r#"{"N":"0"}"#);
    form(TimeDelta::MAX, r#"{"N":"9223372036854775.807"}"#);
    form(time::Duration::new(-3, -1), r#"{"N":"-3.000000001"}"#);
    form(
        time::Duration::MIN,
        r#"{"N":"-9223372036854775808.999999999"}"#,
    );
    form(jiff::SignedDuration::from_secs(90), r#"{"N":"90"}"#);
    form(
        jiff::SignedDuration::MAX,
        r#"{"N":"9223372036854775807.999999999"}"#,
    );
    let (json, message) = (
        r#"{"N":"1e30"}"#,
        "expected N of seconds, found a number out of range",
    );
    unreadable::<TimeDelta>(json, message);
    unreadable::<time::Duration>(json, message);
    unreadable::<jiff::SignedDuration>(json, message);
}

#[test]
fn invalid_time_text_is_refused() {
    let stamp = "expected S in the form 2026-01-02T03:04:05.123456789Z, found text of another form";
    for text in [
        "",
        "2026-01-02",
        "2026-01-02T03:04:05.123456789",
        "2026-01-02T03:04:05.123456789ZZ",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05.12 Z",
        "2026-01-02T03:04:05+01:00",
        "2026-02-29T03:04:05.123456789Z",
        "2026-13-01T03:04:05.123456789Z",
        "2026-01-02T24:00:00.000000000Z",
        "2026-01-02T03:60:05.123456789Z",
        "2026-01-02T03:04:61.123456789Z",
        "+2026-01-02T03:04:05.123456789Z",
        "-001-01-02T03:04:05.123456789Z",
        "2026-01-02T03:04:05.12345678\u{e9}Z",
        "\u{661}\u{661}-01-02T03:04:05.123456789Z",
    ] {
        let json = json!({ "S": text }).to_string();
        unreadable::<DateTime<Utc>>(&json, stamp);
        unreadable::<DateTime<FixedOffset>>(&json, stamp);
        unreadable::<OffsetDateTime>(&json, stamp);
        unreadable::<UtcDateTime>(&json, stamp);
        unreadable::<jiff::Timestamp>(&json, stamp);
    }
    let day = "expected S in the form 2026-01-02, found text of another form";
    for text in [
        "2026-1-2",
        "2026-01-02T",
        "20260102",
        "2026/01/02",
        "2026-00-01",
    ] {
        let json = json!({ "S": text }).to_string();
        unreadable::<NaiveDate>(&json, day);
        unreadable::<time::Date>(&json, day);
        unreadable::<civil::Date>(&json, day);
    }
    let number = "expected S, found N";
    unreadable::<DateTime<Utc>>(r#"{"N":"1767323045"}"#, number);
    unreadable::<NaiveTime>(r#"{"N":"1"}"#, number);
}

#[test]
fn identifiers_and_text_types_have_exact_stored_forms() {
    let uuid = Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    form(uuid, r#"{"S":"67e55044-10b1-426f-9247-bb680e5fe0c8"}"#);
    for text in [
        "67E55044-10B1-426F-9247-BB680E5FE0C8",
        "67e5504410b1426f9247bb680e5fe0c8",
        "urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0c8",
        "x",
    ] {
        let json = json!({ "S": text }).to_string();
        unreadable::<Uuid>(
            &json,
            "expected S of a hyphenated UUID in lower case, found other text",
        );
    }
    let ulid = Ulid::from_string("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
    form(ulid, r#"{"S":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#);
    for text in [
        "01arz3ndektsv4rrffq69g5fav",
        "01ARZ3NDEKTSV4RRFFQ69G5FA",
        "81ARZ3NDEKTSV4RRFFQ69G5FAV",
    ] {
        let json = json!({ "S": text }).to_string();
        unreadable::<Ulid>(
            &json,
            "expected S of a ULID in upper case, found other text",
        );
    }
    let url = Url::parse("HTTPS://example.com/a b?q=\"1\"").unwrap();
    form(url, r#"{"S":"https://example.com/a%20b?q=%221%22"}"#);
    for text in ["https://example.com", "/relative", "HTTPS://example.com/"] {
        let json = json!({ "S": text }).to_string();
        unreadable::<Url>(&json, "expected S of a normalized URL, found other text");
    }
    form(SmolStr::new("a \"b\""), r#"{"S":"a \"b\""}"#);
    form(Bytes::from_static(&[0, 255]), r#"{"B":"AP8="}"#);
    form(
        Some(uuid),
        r#"{"S":"67e55044-10b1-426f-9247-bb680e5fe0c8"}"#,
    );
    form(None::<Uuid>, r#"{"NULL":true}"#);
}

#[test]
fn decimals_have_exact_stored_forms() {
    let exact = "expected N that rust_decimal::Decimal holds exactly, found a number out of range";
    form("-12.50".parse::<Decimal>().unwrap(), r#"{"N":"-12.5"}"#);
    form(Decimal::MAX, r#"{"N":"79228162514264337593543950335"}"#);
    form(
        Decimal::new(1, 28),
        r#"{"N":"0.0000000000000000000000000001"}"#,
    );
    assert_eq!(
        wire::from_slice::<Decimal>(br#"{"N":"1.2E+3"}"#).unwrap(),
        Decimal::from(1200)
    );
    for number in [
        "1e29",
        "1e-29",
        "79228162514264337593543950336",
        "1e125",
        "-1e-130",
        "0.12345678901234567890123456789",
    ] {
        unreadable::<Decimal>(&format!(r#"{{"N":"{number}"}}"#), exact);
    }

    let big = |text: &str| text.parse::<BigDecimal>().unwrap();
    form(
        big("12345678901234567890123456789012345678"),
        r#"{"N":"12345678901234567890123456789012345678"}"#,
    );
    form(big("0"), r#"{"N":"0"}"#);
    for (text, stored) in [
        ("-1.50", "-1.5"),
        ("1e125", "1e125"),
        ("-1e-130", "-1e-130"),
        ("1e-40", "1e-40"),
        ("123e60", "123e60"),
    ] {
        let bytes = wire::to_vec(&big(text)).unwrap();
        assert_eq!(
            wire::from_slice::<BigDecimal>(&bytes).unwrap(),
            big(stored),
            "{text}"
        );
    }
    let digits = "a number of more than 38 significant digits cannot be stored";
    unwritable(big("1.23456789012345678901234567890123456789"), digits);
    let range = "the number is beyond DynamoDB's range of 1e-130 to 9.99e125";
    for text in ["1e126", "1e-131", "1e1000000000"] {
        unwritable(big(text), range);
    }
    unwritable(BigDecimal::new(1.into(), i64::MIN), range);
}

#[test]
fn json_values_have_exact_stored_forms() {
    let value = json!({"a": [1, -2, 0.5, "x", true, null, {}], "b": u64::MAX});
    let json = concat!(
        r#"{"M":{"a":{"L":[{"N":"1"},{"N":"-2"},{"N":"0.5"},{"S":"x"},{"BOOL":true},{"NULL":true},"#,
        r#"{"M":{}}]},"b":{"N":"18446744073709551615"}}}"#
    );
    form(value, json);
    form(json!(null), r#"{"NULL":true}"#);
    form(json!(i64::MIN), r#"{"N":"-9223372036854775808"}"#);
    let read = |json: &str| wire::from_slice::<Value>(json.as_bytes());
    assert_eq!(read(r#"{"N":"1E+2"}"#).unwrap(), json!(100));
    assert_eq!(read(r#"{"N":".5"}"#).unwrap(), json!(0.5));
    assert_eq!(read(r#"{"N":"1e100"}"#).unwrap(), json!(1e100));
    let exact = "expected N that serde_json::Number holds exactly, found a number out of range";
    for number in [
        "18446744073709551617",
        "0.12345678901234567890123",
        "-9223372036854775809",
    ] {
        unreadable::<Value>(&format!(r#"{{"N":"{number}"}}"#), exact);
    }
    unreadable::<Value>(
        r#"{"M":{"secret":{"SS":["x"]}}}"#,
        "attribute `*`: expected a value with a JSON form, found SS",
    );
    unwritable(
        json!({"x": [1e300]}),
        "attribute `*[0]`: the number is beyond DynamoDB's range of 1e-130 to 9.99e125",
    );
}

#[test]
fn map_keys_have_exact_stored_forms() {
    let uuid = Uuid::from_u128(1);
    form(
        BTreeMap::from([(uuid, 1)]),
        r#"{"M":{"00000000-0000-0000-0000-000000000001":{"N":"1"}}}"#,
    );
    form(
        BTreeMap::from([
            (date(2026, 1, 2), 1),
            (date(-1, 1, 1), 2),
            (date(12_345, 1, 1), 3),
        ]),
        r#"{"M":{"-000001-01-01":{"N":"2"},"2026-01-02":{"N":"1"},"+012345-01-01":{"N":"3"}}}"#,
    );
    form(
        BTreeMap::from([(civil::time(1, 2, 3, 4), 1)]),
        r#"{"M":{"01:02:03.000000004":{"N":"1"}}}"#,
    );
    for key in [
        "2026-1-2",
        "+2026-01-02",
        "-01-01-01",
        "",
        "+12345-01-01",
        "x",
    ] {
        let json = json!({"M": {key: {"N": "1"}}}).to_string();
        let e = wire::from_slice::<BTreeMap<NaiveDate, u8>>(json.as_bytes()).unwrap_err();
        assert_eq!(
            e.to_string(),
            "attribute `*`: expected another key of the map, found a key of another form"
        );
    }
    form(
        BTreeMap::from([(Ulid::nil(), 1)]),
        r#"{"M":{"00000000000000000000000000":{"N":"1"}}}"#,
    );
    form(
        BTreeMap::from([(SmolStr::new("k"), 1)]),
        r#"{"M":{"k":{"N":"1"}}}"#,
    );
    form(
        BTreeMap::from([(Url::parse("a:b").unwrap(), 1)]),
        r#"{"M":{"a:b":{"N":"1"}}}"#,
    );
}

#[test]
fn index_maps_and_sets_keep_their_order() {
    form(
        IndexMap::<String, u8>::from_iter([("b".to_owned(), 1), ("a".to_owned(), 2)]),
        r#"{"M":{"b":{"N":"1"},"a":{"N":"2"}}}"#,
    );
    form(IndexSet::<u8>::from_iter([3, 1]), r#"{"NS":["3","1"]}"#);
    form(
        IndexSet::<Uuid>::from_iter([Uuid::nil()]),
        r#"{"SS":["00000000-0000-0000-0000-000000000000"]}"#,
    );
    form(
        IndexSet::<Bytes>::from_iter([Bytes::from_static(b"a")]),
        r#"{"BS":["YQ=="]}"#,
    );
    assert!(IndexSet::<u8>::new().is_absent());
    assert_eq!(<IndexSet<u8> as Attribute>::absent(), Some(IndexSet::new()));
    unreadable::<IndexSet<u8>>(r#"{"SS":["x"]}"#, "expected NS, found SS");
}

/// Checks that the stored forms of two values have the order of the values, and read back.
fn same_order<T: Attribute + Ord + Debug>(a: &T, b: &T) {
    let (stored_a, stored_b) = (wire::to_vec(a).unwrap(), wire::to_vec(b).unwrap());
    assert_eq!(stored_a.cmp(&stored_b), a.cmp(b), "{a:?} {b:?}");
    assert_eq!(&wire::from_slice::<T>(&stored_a).unwrap(), a);
}

/// Seconds and nanoseconds of the years 0000 to 9999, often close to each other.
fn instants() -> impl Strategy<Value = (i64, u32)> {
    let seconds = prop_oneof![-62_167_219_200..253_402_207_200_i64, -3..3_i64];
    (seconds, prop_oneof![0..1_000_000_000_u32, 0..3_u32])
}

proptest! {
    #[test]
    fn stored_text_order_is_time_order(a in instants(), b in instants()) {
        let chrono = |(s, n)| DateTime::<Utc>::from_timestamp(s, n).unwrap();
        let (x, y) = (chrono(a), chrono(b));
        same_order(&x, &y);
        same_order(&x.fixed_offset(), &y.fixed_offset());
        same_order(&x.naive_utc(), &y.naive_utc());
        same_order(&x.date_naive(), &y.date_naive());
        same_order(&x.time(), &y.time());

        let nanos = |(s, n): (i64, u32)| i128::from(s) * 1_000_000_000 + i128::from(n);
        let time = |t| OffsetDateTime::from_unix_timestamp_nanos(nanos(t)).unwrap();
        let (x, y) = (time(a), time(b));
        same_order(&x, &y);
        same_order(&UtcDateTime::from(x), &UtcDateTime::from(y));
        same_order(&PrimitiveDateTime::new(x.date(), x.time()), &PrimitiveDateTime::new(y.date(), y.time()));
        same_order(&x.date(), &y.date());
        same_order(&x.time(), &y.time());

        let jiff = |t| jiff::Timestamp::from_nanosecond(nanos(t)).unwrap();
        let civil = |t| jiff::tz::Offset::UTC.to_datetime(jiff(t));
        same_order(&jiff(a), &jiff(b));
        same_order(&civil(a), &civil(b));
        same_order(&civil(a).date(), &civil(b).date());
        same_order(&civil(a).time(), &civil(b).time());
    }

    #[test]
    fn stored_text_order_is_identifier_order(a in any::<u128>(), b in any::<u128>()) {
        same_order(&Uuid::from_u128(a), &Uuid::from_u128(b));
        same_order(&Ulid::from_bytes(a.to_be_bytes()), &Ulid::from_bytes(b.to_be_bytes()));
    }

    #[test]
    fn decimals_are_exact(digits in -(1_i128 << 95)..(1_i128 << 95), scale in 0..=28_u32) {
        let decimal = Decimal::from_i128_with_scale(digits, scale);
        let bytes = wire::to_vec(&decimal).unwrap();
        prop_assert_eq!(wire::from_slice::<Decimal>(&bytes).unwrap(), decimal);
        let big = BigDecimal::new(digits.into(), scale.into());
        let bytes = wire::to_vec(&big).unwrap();
        prop_assert_eq!(wire::from_slice::<BigDecimal>(&bytes).unwrap(), big);
    }

    #[test]
    fn durations_are_exact(seconds in any::<i64>(), nanos in 0..1_000_000_000_i32) {
        let nanos = if seconds < 0 { -nanos } else { nanos };
        let x = time::Duration::new(seconds, nanos);
        prop_assert_eq!(wire::from_slice::<time::Duration>(&wire::to_vec(&x).unwrap()).unwrap(), x);
        let x = jiff::SignedDuration::new(seconds, nanos);
        prop_assert_eq!(wire::from_slice::<jiff::SignedDuration>(&wire::to_vec(&x).unwrap()).unwrap(), x);
        let x = TimeDelta::new(seconds / 1_000, nanos.unsigned_abs()).unwrap();
        prop_assert_eq!(wire::from_slice::<TimeDelta>(&wire::to_vec(&x).unwrap()).unwrap(), x);
    }
}

/// Tests the type as partition and sort key, as the key of an index, in conditions, sets and lists. The
/// list has at least four different values.
macro_rules! as_key {
    ($($name:ident: $type:ty = $values:expr;)*) => {$(
        mod $name {
            use super::*;

            #[derive(Debug, Clone, PartialEq, Entity)]
            #[dynamo(table = "things")]
            #[dynamo(index(by_other, partition = other, sort = id))]
            struct Thing {
                #[dynamo(partition)]
                part: $type,
                #[dynamo(sort)]
                id: $type,
                other: Option<$type>,
                all: BTreeSet<$type>,
                list: Vec<$type>,
            }

            fn thing(part: &$type, id: &$type, values: &[$type]) -> Thing {
                Thing {
                    part: part.clone(),
                    id: id.clone(),
                    other: Some(id.clone()),
                    all: values.iter().cloned().collect(),
                    list: values.to_vec(),
                }
            }

            fn ids(found: Vec<Thing>) -> Vec<$type> {
                found.into_iter().map(|thing| thing.id).collect()
            }

            #[tokio::test]
            async fn type_works_in_keys_conditions_and_sets() {
                let db = db().await;
                db.create_table::<Thing>().await.unwrap();
                let mut values: Vec<$type> = $values;
                let part = values[0].clone();
                for id in &values {
                    thing(&part, id, &values).create().send(&db).await.unwrap();
                }
                values.sort();

                // The table sorts in the order of the type.
                let all = Thing::query(&part).consistent().all(&db).await.unwrap();
                assert_eq!(ids(all), values);
                let last = values.len() - 1;
                let (low, high) = (&values[1], &values[last - 1]);
                let some = Thing::query(&part).consistent().sort(|k| k.id.between(low, high));
                assert_eq!(ids(some.all(&db).await.unwrap()), values[1..last]);
                let some = Thing::query(&part).consistent().sort(|k| k.id.gt(low)).descending();
                let mut above = values[2..].to_vec();
                above.reverse();
                assert_eq!(ids(some.all(&db).await.unwrap()), above);

                // Filters compare in the order of the type.
                let filtered = Thing::query(&part).consistent();
                let filtered = filtered.filter(|t| t.other.ge(low) & t.other.lt(high));
                assert_eq!(ids(filtered.all(&db).await.unwrap()), values[1..last - 1]);
                let filtered = Thing::query(&part).consistent();
                let filtered = filtered.filter(|t| t.other.in_([low, high]) & t.all.contains(low));
                assert_eq!(ids(filtered.all(&db).await.unwrap()), [low.clone(), high.clone()]);
                let indexed = Thing::by_other(low).sort(|k| k.id.eq(low)).all(&db).await.unwrap();
                assert_eq!(ids(indexed), std::slice::from_ref(low));

                // The type in sets, in lists and as an optional attribute.
                Thing::update(&part, low)
                    .apply(|t| (t.all.delete([low]), t.other.remove(), t.list.append([high])))
                    .when(|t| t.other.eq(low) & t.list.index(1).ne(&part))
                    .send(&db)
                    .await
                    .unwrap();
                let changed = Thing::get(&part, low).consistent().send(&db).await.unwrap().unwrap();
                let rest: BTreeSet<$type> = values.iter().filter(|v| *v != low).cloned().collect();
                assert_eq!(changed.all, rest);
                assert_eq!(changed.other, None);
                assert_eq!(changed.list.last(), Some(high));
                Thing::update(&part, low)
                    .apply(|t| (t.all.insert([low]), t.other.set(high.clone())))
                    .send(&db)
                    .await
                    .unwrap();
                let changed = Thing::get(&part, low).consistent().send(&db).await.unwrap().unwrap();
                assert_eq!(changed.all, values.iter().cloned().collect::<BTreeSet<_>>());
                assert_eq!(changed.other.as_ref(), Some(high));
            }
        }
    )*};
}

/// Times at 2026-01-02T03:04:05 that differ in nanoseconds, and times far from them.
fn seconds() -> Vec<(i64, u32)> {
    let now = 1_767_323_045;
    vec![
        (now, 5),
        (now, 40),
        (-62_167_219_200, 0),
        (now - 1, 999_999_999),
        (0, 0),
        (253_402_207_200, 999_999_999),
        (now + 1, 0),
    ]
}

fn chronos<T>(make: impl Fn(DateTime<Utc>) -> T) -> Vec<T> {
    let all = seconds().into_iter();
    all.map(|(s, n)| make(DateTime::from_timestamp(s, n).unwrap()))
        .collect()
}

fn jiffs<T>(make: impl Fn(jiff::Timestamp) -> T) -> Vec<T> {
    let all = seconds().into_iter();
    all.map(|(s, n)| make(jiff::Timestamp::new(s, n.cast_signed()).unwrap()))
        .collect()
}

fn times<T>(make: impl Fn(OffsetDateTime) -> T) -> Vec<T> {
    let nanos = |(s, n): (i64, u32)| i128::from(s) * 1_000_000_000 + i128::from(n);
    let all = seconds().into_iter();
    all.map(|t| make(OffsetDateTime::from_unix_timestamp_nanos(nanos(t)).unwrap()))
        .collect()
}

/// Returns the values without duplicates.
fn distinct<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

fn civil_of(at: jiff::Timestamp) -> civil::DateTime {
    jiff::tz::Offset::UTC.to_datetime(at)
}

as_key! {
    chrono_date_time: DateTime<Utc> = chronos(|t| t);
    chrono_fixed_offset: DateTime<FixedOffset> =
        chronos(|t| t.with_timezone(&FixedOffset::east_opt(3600).unwrap()));
    chrono_naive_date: NaiveDate = distinct(chronos(|t| t.date_naive()));
    chrono_naive_date_time: NaiveDateTime = chronos(|t| t.naive_utc());
    chrono_naive_time: NaiveTime = distinct(chronos(|t| t.time()));
    chrono_time_delta: TimeDelta = [5, -3, 1_500, -1_500, 0, i64::MAX].map(TimeDelta::milliseconds).to_vec();
    time_offset_date_time: OffsetDateTime = times(|t| t);
    time_utc_date_time: UtcDateTime = times(UtcDateTime::from);
    time_primitive: PrimitiveDateTime = times(|t| PrimitiveDateTime::new(t.date(), t.time()));
    time_date: time::Date = distinct(times(|t| t.date()));
    time_time: time::Time = distinct(times(|t| t.time()));
    time_duration: time::Duration = [5, -3, 1_500, -1_500, 0].map(time::Duration::milliseconds).to_vec();
    jiff_timestamp: jiff::Timestamp = jiffs(|t| t);
    jiff_date: civil::Date = distinct(jiffs(|t| civil_of(t).date()));
    jiff_date_time: civil::DateTime = jiffs(civil_of);
    jiff_time: civil::Time = distinct(jiffs(|t| civil_of(t).time()));
    jiff_duration: jiff::SignedDuration =
        [5, -3, 1_500, -1_500, 0].map(jiff::SignedDuration::from_millis).to_vec();
    uuids: Uuid = [7, 1 << 100, 0, u128::MAX, 1 << 64].map(Uuid::from_u128).to_vec();
    ulids: Ulid = [7, 1 << 100, 0, u128::MAX, 1 << 64].map(|n: u128| Ulid::from_bytes(n.to_be_bytes())).to_vec();
    rust_decimals: Decimal = ["1.5", "-2", "0", "79228162514264337593543950335", "1.25"].map(|d| d.parse().unwrap()).to_vec();
    big_decimals: BigDecimal =
        ["1.5", "-2e100", "0", "12345678901234567890123456789012345678", "1.25", "3e-120"].map(|d| d.parse().unwrap()).to_vec();
    bytes_: Bytes = [&b"b"[..], b"a", b"ab", b"\xff", b"\0"].map(Bytes::from_static).to_vec();
    smol_strs: SmolStr = ["b", "a", "a\u{e9}", "ab", "B"].map(SmolStr::new).to_vec();
    urls: Url = ["https://b.example/", "a:b", "https://a.example/x", "https://a.example/"].map(|u| Url::parse(u).unwrap()).to_vec();
}

/// Tests the type as the Time to Live and as times of writing.
macro_rules! as_time {
    ($($name:ident: $type:ty = |$seconds:ident| $make:expr;)*) => {$(
        mod $name {
            use super::*;

            #[derive(Debug, Clone, PartialEq, Entity)]
            #[dynamo(table = "timed")]
            struct Timed {
                #[dynamo(partition)]
                id: u8,
                #[dynamo(ttl)]
                expires: Option<$type>,
                #[dynamo(created_at)]
                created: $type,
                #[dynamo(updated_at)]
                updated: Option<$type>,
            }

            fn at($seconds: i64) -> $type {
                $make
            }

            #[tokio::test]
            async fn type_works_as_ttl_and_write_times() {
                let db = db().await;
                db.create_table::<Timed>().await.unwrap();
                let before = SystemTime::now();
                let new = Timed { id: 1, expires: Some(at(4_000_000_000)), created: at(0), updated: None };
                let first = new.create().send(&db).await.unwrap();
                let item = crate::raw::get::<Timed>(&db, r#"{"id":{"N":"1"}}"#).await.unwrap();
                assert_eq!(item["expires"], AttributeValue::N("4000000000".into()));
                assert!(matches!(&item["created"], AttributeValue::S(text) if text.len() == 30));

                let read = Timed::get(1).consistent().send(&db).await.unwrap().unwrap();
                assert_eq!(read, first);
                let stamp = |time| <$type as dynamodel::wire::Timestamp>::from_system_time(time);
                assert!(read.created >= stamp(before) && read.created <= stamp(SystemTime::now()));
                assert_eq!(read.updated, Some(read.created));

                tokio::time::sleep(Duration::from_millis(2)).await;
                let second = read.put().send(&db).await.unwrap();
                assert_eq!(second.created, first.created);
                assert!(second.updated > first.updated);

                let later = at(4_000_000_001);
                let update = Timed::update(1).apply(|t| t.expires.set(later));
                let old = at(4_000_000_000);
                let new = update.when(|t| t.expires.eq(old)).returning_new().send(&db).await.unwrap();
                assert_eq!(new.expires, Some(later));
                assert!(new.updated > second.updated);
                Timed::update(1).apply(|t| t.expires.set(None)).send(&db).await.unwrap();
                let read = Timed::get(1).consistent().send(&db).await.unwrap().unwrap();
                assert_eq!((read.expires, read.expires_at()), (None, None));
            }
        }
    )*};
}
as_time! {
    ttl_chrono: DateTime<Utc> = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    ttl_chrono_offset: DateTime<FixedOffset> = |seconds| DateTime::from_timestamp(seconds, 0).unwrap().into();
    ttl_time: OffsetDateTime = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    ttl_time_utc: UtcDateTime = |seconds| UtcDateTime::from_unix_timestamp(seconds).unwrap();
    ttl_jiff: jiff::Timestamp = |seconds| jiff::Timestamp::new(seconds, 0).unwrap();
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "holders")]
struct Holder {
    #[dynamo(partition)]
    id: u8,
    scores: IndexMap<SmolStr, u32>,
    tags: IndexSet<SmolStr>,
    free: Value,
    maybe: Option<Value>,
    raw: Option<Bytes>,
}

#[tokio::test]
async fn containers_and_json_values_are_updated() {
    let db = db().await;
    db.create_table::<Holder>().await.unwrap();
    let holder = Holder {
        id: 1,
        scores: IndexMap::from_iter([("b".into(), 1), ("a".into(), 2)]),
        tags: IndexSet::from_iter(["x".into(), "y".into()]),
        free: json!({"list": [1, {"deep": "text"}]}),
        maybe: None,
        raw: None,
    };
    holder.clone().create().send(&db).await.unwrap();
    let new = Holder::update(1)
        .apply(|h| {
            (
                h.scores.key("a").increment(3),
                h.tags.insert(["z"]),
                h.free.key("list").index(1).key("deep").set(json!([null])),
                h.maybe.set(json!(1.5)),
                h.raw.set([1, 2]),
            )
        })
        .when(|h| h.scores.key("b").eq(1) & h.free.key("list").index(0).eq(json!(1)))
        .returning_new()
        .send(&db)
        .await
        .unwrap();
    let expected = Holder {
        scores: IndexMap::from_iter([("a".into(), 5), ("b".into(), 1)]),
        tags: ["x", "y", "z"].into_iter().map(SmolStr::new).collect(),
        free: json!({"list": [1, {"deep": [null]}]}),
        maybe: Some(json!(1.5)),
        raw: Some(Bytes::from_static(&[1, 2])),
        ..holder
    };
    assert_eq!(new, expected);
    let removed = Holder::update(1)
        .apply(|h| {
            (
                h.scores.set([("c", 1)]),
                h.tags.set(["q"]),
                h.maybe.set(None),
            )
        })
        .when(|h| h.tags.contains("z") & h.raw.eq(vec![1, 2]) & h.maybe.eq(json!(1.5)))
        .returning_new()
        .send(&db)
        .await
        .unwrap();
    let scores = removed.scores.iter().map(|(name, score)| (&**name, *score));
    assert_eq!(scores.collect::<Vec<_>>(), [("c", 1)]);
    assert_eq!(removed.tags.iter().collect::<Vec<_>>(), ["q"]);
    assert_eq!(removed.maybe, None);
}
