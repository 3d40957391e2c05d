//! [`FieldNames`]: the attributes of a map by their places among the names of a type.
//!
//! Items come with their attributes in one order, which the service chooses. Once an item was read, it
//! is known which attribute comes after which: the next one's name is compared, and neither searched for
//! its end nor looked up.

use super::Reader;
use crate::error::ReadError;

/// For each attribute which one came after it: its place plus one, 0 for none of a known name.
///
/// Items begin at the first one, documents in them somewhere in the second half. A guess is never trusted,
/// so that it does not matter whose it is.
#[derive(Clone)]
pub(super) struct Order([u8; 256]);

impl Order {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Order([0; 256])
    }
}

/// The name of an attribute and what it is in JSON, `,"name":`, made when a program is compiled so that
/// the name can be compared without a look at how long it is.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Name {
    text: &'static str,
    /// The first bytes in JSON.
    head: u128,
    /// Which of these are of a name that is short.
    mask: u128,
    /// The last bytes of one that is long.
    tail: u128,
}

/// How many bytes are compared at once.
const WORD: usize = 16;

impl Name {
    /// Makes names of these, of which there are `N`.
    pub const fn all<const N: usize>(names: &[&'static str]) -> [Name; N] {
        let mut all = [Name::of(""); N];
        let mut n = 0;
        while n < N {
            all[n] = Name::of(names[n]);
            n += 1;
        }
        all
    }

    const fn of(text: &'static str) -> Name {
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

    /// Whether the rest of it stands there too, when the first bytes do.
    #[inline(always)]
    fn is_whole(&self, json: &[u8], length: usize) -> bool {
        if length <= WORD {
            return true;
        }
        let last = json.get(..length).and_then(|json| json.last_chunk());
        last.is_some_and(|last| u128::from_le_bytes(*last) == self.tail)
            && (length <= 2 * WORD || self.is_between(json))
    }

    /// Whether all of the name stands there, when both ends do.
    #[cold]
    #[inline(never)]
    fn is_between(&self, json: &[u8]) -> bool {
        let name = json.get(2..).unwrap_or_default();
        name.starts_with(self.text.as_bytes())
    }
}

/// The attributes of the map that a [`Reader`] stands at.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct FieldNames {
    names: &'static [Name],
    /// Where the order of these names begins.
    base: usize,
    /// The place of the attribute that was read last; before the first one, `usize::MAX`.
    last: usize,
    /// What stands before the next one: `{` before the first, then commas.
    lead: u8,
}

/// In the place of the attribute that comes next: there is none.
const END: usize = usize::MAX;

impl Reader<'_> {
    /// The attributes of the map that starts here, of which these are known.
    #[doc(hidden)]
    #[inline(always)]
    pub fn fields(&self, names: &'static [Name]) -> FieldNames {
        let base = match self.depth {
            0 => 0,
            // Documents of one type have the same place.
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

    /// Passes over `,"name":` if it stands here just so, with another byte in the place of the comma.
    #[inline(always)]
    fn member(&mut self, lead: u8, name: &Name) -> bool {
        let json = self.bytes().get(self.at..).unwrap_or_default();
        // Behind a name that ends within so few bytes of the end of all there would be no value.
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
    /// The place among the names of the attribute that comes next, at whose value the reader then
    /// stands; any other number for an attribute that is not among them. `None` at the end of the map.
    ///
    /// # Errors
    /// When neither an attribute nor the end of the map stands here.
    #[inline(always)]
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

    /// The place of the attribute that came after this one; no place for none of a known name.
    #[inline(always)]
    fn after(&self, last: usize, r: &Reader<'_>) -> usize {
        usize::from(r.order.0[self.slot(last)]).wrapping_sub(1)
    }

    #[inline(always)]
    fn slot(&self, last: usize) -> usize {
        self.base.wrapping_add(last) % 256
    }
}

/// How many attributes in a row may be missing that are there in other items, before the next one is
/// looked up.
const MISSING: usize = 4;

impl Reader<'_> {
    /// The place of the attribute that comes next, where it is not the one that came there before.
    #[inline(never)]
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

    /// The place of the attribute that comes next, which is remembered.
    #[inline(never)]
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
        let name = self.string_body()?;
        // With escapes it is longer than what it stands for, and could not be found by its bytes.
        let is_plain = self.at - 1 - start == name.len();
        self.byte(b':')?;
        let place = fields.names.iter().position(|known| *known.text == *name);
        let next = place.filter(|_| is_plain);
        let next = next.and_then(|place| u8::try_from(place + 1).ok());
        self.order.0[slot] = next.unwrap_or(0);
        Ok(place.unwrap_or(fields.names.len()))
    }
}
