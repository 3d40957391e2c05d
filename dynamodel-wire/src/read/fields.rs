//! [`FieldNames`]: finds the attributes of a map by their positions among the names of a type.
//!
//! The service returns the attributes of all items in the same order. After one item was read, the
//! reader knows which attribute follows which: it compares the bytes with the expected name, and
//! neither searches for the end of the name nor looks the name up.

use std::borrow::Cow;

use super::Reader;
use crate::error::ReadError;

/// For each attribute, the attribute that came after it: its position plus one, 0 if no known name
/// followed.
///
/// Items begin at the first entry, documents in items at an entry of the second half. Types may
/// share entries: an expected name is always compared with the bytes, so a wrong one costs time
/// only.
#[derive(Clone)]
pub(super) struct Order([u8; 256]);

impl Order {
    #[inline(always)] // an array of zeros, made in place
    pub(super) const fn new() -> Self {
        Order([0; 256])
    }
}

/// The name of an attribute and its JSON, `,"name":`, made at compile time so that the name can be
/// compared without a branch on its length.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Name {
    text: &'static str,
    /// The first bytes of the JSON.
    head: u128,
    /// The bits of `head` that a short name fills.
    mask: u128,
    /// The last bytes of the JSON of a long name.
    tail: u128,
}

/// The number of bytes that are compared at once.
const WORD: usize = 16;

impl Name {
    /// Creates `N` names.
    pub const fn all<const N: usize>(names: &[&'static str]) -> [Name; N] {
        let mut all = [Name::from_text(""); N];
        let mut n = 0;
        while n < N {
            all[n] = Name::from_text(names[n]);
            n += 1;
        }
        all
    }

    const fn from_text(text: &'static str) -> Name {
        let name = text.as_bytes();
        let length = name.len() + 4;
        let (mut head, mut mask, mut tail) = ([0; WORD], [0; WORD], [0; WORD]);
        let mut n = 0;
        while n < length {
            let byte = match n {
                0 => b',',
                1 => b'"',
                _ if n < length - 2 => name[n - 2],
                _ if n == length - 2 => b'"',
                _ => b':',
            };
            if n < WORD {
                head[n] = byte;
                mask[n] = 0xff;
            }
            if n + WORD >= length {
                tail[n + WORD - length] = byte;
            }
            n += 1;
        }
        Name {
            text,
            head: u128::from_le_bytes(head),
            mask: u128::from_le_bytes(mask),
            tail: u128::from_le_bytes(tail),
        }
    }

    /// Returns `true` if the rest of the name stands here too, given that the first bytes do.
    #[inline(always)] // part of reading each attribute
    fn is_whole(&self, json: &[u8], length: usize) -> bool {
        if length <= WORD {
            return true;
        }
        let last = json.get(..length).and_then(|json| json.last_chunk());
        last.is_some_and(|last| u128::from_le_bytes(*last) == self.tail)
            && (length <= 2 * WORD || self.is_between(json))
    }

    /// Returns `true` if the whole name stands here, given that both ends do.
    #[cold] // rare: names of more than 28 bytes
    #[inline(never)]
    fn is_between(&self, json: &[u8]) -> bool {
        // In bounds: the caller found both ends of the name here.
        let name = json.get(2..).unwrap_or_default();
        name.starts_with(self.text.as_bytes())
    }
}

/// The attributes of the map that a [`Reader`] reads.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct FieldNames {
    names: &'static [Name],
    /// The entry at which the order of these names begins.
    base: usize,
    /// The position of the attribute that was read last; before the first one, `usize::MAX`.
    last: usize,
    /// The byte before the next attribute: `{` before the first, then commas.
    lead: u8,
}

/// The position that stands for the end of the map.
const END: usize = usize::MAX;

