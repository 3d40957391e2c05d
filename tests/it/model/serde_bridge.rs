//! Fields stored by serde: `#[dynamo(serde)]`, `Json` and `MsgPack`.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::wire::{ReadError, WriteError};
use dynamodel::{Document, Entity, Json, MsgPack, Projection, wire};
use dynamodel_tests::db;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

/// A document whose only attribute is a field stored by serde.
#[derive(Debug, Clone, PartialEq, Document)]
struct Held<T> {
    #[dynamo(serde)]
    x: T,
}

fn write<T: Serialize + DeserializeOwned>(value: T) -> Result<String, WriteError> {
    wire::to_vec(&Held { x: value }).map(|bytes| String::from_utf8(bytes).unwrap())
}

fn read<T: Serialize + DeserializeOwned>(json: &str) -> Result<T, ReadError> {
    wire::from_slice::<Held<T>>(json.as_bytes()).map(|held| held.x)
}

/// Checks that the value is stored as this JSON, and reads back from it.
#[track_caller]
fn form<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + Clone>(
    value: T,
    json: &str,
) {
    let json = format!(r#"{{"M":{{"x":{json}}}}}"#);
    assert_eq!(write(value.clone()).unwrap(), json);
    assert_eq!(read::<T>(&json).unwrap(), value);
}

#[track_caller]
fn unreadable<T: Serialize + DeserializeOwned + std::fmt::Debug>(json: &str, message: &str) {
    let json = format!(r#"{{"M":{{"x":{json}}}}}"#);
    assert_eq!(read::<T>(&json).unwrap_err().to_string(), message);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Address {
    street: String,
    #[serde(rename = "ZIP \"code\"")]
    zip: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Meters(f64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(u8),
    Tuple(u8, u8),
    Struct { a: Option<u8>, b: u8 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    One { n: u64 },
    Two,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Float(f64),
    Text(String),
    List(Vec<Untagged>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flat {
    a: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u64>,
}

/// Bytes that serialize as `serde_bytes` does.
#[derive(Debug, Clone, PartialEq)]
struct Blob(Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(&self.0)
    }
}
impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Blob;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Blob, E> {
                Ok(Blob(bytes))
            }
        }
        d.deserialize_byte_buf(Visitor)
    }
}

#[test]
fn scalars_have_exact_stored_forms() {
    form("a \"b\"".to_owned(), r#"{"S":"a \"b\""}"#);
    form('\u{e9}', "{\"S\":\"\u{e9}\"}");
    form(true, r#"{"BOOL":true}"#);
    form(u8::MAX, r#"{"N":"255"}"#);
    form(i64::MIN, r#"{"N":"-9223372036854775808"}"#);
    form(
        u128::from(u64::MAX) * 1_000,
        r#"{"N":"18446744073709551615000"}"#,
    );
    form(
        -i128::from(u64::MAX) * 1_000,
        r#"{"N":"-18446744073709551615000"}"#,
    );
    form(1.5_f32, r#"{"N":"1.5"}"#);
    form(0.1_f64, r#"{"N":"0.1"}"#);
    form((), r#"{"NULL":true}"#);
    form(Unit, r#"{"NULL":true}"#);
    form(Meters(2.5), r#"{"N":"2.5"}"#);
    form(Blob(vec![1, 2, 3]), r#"{"B":"AQID"}"#);
    assert_eq!(read::<f64>(r#"{"M":{"x":{"N":"7"}}}"#).unwrap(), 7.0);
    assert_eq!(read::<u8>(r#"{"M":{"x":{"N":"2E+1"}}}"#).unwrap(), 20);
}

#[test]
fn containers_have_exact_stored_forms() {
    form(vec![Some(1), None], r#"{"L":[{"N":"1"},{"NULL":true}]}"#);
    form((1, "a".to_owned()), r#"{"L":[{"N":"1"},{"S":"a"}]}"#);
    form(Pair(1, "a".into()), r#"{"L":[{"N":"1"},{"S":"a"}]}"#);
    form(
        Address {
            street: "s".into(),
            zip: Some(5),
        },
        r#"{"M":{"street":{"S":"s"},"ZIP \"code\"":{"N":"5"}}}"#,
    );
    form(
        Address {
            street: "s".into(),
            zip: None,
        },
        r#"{"M":{"street":{"S":"s"},"ZIP \"code\"":{"NULL":true}}}"#,
    );
    assert_eq!(
        read::<Address>(r#"{"M":{"x":{"M":{"street":{"S":"s"}}}}}"#)
            .unwrap()
            .zip,
        None
    );
    form(
        BTreeMap::from([(-1, true)]),
        r#"{"M":{"-1":{"BOOL":true}}}"#,
    );
    form(
        BTreeMap::from([(true, None::<u8>)]),
        r#"{"M":{"true":{"NULL":true}}}"#,
    );
    form(BTreeMap::from([('k', 1)]), r#"{"M":{"k":{"N":"1"}}}"#);
    form(
        BTreeMap::from([(Shape::Unit, 1)]),
        r#"{"M":{"Unit":{"N":"1"}}}"#,
    );
    form(Vec::<u8>::new(), r#"{"L":[]}"#);
    form(BTreeMap::<String, u8>::new(), r#"{"M":{}}"#);
}

#[test]
fn enums_have_exact_stored_forms() {
    form(Shape::Unit, r#"{"S":"Unit"}"#);
    form(Shape::Newtype(1), r#"{"M":{"Newtype":{"N":"1"}}}"#);
    form(
        Shape::Tuple(1, 2),
        r#"{"M":{"Tuple":{"L":[{"N":"1"},{"N":"2"}]}}}"#,
    );
    form(
        Shape::Struct { a: None, b: 2 },
        r#"{"M":{"Struct":{"M":{"a":{"NULL":true},"b":{"N":"2"}}}}}"#,
    );
    form(
        Tagged::One { n: u64::MAX },
        r#"{"M":{"kind":{"S":"One"},"n":{"N":"18446744073709551615"}}}"#,
    );
    form(Tagged::Two, r#"{"M":{"kind":{"S":"Two"}}}"#);
    form(
        Untagged::List(vec![
            Untagged::Number(-1),
            Untagged::Float(0.5),
            Untagged::Text("t".into()),
        ]),
        r#"{"L":[{"N":"-1"},{"N":"0.5"},{"S":"t"}]}"#,
    );
    form(
        Flat {
            a: 1,
            rest: BTreeMap::from([("b".to_owned(), 2)]),
        },
        r#"{"M":{"a":{"N":"1"},"b":{"N":"2"}}}"#,
    );
    form(Ok::<u8, String>(1), r#"{"M":{"Ok":{"N":"1"}}}"#);
}

#[test]
fn none_is_stored_as_absent_attribute() {
    let absent = r#"{"M":{}}"#;
    assert_eq!(write(None::<Address>).unwrap(), absent);
    assert_eq!(read::<Option<Address>>(absent).unwrap(), None);
    assert_eq!(
        read::<Option<u8>>(r#"{"M":{"x":{"NULL":true}}}"#).unwrap(),
        None
    );
    form(Some(1), r#"{"N":"1"}"#);
    form(Some(String::new()), r#"{"S":""}"#);
    let e = read::<u8>(absent).unwrap_err();
    assert_eq!(
        e.to_string(),
        "attribute `x`: expected a value, found nothing"
    );
}

#[test]
fn sets_of_other_writers_read_as_sequences() {
    let sets = r#"{"M":{"x":{"NS":["1","2"]}}}"#;
    assert_eq!(read::<Vec<u8>>(sets).unwrap(), [1, 2]);
    assert_eq!(read::<Vec<f64>>(sets).unwrap(), [1.0, 2.0]);
    assert_eq!(
        read::<Vec<Shape>>(r#"{"M":{"x":{"SS":["Unit"]}}}"#).unwrap(),
        [Shape::Unit]
    );
    assert_eq!(
        read::<Vec<Blob>>(r#"{"M":{"x":{"BS":["AQ=="]}}}"#).unwrap(),
        [Blob(vec![1])]
    );
    let e = read::<(u8,)>(sets).unwrap_err();
    assert_eq!(e.path(), "x");
}

#[test]
fn errors_have_the_path_and_no_value() {
    unreadable::<u8>(
        r#"{"N":"300"}"#,
        "attribute `x`: expected N in the range of u8, found a number out of range",
    );
    unreadable::<u8>(
        r#"{"S":"secret"}"#,
        "attribute `x`: expected N in the range of u8, found S",
    );
    unreadable::<Vec<Address>>(
        r#"{"L":[{"M":{"street":{"N":"1"}}}]}"#,
        "attribute `x[0].street`: expected S, found N",
    );
    unreadable::<Address>(
        r#"{"M":{"zip":{"N":"1"}}}"#,
        "attribute `x.street`: expected a value, found nothing",
    );
    unreadable::<HashMap<String, Vec<u8>>>(
        r#"{"M":{"secret":{"L":[{"BOOL":true}]}}}"#,
        "attribute `x.*[0]`: expected N in the range of u8, found BOOL",
    );
    unreadable::<HashMap<u8, u8>>(
        r#"{"M":{"secret":{"N":"1"}}}"#,
        "attribute `x.*`: expected a key in the range of u8, found other text",
    );
    unreadable::<Shape>(
        r#"{"S":"secret"}"#,
        "attribute `x`: expected one of `Unit`, `Newtype`, `Tuple`, `Struct`, found another variant",
    );
    unreadable::<Shape>(
        r#"{"M":{"Struct":{"M":{"b":{"S":"secret"}}}}}"#,
        "attribute `x.Struct.b`: expected N in the range of u8, found S",
    );
    unreadable::<Shape>(
        r#"{"M":{"Unit":{"NULL":true},"secret":{"NULL":true}}}"#,
        "attribute `x`: expected S, or M of one entry, found another number of entries",
    );
    unreadable::<Untagged>(
        r#"{"BOOL":true}"#,
        "attribute `x`: expected a value that the type accepts, found another value",
    );
    unreadable::<(u8, u8)>(
        r#"{"L":[{"N":"1"},{"N":"1"},{"N":"1"}]}"#,
        "attribute `x`: expected a shorter L, found another length",
    );
    unreadable::<(u8, u8)>(
        r#"{"L":[{"N":"1"}]}"#,
        "attribute `x`: expected a tuple of size 2, found another length",
    );
    unreadable::<char>(
        r#"{"S":"secret"}"#,
        "attribute `x`: expected a character, found another value",
    );

    let e = write(vec![Meters(1.0), Meters(f64::NAN)]).unwrap_err();
    assert_eq!(
        e.to_string(),
        "attribute `x[1]`: NaN and infinities are not numbers to DynamoDB"
    );
    let e = write(BTreeMap::from([("secret".to_owned(), vec![u128::MAX])])).unwrap_err();
    assert_eq!(
        e.to_string(),
        "attribute `x.*[0]`: a number of more than 38 significant digits cannot be stored"
    );
    let e = write(vec![BTreeMap::from([((1, 2), 3)])]).unwrap_err();
    assert_eq!(
        e.to_string(),
        "attribute `x[0]`: the key of a map has to be text, an integer, a boolean or a variant without a value"
    );
    let refusing = Refusing {
        inner: BTreeMap::from([("secret".to_owned(), 1)]),
    };
    let e = write(refusing).unwrap_err();
    assert_eq!(
        e.to_string(),
        "attribute `x.inner`: the value does not serialize"
    );
}

#[derive(Debug, Serialize, Deserialize)]
struct Refusing {
    #[serde(serialize_with = "refuse")]
    inner: BTreeMap<String, u8>,
}

/// Fails in the middle of a map, when the last written bytes are a key.
fn refuse<S: serde::Serializer>(map: &BTreeMap<String, u8>, s: S) -> Result<S::Ok, S::Error> {
    let mut entries = s.serialize_map(None)?;
    for (key, value) in map {
        entries.serialize_entry(key, value)?;
    }
    Err(serde::ser::Error::custom("secret"))
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf(i64),
    Text(Option<String>),
    List(Vec<Tree>),
    Map(BTreeMap<String, Tree>),
    Node {
        left: Option<Box<Tree>>,
        right: (bool, u128),
    },
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Tree::Leaf),
        any::<Option<String>>().prop_map(Tree::Text),
    ];
    leaf.prop_recursive(4, 32, 4, |tree| {
        prop_oneof![
            prop::collection::vec(tree.clone(), 0..4).prop_map(Tree::List),
            prop::collection::btree_map(any::<String>(), tree.clone(), 0..4).prop_map(Tree::Map),
            (prop::option::of(tree), any::<bool>(), 0..10_u128.pow(38)).prop_map(|(left, b, n)| {
                Tree::Node {
                    left: left.map(Box::new),
                    right: (b, n),
                }
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_tree_reads_back(tree in trees()) {
        let json = write(tree.clone()).unwrap();
        prop_assert_eq!(read::<Tree>(&json).unwrap(), tree.clone());
        // The rest of the crate reads the written bytes as DynamoDB JSON, too.
        wire::item_size(format!(r#"{{"x":{json}}}"#).as_bytes()).unwrap();
        let json = wire::to_vec(&Json(tree.clone())).unwrap();
        prop_assert_eq!(wire::from_slice::<Json<Tree>>(&json).unwrap().0, tree.clone());
        let bytes = wire::to_vec(&MsgPack(tree.clone())).unwrap();
        prop_assert_eq!(wire::from_slice::<MsgPack<Tree>>(&bytes).unwrap().0, tree);
    }
}

#[test]
fn json_text_round_trips_or_is_refused() {
    let json = Json(Address {
        street: "s".into(),
        zip: None,
    });
    let bytes = wire::to_vec(&json).unwrap();
    assert_eq!(
        bytes,
        br#"{"S":"{\"street\":\"s\",\"ZIP \\\"code\\\"\":null}"}"#
    );
    assert_eq!(wire::from_slice::<Json<Address>>(&bytes).unwrap(), json);
    for (stored, found) in [
        (r#"{"S":"{"}"#, "text that is not JSON"),
        (
            r#"{"S":"{\"street\":\"secret\"} 1"}"#,
            "text that is not JSON",
        ),
        (
            r#"{"S":"{\"street\":[\"secret\"]}"}"#,
            "JSON of another form",
        ),
    ] {
        let e = wire::from_slice::<Json<Address>>(stored.as_bytes()).unwrap_err();
        assert_eq!(
            e.to_string(),
            format!("expected S with the JSON of the field's type, found {found}")
        );
    }
    let e = wire::to_vec(&Json(BTreeMap::from([((1, 2), 3)]))).unwrap_err();
    assert_eq!(e.to_string(), "the value has no JSON form");
}

#[test]
fn message_pack_bytes_round_trip_or_are_refused() {
    let packed = MsgPack(Pair2 {
        a: 1,
        b: Some("x".into()),
    });
    let bytes = wire::to_vec(&packed).unwrap();
    assert_eq!(bytes, br#"{"B":"gqFhAaFioXg="}"#);
    assert_eq!(wire::from_slice::<MsgPack<Pair2>>(&bytes).unwrap(), packed);
    for (stored, found) in [
        (r#"{"B":"gqFhAaFi"}"#, "bytes that end early"),
        (r#"{"B":"gqFhAaFioXgA"}"#, "bytes after the value"),
        (r#"{"B":"kA=="}"#, "MessagePack of another form"),
    ] {
        let e = wire::from_slice::<MsgPack<Pair2>>(stored.as_bytes()).unwrap_err();
        assert_eq!(
            e.to_string(),
            format!("expected B with the MessagePack of the field's type, found {found}")
        );
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair2 {
    a: u8,
    b: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "customers")]
#[dynamo(index(by_state, partition = state))]
struct Customer {
    #[dynamo(partition)]
    id: String,
    #[dynamo(serde, kind = S)]
    state: State,
    #[dynamo(serde)]
    address: Address,
    #[dynamo(serde, rename = "Old")]
    former: Option<Address>,
    settings: Json<BTreeMap<String, u8>>,
    history: Option<MsgPack<Vec<u32>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Active,
    OnHold,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Customer)]
struct CustomerName {
    id: String,
    state: State,
    former: Option<Address>,
    address: Option<Address>,
    settings: Json<BTreeMap<String, u8>>,
}

#[tokio::test]
async fn serde_fields_work_in_items_updates_and_conditions() {
    let db = db().await;
    db.create_table::<Customer>().await.unwrap();
    let home = Address {
        street: "Main".into(),
        zip: Some(1),
    };
    let work = Address {
        street: "Side".into(),
        zip: None,
    };
    let customer = Customer {
        id: "c1".into(),
        state: State::OnHold,
        address: home.clone(),
        former: None,
        settings: Json(BTreeMap::from([("a".to_owned(), 1)])),
        history: Some(MsgPack(vec![1, 2])),
    };
    customer.clone().create().send(&db).await.unwrap();
    let item = crate::raw::get::<Customer>(&db, r#"{"id":{"S":"c1"}}"#)
        .await
        .unwrap();
    assert_eq!(item["state"], AttributeValue::S("on-hold".into()));
    assert!(item["address"].is_m());
    assert_eq!(item["settings"], AttributeValue::S(r#"{"a":1}"#.into()));
    assert!(item["history"].is_b());
    assert!(!item.contains_key("Old"));
    assert_eq!(
        Customer::get("c1").send(&db).await.unwrap(),
        Some(customer.clone())
    );
    assert_eq!(
        Customer::by_state(State::OnHold).count(&db).await.unwrap(),
        1
    );

    let changed = Customer::update("c1")
        .apply(|c| {
            (
                c.address.set(work.clone()),
                c.former.set(Some(home.clone())),
                c.state.set(State::Active),
                c.settings.set(BTreeMap::from([("b".to_owned(), 2)])),
                c.history.set(None),
            )
        })
        .when(|c| {
            c.address.eq(&home)
                & c.former.not_exists()
                & c.settings.eq(Json(BTreeMap::from([("a".to_owned(), 1)])))
                & c.history.eq(vec![1, 2])
        })
        .returning_new()
        .send(&db)
        .await
        .unwrap();
    let expected = Customer {
        address: work,
        former: Some(home),
        state: State::Active,
        settings: Json(BTreeMap::from([("b".to_owned(), 2)])),
        history: None,
        ..customer
    };
    assert_eq!(changed, expected);
    let gone = Customer::update("c1")
        .apply(|c| c.former.set(None))
        .returning_new();
    assert_eq!(gone.send(&db).await.unwrap().former, None);
    let item = crate::raw::get::<Customer>(&db, r#"{"id":{"S":"c1"}}"#)
        .await
        .unwrap();
    assert!(!item.contains_key("Old"));
    let name = Customer::get("c1")
        .select::<CustomerName>()
        .send(&db)
        .await
        .unwrap();
    let name = name.unwrap();
    assert_eq!((name.state, name.former), (State::Active, None));
    assert_eq!(
        (name.address, name.settings),
        (Some(expected.address), expected.settings)
    );

    let broken = r#"{"id":{"S":"c2"},"state":{"S":"secret"},"address":{"M":{"street":{"S":"s"}}},"settings":{"S":"{}"}}"#;
    crate::raw::put::<Customer>(&db, broken).await;
    let e = Customer::get("c2").send(&db).await.unwrap_err();
    assert!(!format!("{e} {e:?}").contains("secret"));
    assert!(e.to_string().contains("state"), "{e}");
}

/// The ways in which serde puts a value into another one.
mod containers {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) struct Plain<T> {
        pub(super) part: T,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t")]
    pub(super) enum Internal<T> {
        Struct { part: T },
        Newtype(Plain<T>),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    pub(super) enum Adjacent<T> {
        Struct { part: T },
        Newtype(T),
        Tuple(T, T),
        Unit,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) enum External<T> {
        Struct { part: T },
        Newtype(T),
        Tuple(T, T),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    pub(super) enum Loose<T> {
        Struct { part: T },
        Tuple(T, T),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub(super) struct Flattened<T> {
        pub(super) own: u8,
        #[serde(flatten)]
        pub(super) inner: Plain<T>,
    }

    /// A struct that is written as a sequence.
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    pub(super) struct Sequence<T> {
        pub(super) own: u8,
        pub(super) part: T,
    }

    impl<T: Serialize> Serialize for Sequence<T> {
        fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            (self.own, &self.part).serialize(s)
        }
    }
}

/// Checks that the value reads back, or is refused by an error that names the part.
#[track_caller]
fn kept_or_refused<T>(value: T) -> bool
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + Clone,
{
    for value in [
        write(value.clone()).map(|json| read::<T>(&json).unwrap()),
        wire::to_vec(&Json(value.clone()))
            .map(|json| wire::from_slice::<Json<T>>(&json).unwrap().0),
        wire::to_vec(&MsgPack(value.clone()))
            .map(|json| wire::from_slice::<MsgPack<T>>(&json).unwrap().0),
    ]
    .into_iter()
    .flatten()
    {
        // The value that serde reads is the written one, as far as the type tells them apart.
        assert_eq!(write(value.clone()).ok(), write(value).ok());
    }
    match write(value.clone()) {
        Ok(json) => {
            assert_eq!(read::<T>(&json).unwrap(), value, "{json}");
            true
        }
        Err(e) => {
            assert!(e.to_string().contains("read"), "{e}");
            assert!(e.path().starts_with("x") && e.path() != "x", "{e}");
            false
        }
    }
}

/// Puts the part into each container. Returns the number of containers that keep it.
#[track_caller]
fn kept<T>(part: T) -> usize
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + Clone,
{
    use containers::*;
    let part = || part.clone();
    let results = [
        kept_or_refused(Plain { part: part() }),
        kept_or_refused(External::Struct { part: part() }),
        kept_or_refused(External::Newtype(part())),
        kept_or_refused(External::Tuple(part(), part())),
        kept_or_refused(Adjacent::Struct { part: part() }),
        kept_or_refused(Adjacent::Newtype(part())),
        kept_or_refused(Adjacent::Tuple(part(), part())),
        kept_or_refused(vec![Adjacent::Unit, Adjacent::Newtype(part())]),
        kept_or_refused(Sequence {
            own: 1,
            part: part(),
        }),
        kept_or_refused(Some(part())),
        kept_or_refused(vec![part(), part()]),
        kept_or_refused(BTreeMap::from([("k".to_owned(), part())])),
        // These are read from serde's copy.
        kept_or_refused(Internal::Struct { part: part() }),
        kept_or_refused(Internal::Newtype(Plain { part: part() })),
        kept_or_refused(Loose::Struct { part: part() }),
        kept_or_refused(Loose::Tuple(part(), part())),
        kept_or_refused(Flattened {
            own: 1,
            inner: Plain { part: part() },
        }),
        kept_or_refused(Flattened {
            own: 1,
            inner: Plain { part: vec![part()] },
        }),
    ];
    results.into_iter().filter(|kept| *kept).count()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Perhaps(Option<u8>);

#[test]
fn parts_of_all_kinds_are_kept_in_all_containers() {
    const ALL: usize = 18;
    assert_eq!(kept(u8::MAX), ALL);
    assert_eq!(kept(u64::MAX), ALL);
    assert_eq!(kept(i64::MIN), ALL);
    assert_eq!(kept(0.1_f32), ALL);
    assert_eq!(kept(-1.5e100_f64), ALL);
    for float in [
        1e20,
        1.2345678901234567e25,
        3.0,
        1e38,
        1e-130,
        f64::from(f32::MAX),
    ] {
        assert_eq!(kept(float), ALL, "{float}");
        assert_eq!(kept(-float), ALL, "{float}");
    }
    assert_eq!(kept('\u{e9}'), ALL);
    assert_eq!(kept(true), ALL);
    assert_eq!(kept(String::new()), ALL);
    assert_eq!(kept("text".to_owned()), ALL);
    assert_eq!(kept(Some(1_u8)), ALL);
    assert_eq!(kept(Perhaps(Some(3))), ALL);
    assert_eq!(kept(Shape::Unit), ALL);
    assert_eq!(kept(Shape::Newtype(1)), ALL);
    assert_eq!(kept(Shape::Struct { a: None, b: 2 }), ALL);
    assert_eq!(kept((1_u8, "a".to_owned(), Some(2.5))), ALL);
    assert_eq!(kept(Vec::<u8>::new()), ALL);
    assert_eq!(kept(BTreeMap::from([('k', 1_u8)])), ALL);
    assert_eq!(kept(BTreeMap::from([(Shape::Unit, 1_u8)])), ALL);
    assert_eq!(kept(containers::Sequence { own: 1, part: 2_u8 }), ALL);
}

/// serde has no copy of such parts: where it makes one, the value is refused.
#[test]
fn parts_that_serde_does_not_copy_are_kept_or_refused() {
    const DIRECT: usize = 12;
    for wide in [0_u128, 21_000, u128::from(u64::MAX) * 10, 10_u128.pow(37)] {
        assert_eq!(kept(wide), DIRECT, "{wide}");
    }
    assert_eq!(kept(-21_000_i128), DIRECT);
    assert_eq!(kept(BTreeMap::from([(7_u32, 1_u8)])), DIRECT);
    assert_eq!(kept(BTreeMap::from([(true, 1_u8)])), DIRECT);
    assert_eq!(kept(vec![Some(BTreeMap::from([(-1_i64, 1_u128)]))]), DIRECT);
    // More digits than a number of DynamoDB has.
    let e = write(containers::Plain { part: u128::MAX }).unwrap_err();
    assert_eq!(e.path(), "x.part");
}

/// A part that is nothing is read as itself, whether the type reads a missing field as one or not.
#[test]
fn parts_of_nothing_are_kept() {
    use containers::*;
    assert!(kept_or_refused(Plain {
        part: Perhaps(None)
    }));
    assert!(kept_or_refused(Internal::Struct {
        part: Perhaps(None)
    }));
    assert!(kept_or_refused(Adjacent::Tuple(
        Perhaps(None),
        Perhaps(None)
    )));
    assert!(kept_or_refused(Flattened {
        own: 1,
        inner: Plain {
            part: Perhaps(None)
        }
    }));
    assert!(kept_or_refused(Plain { part: Unit }));
    assert!(kept_or_refused(Internal::Struct { part: () }));
    assert!(kept_or_refused(Perhaps(None)));
    assert!(kept_or_refused(Holder {
        at: None,
        loose: Emptied::Nothing(None)
    }));
    assert!(kept_or_refused(Emptied::Nothing(None)));
}

/// Fields that serde does not read as `None` when they are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Holder {
    #[serde(with = "shifted")]
    at: Option<u8>,
    loose: Emptied,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Emptied {
    Nothing(Option<u8>),
    Text(String),
}

mod shifted {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<u8>, s: S) -> Result<S::Ok, S::Error> {
        value.map(|n| n + 1).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u8>, D::Error> {
        Ok(Option::<u8>::deserialize(d)?.map(|n| n - 1))
    }
}

#[test]
fn refused_part_is_named_and_not_shown() {
    let nested = BTreeMap::from([(
        "secret".to_owned(),
        vec![containers::Internal::Struct { part: 77_u128 }],
    )]);
    let e = write(containers::Plain { part: nested }).unwrap_err();
    assert_eq!(e.path(), "x.part.*[0].part");
    assert!(
        !e.to_string().contains("77") && !e.to_string().contains("secret"),
        "{e}"
    );
    let e = wire::to_vec(&Json(containers::Internal::Struct { part: 77_u128 })).unwrap_err();
    assert!(e.to_string().contains("could not read"), "{e}");
    let e = wire::to_vec(&Json(f64::NAN)).unwrap_err();
    assert!(e.to_string().contains("could not read"), "{e}");
}

#[tokio::test]
async fn item_with_part_that_could_not_be_read_is_not_stored() {
    #[derive(Debug, Clone, PartialEq, Entity)]
    #[dynamo(table = "transfers")]
    struct Transfer {
        #[dynamo(partition)]
        id: String,
        #[dynamo(serde)]
        fee: containers::Internal<u128>,
    }
    let db = db().await;
    db.create_table::<Transfer>().await.unwrap();
    let transfer = Transfer {
        id: "t".into(),
        fee: containers::Internal::Struct { part: 21_000 },
    };
    let e = transfer.put().send(&db).await.unwrap_err();
    assert!(e.is_invalid_value(), "{e}");
    assert_eq!(e.attribute_path().as_deref(), Some("fee.part"));
    assert!(Transfer::get("t").send(&db).await.unwrap().is_none());
}
