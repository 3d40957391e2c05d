//! [`KeyList`]: many keys in one buffer, in the form in which a request sends them.

use std::marker::PhantomData;
use std::ops::Range;

use super::builder::Places;
use super::{AnyKey, Key};
use crate::error::Error;
use crate::model::entity::Item;
use crate::wire::WriteError;

/// Keys of one entity, one behind the other, without an allocation for each key.
pub(crate) struct KeyList<E> {
    /// The JSON of the keys, with a comma between two of them.
    json: Vec<u8>,
    keys: Vec<KeyAt>,
    /// The error of the first invalid key.
    invalid: Option<WriteError>,
    _entity: PhantomData<fn() -> E>,
}

/// The range of a key in a buffer, with the ranges of its values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyAt {
    start: usize,
    length: u32,
    /// Ranges of the values, counted from the start of the key.
    places: Places,
}

impl<E> Clone for KeyList<E> {
    fn clone(&self) -> Self {
        KeyList {
            json: self.json.clone(),
            keys: self.keys.clone(),
            invalid: self.invalid.clone(),
            _entity: PhantomData,
        }
    }
}

impl<E: Item> FromIterator<Key<E>> for KeyList<E> {
    fn from_iter<I: IntoIterator<Item = Key<E>>>(keys: I) -> Self {
        let keys = keys.into_iter();
        let (expected, _) = keys.size_hint();
        let mut list = KeyList {
            json: Vec::new(),
            keys: Vec::with_capacity(expected),
            invalid: None,
            _entity: PhantomData,
        };
        keys.for_each(|key| list.push(key.key));
        list
    }
}

impl<E> KeyList<E> {
    fn push(&mut self, key: AnyKey) {
        match self.keys.is_empty() {
            // Reserves room for all keys at once: the others are about as long as the first.
            true => {
                let each = key.json.len() + 16;
                self.json.reserve(self.keys.capacity() * each);
            }
            false => self.json.push(b','),
        }
        let start = self.json.len();
        self.json.extend_from_slice(&key.json);
        self.keys.push(KeyAt::new(start, &key));
        if let Some(invalid) = key.invalid {
            self.invalid.get_or_insert(invalid);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

impl<E: Item> KeyList<E> {
    /// Appends the keys to others.
    ///
    /// # Errors
    /// The error of the first invalid key.
    pub(crate) fn move_to(self, json: &mut Vec<u8>, keys: &mut Vec<KeyAt>) -> Result<(), Error> {
        if let Some(e) = self.invalid {
            return Err(Error::invalid_key(e).of_entity(E::ITEM_SCHEMA.entity));
        }
        if keys.is_empty() {
            (*json, *keys) = (self.json, self.keys);
            return Ok(());
        }
        if !self.keys.is_empty() {
            json.push(b',');
        }
        let start = json.len();
        json.extend_from_slice(&self.json);
        keys.extend(self.keys.iter().map(|key| KeyAt {
            start: key.start + start,
            ..*key
        }));
        Ok(())
    }
}

impl KeyAt {
    fn new(start: usize, key: &AnyKey) -> Self {
        KeyAt {
            start,
            // The conversion cannot fail: a key has a few kilobytes at most.
            length: u32::try_from(key.json.len()).unwrap_or(u32::MAX),
            places: key.places,
        }
    }

    /// Returns the range of the key.
    #[inline]
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start.saturating_add(self.length as usize)
    }

    /// Returns the ranges of the key's values, or `None` for a key of another writer whose ranges
    /// were not searched yet. The second range is empty when there is no second value.
    #[inline]
    pub(crate) fn values(&self) -> Option<[Range<usize>; 2]> {
        let [(_, end), _] = self.places;
        let at = |(from, to): (u32, u32)| self.start + from as usize..self.start + to as usize;
        (end > 0).then(|| self.places.map(at))
    }

    /// Stores the ranges of the values.
    pub(crate) fn set_values(&mut self, values: [Range<usize>; 2]) {
        let from_start = |place: usize| u32::try_from(place.checked_sub(self.start)?).ok();
        let place = |at: &Range<usize>| match at.is_empty() {
            true => Some((0, 0)),
            false => Some((from_start(at.start)?, from_start(at.end)?)),
        };
        if let [Some(first), Some(second)] = values.each_ref().map(place) {
            self.places = [first, second];
        }
    }
}
