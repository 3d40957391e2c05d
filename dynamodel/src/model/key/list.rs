//! [`KeyList`]: many keys in one text, as a request has them.

use std::marker::PhantomData;
use std::ops::Range;

use super::builder::Places;
use super::{AnyKey, Key};
use crate::error::Error;
use crate::model::entity::Item;
use crate::wire::WriteError;

/// Keys of one entity, one behind the other. None of them is an allocation of its own.
pub(crate) struct KeyList<E> {
    /// With a comma between two keys.
    json: Vec<u8>,
    keys: Vec<KeyAt>,
    /// What is wrong with the first invalid key.
    invalid: Option<WriteError>,
    _entity: PhantomData<fn() -> E>,
}

/// Where a key stands in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyAt {
    start: usize,
    length: u32,
    /// Its values, from its start.
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
            // The others are about as long.
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
    /// Moves the keys behind others.
    ///
    /// # Errors
    /// The first invalid key's.
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
            // The longest key has some kilobytes.
            length: u32::try_from(key.json.len()).unwrap_or(u32::MAX),
            places: key.places,
        }
    }

    /// Where the key stands.
    #[inline]
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start.saturating_add(self.length as usize)
    }

    /// Where its values stand. Of a key that our own writer did not write, that is not known before it was
    /// looked for. The second one is empty when there is none.
    #[inline]
    pub(crate) fn values(&self) -> Option<[Range<usize>; 2]> {
        let [(_, end), _] = self.places;
        let at = |(from, to): (u32, u32)| self.start + from as usize..self.start + to as usize;
        (end > 0).then(|| self.places.map(at))
    }

    /// Remembers where the values stand.
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
