//! Positions of the key attributes of the item that was read: they identify the item without a
//! second search.

use std::cell::Cell;
use std::ops::Range;

use super::Reader;
use crate::canonical::KeyValue;
use crate::error::ReadError;
use crate::read::escapes::Escapes;
use crate::{Attribute, Writer, scan};

thread_local! {
    /// Buffer for a key that is compared, so that the comparison allocates nothing.
    static WRITER: Cell<Writer> = Cell::new(Writer::with_capacity(0));
}

/// Compares two values as DynamoDB compares keys: numbers by their value, text without escapes.
#[cold] // rare: nearly all keys are stored in one form
#[inline(never)]
fn is_same_key(a: &[u8], b: &[u8]) -> bool {
    let value = |json| crate::read_item(json, |r| KeyValue::read(r).map(KeyValue::into_owned));
    matches!((value(a), value(b)), (Ok(a), Ok(b)) if a == b)
}

#[cold] // error path
#[inline(never)]
fn other_form(name: &'static str) -> ReadError {
    let expected = "a key in the form in which its field is written";
    ReadError::new(expected, "another form").in_field(name)
}

impl<'a> Reader<'a> {
    /// Remembers that the value of a key attribute starts here. `part` is 1 for the partition key
    /// and 2 for the sort key.
    #[inline(always)] // part of reading each key attribute
    #[doc(hidden)]
    pub fn remember_key(&mut self, part: usize) {
        // A document inside the item may be an entity itself; its keys are not the item's.
        if self.depth == 0
            && let Some(place) = self.keys.get_mut(part.wrapping_sub(1))
        {
            *place = self.at;
        }
    }

    /// Reads a key attribute as [`field`](Self::field) does, and remembers it. A type that is not
    /// exact has to write the stored key again: else a write of the item would go to another one.
    #[inline(always)] // the check disappears for exact types
    pub(crate) fn key_field<T: Attribute>(
        &mut self,
        part: usize,
        name: &'static str,
        slot: &mut Option<T>,
    ) -> Result<(), ReadError> {
        self.remember_key(part);
        if T::IS_EXACT {
            return self.field(name, slot);
        }
        let start = self.at;
        self.field(name, slot)?;
        match slot {
            Some(value) if !self.is_written(value, start) => Err(other_form(name)),
            _ => Ok(()),
        }
    }

    /// Returns `true` if the value is written as the key that was read from `start` to here.
    #[inline(never)] // one copy for each type of keys
    fn is_written<T: Attribute>(&self, value: &T, start: usize) -> bool {
        let mut w = WRITER.take();
        w.clear();
        value.write(&mut w);
        let read = self.bytes().get(start..self.at).unwrap_or_default();
        let is_written =
            w.error().is_none() && (w.as_slice() == read || is_same_key(w.as_slice(), read));
        WRITER.set(w);
        is_written
    }

    /// Passes over a key attribute that is no field, and remembers its value.
    ///
    /// # Errors
    /// When the value is malformed.
    #[doc(hidden)]
    pub fn pass_key(&mut self, part: usize) -> Result<(), ReadError> {
        self.remember_key(part);
        self.skip_value()
    }

    /// Forgets the keys, before another item is read.
    #[doc(hidden)]
    pub fn forget_keys(&mut self) {
        self.keys = [0; 2];
    }

    /// Returns a reader at the value of a key attribute of the item that was read, if the item has
    /// it.
    #[inline]
    #[doc(hidden)]
    pub fn key_read(&self, part: usize) -> Option<Reader<'a>> {
        let place = *self.keys.get(part.wrapping_sub(1))?;
        (place > 0).then(|| self.at(place))
    }

    /// Returns the value of a key attribute of the item that was read, if the item has it as text
    /// without escapes.
    #[inline]
    #[doc(hidden)]
    pub fn plain_key_read(&self, part: usize) -> Option<&'a str> {
        let place = *self.keys.get(part.wrapping_sub(1))?;
        let value = self.text.get(place..).filter(|_| place > 0)?;
        let text = value.strip_prefix("{\"S\":\"")?;
        let (text, tail) = text.split_at_checked(scan::special(text.as_bytes(), 0))?;
        tail.starts_with("\"}").then_some(text)
    }

    /// Returns `true` if this key attribute was read and its value has exactly these bytes.
    #[inline]
    #[doc(hidden)]
    pub fn is_key_read(&self, part: usize, json: &[u8]) -> bool {
        let place = self.keys.get(part.wrapping_sub(1));
        place.is_some_and(|place| {
            // In bounds: the position was one of this reader.
            let rest = self.bytes().get(*place..).unwrap_or_default();
            *place > 0 && rest.starts_with(json)
        })
    }

    /// Creates a reader of a page whose strings with escapes were unescaped before: all its text is
    /// borrowed.
    #[doc(hidden)]
    pub fn of_page(text: &'a str, escapes: &'a Escapes) -> Reader<'a> {
        Reader {
            escapes: Some(escapes),
            ..Reader::of_text(text)
        }
    }

    /// Creates a reader of the same text at another position.
    #[inline]
    #[doc(hidden)]
    pub fn at(&self, place: usize) -> Reader<'a> {
        Reader {
            at: place,
            escapes: self.escapes,
            ..Reader::of_text(self.text)
        }
    }

    /// Returns the text between two positions of this reader.
    #[inline]
    #[doc(hidden)]
    pub fn text_of(&self, at: Range<usize>) -> &'a str {
        // In bounds: positions never pass the end of the text.
        self.text.get(at).unwrap_or_default()
    }

    /// Returns `true` if a string follows, in the form in which DynamoDB writes it.
    #[inline]
    #[doc(hidden)]
    pub fn is_text(&self) -> bool {
        let rest = self.bytes().get(self.at..);
        rest.is_some_and(|rest| rest.starts_with(b"{\"S\":\""))
    }
}
