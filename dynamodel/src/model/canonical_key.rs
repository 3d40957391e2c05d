//! The canonical key of a key or item: its values are equal for all forms of one key.

use std::borrow::Cow;
use std::ops::Range;

use crate::model::schema::KeySchema;
use crate::wire::canonical::KeyValue;
use crate::wire::{ReadError, Reader, is_plain};

/// The values of a primary key, which has one or two attributes.
pub(crate) type KeyValues<'a> = [Option<LocatedValue<'a>>; 2];

/// The value of a key attribute, and its byte range in the JSON text that it was read from.
pub(crate) struct LocatedValue<'a> {
    /// Byte range of the value's JSON.
    pub(crate) at: Range<usize>,
    json: &'a str,
    pub(crate) value: KeyValue<'a>,
}

/// Compares the JSON first: equal values nearly always have equal bytes.
impl PartialEq for LocatedValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is_json(other.json.as_bytes()) || self.value == other.value
    }
}

/// Reads the values of the key attributes in an item or key that starts at the reader. Consumes
/// nothing.
pub(crate) fn key_values<'a>(
    item: &Reader<'a>,
    key: &KeySchema,
) -> Result<KeyValues<'a>, ReadError> {
    // Stops after the last key attribute: the rest of the item is checked when it is decoded.
    let mut values = [None, None];
    let mut missing = key.attributes().count();
    let mut r = item.clone();
    let mut more = r.begin_map()?;
    while more && missing > 0 {
        let name = r.map_key()?;
        let position = key.attributes().position(|attribute| attribute == name);
        match position.and_then(|i| values.get_mut(i)) {
            Some(value) => {
                let again = value.replace(LocatedValue::read(&mut r)?);
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

/// Returns the values of the key attributes of the item that the reader has just read, if they were
/// among the attributes read.
pub(crate) fn key_values_read<'a>(r: &Reader<'a>, key: &KeySchema) -> Option<KeyValues<'a>> {
    let read = |part| LocatedValue::read(&mut r.key_read(part)?).ok();
    match key.sort {
        [] => Some([Some(read(1)?), None]),
        _ => Some([Some(read(1)?), Some(read(2)?)]),
    }
}

/// Returns the texts of a key's values as they are written, given their ranges, if all are of type
/// S. The second text is `None` when its range is empty.
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

/// Reads the values of a key's attributes, given their ranges in the JSON. The second value is
/// `None` when its range is empty.
#[inline]
pub(crate) fn key_values_at<'a>(
    json: &'a [u8],
    [first, second]: [Range<usize>; 2],
) -> Result<KeyValues<'a>, ReadError> {
    let second = match second.is_empty() {
        true => None,
        false => Some(LocatedValue::at(json, second)?),
    };
    Ok([Some(LocatedValue::at(json, first)?), second])
}

impl<'a> LocatedValue<'a> {
    /// Reads the value in this range.
    #[inline]
    fn at(json: &'a [u8], at: Range<usize>) -> Result<Self, ReadError> {
        // In bounds: the range was recorded when this JSON was written or read.
        let json = std::str::from_utf8(json.get(at.clone()).unwrap_or_default());
        let json = json.map_err(|_| ReadError::expected("a key in UTF-8"))?;
        let value = match plain_text(json) {
            Some(text) => KeyValue::S(Cow::Borrowed(text)),
            None => KeyValue::read(&mut Reader::of_text(json))?,
        };
        Ok(LocatedValue { at, json, value })
    }

    #[inline]
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        let start = r.position();
        let value = if r.is_text() {
            KeyValue::S(r.string()?)
        } else {
            KeyValue::read(r)?
        };
        let at = start..r.position();
        Ok(LocatedValue {
            json: r.text_of(at.clone()),
            at,
            value,
        })
    }

    /// Returns `true` if the value's JSON has exactly these bytes.
    #[inline]
    pub(crate) fn is_json(&self, json: &[u8]) -> bool {
        self.json.as_bytes() == json
    }
}

/// Returns the text of a value of type S that has no escapes.
#[inline]
fn plain_text(json: &str) -> Option<&str> {
    let text = json.strip_prefix("{\"S\":\"")?.strip_suffix("\"}")?;
    is_plain(text.as_bytes()).then_some(text)
}

/// Returns the values of the key attributes in an item or key as bytes, which are equal for equal
/// keys.
pub(crate) fn identity(item: &[u8], key: &KeySchema) -> Result<Vec<u8>, ReadError> {
    let mut identity = Vec::with_capacity(96);
    let mut part = |descriptor: u8, text: &[u8]| {
        identity.extend_from_slice(&text.len().to_be_bytes());
        identity.push(descriptor);
        identity.extend_from_slice(text);
    };
    for value in key_values(&Reader::new(item)?, key)?.into_iter().flatten() {
        match value.value {
            KeyValue::S(text) => part(b'S', text.as_bytes()),
            KeyValue::B(bytes) => part(b'B', &bytes),
            KeyValue::N(_, number) => part(b'N', number.canonical_text().as_bytes()),
        }
    }
    Ok(identity)
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
