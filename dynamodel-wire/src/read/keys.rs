//! Where the key of an item stands that was read: it tells which of many items it is, and costs no
//! second look for it.

use std::ops::Range;

use super::Reader;
use crate::read::escapes::Escapes;
use crate::scan;

impl<'a> Reader<'a> {
    /// Remembers that the value of a key attribute starts here. `part` is 1 for the partition key and 2
    /// for the sort key.
    #[inline(always)]
    #[doc(hidden)]
    pub fn remember_key(&mut self, part: usize) {
        // A document in the item may be an entity of its own.
        if self.depth == 0
            && let Some(place) = self.keys.get_mut(part.wrapping_sub(1))
        {
            *place = self.at;
        }
    }

    /// Another item begins.
    #[doc(hidden)]
    pub fn forget_keys(&mut self) {
        self.keys = [0; 2];
    }

    /// A reader at the value of a key attribute of the item that was read, if it was among those.
    #[inline]
    #[doc(hidden)]
    pub fn key_read(&self, part: usize) -> Option<Reader<'a>> {
        let place = *self.keys.get(part.wrapping_sub(1))?;
        (place > 0).then(|| self.at(place))
    }

    /// The value of a key attribute of the item that was read, if it was among those and is text without
    /// escapes.
    #[inline]
    #[doc(hidden)]
    pub fn plain_key_read(&self, part: usize) -> Option<&'a str> {
        let place = *self.keys.get(part.wrapping_sub(1))?;
        let value = self.text.get(place..).filter(|_| place > 0)?;
        let text = value.strip_prefix("{\"S\":\"")?;
        let (text, tail) = text.split_at_checked(scan::special(text.as_bytes(), 0))?;
        tail.starts_with("\"}").then_some(text)
    }

    /// Whether the value of this key attribute was read, and these are its very bytes.
    #[inline]
    #[doc(hidden)]
    pub fn is_key_read(&self, part: usize, json: &[u8]) -> bool {
        let place = self.keys.get(part.wrapping_sub(1));
        place.is_some_and(|place| {
            let rest = self.bytes().get(*place..).unwrap_or_default();
            *place > 0 && rest.starts_with(json)
        })
    }

    /// A reader of a page whose strings with escapes were unescaped before: all its text is borrowed.
    #[doc(hidden)]
    pub fn of_page(text: &'a str, escapes: &'a Escapes) -> Reader<'a> {
        Reader {
            escapes: Some(escapes),
            ..Reader::of_text(text)
        }
    }

    /// A reader of the same text at another place.
    #[inline]
    #[doc(hidden)]
    pub fn at(&self, place: usize) -> Reader<'a> {
        Reader {
            at: place,
            escapes: self.escapes,
            ..Reader::of_text(self.text)
        }
    }

    /// The text that was passed over.
    #[inline]
    #[doc(hidden)]
    pub fn text_of(&self, at: Range<usize>) -> &'a str {
        self.text.get(at).unwrap_or_default()
    }

    /// Whether text stands here, in the form that DynamoDB writes it in.
    #[inline]
    #[doc(hidden)]
    pub fn is_text(&self) -> bool {
        let rest = self.bytes().get(self.at..);
        rest.is_some_and(|rest| rest.starts_with(b"{\"S\":\""))
    }
}
