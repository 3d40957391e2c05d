//! `serde_json::Value`.

use serde_json::{Map, Number, Value};

use crate::attribute::container::{ListOf, MapOf};
use crate::{Attribute, kind};
use crate::{Decimal, ReadError, Reader, Tag, Writer};

/// Stored as the DynamoDB value of the same form: object M, array L, string S, number N, boolean
/// BOOL, null NULL. Paths lead into it by `key` and `index`. Behind an `Option`, null reads as
/// `None`.
///
/// Numbers are exact: a number that `serde_json::Number` would round is an error on read. With
/// `serde_json`'s own feature `arbitrary_precision` the type holds every number of DynamoDB. Binary
/// and sets have no JSON form and are errors.
impl Attribute for Value {
    type Value = Self;
    type Kind = kind::Any;

    fn write(&self, w: &mut Writer) {
        match self {
            Value::Null => w.null(),
            Value::Bool(value) => w.bool(*value),
            Value::Number(number) => write_number(number, w),
            Value::String(text) => w.string(text),
            Value::Array(elements) => w.list(|w| elements.iter().for_each(|e| w.element(e))),
            Value::Object(entries) => {
                w.map(|w| entries.iter().for_each(|(key, value)| w.entry(key, value)));
            }
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        match r.kind()? {
            Tag::Null => r.null().map(|()| Value::Null),
            Tag::Bool => r.bool().map(Value::Bool),
            Tag::N => read_number(r.number()?).map(Value::Number),
            Tag::S => Ok(Value::String(r.string()?.into_owned())),
            Tag::L => Vec::read(r).map(Value::Array),
            Tag::M => {
                let mut entries = Map::new();
                r.map(|key, r| {
                    entries.insert(key.into_owned(), Value::read(r)?);
                    Ok(())
                })?;
                Ok(Value::Object(entries))
            }
            other => Err(ReadError::new("a value with a JSON form", other.as_str())),
        }
    }
}

impl MapOf for Value {
    type Key = String;
    type Entry = Value;
}

impl ListOf for Value {
    type Element = Value;
}

fn write_number(number: &Number, w: &mut Writer) {
    if let Some(integer) = number.as_u64() {
        w.integer(integer);
    } else if let Some(integer) = number.as_i64() {
        w.integer(integer);
    } else {
        w.number_text(&number.to_string());
    }
}

fn read_number(text: &str) -> Result<Number, ReadError> {
    let inexact = || {
        ReadError::new(
            "N that serde_json::Number holds exactly",
            "a number out of range",
        )
    };
    let stored = Decimal::parse(text).map_err(|_| inexact())?;
    if let Some(integer) = integer(&stored) {
        return Ok(integer);
    }
    // DynamoDB writes numbers in a form that is valid JSON. Other engines may write `.5`, which is
    // not, so that the fallback builds the text from the digits.
    let number = text.parse().ok().or_else(|| {
        let sign = if stored.negative { "-" } else { "" };
        let text = format!("{sign}{}e{}", stored.digits, stored.exponent);
        text.parse::<Number>().ok()
    });
    let same = |number: &Number| Decimal::parse(&number.to_string()) == Ok(stored);
    number.filter(same).ok_or_else(inexact)
}

fn integer(number: &Decimal) -> Option<Number> {
    let magnitude = u64::try_from(number.scaled(0).filter(|_| number.exponent >= 0)?).ok()?;
    if number.negative {
        0i64.checked_sub_unsigned(magnitude).map(Number::from)
    } else {
        Some(Number::from(magnitude))
    }
}
