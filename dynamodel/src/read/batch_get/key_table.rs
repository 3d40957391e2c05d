//! [`KeyTable`]: finds keys by their values.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use crate::model::canonical_key::KeyValues;
use crate::wire::canonical::KeyValue;
use crate::wire::{Writer, is_plain};

/// Hash table from the values of keys to their numbers. Keys are data of users, so the hash has a
/// secret.
pub(crate) struct KeyTable {
    secret: [u64; 2],
    /// Power of two; at most half of the entries are taken.
    entries: Vec<Entry>,
}

/// Entry: the number of a key plus one, or 0 if empty; and the upper half of the key's hash.
#[derive(Clone, Copy, Default)]
struct Entry {
    number: u32,
    hash: u32,
}

impl KeyTable {
    /// Creates a table for this number of keys.
    pub(crate) fn new(keys: usize) -> Self {
        let random = RandomState::new();
        let entries = keys.saturating_mul(2).max(2).next_power_of_two();
        KeyTable {
            secret: [random.hash_one(0_u8) | 1, random.hash_one(1_u8) | 1],
            entries: vec![Entry::default(); entries],
        }
    }

    /// Returns the hash of a key of this group.
    #[inline]
    pub(crate) fn hash(&self, group: usize, values: &KeyValues<'_>) -> u64 {
        let mut hash = self.secret[1].wrapping_add(group as u64);
        for value in values.iter().flatten() {
            hash = match &value.value {
                // Hash the escaped form, so that `hash_of_texts` need not unescape.
                KeyValue::S(text) => self.bytes(hash, escaped(text).as_bytes()),
                KeyValue::B(bytes) => self.bytes(hash, bytes),
                KeyValue::N(_, number) => {
                    let (digits, exponent) = number.parts();
                    hash = self.word(hash, digits as u64);
                    hash = self.word(hash, (digits >> 64) as u64);
                    let sign = u64::from(number.is_negative());
                    self.word(hash, exponent.unsigned_abs() << 1 | sign)
                }
            };
        }
        hash
    }

    /// Returns the hash of a key whose values are these texts, in their written form.
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
        // Hash the last 16 bytes as a whole, so that every byte is included; bytes that were
        // already hashed do no harm.
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

    /// Returns the number of the key with this hash for which `is_it` is true.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        self.look(hash, is_it).err()
    }

    /// Returns the number of the key with this hash for which `is_it` is true. Without one, inserts
    /// a key with this `number`; the table must have been created for at least that many keys.
    #[inline]
    pub(crate) fn find_or_insert(
        &mut self,
        hash: u64,
        number: usize,
        is_it: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let free = match self.look(hash, is_it) {
            Ok(free) => free,
            Err(found) => return Some(found),
        };
        if let Some(entry) = self.entries.get_mut(free) {
            *entry = Entry {
                // Never the default: this number of keys does not fit into memory.
                number: u32::try_from(number + 1).unwrap_or_default(),
                hash: upper_half(hash),
            };
        }
        None
    }

    /// Returns the number of the key with this hash for which `is_it` is true as `Err`, or else the
    /// index of a free entry as `Ok`. Always inlined, so that `is_it` becomes part of the probe
    /// loop.
    #[inline(always)]
    fn look(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let mask = self.entries.len() - 1;
        let upper = upper_half(hash);
        let mut at = hash as usize & mask;
        loop {
            // Always in range, because of the mask.
            let entry = self.entries.get(at).copied().unwrap_or_default();
            let Some(number) = (entry.number as usize).checked_sub(1) else {
                return Ok(at);
            };
            if entry.hash == upper && is_it(number) {
                return Err(number);
            }
            at = (at + 1) & mask;
        }
    }
}

/// Returns the half of the hash that does not determine the entry. Always inlined: a single shift.
#[inline(always)]
fn upper_half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Multiplies, and folds the two halves of the product into one.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Returns the text with the escapes that a [`Writer`] writes.
fn escaped(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut w = Writer::with_capacity(2 * text.len());
    w.text(text);
    Cow::Owned(String::from_utf8_lossy(w.as_slice()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::canonical_key::{key_values, key_values_at, written_texts};
    use crate::model::schema::KeySchema;
    use crate::wire::Reader;

    const KEY: KeySchema = KeySchema {
        partition: &["p"],
        sort: &["s"],
    };

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
            let (wanted, hash) = (values(key), table.hash(7, &values(key)));
            let is_it = |n: usize| values(&keys[n]) == wanted;
            assert_eq!(table.find_or_insert(hash, n, is_it), None);
            assert_eq!(table.find_or_insert(hash, n + 1, is_it), Some(n));
        }
        for n in 0..500 {
            assert_eq!(find(&table, &json(n, ".0")), Some(n));
            assert_eq!(find(&table, &json(n + 500, "")), None);
        }
    }
}
