//! Writing of the attributes of an item or document, as generated code does it.

use super::Writer;
use crate::Attribute;
use crate::attribute::stored::StoredAs;
use crate::error::{ReadError, WriteError};
use crate::read::Reader;
use crate::tag::Tag;

/// The largest size of a partition key in bytes.
#[doc(hidden)]
pub const MAX_PARTITION: usize = 2048;
/// The largest size of a sort key in bytes.
#[doc(hidden)]
pub const MAX_SORT: usize = 1024;

/// Names are literals of a comma, a JSON string and a colon, `",\"user_id\":"`, so that a single
/// copy writes all three; the comma is left out after the `{`.
impl Writer {
    /// Writes the `{` of an item or of a map's body.
    #[inline(always)] // one literal
    pub fn begin_map(&mut self) {
        self.raw(b"{");
    }

    /// Writes the `}` of an item or of a map's body.
    #[inline(always)] // one literal
    pub fn end_map(&mut self) {
        self.raw(b"}");
    }

    /// Writes `{"M":` and `}` around a body, which the function writes with its braces.
    #[inline(always)] // one literal
    pub fn map_value(&mut self, body: impl FnOnce(&mut Self)) {
        self.raw(b"{\"M\":");
        body(self);
        self.raw(b"}");
    }

    /// Writes an attribute, unless its value is absent.
    #[inline(always)] // one per field in generated code: lengths are constants
    pub fn field<T: Attribute>(&mut self, name: &'static str, value: &T) {
        if !value.is_absent() {
            self.name(name);
            value.write(self);
        }
    }

    /// Writes an attribute in its stored form, unless it is absent.
    #[inline(always)] // one per field in generated code: lengths are constants
    pub fn field_as<S: StoredAs<T>, T>(&mut self, name: &'static str, value: &T) {
        if !S::stored_is_absent(value) {
            self.name(name);
            S::write_stored(value, self);
        }
    }

    /// Writes a key attribute. Fails when it is empty or longer than 2048 bytes.
    #[inline(always)] // one per field in generated code: lengths are constants
    pub fn key_field<T: Attribute>(&mut self, name: &'static str, value: &T) {
        let start = self.len();
        self.field(name, value);
        self.limit(start, MAX_PARTITION);
    }

    /// Writes a sort key attribute. Fails when it is empty or longer than 1024 bytes.
    #[inline(always)] // one per field in generated code: lengths are constants
    pub fn sort_field<T: Attribute>(&mut self, name: &'static str, value: &T) {
        let start = self.len();
        self.field(name, value);
        self.limit(start, MAX_SORT);
    }

    /// Writes a key attribute as [`key_field`](Self::key_field) does, through the stored form.
    #[inline(always)] // one per field in generated code: lengths are constants
    pub fn key_field_as<S: StoredAs<T>, T>(&mut self, name: &'static str, value: &T) {
        let start = self.len();
        self.field_as::<S, T>(name, value);
        self.limit(start, MAX_PARTITION);
    }

    /// Writes a sort key attribute as [`sort_field`](Self::sort_field) does, through the stored
    /// form.
    #[inline(always)] // one per field in generated code: lengths are constants
    pub fn sort_field_as<S: StoredAs<T>, T>(&mut self, name: &'static str, value: &T) {
        let start = self.len();
        self.field_as::<S, T>(name, value);
        self.limit(start, MAX_SORT);
    }

    /// Writes the name of an attribute, with its comma unless it is the first one.
    #[inline(always)] // one per field in generated code: lengths are constants
    #[doc(hidden)]
    pub fn name(&mut self, name: &'static str) {
        if self.last_byte() == Some(b'{') {
            // In bounds: a name begins with its comma.
            self.raw(name.as_bytes().get(1..).unwrap_or_default());
        } else {
            self.raw(name.as_bytes());
        }
    }

    /// Checks the size of the key attribute that was written from `start` on.
    // Takes no closure that does the writing: such a closure would not always be inlined.
    #[inline(always)] // one per key field in generated code
    fn limit(&mut self, start: usize, limit: usize) {
        if !is_surely_key(self.since(start), limit) {
            self.check_key(start, limit);
        }
    }

    #[cold] // rare: keys that may be too long
    #[inline(never)]
    fn check_key(&mut self, start: usize, limit: usize) {
        if self.error.is_some() {
            return;
        }
        if let Some(problem) = key_problem(self.since(start), limit) {
            self.fail(problem);
        }
    }
}

/// Returns `true` if a value is surely within the limit. Its JSON is never shorter than its size,
/// so that only long values need an exact check.
#[inline(always)] // part of writing each key attribute
#[doc(hidden)]
pub fn is_surely_key(member: &[u8], limit: usize) -> bool {
    member.len() <= limit && !member.ends_with(b":\"\"}")
}

/// Returns the reason why a value, with or without its name before it, cannot be a key attribute of
/// at most `limit` bytes.
#[inline]
#[doc(hidden)]
pub fn key_problem(member: &[u8], limit: usize) -> Option<WriteError> {
    if is_surely_key(member, limit) {
        return None;
    }
    key_problem_of(member, limit)
}

#[cold] // rare: keys that may be too long
#[inline(never)]
fn key_problem_of(member: &[u8], limit: usize) -> Option<WriteError> {
    let problem = match key_size(member) {
        Ok(0) => WriteError::new("a key attribute cannot be empty"),
        Ok(size) if size > limit => WriteError::over_limit(
            format!("a key attribute of {size} bytes is longer than {limit} bytes"),
            limit as u64,
        ),
        _ => return None,
    };
    Some(problem.of_key())
}

/// Returns the size of the S or B value in `,"name":{"S":".."}`; numbers are always within the
/// limit.
fn key_size(member: &[u8]) -> Result<usize, ReadError> {
    let mut r = Reader::new(member.strip_prefix(b",").unwrap_or(member))?;
    if member.first() != Some(&b'{') {
        r.map_key()?;
    }
    match r.kind()? {
        Tag::S => Ok(r.string()?.len()),
        Tag::B => Ok(r.binary()?.len()),
        _ => Ok(1),
    }
}
