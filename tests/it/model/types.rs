//! Every attribute type as a field, stored in the database and read back.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::num::{NonZeroI64, NonZeroU8};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::wire::{ReadError, Reader, Writer};
use dynamodel::{Attribute, Binary, Document, Entity, ValueFor, kind};
use dynamodel_tests::db;

use crate::raw;

/// An entity with one field of the tested type.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "holders")]
struct Holder<T: Attribute + Send + Sync + 'static> {
    #[dynamo(partition)]
    id: String,
    x: T,
}

/// Stores the value, compares the stored form, reads the value by get and by query, and removes it.
async fn check<T>(value: T, stored: &str)
where
    T: Attribute + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static,
{
    let db = db().await;
    db.create_table::<Holder<T>>().await.unwrap();
    let holder = Holder {
        id: "h".into(),
        x: value,
    };
    holder.clone().create().send(&db).await.unwrap();
    let item = raw::get::<Holder<T>>(&db, r#"{"id":{"S":"h"}}"#)
        .await
        .unwrap();
    if stored.is_empty() {
        assert_eq!(item.get("x"), None);
    } else {
        let expected = raw::item(&format!(r#"{{"x":{stored}}}"#));
        assert_eq!(sorted(&item["x"]), sorted(&expected["x"]));
    }
    let read = Holder::<T>::get("h").consistent().send(&db).await.unwrap();
    assert_eq!(read.as_ref(), Some(&holder));
    let queried = Holder::<T>::query("h").all(&db).await.unwrap();
    assert_eq!(queried, [holder]);
}

/// Sorts the elements of sets, because sets have no order.
fn sorted(value: &AttributeValue) -> AttributeValue {
    match value.clone() {
        AttributeValue::Ss(mut set) => {
            set.sort();
            AttributeValue::Ss(set)
        }
        AttributeValue::Ns(mut set) => {
            set.sort();
            AttributeValue::Ns(set)
        }
        AttributeValue::Bs(mut set) => {
            set.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
            AttributeValue::Bs(set)
        }
        other => other,
    }
}

#[tokio::test]
async fn text_types_round_trip_in_stored_form() {
    check(String::from("é\"\\\n\u{0}𝄞"), r#"{"S":"é\"\\\n\u0000𝄞"}"#).await;
    check(String::new(), r#"{"S":""}"#).await;
    check(Box::<str>::from("b"), r#"{"S":"b"}"#).await;
    check(Arc::<str>::from("a"), r#"{"S":"a"}"#).await;
    check(Cow::<'static, str>::Borrowed("c"), r#"{"S":"c"}"#).await;
    check('𝄞', r#"{"S":"𝄞"}"#).await;
}

#[tokio::test]
async fn integers_round_trip_in_stored_form() {
    macro_rules! extremes {
        ($($int:ty),*) => {$(
            check(<$int>::MAX, &format!(r#"{{"N":"{}"}}"#, <$int>::MAX)).await;
            check(<$int>::MIN, &format!(r#"{{"N":"{}"}}"#, <$int>::MIN)).await;
        )*};
    }
    extremes!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);
    let most = 10_u128.pow(38) - 1;
    check(most, &format!(r#"{{"N":"{most}"}}"#)).await;
    check(-(most as i128), &format!(r#"{{"N":"-{most}"}}"#)).await;
    check(NonZeroU8::MAX, r#"{"N":"255"}"#).await;
    check(NonZeroI64::MIN, r#"{"N":"-9223372036854775808"}"#).await;
}

#[tokio::test]
async fn floats_bools_and_times_round_trip_in_stored_form() {
    for (value, stored) in [
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (0.0, "0"),
        (1e15, "1000000000000000"),
    ] {
        check::<f64>(value, &format!(r#"{{"N":"{stored}"}}"#)).await;
    }
    check::<f32>(0.1, r#"{"N":"0.1"}"#).await;
    check(true, r#"{"BOOL":true}"#).await;
    check(false, r#"{"BOOL":false}"#).await;
    check(Duration::new(5, 250_000_000), r#"{"N":"5.25"}"#).await;
    check(Duration::ZERO, r#"{"N":"0"}"#).await;
    let time = UNIX_EPOCH + Duration::new(1_700_000_000, 1);
    check(time, r#"{"N":"1700000000.000000001"}"#).await;
    let before = UNIX_EPOCH - Duration::from_millis(1_500);
    check::<SystemTime>(before, r#"{"N":"-1.5"}"#).await;
}

#[tokio::test]
async fn lists_and_tuples_round_trip_in_stored_form() {
    check(vec![1_u8, 2], r#"{"L":[{"N":"1"},{"N":"2"}]}"#).await;
    check(Vec::<String>::new(), r#"{"L":[]}"#).await;
    check(VecDeque::from(["a".to_owned()]), r#"{"L":[{"S":"a"}]}"#).await;
    check([true, false], r#"{"L":[{"BOOL":true},{"BOOL":false}]}"#).await;
    check(Box::<[u8]>::from([7]), r#"{"L":[{"N":"7"}]}"#).await;
    check(
        (1_u8, "x".to_owned(), Some(true)),
        r#"{"L":[{"N":"1"},{"S":"x"},{"BOOL":true}]}"#,
    )
    .await;
    check(vec![Some(1), None], r#"{"L":[{"N":"1"},{"NULL":true}]}"#).await;
    check(
        vec![vec![vec![1_u8]], vec![]],
        r#"{"L":[{"L":[{"L":[{"N":"1"}]}]},{"L":[]}]}"#,
    )
    .await;
}

/// The outer `None` is absent, the inner one NULL, whatever pointers stand around them.
#[tokio::test]
async fn option_in_option_is_distinct() {
    check(Some(Some(1_u8)), r#"{"N":"1"}"#).await;
    check(Some(None::<u8>), r#"{"NULL":true}"#).await;
    check(None::<Option<u8>>, "").await;
    check(Some(Box::new(None::<String>)), r#"{"NULL":true}"#).await;
    check(None::<u8>, "").await;
    let db = db().await;
    type Nested = Holder<Option<Option<u8>>>;
    db.create_table::<Nested>().await.unwrap();
    let holder = |x| Nested { id: "h".into(), x };
    for (from, to) in [
        (None, Some(None)),
        (Some(None), Some(Some(1))),
        (Some(Some(1)), Some(None)),
        (Some(None), None),
    ] {
        holder(from).put().send(&db).await.unwrap();
        holder(from).diff(&holder(to)).send(&db).await.unwrap();
        let read = Nested::get("h").consistent().send(&db).await.unwrap();
        assert_eq!(read, Some(holder(to)));
        holder(from).put().send(&db).await.unwrap();
        let set = Nested::update("h").apply(|h| h.x.set(to));
        set.send(&db).await.unwrap();
        let read = Nested::get("h").consistent().send(&db).await.unwrap();
        assert_eq!(read, Some(holder(to)));
    }
}

#[tokio::test]
async fn maps_round_trip_in_stored_form() {
    let map = BTreeMap::from([("a".to_owned(), 1_u8), ("b.c \"d\"".to_owned(), 2)]);
    check(map, r#"{"M":{"a":{"N":"1"},"b.c \"d\"":{"N":"2"}}}"#).await;
    let map = HashMap::from([(5_i32, Some("x".to_owned())), (-5, None)]);
    check(map, r#"{"M":{"5":{"S":"x"},"-5":{"NULL":true}}}"#).await;
    check(BTreeMap::<String, u8>::new(), r#"{"M":{}}"#).await;
    check(
        BTreeMap::from([('k', vec![1_u8])]),
        r#"{"M":{"k":{"L":[{"N":"1"}]}}}"#,
    )
    .await;
    check(
        HashMap::from([(Arc::<str>::from("k"), 1_u8)]),
        r#"{"M":{"k":{"N":"1"}}}"#,
    )
    .await;
}

#[tokio::test]
async fn sets_round_trip_in_stored_form() {
    let texts = BTreeSet::from(["a".to_owned(), "ä".to_owned()]);
    check(texts, r#"{"SS":["a","ä"]}"#).await;
    check(HashSet::from([1_i64, -1]), r#"{"NS":["-1","1"]}"#).await;
    let bytes = BTreeSet::from([Binary::from([1]), Binary::from([255, 0])]);
    check(bytes, r#"{"BS":["AQ==","/wA="]}"#).await;
    check(BTreeSet::<String>::new(), "").await;
    check(HashSet::<u8>::new(), "").await;
    check(Some(BTreeSet::from(["x".to_owned()])), r#"{"SS":["x"]}"#).await;
}

#[tokio::test]
async fn binary_options_and_pointers_round_trip_in_stored_form() {
    check(Binary::from([0, 1, 254, 255]), r#"{"B":"AAH+/w=="}"#).await;
    check(Binary::default(), r#"{"B":""}"#).await;
    check(Some(5_u8), r#"{"N":"5"}"#).await;
    check(None::<u8>, "").await;
    check(None::<Vec<String>>, "").await;
    check(Box::new(5_u8), r#"{"N":"5"}"#).await;
    check(Arc::new(vec![1_u8]), r#"{"L":[{"N":"1"}]}"#).await;
    check(Some(Box::new("x".to_owned())), r#"{"S":"x"}"#).await;
    // `Rc` cannot be a field of an entity, which is sent between threads, but it can be encoded as a
    // value.
    assert_eq!(
        dynamodel::wire::to_vec(&Rc::new(5_u8)).unwrap(),
        br#"{"N":"5"}"#
    );
    let any = AttributeValue::L(vec![
        AttributeValue::Null(true),
        AttributeValue::S("x".into()),
    ]);
    check(any, r#"{"L":[{"NULL":true},{"S":"x"}]}"#).await;
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Outer {
    name: String,
    inner: Inner,
    more: Vec<Inner>,
    none: Option<Inner>,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
#[dynamo(rename_all = "camelCase")]
struct Inner {
    long_name: u32,
    #[dynamo(rename = "T")]
    tags: BTreeSet<String>,
    #[dynamo(skip)]
    skipped: u8,
    #[dynamo(default)]
    defaulted: u32,
    #[dynamo(default = 7)]
    seven: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Document)]
#[dynamo(rename_all = "SCREAMING_SNAKE_CASE")]
enum Level {
    VeryLow,
    #[dynamo(rename = "top!")]
    High,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamo(tag = "kind", rename_all = "snake_case")]
enum Shape {
    Nothing,
    Circle {
        radius: u32,
    },
    #[dynamo(rename = "poly")]
    Polygon {
        points: Vec<(i32, i32)>,
        #[dynamo(rename = "l")]
        label: Option<String>,
    },
    Named(Inner),
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamo(transparent)]
struct Mail(String);

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamo(try_from = u32, into = u32)]
struct Percent(u32);

impl TryFrom<u32> for Percent {
    type Error = String;
    fn try_from(n: u32) -> Result<Self, String> {
        if n > 100 {
            Err(format!("{n} is more than 100"))
        } else {
            Ok(Percent(n))
        }
    }
}
impl From<Percent> for u32 {
    fn from(p: Percent) -> u32 {
        p.0
    }
}

#[tokio::test]
async fn documents_and_enums_round_trip_in_stored_form() {
    let inner = Inner {
        long_name: 1,
        tags: BTreeSet::from(["t".to_owned()]),
        skipped: 0,
        defaulted: 2,
        seven: 3,
    };
    let json =
        r#"{"M":{"longName":{"N":"1"},"T":{"SS":["t"]},"defaulted":{"N":"2"},"seven":{"N":"3"}}}"#;
    let outer = Outer {
        name: "o".into(),
        inner: inner.clone(),
        more: vec![inner.clone()],
        none: None,
    };
    check(inner.clone(), json).await;
    let all = format!(r#"{{"M":{{"name":{{"S":"o"}},"inner":{json},"more":{{"L":[{json}]}}}}}}"#);
    check(outer, &all).await;
    check(Level::VeryLow, r#"{"S":"VERY_LOW"}"#).await;
    check(vec![Level::High], r#"{"L":[{"S":"top!"}]}"#).await;
    check(Shape::Nothing, r#"{"M":{"kind":{"S":"nothing"}}}"#).await;
    check(
        Shape::Circle { radius: 2 },
        r#"{"M":{"kind":{"S":"circle"},"radius":{"N":"2"}}}"#,
    )
    .await;
    let polygon = Shape::Polygon {
        points: vec![(0, -1)],
        label: None,
    };
    let json = r#"{"M":{"kind":{"S":"poly"},"points":{"L":[{"L":[{"N":"0"},{"N":"-1"}]}]}}}"#;
    check(polygon, json).await;
    let named = r#"{"M":{"kind":{"S":"named"},"longName":{"N":"1"},"T":{"SS":["t"]},"defaulted":{"N":"2"},"seven":{"N":"3"}}}"#;
    check(Shape::Named(inner), named).await;
    check(Mail("a@b".into()), r#"{"S":"a@b"}"#).await;
    check(Percent(100), r#"{"N":"100"}"#).await;
}

#[tokio::test]
async fn missing_members_of_document_read_as_defaults() {
    let db = db().await;
    db.create_table::<Holder<Inner>>().await.unwrap();
    let item = r#"{"id":{"S":"h"},"x":{"M":{"longName":{"N":"1"},"unknown":{"L":[]}}}}"#;
    raw::put::<Holder<Inner>>(&db, item).await;
    let read = Holder::<Inner>::get("h").send(&db).await.unwrap().unwrap();
    let expected = Inner {
        long_name: 1,
        seven: 7,
        ..Inner::default()
    };
    assert_eq!(read.x, expected);
}

async fn check_unreadable<T: Attribute + std::fmt::Debug + Send + Sync + 'static>(
    x: &str,
    path: &str,
    message: &str,
) {
    let db = db().await;
    db.create_table::<Holder<T>>().await.unwrap();
    raw::put::<Holder<T>>(&db, &format!(r#"{{"id":{{"S":"h"}},"x":{x}}}"#)).await;
    let e = match Holder::<T>::get("h").send(&db).await {
        Err(e) => e,
        Ok(_) => panic!("{x} was read"),
    };
    assert!(e.is_unreadable());
    assert_eq!(e.attribute_path().as_deref(), Some(path), "{e}");
    assert!(e.to_string().contains(message), "{e}");
}

#[tokio::test]
async fn invalid_stored_forms_are_refused() {
    check_unreadable::<Level>(r#"{"S":"very_low"}"#, "x", "`VERY_LOW` or `top!`").await;
    check_unreadable::<Shape>(r#"{"M":{"kind":{"S":"Circle"}}}"#, "x", "in `kind`").await;
    check_unreadable::<Shape>(r#"{"M":{"radius":{"N":"1"}}}"#, "x", "in `kind`").await;
    check_unreadable::<Percent>(r#"{"N":"101"}"#, "x", "expected").await;
    check_unreadable::<char>(r#"{"S":"ab"}"#, "x", "expected").await;
    check_unreadable::<NonZeroU8>(r#"{"N":"0"}"#, "x", "zero").await;
    check_unreadable::<[u8; 2]>(r#"{"L":[{"N":"1"}]}"#, "x", "L of 2 elements").await;
    check_unreadable::<(u8, u8)>(r#"{"L":[{"N":"1"}]}"#, "x", "L of 2 elements").await;
    check_unreadable::<BTreeMap<u8, u8>>(r#"{"M":{"256":{"N":"1"}}}"#, "x.*", "another key").await;
    check_unreadable::<Duration>(r#"{"N":"-1"}"#, "x", "expected").await;
    check_unreadable::<Vec<u8>>(r#"{"B":"AQ=="}"#, "x", "expected L, found B").await;
}

mod hex {
    use super::*;

    pub(super) fn write(value: &u32, w: &mut Writer) {
        w.string(&format!("{value:x}"));
    }

    pub(super) fn read(r: &mut Reader<'_>) -> Result<u32, ReadError> {
        let text = r.string()?;
        u32::from_str_radix(&text, 16).map_err(|_| ReadError::expected("hexadecimal digits"))
    }
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "forms", rename_all = "PascalCase")]
#[dynamo(index(by_code, partition = code))]
struct Forms {
    #[dynamo(partition)]
    id: Mail,
    #[dynamo(sort)]
    level: Level,
    #[dynamo(with = hex, kind = S)]
    code: u32,
    #[dynamo(try_from = u32, into = u32)]
    share: Percent,
    #[dynamo(default)]
    note: String,
    #[dynamo(default = 41 + 1)]
    answer: u32,
    #[dynamo(skip)]
    cached: Vec<u8>,
    r#type: String,
}

fn forms() -> Forms {
    Forms {
        id: Mail("a@b".into()),
        level: Level::High,
        code: 255,
        share: Percent(30),
        note: "n".into(),
        answer: 1,
        cached: Vec::new(),
        r#type: "t".into(),
    }
}

#[tokio::test]
async fn field_attributes_set_stored_forms() {
    let db = db().await;
    db.create_table::<Forms>().await.unwrap();
    let mut stored = forms();
    stored.cached = vec![1];
    stored.create().send(&db).await.unwrap();
    let key = r#"{"Id":{"S":"a@b"},"Level":{"S":"top!"}}"#;
    let item = raw::get::<Forms>(&db, key).await.unwrap();
    let expected = raw::item(
        r#"{"Id":{"S":"a@b"},"Level":{"S":"top!"},"Code":{"S":"ff"},"Share":{"N":"30"},
            "Note":{"S":"n"},"Answer":{"N":"1"},"Type":{"S":"t"}}"#,
    );
    assert_eq!(item, expected);
    let get = || Forms::get(Mail("a@b".into()), Level::High);
    assert_eq!(get().send(&db).await.unwrap(), Some(forms()));

    // The same forms are used in keys, conditions and updates.
    let found = Forms::by_code(255_u32)
        .filter(|f| f.share.eq(Percent(30)))
        .all(&db)
        .await;
    assert_eq!(found.unwrap(), [forms()]);
    let update = Forms::update(Mail("a@b".into()), Level::High)
        .apply(|f| (f.code.set(16), f.share.set(Percent(31)), f.r#type.set("u")))
        .when(|f| f.code.eq(255));
    let new = update.returning_new().send(&db).await.unwrap();
    assert_eq!(
        (new.code, new.share, new.r#type.as_str()),
        (16, Percent(31), "u")
    );
    let sorted = Forms::query(Mail("a@b".into())).sort(|k| k.level.eq(Level::High));
    assert_eq!(sorted.count(&db).await.unwrap(), 1);

    raw::put::<Forms>(
        &db,
        r#"{"Id":{"S":"a@b"},"Level":{"S":"top!"},"Code":{"S":"f"},"Share":{"N":"3"},"Type":{"S":""}}"#,
    )
    .await;
    let read = get().send(&db).await.unwrap().unwrap();
    assert_eq!((read.note.as_str(), read.answer, read.code), ("", 42, 15));
    raw::put::<Forms>(
        &db,
        r#"{"Id":{"S":"a@b"},"Level":{"S":"top!"},"Code":{"S":"xyz"},"Share":{"N":"3"},"Type":{"S":""}}"#,
    )
    .await;
    let e = get().send(&db).await.unwrap_err();
    assert_eq!(e.attribute_path().as_deref(), Some("Code"));
    assert!(e.to_string().contains("hexadecimal digits"), "{e}");
}

/// An attribute type implemented by hand, with two types and two methods.
#[derive(Debug, Clone, PartialEq)]
struct Point(i32, i32);

impl Attribute for Point {
    type Value = Point;
    type Kind = kind::S;
    fn write(&self, w: &mut Writer) {
        w.string(&format!("{},{}", self.0, self.1));
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let text = r.string()?;
        let parts = text.split_once(',');
        let point = parts.and_then(|(x, y)| Some(Point(x.parse().ok()?, y.parse().ok()?)));
        point.ok_or_else(|| ReadError::expected("a point such as `3,4`"))
    }
}

#[tokio::test]
async fn types_implemented_by_hand_round_trip() {
    check(Point(3, -4), r#"{"S":"3,-4"}"#).await;
    check(Some(vec![Point(0, 0)]), r#"{"L":[{"S":"0,0"}]}"#).await;
    check_unreadable::<Point>(r#"{"S":"3;4"}"#, "x", "a point such as `3,4`").await;
}

/// A generic entity with a generic key.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "generic")]
struct Generic<K, T>
where
    K: Attribute<Value = K, Kind = kind::S> + Send + Sync + 'static,
    T: Attribute + Send + Sync + 'static,
{
    #[dynamo(partition)]
    key: K,
    value: Option<T>,
}

#[tokio::test]
async fn generic_entities_round_trip_with_any_key() {
    async fn round_trip<K>(key: K)
    where
        K: Attribute<Value = K, Kind = kind::S> + ValueFor<K> + Clone + PartialEq + std::fmt::Debug,
        K: Send + Sync + 'static,
    {
        let db = db().await;
        db.create_table::<Generic<K, Vec<u8>>>().await.unwrap();
        let item = Generic {
            key: key.clone(),
            value: Some(vec![1_u8]),
        };
        item.clone().put().send(&db).await.unwrap();
        let read = Generic::<K, Vec<u8>>::get(key).send(&db).await.unwrap();
        assert_eq!(read, Some(item));
    }
    round_trip(String::from("k")).await;
    round_trip('k').await;
    round_trip(Mail("a@b".into())).await;
    round_trip(Point(1, 2)).await;
    round_trip(Level::VeryLow).await;
}

#[tokio::test]
async fn documents_of_32_levels_round_trip() {
    #[derive(Debug, Clone, PartialEq, Document)]
    struct Node {
        depth: u32,
        next: Option<Box<Node>>,
    }
    // 31 documents below the attribute reach DynamoDB's limit of 32 levels.
    let deep = (0..31).fold(None, |next, depth| Some(Box::new(Node { depth, next })));
    let db = db().await;
    db.create_table::<Holder<Option<Box<Node>>>>()
        .await
        .unwrap();
    let holder = Holder {
        id: "h".into(),
        x: deep,
    };
    holder.clone().create().send(&db).await.unwrap();
    let read = Holder::<Option<Box<Node>>>::get("h").send(&db).await;
    assert_eq!(read.unwrap(), Some(holder));
}
