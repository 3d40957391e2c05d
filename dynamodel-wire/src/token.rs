//! [`Token`]: one field of a struct, as a type.
//!
//! Generated code reads and writes fields by their tokens. The bound is on the token, so that a
//! field whose type is not an attribute type gives one error, at the token's `Type`, instead of one
//! more for each line that mentions the field.

use std::borrow::Cow;

use crate::{Attribute, ReadError, Reader, Tag, Writer};

/// One field of an entity or document, as a type. The derive makes one for each field.
pub trait Token {
    /// The type that is stored.
    type Type: Attribute;
    /// The attribute's name.
    const NAME: &'static str;
    /// The scopes that the field can be used in, as `dynamodel` describes them.
    type Uses;
    /// 1 for the partition key of the table, 2 for its sort key, else 0.
    #[doc(hidden)]
    const KEY_PART: usize = 0;
    /// `,"name":` of key attributes, in the form that a [`Writer`](crate::Writer) takes; else
    /// empty.
    #[doc(hidden)]
    const MEMBER: &'static str = "";
    /// `true` for the version of an item: an absent one, and NULL, is read as 0.
    #[doc(hidden)]
    const IS_VERSION: bool = false;
    /// The place of the field in the key of a shared table.
    #[doc(hidden)]
    const KEY_PLACE: Option<KeyPlace> = None;
}

/// Check that the key that was read is the one of the fields, which start at these positions.
type CompareKey = fn(&Reader<'_>, &[Option<KeyPlace>], &[usize]) -> Result<(), ReadError>;

/// The place of a field in the templates of a shared table's key, with the functions that reads of
/// some attributes need.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct KeyPlace {
    /// The names of the partition key and the sort key; the latter may be empty.
    pub keys: [&'static str; 2],
    /// Position of the part, and the number of all parts of the key.
    pub part: usize,
    pub parts: usize,
    /// `true` if the field stands in the key alone.
    pub in_key: bool,
    /// Writes the part of the key that was read, as an attribute value.
    pub write: fn(&Reader<'_>, usize, &mut Writer) -> Result<(), ReadError>,
    /// Returns the text of the part of the key that was read.
    pub text: for<'a> fn(&Reader<'a>, usize) -> Result<Cow<'a, str>, ReadError>,
    /// Checks that the key that was read is the one of the fields, which start at these positions.
    pub compare: CompareKey,
}

impl Writer {
    /// Writes the field of a token as [`field`](Self::field) does.
    #[doc(hidden)]
    #[inline(always)] // forwards to a function that is inlined
    pub fn put<K: Token>(&mut self, name: &'static str, value: &K::Type) {
        self.field(name, value);
    }

    /// Writes the field of a token as [`key_field`](Self::key_field) does.
    #[doc(hidden)]
    #[inline(always)] // forwards to a function that is inlined
    pub fn put_key<K: Token>(&mut self, name: &'static str, value: &K::Type) {
        self.key_field(name, value);
    }

    /// Writes the field of a token as [`sort_field`](Self::sort_field) does.
    #[doc(hidden)]
    #[inline(always)] // forwards to a function that is inlined
    pub fn put_sort<K: Token>(&mut self, name: &'static str, value: &K::Type) {
        self.sort_field(name, value);
    }
}

/// An attribute to fetch, or one of a document.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// The stored name.
    pub name: &'static str,
    /// The parts of a document; empty for the whole value.
    pub parts: &'static [Fetched],
}

impl Fetched {
    /// Returns these attributes, each as a whole.
    pub const fn all<const N: usize>(names: &[&'static str]) -> [Fetched; N] {
        let mut all = [Fetched::whole(""); N];
        let mut i = 0;
        while i < N {
            all[i] = Fetched::whole(names[i]);
            i += 1;
        }
        all
    }

    /// Returns the whole attribute.
    pub const fn whole(name: &'static str) -> Self {
        Fetched { name, parts: &[] }
    }
}

impl Reader<'_> {
    /// Reads the field of a token as [`field`](Self::field) does.
    #[doc(hidden)]
    #[inline(always)] // forwards; the condition is a constant for each token
    pub fn get<K: Token>(&mut self, slot: &mut Option<K::Type>) -> Result<(), ReadError> {
        if K::KEY_PART > 0 {
            return self.key_field(K::KEY_PART, K::NAME, slot);
        }
        if K::IS_VERSION && self.skip_null() {
            return Ok(());
        }
        self.field(K::NAME, slot)
    }

    /// Reads the field of a token as [`get`](Self::get) does, but leaves the slot as it is for a NULL,
    /// unless NULL is a value of the type.
    #[doc(hidden)]
    #[inline(always)] // forwards
    pub fn get_unless_null<K: Token>(
        &mut self,
        slot: &mut Option<K::Type>,
    ) -> Result<(), ReadError> {
        match K::Type::absent().is_none() && self.skip_null() {
            true => Ok(()),
            false => self.get::<K>(slot),
        }
    }

    /// Reads the field of a token as [`get_as`](Self::get_as) does, but leaves the slot as it is for a
    /// NULL, unless NULL is a value of the type.
    #[doc(hidden)]
    pub fn get_as_unless_null<K: Token, T: Attribute>(
        &mut self,
        slot: &mut Option<T>,
    ) -> Result<(), ReadError> {
        match T::absent().is_none() && self.skip_null() {
            true => Ok(()),
            false => self.get_as::<K, T>(slot),
        }
    }

    /// Skips a NULL if the next value is one.
    fn skip_null(&mut self) -> bool {
        matches!(self.kind(), Ok(Tag::Null)) && self.skip_value().is_ok()
    }

    /// Reads the field of a token as another type, of which its value is read in part.
    #[doc(hidden)]
    #[inline(always)] // forwards; the condition is a constant for each token
    pub fn get_as<K: Token, T: Attribute>(
        &mut self,
        slot: &mut Option<T>,
    ) -> Result<(), ReadError> {
        if K::KEY_PART > 0 {
            return self.key_field(K::KEY_PART, K::NAME, slot);
        }
        if K::IS_VERSION && self.skip_null() {
            return Ok(());
        }
        self.field(K::NAME, slot)
    }

    /// Returns the value of a token's slot as [`take`](Self::take) does.
    #[doc(hidden)]
    #[inline(always)] // forwards; the condition is a constant for each token
    pub fn value<K: Token>(&self, slot: Option<K::Type>) -> Result<K::Type, ReadError> {
        if K::IS_VERSION && slot.is_none() {
            return version_zero();
        }
        self.take(K::NAME, slot)
    }
}

/// Returns the version of an item without one, 0.
///
/// # Errors
/// When the type is none that a number is read as.
#[cold] // rare: only an item from before the version field
#[doc(hidden)]
pub fn version_zero<T: Attribute>() -> Result<T, ReadError> {
    crate::from_slice(br#"{"N":"0"}"#)
}
