//! Values of key attributes: compared as DynamoDB sorts them, hashed, and as bytes of a cursor.

use std::cmp::Ordering;

use super::Fnv;
use crate::wire::{Decimal, ReadError, Reader, Tag, Writer};

/// The value of a key attribute.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeyValue {
    S(String),
    /// The text as it was read, and what it says.
    N(String, Decimal),
    B(Vec<u8>),
}

impl KeyValue {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        match r.kind()? {
            Tag::S => Ok(KeyValue::S(r.string()?.into_owned())),
            Tag::N => Self::number(r.number()?.to_owned()).ok_or_else(no_key),
            Tag::B => Ok(KeyValue::B(r.binary()?)),
            _ => Err(no_key()),
        }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        match self {
            KeyValue::S(text) => w.string(text),
            KeyValue::N(text, _) => w.number_text(text),
            KeyValue::B(bytes) => w.binary(bytes),
        }
    }

    fn number(text: String) -> Option<Self> {
        let value = Decimal::parse(&text).and_then(Decimal::check_range).ok()?;
        Some(KeyValue::N(text, value))
    }

    /// The order of DynamoDB: strings and binaries by their bytes, numbers by what they are.
    pub(crate) fn compare(&self, other: &KeyValue) -> Ordering {
        match (self, other) {
            (KeyValue::S(a), KeyValue::S(b)) => a.as_bytes().cmp(b.as_bytes()),
            (KeyValue::N(_, a), KeyValue::N(_, b)) => a.compare(*b),
            (KeyValue::B(a), KeyValue::B(b)) => a.cmp(b),
            // An attribute of a key has one type.
            _ => self.tag().cmp(&other.tag()),
        }
    }

    fn tag(&self) -> u8 {
        match self {
            KeyValue::S(_) => b'S',
            KeyValue::N(..) => b'N',
            KeyValue::B(_) => b'B',
        }
    }

    /// What is hashed: equal for equal values, however a number is written.
    pub(super) fn feed(&self, hash: &mut Fnv) {
        let number;
        let bytes = match self {
            KeyValue::S(text) => text.as_bytes(),
            KeyValue::N(_, value) => {
                let sign = if value.negative && value.digits != 0 {
                    "-"
                } else {
                    ""
                };
                number = format!("{sign}{}e{}", value.digits, value.exponent);
                number.as_bytes()
            }
            KeyValue::B(bytes) => bytes,
        };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        hash.feed(&[self.tag()]);
        hash.feed(&length.to_be_bytes());
        hash.feed(bytes);
    }

    /// The value as [`feed`](Self::feed) takes it, from its JSON, into a fingerprint.
    pub(crate) fn feed_json(json: &[u8], hash: &mut Fnv) -> Result<(), ReadError> {
        crate::wire::read_item(json, KeyValue::read)?.feed(hash);
        Ok(())
    }

    /// Appends the value to a cursor: its type, its length and its bytes.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let bytes = match self {
            KeyValue::S(text) | KeyValue::N(text, _) => text.as_bytes(),
            KeyValue::B(bytes) => bytes,
        };
        // Keys have at most 2048 bytes.
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        out.push(self.tag());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(bytes.get(..usize::from(length)).unwrap_or_default());
    }

    /// Takes a value off the bytes of a cursor.
    pub(crate) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (&[tag, high, low], rest) = bytes.split_first_chunk()?;
        let length = u16::from_be_bytes([high, low]);
        let (value, rest) = rest.split_at_checked(usize::from(length))?;
        *bytes = rest;
        let text = || std::str::from_utf8(value).ok().map(str::to_owned);
        match tag {
            b'S' => text().map(KeyValue::S),
            b'N' => text().and_then(KeyValue::number),
            b'B' => Some(KeyValue::B(value.to_vec())),
            _ => None,
        }
    }
}

/// The values of these attributes of a map, in their order.
pub(crate) fn members(map: &[u8], names: &[&'static str]) -> Result<Vec<KeyValue>, ReadError> {
    crate::wire::read_item(map, |r| read_members(r, names))
}

/// The values of these attributes of the map that starts here, in their order.
pub(crate) fn read_members(
    r: &mut Reader<'_>,
    names: &[&'static str],
) -> Result<Vec<KeyValue>, ReadError> {
    let mut values: Vec<(&'static str, Option<KeyValue>)> =
        names.iter().map(|name| (*name, None)).collect();
    r.members(|member, r| {
        match values.iter_mut().find(|(name, _)| *name == member) {
            Some((name, slot)) => {
                *slot = Some(KeyValue::read(r).map_err(|e| e.in_field(name))?);
            }
            None => r.skip_value()?,
        }
        Ok(())
    })?;
    let value = |(name, value): (&'static str, Option<KeyValue>)| {
        value.ok_or_else(|| ReadError::new("a key", "nothing").in_field(name))
    };
    values.into_iter().map(value).collect()
}

fn no_key() -> ReadError {
    ReadError::expected("a key")
}
