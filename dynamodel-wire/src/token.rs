//! [`Token`]: one field of a struct, as a type.
//!
//! Generated code reads and writes fields by their tokens: the bound is on the token, so that a field
//! whose type is no attribute type is one error, at the token's `Type`, and not one more for each line
//! that mentions the field.

use crate::{Attribute, ReadError, Reader, Writer};

/// One field of an entity or document, as a type. The derive makes one for each field.
pub trait Token {
    /// The type that is stored.
    type Type: Attribute;
    /// The attribute's name.
    const NAME: &'static str;
    /// 1 for the partition key of the table, 2 for its sort key, else 0.
    #[doc(hidden)]
    const KEY_PART: usize = 0;
    /// Of key attributes `,"name":`, as a [`Writer`](crate::Writer) takes it; else nothing.
    #[doc(hidden)]
    const MEMBER: &'static str = "";
}

impl Writer {
    /// [`field`](Self::field) of a token.
    #[doc(hidden)]
    #[inline(always)]
    pub fn put<K: Token>(&mut self, name: &'static str, value: &K::Type) {
        self.field(name, value);
    }

    /// [`key_field`](Self::key_field) of a token.
    #[doc(hidden)]
    #[inline(always)]
    pub fn put_key<K: Token>(&mut self, name: &'static str, value: &K::Type) {
        self.key_field(name, value);
    }

    /// [`sort_field`](Self::sort_field) of a token.
    #[doc(hidden)]
    #[inline(always)]
    pub fn put_sort<K: Token>(&mut self, name: &'static str, value: &K::Type) {
        self.sort_field(name, value);
    }
}

impl Reader<'_> {
    /// [`field`](Self::field) of a token.
    #[doc(hidden)]
    #[inline(always)]
    pub fn get<K: Token>(&mut self, slot: &mut Option<K::Type>) -> Result<(), ReadError> {
        if K::KEY_PART > 0 {
            self.remember_key(K::KEY_PART);
        }
        self.field(K::NAME, slot)
    }

    /// [`take`](Self::take) of a token.
    #[doc(hidden)]
    #[inline(always)]
    pub fn value<K: Token>(&self, slot: Option<K::Type>) -> Result<K::Type, ReadError> {
        self.take(K::NAME, slot)
    }
}
