//! Which item a key or an item is: equal values for all forms of one key.

mod table;

use std::borrow::Cow;
use std::ops::Range;

use crate::schema::KeySchema;
use crate::wire::{Decimal, ReadError, Reader, Tag, is_plain};

pub(crate) use table::KeyTable;

/// The values of a primary key, which has one or two attributes.
pub(crate) type KeyValues<'a> = [Option<KeyValue<'a>>; 2];

/// The value of a key attribute.
#[derive(Debug)]
pub(crate) struct KeyValue<'a> {
    /// Where it stands in the text, and what stands there.
    pub(crate) at: Range<usize>,
    json: &'a str,
    value: Value<'a>,
}

/// The number 1 and the number 1.0 are one key to DynamoDB.
#[derive(Debug, PartialEq)]
enum Value<'a> {
    Text(Cow<'a, str>),
    Binary(Vec<u8>),
    Number {
        negative: bool,
        digits: u128,
        exponent: i64,
    },
}

/// Nearly always equal values have equal bytes.
impl PartialEq for KeyValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is_json(other.json.as_bytes()) || self.value == other.value
    }
}

/// The values of the key attributes in an item or key that starts at the reader. Nothing is consumed.
pub(crate) fn key_values<'a>(
    item: &Reader<'a>,
    key: &KeySchema,
) -> Result<KeyValues<'a>, ReadError> {
    // What follows the key attributes in the item does not matter.
    let mut values = [None, None];
    let mut missing = key.attributes().count();
    let mut r = item.clone();
    let mut more = r.begin_map()?;
    while more && missing > 0 {
        let name = r.map_key()?;
        let position = key.attributes().position(|attribute| attribute == name);
        match position.and_then(|i| values.get_mut(i)) {
            Some(value) => {
                let again = value.replace(KeyValue::read(&mut r)?);
                missing -= usize::from(again.is_none());
            }
            None => r.skip_value()?,
        }
        more = r.end_entry()?;
    }
    if missing > 0 {
        return Err(ReadError::expected("the attributes of the primary key"));
    }
    Ok(values)
}

/// The values of the key attributes of the item that the reader has just read, when they were among
/// what was read.
pub(crate) fn key_values_read<'a>(r: &Reader<'a>, key: &KeySchema) -> Option<KeyValues<'a>> {
    let read = |part| KeyValue::read(&mut r.key_read(part)?).ok();
    match key.sort {
        [] => Some([Some(read(1)?), None]),
        _ => Some([Some(read(1)?), Some(read(2)?)]),
    }
}

/// The texts of a key whose values stand there, when all are of type S, as they are written. The second one
/// is empty when there is none.
#[inline]
pub(crate) fn written_texts<'a>(
    json: &'a [u8],
    [first, second]: &[Range<usize>; 2],
) -> Option<[Option<&'a [u8]>; 2]> {
    let written = |at: &Range<usize>| {
        let text = json.get(at.clone())?.strip_prefix(b"{\"S\":\"")?;
        text.strip_suffix(b"\"}")
    };
    let second = match second.is_empty() {
        true => None,
        false => Some(written(second)?),
    };
    Some([Some(written(first)?), second])
}

/// The values of the key attributes of a key whose values stand there in the JSON. The second one is
/// empty when there is none.
#[inline]
pub(crate) fn key_values_at<'a>(
    json: &'a [u8],
    [first, second]: [Range<usize>; 2],
) -> Result<KeyValues<'a>, ReadError> {
    let second = match second.is_empty() {
        true => None,
        false => Some(KeyValue::at(json, second)?),
    };
    Ok([Some(KeyValue::at(json, first)?), second])
}

impl<'a> KeyValue<'a> {
    /// The value that stands there.
    #[inline]
    fn at(json: &'a [u8], at: Range<usize>) -> Result<Self, ReadError> {
        let json = std::str::from_utf8(json.get(at.clone()).unwrap_or_default());
        let json = json.map_err(|_| ReadError::expected("a key in UTF-8"))?;
        let value = match plain_text(json) {
            Some(text) => Value::Text(Cow::Borrowed(text)),
            None => Value::read(&mut Reader::of_text(json))?,
        };
        Ok(KeyValue { at, json, value })
    }

