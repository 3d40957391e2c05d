//! [`KeyTable`]: finds keys by their values.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table};

use crate::model::canonical_key::KeyValues;
use crate::wire::canonical::KeyValue;
use crate::wire::{Writer, is_plain};

/// Hash table from the values of keys to their numbers. Keys are data of users, so the hash is seeded
/// at random.
pub(crate) struct KeyTable {
    hasher: DefaultHashBuilder,
    keys: HashTable<Entry>,
}

/// Number of a key, and its hash.
struct Entry {
    number: usize,
    hash: u64,
}

impl KeyTable {
    /// Creates a table for this number of keys.
    pub(crate) fn new(keys: usize) -> Self {
        KeyTable {
            hasher: DefaultHashBuilder::default(),
            keys: HashTable::with_capacity(keys),
        }
    }

    /// Returns the hash of a key of this group.
    #[inline]
    pub(crate) fn hash(&self, group: usize, values: &KeyValues<'_>) -> u64 {
        let mut hash = self.hasher.build_hasher();
        hash.write_usize(group);
        for value in values.iter().flatten() {
            match &value.value {
                // Hash the escaped form, so that `hash_of_texts` need not unescape.
                KeyValue::S(text) => hash.write(escaped(text).as_bytes()),
                KeyValue::B(bytes) => hash.write(bytes),
                KeyValue::N(_, number) => {
                    let (digits, exponent) = number.parts();
                    hash.write_u128(digits);
                    hash.write_i64(exponent);
                    hash.write_u8(number.is_negative().into());
                }
            }
        }
        hash.finish()
    }

    /// Returns the hash of a key whose values are these texts, in their written form.
    #[inline]
    pub(crate) fn hash_of_texts(&self, group: usize, texts: [Option<&[u8]>; 2]) -> u64 {
        let mut hash = self.hasher.build_hasher();
        hash.write_usize(group);
        for text in texts.into_iter().flatten() {
            hash.write(text);
        }
        hash.finish()
    }

    /// Returns the number of the key with this hash for which `is_it` is true.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        let found = self.keys.find(hash, |entry| is_it(entry.number));
        found.map(|entry| entry.number)
    }

    /// Returns the number of the key with this hash for which `is_it` is true. Without one, inserts
    /// a key with this `number`.
    #[inline]
    pub(crate) fn find_or_insert(
        &mut self,
        hash: u64,
        number: usize,
        is_it: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let is_it = |entry: &Entry| is_it(entry.number);
        match self.keys.entry(hash, is_it, |entry| entry.hash) {
            hash_table::Entry::Occupied(found) => Some(found.get().number),
            hash_table::Entry::Vacant(free) => {
                free.insert(Entry { number, hash });
                None
            }
        }
    }
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
