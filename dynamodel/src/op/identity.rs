//! Which item a key or an item is: equal values for all forms of one key.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use crate::schema::KeySchema;
use crate::wire::{Decimal, ReadError, Reader, Tag, Writer, is_plain};

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

/// Text with the escapes that a [`Writer`] writes.
fn escaped(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut w = Writer::with_capacity(2 * text.len());
    w.text(text);
    Cow::Owned(String::from_utf8_lossy(w.as_slice()).into_owned())
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

/// Finds keys by their values: a hash table of the numbers of keys. Keys are data of users, so the hash
/// has a secret.
pub(crate) struct KeyTable {
    secret: [u64; 2],
    /// One more than the number of a key, with its hash; 0 where there is none. At most half is taken.
    places: Vec<(u64, usize)>,
}

impl KeyTable {
    /// A table for so many keys.
    pub(crate) fn new(keys: usize) -> Self {
        let random = RandomState::new();
        let places = keys.saturating_mul(2).max(2).next_power_of_two();
        KeyTable {
            secret: [random.hash_one(0_u8) | 1, random.hash_one(1_u8) | 1],
            places: vec![(0, 0); places],
        }
    }

    /// The hash of a key of this group.
    #[inline]
    pub(crate) fn hash(&self, group: usize, values: &KeyValues<'_>) -> u64 {
        let mut hash = self.secret[1].wrapping_add(group as u64);
        for value in values.iter().flatten() {
            hash = match &value.value {
                // So that text of our own need not be looked through for escapes.
                Value::Text(text) => self.bytes(hash, escaped(text).as_bytes()),
                Value::Binary(bytes) => self.bytes(hash, bytes),
                Value::Number {
                    negative,
                    digits,
                    exponent,
                } => {
                    hash = self.word(hash, *digits as u64);
                    hash = self.word(hash, (*digits >> 64) as u64);
                    self.word(hash, exponent.unsigned_abs() << 1 | u64::from(*negative))
                }
            };
        }
        hash
    }

    /// The hash of a key whose values are these texts, as they are written.
    #[inline]
    pub(crate) fn hash_of_texts(&self, group: usize, texts: [Option<&[u8]>; 2]) -> u64 {
        let hash = self.secret[1].wrapping_add(group as u64);
        let texts = texts.iter().flatten();
        texts.fold(hash, |hash, text| self.bytes(hash, text))
    }

    #[inline]
    fn bytes(&self, hash: u64, bytes: &[u8]) -> u64 {
        let (pairs, _) = bytes.as_chunks::<16>();
        let number = |word: &[u8; 8]| u64::from_le_bytes(*word);
        let mut hash = hash.wrapping_add(bytes.len() as u64);
        for pair in pairs {
            if let (Some(a), Some(b)) = (pair.first_chunk(), pair.last_chunk()) {
                hash = fold(number(a) ^ self.secret[0], number(b) ^ hash);
            }
        }
        // The end once more, whole: what is in two words is not in the hash less than once.
        if let (Some(a), Some(b)) = (bytes.last_chunk::<16>(), bytes.last_chunk::<8>()) {
            let first = a.first_chunk().map_or(0, number);
            return fold(first ^ self.secret[0], number(b) ^ hash);
        }
        let mut rest = [0; 16];
        for (to, from) in rest.iter_mut().zip(bytes) {
            *to = *from;
        }
        let rest = u128::from_le_bytes(rest);
        fold(rest as u64 ^ self.secret[0], (rest >> 64) as u64 ^ hash)
    }

    #[inline]
    fn word(&self, hash: u64, word: u64) -> u64 {
        fold(hash ^ word, self.secret[0]).wrapping_add(self.secret[1])
    }

    /// The number of the key with this hash of which `is_it` says so.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.places.get(at) {
                None | Some((_, 0)) => return None,
                Some((h, number)) if *h == hash && is_it(number - 1) => return Some(number - 1),
                Some(_) => at = (at + 1) & mask,
            }
        }
    }

    /// Adds a key that is not there.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64, number: usize) {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(place) = self.places.get_mut(at) {
            if place.1 == 0 {
                *place = (hash, number + 1);
                return;
            }
            at = (at + 1) & mask;
        }
    }
}

/// The two halves of a product, folded.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
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

    fn all_escaped(text: &str) -> String {
        let units = text.encode_utf16();
        units.map(|unit| format!("\\u{unit:04X}")).collect()
    }

    #[test]
    fn the_hash_of_text_is_the_one_of_what_is_written() {
        let table = KeyTable::new(1);
        for text in ["", "plain", "é", "a \"b\" \\ c\n\u{1}", "/"] {
            let mut w = Writer::new();
            w.string(text);
            let ours = String::from_utf8(w.finish().unwrap()).unwrap();
            let texts = written_texts(ours.as_bytes(), &[0..ours.len(), 0..0]).unwrap();
            let forms = [
                ours.clone(),
                serde_json::json!({ "S": text }).to_string(),
                format!(r#"{{"S":"{}"}}"#, all_escaped(text)),
            ];
            for form in forms {
                let values = key_values_at(form.as_bytes(), [0..form.len(), 0..0]).unwrap();
                assert_eq!(table.hash(3, &values), table.hash_of_texts(3, texts));
            }
        }
    }

    #[test]
    fn a_table_finds_what_was_put_in_and_nothing_else() {
        let json =
            |n: usize, form: &str| format!(r#"{{"p":{{"S":"{n}"}},"s":{{"N":"{n}{form}"}}}}"#);
        let keys: Vec<String> = (0..500).map(|n| json(n, "")).collect();
        fn values(json: &str) -> KeyValues<'_> {
            key_values(&Reader::of_text(json), &KEY).unwrap()
        }
        let mut table = KeyTable::new(keys.len());
        let find = |table: &KeyTable, json: &str| {
            let wanted = values(json);
            let is_it = |n: usize| values(&keys[n]) == wanted;
            table.find(table.hash(7, &wanted), is_it)
        };
        for (n, key) in keys.iter().enumerate() {
            assert_eq!(find(&table, key), None);
            table.insert(table.hash(7, &values(key)), n);
        }
        for n in 0..500 {
            assert_eq!(find(&table, &json(n, ".0")), Some(n));
            assert_eq!(find(&table, &json(n + 500, "")), None);
        }
    }
}
