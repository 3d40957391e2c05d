//! [`Reader`]: DynamoDB JSON bytes to Rust values.
//!
//! Functions that every value of a usual response passes through are `#[inline(always)]`, so that
//! an item is read without a call per token. Everything else (white space, escapes, other forms,
//! errors) is `#[cold]` and `#[inline(never)]`, so that it does not bloat the code of each field.

mod container;
mod envelope;
pub(crate) mod escapes;
mod fields;
mod keys;
mod members;
mod number;
mod one_type;
mod scalar;
mod skip;
mod text;

#[cfg(test)]
mod tests;

pub use fields::Name;
pub use members::{number_in, text_in, value_in};
pub use one_type::one_type_json;

use super::error::ReadError;
use super::tag::Tag;
use crate::read::escapes::Escapes;

/// The nesting depth up to which lists and maps are read. DynamoDB itself allows 32 levels.
pub(crate) const MAX_DEPTH: u32 = 64;

/// Reads attribute values from DynamoDB JSON.
///
/// An implementation of [`Attribute::read`](crate::Attribute::read) calls exactly one of the value
/// methods: [`string`](Self::string), [`integer`](Self::integer), [`list`](Self::list) ..; each reads
/// one whole value such as `{"S":"text"}`. Text without escapes is borrowed from the bytes.
///
/// ```
/// use dynamodel_wire::Reader;
///
/// let mut r = Reader::new(br#"{"M":{"x":{"N":"3"},"y":{"N":"4"}}}"#)?;
/// let mut sum = 0;
/// r.map(|_name, r| Ok(sum += r.integer::<i32>()?))?;
/// assert_eq!(sum, 7);
/// # Ok::<(), dynamodel_wire::ReadError>(())
/// ```
#[derive(Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    /// Inside a set: the type of the elements, which have no descriptor of their own.
    bare: Option<Tag>,
    /// Positions of the key attributes' values in the item that is read; 0 for none.
    keys: [usize; 2],
    /// The strings with escapes, if they were unescaped beforehand.
    escapes: Option<&'a Escapes>,
    /// The order in which attributes came so far.
    order: fields::Order,
    /// The position of the name that was looked up last, behind its quote.
    looked_up: usize,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("at", &self.at)
            .field("len", &self.text.len())
            .finish()
    }
}

