//! Key templates: order, round trip, and distinct keys for distinct values.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dynamodel::model::Templated;
use dynamodel::schema::{Form, PartSchema, Piece};
use dynamodel::wire::TemplatePart;
use dynamodel::{Document, Entity, Table};
use dynamodel_tests::db;
use proptest::prelude::*;

use crate::model::single_table::Order;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Document)]
#[dynamo(transparent)]
struct Number(u32);

#[derive(Debug, Clone, PartialEq, Eq, Document)]
#[dynamo(from = String, into = String)]
struct Name(String);
impl From<String> for Name {
    fn from(text: String) -> Self {
        Name(text)
    }
}
impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Document)]
#[dynamo(rename_all = "kebab-case")]
enum Size {
    VerySmall,
    Large,
}

fn text<T: TemplatePart>(value: &T) -> String {
    let mut out = String::new();
    value.write_part(&mut out).expect("a value in range");
    out
}

/// Checks that the texts of two values have the order of the values, and read back.
fn check<T: TemplatePart + Ord + std::fmt::Debug>(a: &T, b: &T) {
    let (x, y) = (text(a), text(b));
    assert_eq!(a.cmp(b), x.as_bytes().cmp(y.as_bytes()), "{x} {y}");
    assert_eq!(T::read_part(&x).as_ref(), Some(a), "{x}");
    if let Some(width) = T::WIDTH {
        assert_eq!(x.len(), width);
    }
}

macro_rules! numbers {
    ($($t:ident)*) => {
        proptest! {
            #[test]
            fn text_of_numbers_keeps_their_order($($t in any::<($t, $t)>()),*) {
                $(check(&$t.0, &$t.1); check(&$t.0, &$t::MIN); check(&$t::MAX, &$t.1);)*
            }
        }
    };
}
numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

fn time() -> impl Strategy<Value = SystemTime> {
    // Times in the years 0 to 9999.
    (-62_167_219_200_i64..253_402_300_800, 0_u32..1_000_000_000).prop_map(|(seconds, nanos)| {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 {
            UNIX_EPOCH - distance
        } else {
            UNIX_EPOCH + distance
        };
        time + Duration::from_nanos(nanos.into())
    })
}

proptest! {
    #[test]
    fn text_of_other_parts_keeps_their_order(
        texts in any::<(String, String)>(), chars in any::<(char, char)>(), bools in any::<(bool, bool)>(),
        times in (time(), time()), numbers in any::<(u32, u32)>(),
    ) {
        check(&texts.0, &texts.1);
        check(&chars.0, &chars.1);
        check(&bools.0, &bools.1);
        check(&times.0, &times.1);
        check(&Number(numbers.0), &Number(numbers.1));
        let name = Name(texts.0);
        prop_assert_eq!(Name::read_part(&text(&name)), Some(name));
    }
}

#[test]
fn times_and_words_have_exact_texts() {
    let leap = UNIX_EPOCH + Duration::from_millis(1_709_164_800_250);
    assert_eq!(text(&leap), "2024-02-29T00:00:00.250000000Z");
    assert_eq!(
        text(&(UNIX_EPOCH - Duration::from_nanos(1))),
        "1969-12-31T23:59:59.999999999Z"
    );
    assert_eq!(
        SystemTime::read_part("2023-02-29T00:00:00.000000000Z"),
        None
    );
    assert_eq!(
        SystemTime::read_part("2023-02-28 00:00:00.000000000Z"),
        None
    );
    let late = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    assert!(late.write_part(&mut String::new()).is_err());
    assert_eq!(text(&Size::VerySmall), "very-small");
    assert_eq!(Size::read_part("large"), Some(Size::Large));
    assert_eq!(Size::read_part("Large"), None);
    assert_eq!(u8::read_part("256"), None);
    assert_eq!(u8::read_part("+12"), None);
    assert_eq!(i8::read_part("000"), Some(-128));
    assert_eq!(Number::WIDTH, Some(10));
}

fn raw_text(json: &[u8], _: Form, out: &mut String) -> Result<bool, dynamodel::wire::WriteError> {
    out.push_str(&String::from_utf8_lossy(json));
    Ok(true)
}

fn part(field: &'static str, width: Option<usize>) -> PartSchema {
    PartSchema {
        field,
        path: &[],
        width,
        stored: true,
        number: false,
        text: raw_text,
    }
}

/// Texts of a small alphabet, which make collisions of keys likely if any are possible.
fn values() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[#ab]{0,4}", 3)
}

fn compose(pieces: &[Piece], parts: &[PartSchema], values: &[String]) -> Option<String> {
    dynamodel::__private::join(pieces, parts, values).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn distinct_parts_have_distinct_key_texts(a in values(), b in values(), literal in prop::sample::select(vec!["#", "##", "ab", "aba", "#a#"])) {
        let pieces = [Piece::Literal("X#"), Piece::Part(0, Form::Sorted), Piece::Literal(literal), Piece::Part(1, Form::Sorted), Piece::Literal("#"), Piece::Part(2, Form::Sorted)];
        let parts = [part("a", None), part("b", None), part("c", None)];
        let (x, y) = (compose(&pieces, &parts, &a), compose(&pieces, &parts, &b));
        if let (Some(x), Some(y)) = (&x, &y) {
            prop_assert_eq!(a == b, x == y);
        }
        if let Some(x) = &x {
            let split = dynamodel::__private::split(&pieces, &parts, x).expect("its own text");
            let back: Vec<&str> = split.into_iter().map(|(_, text)| text).collect();
            prop_assert_eq!(back, a.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}

#[test]
fn keys_sort_in_order_of_their_parts() {
    let template = Order::SINGLE_TABLE.key.sort;
    let parts = Order::SINGLE_TABLE.parts;
    let mut keys = Vec::new();
    for placed_at in [0, 9, 10, 11, 99, 100, u64::MAX] {
        for id in ["", "!", "#", "A", "AA", "B"] {
            let values = ["u1".to_owned(), text(&placed_at), id.to_owned()];
            keys.push(dynamodel::__private::join(template, parts, &values).expect("a key"));
        }
    }
    assert!(keys.is_sorted());
}

/// An entity with a single item: its key has no fields.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Solo, key(partition = "CONFIG", sort = "CURRENT"))]
struct Config {
    limit: u32,
}

#[derive(Table)]
#[dynamo(name = "solo", partition = "pk", sort = "sk")]
struct Solo;

#[tokio::test]
async fn entity_with_constant_key_has_one_item() {
    let db = db().await;
    db.create_table::<Solo>().await.unwrap();
    let config = Config { limit: 3 };
    let config = config.create().send(&db).await.unwrap();
    assert_eq!(
        Config::get().send(&db).await.unwrap().as_ref(),
        Some(&config)
    );
    assert_eq!(Config::query().all(&db).await.unwrap(), [config]);
    let update = Config::update().apply(|c| c.limit.add(1));
    assert_eq!(update.returning_new().send(&db).await.unwrap().limit, 4);
    Config::delete().send(&db).await.unwrap();
    assert_eq!(Config::query().count(&db).await.unwrap(), 0);
}
