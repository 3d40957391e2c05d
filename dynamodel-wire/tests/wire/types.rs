//! Round trips of every type of the standard library, with its stored form.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI8, NonZeroU64};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dynamodel_wire::{Attribute, Binary, SetValue, ValueFor};
use dynamodel_wire::{Writer, from_slice, to_vec};
use proptest::prelude::*;

use crate::item::{number, text};

#[track_caller]
fn stored<T: Attribute + PartialEq + Debug>(value: T, json: &str) {
    assert_eq!(String::from_utf8(to_vec(&value).unwrap()).unwrap(), json);
    assert_eq!(from_slice::<T>(json.as_bytes()).unwrap(), value);
}

#[test]
fn types_have_their_stored_forms() {
    stored(String::from("a\"b"), r#"{"S":"a\"b"}"#);
    stored::<Box<str>>("x".into(), r#"{"S":"x"}"#);
    stored::<Arc<str>>("x".into(), r#"{"S":"x"}"#);
    stored::<Rc<str>>("x".into(), r#"{"S":"x"}"#);
    stored::<Cow<'static, str>>("".into(), r#"{"S":""}"#);
    stored('ß', r#"{"S":"ß"}"#);
    stored::<IpAddr>("192.0.2.1".parse().unwrap(), r#"{"S":"192.0.2.1"}"#);
    stored::<Ipv6Addr>(Ipv6Addr::LOCALHOST, r#"{"S":"::1"}"#);
    stored::<SocketAddr>((Ipv6Addr::LOCALHOST, 80).into(), r#"{"S":"[::1]:80"}"#);
    stored(
        HashMap::from([(Ipv4Addr::LOCALHOST, 1)]),
        r#"{"M":{"127.0.0.1":{"N":"1"}}}"#,
    );
    for other in ["0:0:0:0:0:0:0:1", "::01", "192.0.2.256", "localhost"] {
        let json = format!(r#"{{"S":"{other}"}}"#);
        assert!(from_slice::<IpAddr>(json.as_bytes()).is_err(), "{other}");
    }
    stored(true, r#"{"BOOL":true}"#);
    stored(false, r#"{"BOOL":false}"#);
    stored(255u8, r#"{"N":"255"}"#);
    stored(i64::MIN, r#"{"N":"-9223372036854775808"}"#);
    stored(u64::MAX, r#"{"N":"18446744073709551615"}"#);
    stored(
        -(10i128.pow(38) - 1),
        &format!(r#"{{"N":"-{}"}}"#, "9".repeat(38)),
    );
    stored(10u128.pow(38), &format!(r#"{{"N":"1{}"}}"#, "0".repeat(38)));
    stored(NonZeroI8::MIN, r#"{"N":"-128"}"#);
    stored(NonZeroU64::MIN, r#"{"N":"1"}"#);
    stored(0.1f64, r#"{"N":"0.1"}"#);
    stored(0.1f32, r#"{"N":"0.1"}"#);
    stored(Binary::from([0xfb, 0xff]), r#"{"B":"+/8="}"#);
    stored(Binary::default(), r#"{"B":""}"#);
    stored(vec![1, 2], r#"{"L":[{"N":"1"},{"N":"2"}]}"#);
    stored(VecDeque::from([1]), r#"{"L":[{"N":"1"}]}"#);
    stored::<Box<[u8]>>(Box::new([]), r#"{"L":[]}"#);
    stored([Some('a'), None], r#"{"L":[{"S":"a"},{"NULL":true}]}"#);
    stored(
        (1, "x".to_owned(), None::<u8>),
        r#"{"L":[{"N":"1"},{"S":"x"},{"NULL":true}]}"#,
    );
    stored(
        (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 'l'),
        concat!(
            r#"{"L":[{"N":"1"},{"N":"2"},{"N":"3"},{"N":"4"},{"N":"5"},{"N":"6"},{"N":"7"},{"N":"8"},"#,
            r#"{"N":"9"},{"N":"10"},{"N":"11"},{"S":"l"}]}"#,
        ),
    );
    stored(
        BTreeMap::from([("a b".to_owned(), Some(1)), ("é".to_owned(), None)]),
        r#"{"M":{"a b":{"N":"1"},"é":{"NULL":true}}}"#,
    );
    stored(
        HashMap::<i32, bool>::from([(-1, true)]),
        r#"{"M":{"-1":{"BOOL":true}}}"#,
    );
    stored(
        BTreeSet::from(["a".to_owned(), "\"".to_owned()]),
        r#"{"SS":["\"","a"]}"#,
    );
    stored(HashSet::<i8>::from([-3]), r#"{"NS":["-3"]}"#);
    stored(
        BTreeSet::from([Binary::from([1]), Binary::from([2])]),
        r#"{"BS":["AQ==","Ag=="]}"#,
    );
    stored(
        BTreeSet::from([Duration::from_millis(1500)]),
        r#"{"NS":["1.5"]}"#,
    );
    stored(vec![BTreeSet::<u8>::new()], r#"{"L":[{"NULL":true}]}"#);
    stored(Box::new(Arc::new(7)), r#"{"N":"7"}"#);
    stored(
        Duration::new(u64::MAX, 999_999_999),
        r#"{"N":"18446744073709551615.999999999"}"#,
    );
    stored(Duration::from_secs(60), r#"{"N":"60"}"#);
    stored(UNIX_EPOCH, r#"{"N":"0"}"#);
    stored(UNIX_EPOCH + Duration::new(1, 50_000_000), r#"{"N":"1.05"}"#);
    stored(UNIX_EPOCH - Duration::new(0, 1), r#"{"N":"-0.000000001"}"#);
    stored(UNIX_EPOCH - Duration::new(100, 0), r#"{"N":"-100"}"#);
}

#[test]
fn only_options_and_sets_can_be_absent() {
    assert!(None::<u8>.is_absent() && !Some(1).is_absent());
    // The inner `None` is NULL, so that it is told from the outer one.
    assert!(None::<Option<u8>>.is_absent() && !Some(None::<u8>).is_absent());
    stored(Some(None::<u8>), r#"{"NULL":true}"#);
    assert!(BTreeSet::<u8>::new().is_absent() && Box::new(HashSet::<u8>::new()).is_absent());
    assert!(!String::new().is_absent() && !Vec::<u8>::new().is_absent());
    assert_eq!(Option::<u8>::absent(), Some(None));
    assert_eq!(BTreeSet::<u8>::absent(), Some(BTreeSet::new()));
    assert_eq!(u8::absent(), None);
}

#[test]
fn other_forms_of_integers() {
    for (text, value) in [
        ("1E+2", 100),
        ("100.0", 100),
        ("0.1e4", 1000),
        ("-0", 0),
        ("+7", 7),
        ("007", 7),
    ] {
        assert_eq!(
            from_slice::<u16>(format!(r#"{{"N":"{text}"}}"#).as_bytes()).unwrap(),
            value,
            "{text}"
        );
    }
    for text in [
        "1.5",
        "-1",
        "65536",
        "1e5",
        "99999999999999999999999",
        "",
        "1 ",
        "x",
        "--1",
        "1e",
        "NaN",
    ] {
        assert!(
            from_slice::<u16>(format!(r#"{{"N":"{text}"}}"#).as_bytes()).is_err(),
            "{text}"
        );
    }
    for text in ["inf", "NaN", "1e999", "", "-", "1_0", "0x1"] {
        assert!(
            from_slice::<f64>(format!(r#"{{"N":"{text}"}}"#).as_bytes()).is_err(),
            "{text}"
        );
    }
}

#[test]
fn wrong_shapes_are_refused() {
    assert!(from_slice::<[u8; 2]>(br#"{"L":[{"N":"1"}]}"#).is_err());
    assert!(from_slice::<(u8, u8)>(br#"{"L":[{"N":"1"}]}"#).is_err());
    assert!(from_slice::<(u8,)>(br#"{"L":[{"N":"1"},{"N":"1"}]}"#).is_err());
    assert!(from_slice::<char>(br#"{"S":"ab"}"#).is_err());
    assert!(from_slice::<NonZeroU64>(br#"{"N":"0"}"#).is_err());
    assert!(from_slice::<Duration>(br#"{"N":"-1"}"#).is_err());
    assert!(from_slice::<SystemTime>(br#"{"N":"1e30"}"#).is_err());
    assert!(from_slice::<BTreeSet<String>>(br#"{"NS":["1"]}"#).is_err());
    assert!(from_slice::<BTreeSet<String>>(br#"{"SS":[{"S":"a"}]}"#).is_err());
    assert!(from_slice::<BTreeSet<u8>>(br#"{"NS":[1]}"#).is_err());
    assert!(from_slice::<Vec<String>>(br#"{"SS":["a"]}"#).is_err());
    assert!(from_slice::<Option<bool>>(br#"{"NULL":false}"#).is_err());
    assert_eq!(
        from_slice::<Option<u8>>(br#" { "NULL" : true } "#).unwrap(),
        None
    );
    assert_eq!(
        from_slice::<Option<u8>>(br#"{ "N" : "1" }"#).unwrap(),
        Some(1)
    );
    assert_eq!(
        from_slice::<BTreeSet<u8>>(br#"{"NULL":true}"#).unwrap(),
        BTreeSet::new()
    );
    assert_eq!(
        from_slice::<BTreeSet<u8>>(br#"{ "NS" : [ "1E+1" , "2" ] }"#).unwrap(),
        BTreeSet::from([10, 2])
    );
}

fn operand<T>(value: impl ValueFor<T>) -> String {
    let mut w = Writer::new();
    value.write_value(&mut w);
    String::from_utf8(w.finish().unwrap()).unwrap()
}

fn removes<T>(value: impl SetValue<T>) -> bool {
    value.is_removal()
}

#[test]
fn operands_write_their_stored_forms() {
    assert_eq!(operand::<u64>(7), r#"{"N":"7"}"#);
    assert_eq!(operand::<String>("x"), r#"{"S":"x"}"#);
    assert_eq!(operand::<Binary>(b"\x01"), r#"{"B":"AQ=="}"#);
    assert_eq!(operand::<Binary>(&b"\x01"[..]), r#"{"B":"AQ=="}"#);
    assert_eq!(operand::<Binary>(vec![1u8]), r#"{"B":"AQ=="}"#);
    assert_eq!(
        operand::<BTreeSet<String>>(["b", "a"]),
        r#"{"SS":["b","a"]}"#
    );
    assert_eq!(operand::<HashSet<u8>>(&[1, 2]), r#"{"NS":["1","2"]}"#);
    assert_eq!(operand::<BTreeSet<u8>>(vec![1]), r#"{"NS":["1"]}"#);
    assert_eq!(
        operand::<BTreeSet<u8>>(&BTreeSet::from([1])),
        r#"{"NS":["1"]}"#
    );
    assert_eq!(operand::<BTreeSet<Binary>>([b"\x01"]), r#"{"BS":["AQ=="]}"#);
    assert_eq!(operand::<Vec<u8>>([1]), r#"{"L":[{"N":"1"}]}"#);
    assert_eq!(
        operand::<HashMap<String, u8>>([("a", 1)]),
        r#"{"M":{"a":{"N":"1"}}}"#
    );
    assert!(removes::<BTreeSet<u8>>(BTreeSet::new()));
    assert!(removes::<BTreeSet<String>>([""; 0]));
    assert!(!removes::<BTreeSet<String>>(["a"]));
    assert!(removes::<Option<u8>>(None) && !removes::<Option<u8>>(1));
}

macro_rules! round_trips {
    ($($name:ident: $ty:ty = $strategy:expr;)*) => {
        proptest! {$(
            #[test]
            fn $name(value in $strategy) {
                let value: $ty = value;
                let bytes = to_vec(&value).unwrap();
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
                prop_assert_eq!(from_slice::<$ty>(&bytes).unwrap(), value);
            }
        )*}
    };
}
const MAX: i128 = 10i128.pow(38);
round_trips! {
    strings: String = text();
    chars: char = any::<char>();
    small: (u8, u16, u32, i8, i16, i32) = any::<(u8, u16, u32, i8, i16, i32)>();
    large: (u64, i64, usize, isize) = any::<(u64, i64, usize, isize)>();
    wide: i128 = -MAX + 1..MAX;
    doubles: f64 = any::<f64>().prop_filter("in range", |n| (1e-130..1e126).contains(&n.abs()));
    singles: f32 = any::<f32>();
    binaries: Binary = any::<Vec<u8>>().prop_map(Binary::from);
    lists: Vec<Option<String>> = prop::collection::vec(prop::option::of(text()), 0..9);
    maps: BTreeMap<String, Vec<u8>> = prop::collection::btree_map(text(), any::<Vec<u8>>(), 0..5);
    string_sets: BTreeSet<String> = prop::collection::btree_set(text(), 0..9);
    number_sets: HashSet<i64> = any::<HashSet<i64>>();
    binary_sets: BTreeSet<Binary> = prop::collection::btree_set(any::<Vec<u8>>().prop_map(Binary::from), 0..9);
    durations: Duration = any::<Duration>();
    times: SystemTime = any::<SystemTime>();
}

proptest! {
    #[test]
    fn number_text_is_kept(text in number()) {
        let mut w = Writer::new();
        w.number_text(&text);
        let bytes = w.finish().unwrap();
        let mut r = dynamodel_wire::Reader::new(&bytes).unwrap();
        prop_assert_eq!(r.number().unwrap(), &text);
    }

    #[test]
    fn floats_read_as_the_standard_library_does(text in number()) {
        let json = format!(r#"{{"N":"{text}"}}"#);
        prop_assert_eq!(from_slice::<f64>(json.as_bytes()).unwrap(), text.parse::<f64>().unwrap());
    }
}