impl<'a> Reader<'a> {
    /// Creates a reader at the start of the bytes, after checking once that they are UTF-8.
    ///
    /// # Errors
    /// When the bytes are not UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Self, ReadError> {
        match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => Ok(Self::of_text(text)),
            Err(_) => Err(not_utf8(bytes)),
        }
    }

    /// Checks that nothing but white space follows.
    ///
    /// # Errors
    /// When something else follows.
    pub fn finish(mut self) -> Result<(), ReadError> {
        self.white_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// Returns the whole text that is read, from its start.
    #[doc(hidden)]
    pub fn whole_text(&self) -> &'a str {
        self.text
    }

    /// Creates a reader at the start of the text.
    #[inline]
    #[doc(hidden)]
    pub fn of_text(text: &'a str) -> Self {
        Reader {
            text,
            at: 0,
            depth: 0,
            bare: None,
            keys: [0; 2],
            escapes: None,
            order: fields::Order::new(),
            looked_up: 0,
        }
    }

    #[inline(always)] // free: another view of the same text
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// Returns the byte at the position of the reader; 0 at the end.
    #[inline(always)] // part of reading each token
    fn peek(&self) -> u8 {
        self.bytes().get(self.at).copied().unwrap_or(0)
    }

    /// Passes over the literal if it stands here, without white space.
    #[inline(always)] // part of reading each token
    fn literal(&mut self, literal: &[u8]) -> bool {
        let found = self
            .bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(literal));
        if found {
            self.at += literal.len();
        }
        found
    }

    #[inline(always)] // part of reading each token
    #[doc(hidden)]
    pub fn white_space(&mut self) {
        if self.peek() <= b' ' {
            self.white_space_slow();
        }
    }

    #[cold] // rare: the service writes no white space
    #[inline(never)]
    fn white_space_slow(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes().get(self.at) {
            self.at += 1;
        }
    }

    /// Passes over white space and this byte.
    #[inline(always)] // part of reading each token
    fn byte(&mut self, byte: u8) -> Result<(), ReadError> {
        self.white_space();
        if self.peek() == byte {
            self.at += 1;
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// Reads the byte after a member or element: returns `true` for a comma, `false` for `close`.
    #[inline(always)] // part of reading each token
    fn more(&mut self, close: u8) -> Result<bool, ReadError> {
        self.white_space();
        let byte = self.peek();
        if byte == b',' || byte == close {
            self.at += 1;
            Ok(byte == b',')
        } else {
            Err(self.malformed())
        }
    }

    /// Enters an object or list. Returns `false` when it is empty; then it is passed over as a
    /// whole.
    #[inline(always)] // part of reading each token
    fn open(&mut self, open: u8, close: u8) -> Result<bool, ReadError> {
        self.byte(open)?;
        self.white_space();
        if self.peek() == close {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    /// Enters a value of unknown form: passes over `{"N":` and returns `N`.
    #[cold] // rare: values of a known type start with a literal
    #[inline(never)]
    fn open_value(&mut self) -> Result<Tag, ReadError> {
        self.white_space();
        if let Some(tag) = self.bare {
            return Ok(tag);
        }
        self.byte(b'{')?;
        let name = self.map_key()?;
        self.white_space();
        Tag::parse(&name).ok_or_else(|| ReadError::new("a DynamoDB type", "an unknown type"))
    }

    /// Enters a value that has to be of this type. `expected` is the form named in the error.
    #[cold] // rare: a value in another form, or an error
    #[inline(never)]
    fn open_as(&mut self, tag: Tag, expected: &'static str) -> Result<(), ReadError> {
        let found = self.open_value()?;
        if found == tag {
            Ok(())
        } else {
            Err(ReadError::new(expected, found.as_str()))
        }
    }

    /// Leaves a value that was entered by a literal such as `{"S":"`, which a set's element is not.
    #[inline(always)] // part of reading each value
    fn close_tagged(&mut self) -> Result<(), ReadError> {
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(());
        }
        self.close_value_slow()
    }

    /// Leaves a value. A second type in it is an error.
    #[inline(always)] // part of reading each value
    fn close_value(&mut self) -> Result<(), ReadError> {
        if self.peek() == b'}' && self.bare.is_none() {
            self.at += 1;
            return Ok(());
        }
        self.close_value_slow()
    }

    #[cold] // rare: elements of sets, white space, errors
    #[inline(never)]
    fn close_value_slow(&mut self) -> Result<(), ReadError> {
        if self.bare.is_some() {
            return Ok(());
        }
        self.white_space();
        match self.peek() {
            b'}' => self.at += 1,
            b',' => return Err(ReadError::new("one type", "a value of two types")),
            _ => return Err(self.malformed()),
        }
        Ok(())
    }

    /// Descends one level.
    #[inline(always)] // part of reading each list and map
    fn descend(&mut self) -> Result<(), ReadError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            Err(too_deep())
        } else {
            Ok(())
        }
    }

    /// Creates the error of a byte that cannot stand here.
    #[cold] // error path
    #[inline(never)]
    #[doc(hidden)]
    pub fn malformed(&self) -> ReadError {
        malformed_at(self.at)
    }
}

/// The error of bytes that are not UTF-8, with the position of the first wrong byte.
#[cold] // error path
#[inline(never)]
fn not_utf8(bytes: &[u8]) -> ReadError {
    let stop = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
    malformed_at(stop)
}

#[cold] // error path
#[inline(never)]
fn malformed_at(at: usize) -> ReadError {
    ReadError::new("DynamoDB JSON", format!("malformed JSON at byte {at}"))
}

#[cold] // error path
#[inline(never)]
fn too_deep() -> ReadError {
    ReadError::new("at most 64 levels of lists and maps", "deeper nesting")
}
