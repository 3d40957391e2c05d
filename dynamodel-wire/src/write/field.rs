//! The attributes of an item or document, as generated code writes them.

use super::Writer;
use crate::Attribute;
use crate::attribute::stored::StoredAs;
use crate::error::{ReadError, WriteError};
use crate::read::Reader;
use crate::tag::Tag;

/// The most bytes of a partition key.
#[doc(hidden)]
pub const MAX_PARTITION: usize = 2048;
/// The most bytes of a sort key.
#[doc(hidden)]
pub const MAX_SORT: usize = 1024;

/// Names are given as a literal of comma, JSON string and colon, `",\"user_id\":"`, so that one copy
/// writes all three; the comma is left out after the `{`.
impl Writer {
    /// Writes the `{` of an item or of a map's body.
    #[inline(always)]
    pub fn begin_map(&mut self) {
        self.raw(b"{");
    }

    /// Writes the `}` of an item or of a map's body.
    #[inline(always)]
    pub fn end_map(&mut self) {
        self.raw(b"}");
    }

    /// Writes `{"M":` `}` around a body, which the function writes with its braces.
    #[inline(always)]
    pub fn map_value(&mut self, body: impl FnOnce(&mut Self)) {
        self.raw(b"{\"M\":");
        body(self);
        self.raw(b"}");
    }

    /// Writes an attribute, unless its value is absent.
    #[inline(always)]
    pub fn field<T: Attribute>(&mut self, name: &'static str, value: &T) {
        if !value.is_absent() {
            self.name(name);
            value.write(self);
        }
    }

    /// Writes an attribute in its stored form, unless it is absent.
    #[inline(always)]
    pub fn field_as<S: StoredAs<T>, T>(&mut self, name: &'static str, value: &T) {
        if !S::stored_is_absent(value) {
            self.name(name);
            S::write_stored(value, self);
        }
    }

    /// Writes a key attribute: fails when it is empty or longer than 2048 bytes.
    #[inline(always)]
    pub fn key_field<T: Attribute>(&mut self, name: &'static str, value: &T) {
        let start = self.len();
        self.field(name, value);
        self.limit(start, MAX_PARTITION);
    }

    /// Writes a sort key attribute: fails when it is empty or longer than 1024 bytes.
    #[inline(always)]
    pub fn sort_field<T: Attribute>(&mut self, name: &'static str, value: &T) {
        let start = self.len();
        self.field(name, value);
        self.limit(start, MAX_SORT);
    }

    /// [`key_field`](Self::key_field) through the stored form.
    #[inline(always)]
    pub fn key_field_as<S: StoredAs<T>, T>(&mut self, name: &'static str, value: &T) {
        let start = self.len();
        self.field_as::<S, T>(name, value);
        self.limit(start, MAX_PARTITION);
    }

    /// [`sort_field`](Self::sort_field) through the stored form.
    #[inline(always)]
    pub fn sort_field_as<S: StoredAs<T>, T>(&mut self, name: &'static str, value: &T) {
        let start = self.len();
        self.field_as::<S, T>(name, value);
        self.limit(start, MAX_SORT);
    }

    #[inline(always)]
    #[doc(hidden)]
    pub fn name(&mut self, name: &'static str) {
        if self.last_byte() == Some(b'{') {
            self.raw(name.as_bytes().get(1..).unwrap_or_default());
        } else {
            self.raw(name.as_bytes());
        }
    }

    /// Checks the size of the key attribute that was written from there on.
    // What writes it is no closure given here, which would not always be inlined.
    #[inline(always)]
    fn limit(&mut self, start: usize, limit: usize) {
        if !is_surely_key(self.since(start), limit) {
            self.check_key(start, limit);
        }
    }

    #[cold]
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

/// The bytes of a value are never fewer than its size, so that only long ones need a closer look.
#[inline(always)]
#[doc(hidden)]
pub fn is_surely_key(member: &[u8], limit: usize) -> bool {
    member.len() <= limit && !member.ends_with(b":\"\"}")
}

/// Why a value, with or without its name before it, cannot be a key attribute of at most `limit` bytes.
#[inline]
#[doc(hidden)]
pub fn key_problem(member: &[u8], limit: usize) -> Option<WriteError> {
    if is_surely_key(member, limit) {
        return None;
    }
    key_problem_of(member, limit)
}

#[cold]
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

/// The size of the S or B value in `,"name":{"S":".."}`; of another type it is in bounds anyway.
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
