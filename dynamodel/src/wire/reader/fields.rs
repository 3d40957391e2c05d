//! [`FieldNames`]: the attributes of a map by their places among the names of a type.
//!
//! Items come with their attributes in one order, which the service chooses. Once an item was read, it
//! is known which attribute comes after which: the next one's name is compared, and neither searched for
//! its end nor looked up.

use super::Reader;
use crate::wire::error::ReadError;

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

/// The attributes of the map that a [`Reader`] stands at.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct FieldNames<'n> {
    names: &'n [&'n str],
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
    pub fn fields<'n>(&self, names: &'n [&'n str]) -> FieldNames<'n> {
        let base = match self.depth {
            0 => 0,
            // Documents of one type have the same place.
            _ => 129 + (names.first().map_or(0, |name| 31 * name.len()) + 17 * names.len()) % 64,
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
    fn member(&mut self, lead: u8, name: &str) -> bool {
        let member = self.bytes().get(self.at..self.at + name.len() + 4);
        if let Some(member) = member
            && let Some((head, found)) = member.split_first_chunk()
            && let Some((found, tail)) = found.split_last_chunk()
            && u16::from_le_bytes(*head) == u16::from_le_bytes([lead, b'"'])
            && *tail == *b"\":"
            && is_same(found, name.as_bytes())
        {
            self.at += member.len();
            return true;
        }
        false
    }
}

/// Compares bytes of the same length, which are mostly few: their ends, which may overlap.
#[inline(always)]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    if let (Some(a_first), Some(b_first)) = (a.first_chunk::<8>(), b.first_chunk::<8>())
        && let (Some(a_last), Some(b_last)) = (a.last_chunk::<8>(), b.last_chunk::<8>())
    {
        return a_first == b_first && a_last == b_last && (a.len() <= 16 || a == b);
    }
    if let (Some(a_first), Some(b_first)) = (a.first_chunk::<4>(), b.first_chunk::<4>())
        && let (Some(a_last), Some(b_last)) = (a.last_chunk::<4>(), b.last_chunk::<4>())
    {
        return a_first == b_first && a_last == b_last;
    }
    let middle = a.len() / 2;
    a.first() == b.first() && a.last() == b.last() && a.get(middle) == b.get(middle)
}

impl FieldNames<'_> {
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
    fn look(&mut self, fields: FieldNames<'_>) -> Result<usize, ReadError> {
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
    fn look_up(&mut self, fields: FieldNames<'_>) -> Result<usize, ReadError> {
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
        let place = fields.names.iter().position(|known| **known == *name);
        let next = place.filter(|_| is_plain);
        let next = next.and_then(|place| u8::try_from(place + 1).ok());
        self.order.0[slot] = next.unwrap_or(0);
        Ok(place.unwrap_or(fields.names.len()))
    }
}
