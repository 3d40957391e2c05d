//! Errors name the attribute and what was expected, and show no value.

use std::collections::{BTreeSet, HashMap};

use dynamodel_wire::{Attribute, Binary};
use dynamodel_wire::{ReadError, Reader, WriteError, Writer, from_slice, to_vec};

use crate::item::{Cart, Line};

const VALID: &str = r#""id":{"S":"i"},"views":{"N":"1"},"balance":{"N":"1"},"rate":{"N":"1"},"open":{"BOOL":true},
    "prefs":{"M":{}},"blob":{"B":""},"lines":{"L":[]}"#;

fn read(attributes: &str) -> String {
    Cart::from_bytes(format!("{{{VALID},{attributes}}}").as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn read_errors_name_attribute_and_form() {
    assert_eq!(
        read(r#""views":{"S":"secret"}"#),
        "attribute `views`: expected N in the range of u64, found S"
    );
    assert_eq!(
        read(r#""views":{"N":"-99"}"#),
        "attribute `views`: expected N in the range of u64, found a number out of range"
    );
    assert_eq!(
        read(r#""views":{"N":"1.5"}"#),
        "attribute `views`: expected N in the range of u64, found a number with a fraction"
    );
    assert_eq!(
        read(r#""views":{"N":"x"}"#),
        "attribute `views`: expected N in the range of u64, found a malformed number"
    );
    assert_eq!(
        read(r#""rate":{"N":"1e999"}"#),
        "attribute `rate`: expected N in the range of f64, found a number out of range"
    );
    assert_eq!(
        read(r#""open":{"NULL":true}"#),
        "attribute `open`: expected BOOL, found NULL"
    );
    assert_eq!(
        read(r#""id":{"S":"a","N":"1"}"#),
        "attribute `id`: expected one type, found a value of two types"
    );
    assert_eq!(
        read(r#""id":{"Z":"a"}"#),
        "attribute `id`: expected a DynamoDB type, found an unknown type"
    );
    assert_eq!(
        read(r#""blob":{"B":"%"}"#),
        "attribute `blob`: expected B, found malformed base64"
    );
    assert_eq!(
        read(r#""tags":{"SS":["a",5]}"#).split(" at ").next(),
        Some("attribute `tags[1]`: expected DynamoDB JSON, found malformed JSON")
    );
    assert_eq!(
        read(r#""tags":{"NS":["5"]}"#),
        "attribute `tags`: expected SS, found NS"
    );
    assert_eq!(
        read(r#""prefs":{"M":{"secret":{"N":"300"}}}"#),
        "attribute `prefs.*`: expected N in the range of u8, found a number out of range"
    );
    assert_eq!(
        read(
            r#""lines":{"L":[{"M":{"sku":{"S":""},"quantity":{"N":"1"}}},{"M":{"sku":{"S":""},"quantity":{"S":""}}}]}"#
        ),
        "attribute `lines[1].quantity`: expected N in the range of u32, found S"
    );
    assert_eq!(
        read(r#""lines":{"L":[{"M":{"sku":{"S":""}}}]}"#),
        "attribute `lines[0].quantity`: expected N, found nothing"
    );
    let e = Cart::from_bytes(b"{}").unwrap_err();
    assert_eq!(
        (e.path().as_str(), e.expected_form(), e.found()),
        ("id", "S", "nothing")
    );
    assert_eq!(
        from_slice::<String>(b"{\"S\":\"a\x01\"}")
            .unwrap_err()
            .to_string(),
        "expected DynamoDB JSON, found malformed JSON at byte 7"
    );
    assert_eq!(
        from_slice::<String>(b"\xff").unwrap_err().found(),
        "malformed JSON at byte 0"
    );
    assert_eq!(size_of::<ReadError>(), size_of::<usize>());
    assert_eq!(size_of::<Option<WriteError>>(), size_of::<usize>());
}

fn write(change: impl FnOnce(&mut Cart)) -> String {
    let mut cart = Cart::default();
    change(&mut cart);
    let mut w = Writer::new();
    cart.write_item(&mut w);
    w.finish().unwrap_err().to_string()
}

#[test]
fn write_errors_name_attribute_and_problem() {
    let nan = "NaN and infinities are not numbers to DynamoDB";
    assert_eq!(
        write(|c| c.rate = f64::NAN),
        format!("attribute `rate`: {nan}")
    );
    assert_eq!(
        write(|c| c.rate = 1e126),
        "attribute `rate`: the number is beyond DynamoDB's range of 1e-130 to 9.99e125"
    );
    assert_eq!(
        write(|c| c.rate = -9.9e-131),
        "attribute `rate`: the number is beyond DynamoDB's range of 1e-130 to 9.99e125"
    );
    let map = HashMap::from([("secret".to_owned(), vec![0.5, f64::NEG_INFINITY])]);
    assert_eq!(
        to_vec(&map).unwrap_err().to_string(),
        format!("attribute `*[1]`: {nan}")
    );
    assert_eq!(to_vec(&map).unwrap_err().path(), "*[1]");
    let wide = vec![(1u8, u128::MAX)];
    let e = to_vec(&wide).unwrap_err();
    assert_eq!((e.path().as_str(), e.limit()), ("[0][1]", Some(38)));
    let mut w = Writer::new();
    w.list(|w| {
        ["1", "1e126", "x"]
            .iter()
            .for_each(|text| w.element_with(|w| w.number_text(text)))
    });
    assert_eq!(w.finish().unwrap_err().path(), "[1]");
}

#[test]
fn key_errors_name_attribute_and_limit() {
    fn key<T: Attribute>(value: &T, sort: bool) -> Result<Vec<u8>, String> {
        let mut w = Writer::new();
        w.begin_map();
        w.field(",\"a\":", &Line::default());
        if sort {
            w.sort_field(",\"k\":", value)
        } else {
            w.key_field(",\"k\":", value)
        }
        w.field(",\"z\":", &1);
        w.end_map();
        w.finish().map_err(|e| e.to_string())
    }
    let empty = Err("attribute `k`: a key attribute cannot be empty".to_owned());
    assert_eq!(key(&String::new(), false), empty);
    assert_eq!(key(&Binary::default(), true), empty);
    assert_eq!(key(&Some(String::new()), true), empty);
    assert!(key(&"x".repeat(2048), false).is_ok());
    assert!(key(&"\"".repeat(2048), false).is_ok());
    assert!(key(&Binary::from(vec![0; 2048]), false).is_ok());
    assert_eq!(
        key(&"x".repeat(2049), false).unwrap_err(),
        "attribute `k`: a key attribute of 2049 bytes is longer than 2048 bytes"
    );
    assert_eq!(
        key(&Binary::from(vec![0; 1025]), true).unwrap_err(),
        "attribute `k`: a key attribute of 1025 bytes is longer than 1024 bytes"
    );
    assert!(key(&"é".repeat(512), true).is_ok() && key(&"é".repeat(513), true).is_err());
    assert!(key(&u64::MAX, true).is_ok() && key(&None::<String>, true).is_ok());
}

#[test]
fn set_element_has_its_declared_kind() {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Liar;
    impl Attribute for Liar {
        type Value = Self;
        type Kind = dynamodel_wire::kind::S;
        fn write(&self, w: &mut Writer) {
            w.integer(1);
        }
        fn read(_: &mut Reader<'_>) -> Result<Self, ReadError> {
            Ok(Liar)
        }
    }
    assert!(to_vec(&BTreeSet::from([Liar])).is_err());
}

#[test]
fn document_tag_is_the_last_of_its_name() {
    let r = Reader::new(br#"{"type":{"S":"a"},"x":{"N":"1"},"type":{"S":"\u0062"}}"#).unwrap();
    assert_eq!(r.peek_text_in_map("type").unwrap().as_deref(), Some("b"));
    assert_eq!(r.peek_text_in_map("kind").unwrap(), None);
    assert_eq!(r.peek_text_in_map("x").unwrap_err().path(), "x");
}