impl Reader<'_> {
    /// Starts reading the attributes of the map that starts here, of which these names are known.
    #[doc(hidden)]
    #[inline(always)] // a few constants, made in place
    pub fn fields(&self, names: &'static [Name]) -> FieldNames {
        let base = match self.depth {
            0 => 0,
            // All documents of one type share their entries: the base depends on the names alone.
            _ => {
                let first = names.first().map_or(0, |name| name.text.len());
                129 + (31 * first + 17 * names.len()) % 64
            }
        };
        FieldNames {
            names,
            base,
            last: usize::MAX,
            lead: b'{',
        }
    }

    /// Passes over `,"name":` if exactly these bytes stand here, with `lead` in place of the comma.
    #[inline(always)] // part of reading each attribute
    fn member(&mut self, lead: u8, name: &Name) -> bool {
        // In bounds: the reader never passes the end of the text.
        let json = self.bytes().get(self.at..).unwrap_or_default();
        // Fewer bytes than one word cannot hold a name and its value: there is nothing to find.
        let Some(head) = json.first_chunk() else {
            return false;
        };
        let lead = u128::from(lead ^ b',');
        if (u128::from_le_bytes(*head) ^ lead ^ name.head) & name.mask != 0 {
            return false;
        }
        let length = name.text.len() + 4;
        let found = name.is_whole(json, length);
        if found {
            self.at += length;
        }
        found
    }
}

impl FieldNames {
    /// Returns the position among the names of the attribute that comes next, and moves the reader
    /// to its value; any other number for an unknown attribute. Returns `None` at the end of the
    /// map.
    ///
    /// # Errors
    /// When neither an attribute nor the end of the map follows.
    #[inline(always)] // part of reading each attribute
    pub fn next(&mut self, r: &mut Reader<'_>) -> Result<Option<usize>, ReadError> {
        let guess = self.after(self.last, r);
        let next = match self.names.get(guess) {
            Some(name) if r.member(self.lead, name) => guess,
            None if self.lead == b',' && r.peek() == b'}' => {
                r.at += 1;
                END
            }
            _ => r.look(*self)?,
        };
        self.last = next;
        self.lead = b',';
        Ok((next != END).then_some(next))
    }

    /// Returns the position of the attribute that came after this one before; an invalid position
    /// if no known name followed.
    #[inline(always)] // part of reading each attribute
    fn after(&self, last: usize, r: &Reader<'_>) -> usize {
        usize::from(r.order.0[self.slot(last)]).wrapping_sub(1)
    }

    #[inline(always)] // part of reading each attribute
    fn slot(&self, last: usize) -> usize {
        self.base.wrapping_add(last) % 256
    }
}

/// The number of expected attributes in a row that an item may lack before the next name is looked
/// up.
const MISSING: usize = 4;

impl Reader<'_> {
    /// Returns the position of the next attribute when it is not the one that came before.
    #[inline(never)] // rare: first items and a changed order; kept out of the loop
    fn look(&mut self, fields: FieldNames) -> Result<usize, ReadError> {
        let mut guess = fields.after(fields.last, self);
        for _ in 0..MISSING {
            let Some(_) = fields.names.get(guess) else {
                break;
            };
            guess = fields.after(guess, self);
            match fields.names.get(guess) {
                Some(name) if self.member(fields.lead, name) => return Ok(guess),
                _ => {}
            }
        }
        self.look_up(fields)
    }

    /// Looks up the position of the next attribute, and remembers it.
    #[inline(never)] // rare: first items and a changed order; kept out of the loop
    fn look_up(&mut self, fields: FieldNames) -> Result<usize, ReadError> {
        let slot = fields.slot(fields.last);
        let more = match fields.lead {
            b'{' => self.begin_map()?,
            _ => self.end_entry()?,
        };
        if !more {
            return Ok(END);
        }
        self.byte(b'"')?;
        let start = self.at;
        self.looked_up = start;
        let name = self.string_body()?;
        // A name with escapes could not be found by its bytes later, so it is not remembered.
        // Escapes make the JSON longer than the name.
        let is_plain = self.at - 1 - start == name.len();
        self.byte(b':')?;
        let place = fields.names.iter().position(|known| *known.text == *name);
        let next = place.filter(|_| is_plain);
        let next = next.and_then(|place| u8::try_from(place + 1).ok());
        self.order.0[slot] = next.unwrap_or(0);
        Ok(place.unwrap_or(fields.names.len()))
    }
}

impl<'a> Reader<'a> {
    /// Returns the name of the attribute whose value starts here, if it is not among the known ones:
    /// then it was looked up.
    ///
    /// # Errors
    /// When no name was looked up.
    pub(crate) fn unknown_name(&self) -> Result<Cow<'a, str>, ReadError> {
        self.at(self.looked_up).string_body()
    }
}
