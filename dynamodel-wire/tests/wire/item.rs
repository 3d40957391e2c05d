//! An item with a codec as the derive writes it, and random items.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel_wire::Name;
use dynamodel_wire::{Attribute, Binary, kind};
use dynamodel_wire::{ReadError, Reader, Writer};
use proptest::prelude::*;

macro_rules! body {
    ($ty:ident: $($field:ident: $name:literal $field_type:ty,)*) => {
        #[derive(Debug, Clone, PartialEq, Default)]
        pub(crate) struct $ty { $(pub(crate) $field: $field_type,)* }

        impl $ty {
            pub(crate) fn write_item(&self, w: &mut Writer) {
                w.begin_map();
                $(w.field(concat!(",\"", $name, "\":"), &self.$field);)*
                w.end_map();
            }

            pub(crate) fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                $(let mut $field: Option<$field_type> = None;)*
                const NAMES: &[&str] = &[$($name),*];
                let mut fields = r.fields(const { &Name::all::<{ NAMES.len() }>(NAMES) });
                while let Some(place) = fields.next(r)? {
                    match NAMES.get(place) {
                        $(Some(&$name) => r.field($name, &mut $field)?,)*
                        _ => r.skip_value()?,
                    }
                }
                Ok($ty { $($field: r.take($name, $field)?,)* })
            }
        }

        impl Attribute for $ty {
            type Value = Self;
            type Kind = kind::M;

            fn write(&self, w: &mut Writer) {
                w.map_value(|w| self.write_item(w));
            }

            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                r.begin_map_value()?;
                let value = Self::read_item(r)?;
                r.end_map_value()?;
                Ok(value)
            }
        }
    };
}
body! { Line:
    sku: "sku" String,
    quantity: "quantity" u32,
}
body! { Cart:
    id: "id" String,
    views: "views" u64,
    balance: "balance" i64,
    rate: "rate" f64,
    open: "open" bool,
    note: "a note" Option<String>,
    tags: "tags" BTreeSet<String>,
    lines: "lines" Vec<Line>,
    prefs: "prefs" HashMap<String, u8>,
    blob: "blob" Binary,
}

impl Cart {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.write_item(&mut w);
        w.finish().expect("an item that can be stored")
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        Self::read_item(&mut Reader::new(bytes)?)
    }
}

/// Text with quotes, escapes, control characters and characters beyond the basic plane.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '"', '\\', '\n', '\0', '\u{1f}', '/', 'é', '😀', '\u{ffff}',
    ]);
    let char = prop_oneof![6 => prop::char::range(' ', '~'), 2 => special, 1 => any::<char>()];
    prop::collection::vec(char, 0..40).prop_map(String::from_iter)
}

/// Decimal text of up to 38 digits.
pub(crate) fn number() -> impl Strategy<Value = String> {
    let digits = "-?[1-9][0-9]{0,37}";
    prop_oneof![
        digits,
        "-?[0-9]{1,18}\\.[0-9]{1,18}",
        "-?[1-9]\\.[0-9]{0,30}[eE][+-]?[0-9]{2}"
    ]
}

pub(crate) fn cart() -> impl Strategy<Value = Cart> {
    let line = (text(), any::<u32>()).prop_map(|(sku, quantity)| Line { sku, quantity });
    let rate = (-1e100..1e100f64).prop_filter("in range", |n| *n == 0.0 || n.abs() >= 1e-130);
    let plain = (text(), any::<u64>(), any::<i64>(), rate, any::<bool>());
    let nested = (
        prop::option::of(text()),
        prop::collection::btree_set(text(), 0..5),
        prop::collection::vec(line, 0..4),
        prop::collection::hash_map(text(), any::<u8>(), 0..4),
        prop::collection::vec(any::<u8>(), 0..50).prop_map(Binary::from),
    );
    (plain, nested).prop_map(
        |((id, views, balance, rate, open), (note, tags, lines, prefs, blob))| Cart {
            id,
            views,
            balance,
            rate,
            open,
            note,
            tags,
            lines,
            prefs,
            blob,
        },
    )
}

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn value() -> impl Strategy<Value = AttributeValue> {
    let blob = || prop::collection::vec(any::<u8>(), 0..30).prop_map(Blob::new);
    let leaf = prop_oneof![
        text().prop_map(AttributeValue::S),
        number().prop_map(AttributeValue::N),
        blob().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null(true)),
        prop::collection::vec(text(), 1..4).prop_map(AttributeValue::Ss),
        prop::collection::vec(number(), 1..4).prop_map(AttributeValue::Ns),
        prop::collection::vec(blob(), 1..4).prop_map(AttributeValue::Bs),
    ];
    leaf.prop_recursive(6, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(AttributeValue::L),
            prop::collection::hash_map(text(), inner, 0..5).prop_map(AttributeValue::M),
        ]
    })
}

pub(crate) fn item() -> impl Strategy<Value = Item> {
    prop::collection::hash_map(text(), value(), 0..6)
}

#[track_caller]
fn check_one_type(json: &str, expect: &str) {
    let plain = dynamodel_wire::one_type_json(json.as_bytes()).unwrap();
    assert_eq!(std::str::from_utf8(&plain).unwrap(), expect);
    // Plain JSON stays as it is.
    let again = dynamodel_wire::one_type_json(&plain).unwrap();
    assert!(matches!(again, std::borrow::Cow::Borrowed(_)));
}

#[test]
fn values_that_list_all_types_become_plain() {
    check_one_type(
        r#"{"a":{"S":"x","N":null,"B":null,"SS":[],"NS":[],"BS":[],"M":{},"L":[],"NULL":false,"BOOL":null,"IsLSet":false}}"#,
        r#"{"a":{"S":"x"}}"#,
    );
    check_one_type(
        r#"{"a":{"s":null,"nullvalue":true},"b":{"nullValue":null,"bool":false}}"#,
        r#"{"a":{"NULL":true},"b":{"BOOL":false}}"#,
    );
    check_one_type(
        r#"{"m":{"M":{"l":{"L":[{"n":"1","s":null},{"S":null,"SS":["q\""]}],"M":null}},"S":null}}"#,
        r#"{"m":{"M":{"l":{"L":[{"N":"1"},{"SS":["q\""]}]}}}}"#,
    );
    check_one_type(r#"{"a":{"L":[],"S":null}}"#, r#"{"a":{"L":[]}}"#);
    check_one_type(
        r#"{"e\"":{"b":"AAE=","s":null}}"#,
        r#"{"e\"":{"B":"AAE="}}"#,
    );
}

#[test]
fn value_of_no_type_or_two_is_refused() {
    for json in [
        r#"{"a":{"S":"secret","N":"1"}}"#,
        r#"{"a":{"S":null}}"#,
        r#"{"a":{"X":"secret"}}"#,
        r#"{"a":{"L":[],"M":{}}}"#,
        r#"{"a":"secret"}"#,
        r#"{"a":{"S":"secret"}} secret"#,
        r#"["secret"]"#,
    ] {
        let error = dynamodel_wire::one_type_json(json.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
    let deep = format!("{}{}", r#"{"a":{"L":[{"L":"#.repeat(400), "");
    assert!(dynamodel_wire::one_type_json(deep.as_bytes()).is_err());
}