    #[inline]
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        let start = r.position();
        let value = if r.is_text() {
            Value::Text(r.string()?)
        } else {
            Value::read(r)?
        };
        let at = start..r.position();
        Ok(KeyValue {
            json: r.text_of(at.clone()),
            at,
            value,
        })
    }

    /// Whether these are the value's very bytes.
    #[inline]
    pub(crate) fn is_json(&self, json: &[u8]) -> bool {
        self.json.as_bytes() == json
    }
}

/// The text of a value of type S that has no escapes.
#[inline]
fn plain_text(json: &str) -> Option<&str> {
    let text = json.strip_prefix("{\"S\":\"")?.strip_suffix("\"}")?;
    is_plain(text.as_bytes()).then_some(text)
}

impl<'a> Value<'a> {
    #[inline(never)]
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        match r.kind()? {
            Tag::S => r.string().map(Value::Text),
            Tag::B => r.binary().map(Value::Binary),
            Tag::N => {
                let n = Decimal::parse(r.number()?)
                    .map_err(|_| ReadError::expected("a number of DynamoDB"))?;
                Ok(Value::Number {
                    negative: n.negative && n.digits != 0,
                    digits: n.digits,
                    exponent: n.exponent,
                })
            }
            _ => Err(ReadError::expected("a key of type S, N or B")),
        }
    }
}

/// The values of the key attributes in an item or key, as bytes that are equal for equal keys.
pub(crate) fn identity(item: &[u8], key: &KeySchema) -> Result<Vec<u8>, ReadError> {
    let mut identity = Vec::with_capacity(96);
    let mut part = |descriptor: u8, text: &[u8]| {
        identity.extend_from_slice(&text.len().to_be_bytes());
        identity.push(descriptor);
        identity.extend_from_slice(text);
    };
    for value in key_values(&Reader::new(item)?, key)?.into_iter().flatten() {
        match value.value {
            Value::Text(text) => part(b'S', text.as_bytes()),
            Value::Binary(bytes) => part(b'B', &bytes),
            Value::Number {
                negative,
                digits,
                exponent,
            } => {
                let sign = if negative { "-" } else { "" };
                part(b'N', format!("{sign}{digits}e{exponent}").as_bytes());
            }
        }
    }
    Ok(identity)
}

/// The text of a number, the same for all forms of one number.
pub(crate) fn number_text(number: &str) -> Result<String, ReadError> {
    let n = Decimal::parse(number).map_err(|_| ReadError::expected("a number of DynamoDB"))?;
    let sign = if n.negative && n.digits != 0 { "-" } else { "" };
    Ok(format!("{sign}{}e{}", n.digits, n.exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: KeySchema = KeySchema {
        partition: &["p"],
        sort: &["s"],
    };

    fn of(json: &str) -> Vec<u8> {
        identity(json.as_bytes(), &KEY).unwrap()
    }

    #[test]
    fn forms_of_one_key_are_equal() {
        let a = of(r#"{"p":{"S":"é"},"s":{"N":"100"}}"#);
        assert_eq!(
            a,
            of(r#"{"x":{"L":[]},"s":{"N":"1E2"},"p":{"S":"\u00e9"}}"#)
        );
        assert_eq!(a, of(r#"{"s":{"N":"100.0"},"p":{"S":"é"}}"#));
        assert_ne!(a, of(r#"{"p":{"S":"é"},"s":{"N":"-100"}}"#));
        assert_ne!(a, of(r#"{"p":{"S":"é"},"s":{"S":"100"}}"#));
        assert_eq!(
            of(r#"{"p":{"B":"AA=="},"s":{"N":"-0"}}"#),
            of(r#"{"p":{"B":"AA=="},"s":{"N":"0"}}"#)
        );
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            of(r#"{"p":{"S":"ab"},"s":{"S":"c"}}"#),
            of(r#"{"p":{"S":"a"},"s":{"S":"bc"}}"#)
        );
        assert!(identity(br#"{"p":{"S":"a"}}"#, &KEY).is_err());
    }
}
