//! Tests of the parts of requests and responses around attribute values.

use super::{MAX_PARTITION, MAX_SORT, ReadError, Reader, WriteError, Writer, key_problem, to_vec};
use crate::Attribute;

#[test]
fn reads_a_response_envelope() -> Result<(), ReadError> {
    let body = br#" { "Count" : 2, "Items":[{"n":{"N":"1"}} , {}], "Capacity":0.5, "Next":null,
        "Raw": {"a":[1,-2.5e+3,true]}, "Name":"a\tb" } "#;
    let mut r = Reader::new(body)?;
    let (mut items, mut seen) = (0, Vec::new());
    let mut more = r.begin_map()?;
    while more {
        let name = r.map_key()?;
        match &*name {
            "Count" => assert_eq!(r.json_u64()?, 2),
            "Items" => {
                let mut more = r.begin_list()?;
                while more {
                    r.skip_value()?;
                    items += 1;
                    more = r.end_element()?;
                }
            }
            "Capacity" => assert_eq!(r.json_f64()?, 0.5),
            "Next" => assert!(r.json_null()),
            "Raw" => assert_eq!(r.raw_value()?, br#"{"a":[1,-2.5e+3,true]}"#),
            "Name" => assert_eq!(r.json_string()?, "a\tb"),
            _ => r.skip_value()?,
        }
        seen.push(name);
        more = r.end_entry()?;
    }
    assert_eq!(items, 2);
    assert_eq!(seen, ["Count", "Items", "Capacity", "Next", "Raw", "Name"]);
    assert_eq!(r.position(), body.len() - 1);
    r.finish()
}

/// Returns the path of the error of the last value in these bytes, or nothing without an error.
fn path_in(request: &str, write: impl FnOnce(&mut Writer)) -> String {
    let mut w = Writer::new();
    w.raw(request.as_bytes());
    write(&mut w);
    w.finish().err().map(|e| e.path()).unwrap_or_default()
}

#[test]
fn a_path_starts_at_the_item() {
    let nan = |w: &mut Writer| w.field(",\"x\":", &f64::NAN);
    assert_eq!(
        path_in(r#"{"TableName":"t","Item":{"a":{"S":"}\"{["}"#, nan),
        "x"
    );
    assert_eq!(
        path_in(r#"{"TransactItems":[{},{"Put":{"Item":{"#, nan),
        "x"
    );
    assert_eq!(path_in(r#"{"Item":{"M":{"M":{"#, nan), "M.x");
    assert_eq!(
        path_in(r#"{"Item":{"M":{"L":[{"N":"1"},{"M":{"#, nan),
        "M[1].x"
    );
    assert_eq!(path_in(r#"{"Item":{"caf\u00e9":{"M":{"#, nan), "café.x");
    let element = |w: &mut Writer| w.element(&f64::NAN);
    assert_eq!(path_in(r#"{"Item":{"a":{"NS":["1","2""#, element), "a[2]");
    assert_eq!(path_in("", |w| f64::NAN.write(w)), "");
}

#[test]
fn a_value_of_an_expression_gets_the_name_of_its_attribute() {
    let mut w = Writer::new();
    w.raw(br#"{"ExpressionAttributeValues":{":v0":"#);
    vec![1.0, f64::INFINITY].write(&mut w);
    let error = w.take_error().map(|e| e.in_attribute("data.prices"));
    assert_eq!(error.map(|e| e.path()).as_deref(), Some("data.prices[1]"));
    assert_eq!(WriteError::new("p").in_attribute("a").path(), "a");
}

#[test]
fn checks_a_key_on_its_own() {
    let check = |text: String, limit| {
        let value = to_vec(&text).unwrap();
        key_problem(&value, limit).map(|e| (e.path(), e.limit()))
    };
    assert_eq!(check("x".repeat(1024), MAX_SORT), None);
    let too_long = Some((String::new(), Some(1024)));
    assert_eq!(check("x".repeat(1025), MAX_SORT), too_long);
    assert_eq!(check("x".repeat(1025), MAX_PARTITION), None);
    assert_eq!(
        check(String::new(), MAX_PARTITION),
        Some((String::new(), None))
    );
}

#[test]
fn the_first_error_stays() {
    let mut w = Writer::new();
    w.begin_map();
    w.field(",\"a\":", &f64::NAN);
    w.field(",\"b\":", &u128::MAX);
    w.end_map();
    assert_eq!(w.error().map(|e| e.path()).as_deref(), Some("a"));
    assert_eq!(w.finish().map_err(|e| e.limit()), Err(None));
}
