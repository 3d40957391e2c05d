//! Bytes that no service sends: no panic, no deep recursion, nothing accepted that is not JSON.

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel_wire::{Attribute, kind};
use dynamodel_wire::{ReadError, Reader, Writer, from_slice, item_from_slice, item_size};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::item::{Cart, cart};

/// A value of any kind, skipped.
#[derive(Debug)]
struct Skipped;

impl Attribute for Skipped {
    type Value = Self;
    type Kind = kind::Any;

    fn write(&self, w: &mut Writer) {
        w.null();
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.skip_value().map(|()| Skipped)
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

fn whole_cart(bytes: &[u8]) -> Result<Cart, ReadError> {
    let mut r = Reader::new(bytes)?;
    let cart = Cart::read_item(&mut r)?;
    r.finish()?;
    Ok(cart)
}

/// Reads the bytes in every way; accepted bytes have to be JSON.
fn check(bytes: &[u8]) {
    let json = is_json(bytes);
    assert!(json || whole_cart(bytes).is_err(), "a cart from {bytes:?}");
    assert!(
        json || item_from_slice(bytes).is_err(),
        "an item from {bytes:?}"
    );
    assert!(json || item_size(bytes).is_err(), "a size of {bytes:?}");
    assert!(
        json || from_slice::<Skipped>(bytes).is_err(),
        "skipped {bytes:?}"
    );
    assert!(
        json || from_slice::<AttributeValue>(bytes).is_err(),
        "a value from {bytes:?}"
    );
    assert!(
        json || from_slice::<Vec<Option<u8>>>(bytes).is_err(),
        "a list from {bytes:?}"
    );
}

/// Changes, removes, inserts or cuts off a few bytes; the same ones in each run.
fn damage(bytes: &mut Vec<u8>, rng: &mut fastrand::Rng) {
    const INTERESTING: &[u8] = b"\"\\{}[]:,SNBLMU0-.e \n\x00\x1f\x7f\xff";
    for _ in 0..rng.usize(1..4) {
        let at = rng.usize(0..bytes.len().max(1));
        let byte = INTERESTING[rng.usize(0..INTERESTING.len())];
        match rng.u8(0..5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at.min(bytes.len()), byte),
            _ if bytes.is_empty() => bytes.push(byte),
            2 => drop(bytes.remove(at)),
            3 => bytes[at] = byte,
            _ => bytes[at] ^= 1 << rng.u8(0..8),
        }
    }
}

#[test]
fn damaged_items_never_panic() {
    let mut runner = TestRunner::deterministic();
    let mut rng = fastrand::Rng::with_seed(42);
    let carts = cart();
    for _ in 0..400 {
        let valid = carts.new_tree(&mut runner).unwrap().current().to_bytes();
        check(&valid);
        for _ in 0..50 {
            let mut bytes = valid.clone();
            damage(&mut bytes, &mut rng);
            check(&bytes);
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let item = br#" { "id" : {"S":"\ud83d\ude00x"},"views":{"N":"18446744073709551615"},"balance":{"N":"-1E+2"},"rate":{"N":"0.5"},
        "open":{"BOOL":true},"lines":{"L":[{"M":{"sku":{"S":"a"},"quantity":{"N":"1"}}}]},"prefs":{"M":{}},"blob":{"B":"AQI="},
        "tags":{"SS":["a","b"]},"unknown":{"Q":[1.5e-3,null,{"x":[]}]} } "#;
    assert!(whole_cart(item).is_ok());
    for len in 0..item.len() - 2 {
        assert!(whole_cart(&item[..len]).is_err(), "{len}");
        check(&item[..len]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
        check(&bytes);
    }

    #[test]
    fn arbitrary_tokens_never_panic(tokens in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "[", "]", ":", ",", "\"", "\"S\"", "\"N\"", "{\"S\":\"", "\"}", "{\"N\":\"", "{\"L\":[", "]}",
        "{\"M\":{", "}}", "\"a\":", "{\"SS\":[", "{\"NULL\":true}", "{\"BOOL\":", "true", "null", "1", "-", ".", "e",
        "\\", "\\u", "d83d", "x", " ", "\n", "\u{1}", "é",
    ]), 0..24)) {
        check(tokens.concat().as_bytes());
    }
}

#[test]
fn skipping_accepts_exactly_json() {
    for json in [
        "0",
        "-0.5e+10",
        "1E5",
        "\"\"",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        " [ 1 , [ ] , { \"a\" : null } ] ",
        r#"{"a":{"Q":"\u00e9\n"}}"#,
    ] {
        assert!(from_slice::<Skipped>(json.as_bytes()).is_ok(), "{json}");
    }
    for json in [
        "",
        " ",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "-",
        "tru",
        "nul",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{,}",
        "{\"a\":1,}",
        "{a:1}",
        "[}",
        "{]",
        "]",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\n\"",
        "\"",
        "1 1",
        "[1]]",
    ] {
        assert!(from_slice::<Skipped>(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn nesting_depth_is_limited() {
    #[derive(Debug)]
    struct Tree(#[expect(dead_code, reason = "only its depth matters")] Vec<Tree>);
    impl Attribute for Tree {
        type Value = Self;
        type Kind = kind::L;
        fn write(&self, w: &mut Writer) {
            w.null();
        }
        fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
            Vec::read(r).map(Tree)
        }
    }
    let nested = |levels: usize| format!("{}{}", "{\"L\":[".repeat(levels), "]}".repeat(levels));
    let maps = |levels: usize| {
        format!(
            "{}{{\"S\":\"\"}}{}",
            "{\"M\":{\"a\":".repeat(levels),
            "}}".repeat(levels)
        )
    };
    for bytes in [nested(64), maps(64)] {
        assert!(from_slice::<AttributeValue>(bytes.as_bytes()).is_ok());
        assert!(from_slice::<Skipped>(bytes.as_bytes()).is_ok());
    }
    assert!(from_slice::<Tree>(nested(64).as_bytes()).is_ok());
    for bytes in [
        nested(65),
        maps(65),
        nested(100_000),
        maps(100_000),
        "[".repeat(1_000_000),
    ] {
        assert!(from_slice::<AttributeValue>(bytes.as_bytes()).is_err());
        assert!(from_slice::<Tree>(bytes.as_bytes()).is_err());
        assert!(from_slice::<Skipped>(bytes.as_bytes()).is_err());
    }
}

#[test]
fn value_has_exactly_one_type() {
    for json in [
        r#"{"S":"a","N":"1"}"#,
        r#"{"N":"1","S":"a"}"#,
        r#"{"L":[],"M":{}}"#,
        r#"{"M":{},"L":[]}"#,
        r#"{"BOOL":true,"S":"a"}"#,
        r#"{"NULL":true,"S":"a"}"#,
        r#"{"SS":["a"],"S":"a"}"#,
        r#"{"B":"","S":"a"}"#,
        r#"{"S":"a","S":"b"}"#,
        "{}",
        "null",
        r#"{"S":null}"#,
        r#"{"s":"a"}"#,
        r#"{"SS":["a"}]}"#,
    ] {
        assert!(
            from_slice::<AttributeValue>(json.as_bytes()).is_err(),
            "{json}"
        );
        assert!(from_slice::<String>(json.as_bytes()).is_err(), "{json}");
    }
}
