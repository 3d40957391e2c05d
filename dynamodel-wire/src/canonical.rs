//! The canonical form of key values: how they are compared (as DynamoDB sorts them), hashed, and
//! written into cursors. DynamoDB treats 1 and 1.0 as one key, and so does this module.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::{Decimal, ReadError, Reader, Tag, Writer};

/// FNV-1a with 64 bits. Shard numbers and cursors are made of its results and are stored, so the
/// function never changes.
#[derive(Debug)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    }

    /// Returns the hash of all bytes added.
    pub fn finish(&self) -> u64 {
        self.0
    }
}

/// The value of a key attribute. All forms of one value are equal.
#[derive(Clone)]
#[allow(missing_debug_implementations, reason = "keys never appear in logs")]
pub enum KeyValue<'a> {
    /// A string.
    S(Cow<'a, str>),
    /// A number: its text as read, and its value.
    N(Cow<'a, str>, Decimal),
    /// Binary, decoded.
    B(Vec<u8>),
}

impl PartialEq for KeyValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (KeyValue::S(a), KeyValue::S(b)) => a == b,
            (KeyValue::N(_, a), KeyValue::N(_, b)) => a.compare(*b) == Ordering::Equal,
            (KeyValue::B(a), KeyValue::B(b)) => a == b,
            _ => false,
        }
    }
}
impl Eq for KeyValue<'_> {}

impl<'a> KeyValue<'a> {
    /// Reads the value of a key attribute.
    ///
    /// # Errors
    /// When the value is not of type S, N or B.
    #[inline(never)] // large, and beside the usual path, which compares plain text
    pub fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        match r.kind()? {
            Tag::S => r.string().map(KeyValue::S),
            Tag::N => Self::number(Cow::Borrowed(r.number()?)).ok_or_else(no_key),
            Tag::B => r.binary().map(KeyValue::B),
            _ => Err(no_key()),
        }
    }

    /// Copies the text, so that the value outlives the bytes that it was read from.
    pub fn into_owned(self) -> KeyValue<'static> {
        match self {
            KeyValue::S(text) => KeyValue::S(Cow::Owned(text.into_owned())),
            KeyValue::N(text, value) => KeyValue::N(Cow::Owned(text.into_owned()), value),
            KeyValue::B(bytes) => KeyValue::B(bytes),
        }
    }

    /// Writes the value.
    pub fn write(&self, w: &mut Writer) {
        match self {
            KeyValue::S(text) => w.string(text),
            KeyValue::N(text, _) => w.number_text(text),
            KeyValue::B(bytes) => w.binary(bytes),
        }
    }

    fn number(text: Cow<'a, str>) -> Option<Self> {
        let value = Decimal::parse(&text).and_then(Decimal::check_range).ok()?;
        Some(KeyValue::N(text, value))
    }

    /// Compares in the order of DynamoDB: strings and binaries by their bytes, numbers by their
    /// value.
    pub fn compare(&self, other: &KeyValue<'_>) -> Ordering {
        match (self, other) {
            (KeyValue::S(a), KeyValue::S(b)) => a.as_bytes().cmp(b.as_bytes()),
            (KeyValue::N(_, a), KeyValue::N(_, b)) => a.compare(*b),
            (KeyValue::B(a), KeyValue::B(b)) => a.cmp(b),
            // Unreachable for values of one key attribute, which has one type.
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

    /// Adds the value to a hash: equal values add the same bytes, in whatever form a number is
    /// written.
    pub fn feed(&self, hash: &mut Fnv) {
        let number;
        let bytes = match self {
            KeyValue::S(text) => text.as_bytes(),
            KeyValue::N(_, value) => {
                number = value.canonical_text();
                number.as_bytes()
            }
            KeyValue::B(bytes) => bytes,
        };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        hash.feed(&[self.tag()]);
        hash.feed(&length.to_be_bytes());
        hash.feed(bytes);
    }

    /// Adds a value, given as its JSON, to a hash as [`feed`](Self::feed) does.
    ///
    /// # Errors
    /// When the JSON is not a value of type S, N or B.
    pub fn feed_json(json: &[u8], hash: &mut Fnv) -> Result<(), ReadError> {
        crate::read_item(json, |r| KeyValue::read(r).map(|value| value.feed(hash)))
    }

    /// Appends the value to a cursor: its type, its length and its bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let bytes = match self {
            KeyValue::S(text) | KeyValue::N(text, _) => text.as_bytes(),
            KeyValue::B(bytes) => bytes,
        };
        // Keys have at most 2048 bytes, so the length always fits.
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        out.push(self.tag());
        out.extend_from_slice(&length.to_be_bytes());
        // In bounds: `length` is at most the number of bytes.
        out.extend_from_slice(bytes.get(..usize::from(length)).unwrap_or_default());
    }

    /// Removes a value from the start of a cursor's bytes and returns it.
    pub fn decode(bytes: &mut &[u8]) -> Option<KeyValue<'static>> {
        let (&[tag, high, low], rest) = bytes.split_first_chunk()?;
        let length = u16::from_be_bytes([high, low]);
        let (value, rest) = rest.split_at_checked(usize::from(length))?;
        *bytes = rest;
        let text = || std::str::from_utf8(value).ok().map(str::to_owned);
        match tag {
            b'S' => text().map(|text| KeyValue::S(text.into())),
            b'N' => text().and_then(|text| KeyValue::number(text.into())),
            b'B' => Some(KeyValue::B(value.to_vec())),
            _ => None,
        }
    }
}

/// Returns the values of these attributes of a map, in the order of `names`.
pub fn members(map: &[u8], names: &[&'static str]) -> Result<Vec<KeyValue<'static>>, ReadError> {
    crate::read_item(map, |r| read_members(r, names))
}

/// Returns the values of these attributes of the map that starts here, in the order of `names`.
pub fn read_members(
    r: &mut Reader<'_>,
    names: &[&'static str],
) -> Result<Vec<KeyValue<'static>>, ReadError> {
    let mut values: Vec<(&'static str, Option<KeyValue<'static>>)> =
        names.iter().map(|name| (*name, None)).collect();
    r.members(|member, r| {
        match values.iter_mut().find(|(name, _)| *name == member) {
            Some((name, slot)) => {
                let value = KeyValue::read(r).map_err(|e| e.in_field(name))?;
                *slot = Some(value.into_owned());
            }
            None => r.skip_value()?,
        }
        Ok(())
    })?;
    let value = |(name, value): (&'static str, Option<KeyValue<'static>>)| {
        value.ok_or_else(|| ReadError::new("a key", "nothing").in_field(name))
    };
    values.into_iter().map(value).collect()
}

fn no_key() -> ReadError {
    ReadError::expected("a key")
}
