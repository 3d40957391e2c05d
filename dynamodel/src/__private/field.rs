//! Fields by their tokens.
//!
//! The bounds here are on the token, so that a field whose type is no attribute type is one error, at
//! the token's `Type`, and not one more for each line that mentions the field.

use super::{
    Attribute, HasField, KeyBuilder, KindOf, ReadError, Reader, Token, TokenOf, UsableIn, ValueFor,
    Writer,
};
use crate::attribute::kind::Kind;
use crate::schema::AttributeSchema;

/// An entity whose field `H` can be used in `Sc`. A bound on the entity, because one on the token of a
/// field that is not there would be an error of its own.
pub trait UsableField<const H: u64, Sc> {}

impl<E, Sc, const H: u64> UsableField<H, Sc> for E
where
    E: HasField<H>,
    TokenOf<E, H>: UsableIn<Sc>,
{
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

impl AttributeSchema {
    /// The description of a token.
    #[doc(hidden)]
    pub const fn of<K: Token>(field: &'static str) -> Self {
        AttributeSchema {
            name: K::NAME,
            field,
            kind: <KindOf<K::Type> as Kind>::NAME,
        }
    }
}

impl KeyBuilder {
    /// A part from the field of an entity.
    pub fn own_part<K: Token>(&mut self, value: &K::Type) -> &mut Self {
        self.part::<K>(Own(value))
    }
}

/// The value of an attribute type as an operand of its value type: of `T` for a `Box<T>`.
struct Own<'a, T>(&'a T);

impl<T: Attribute> ValueFor<T::Value> for Own<'_, T> {
    fn write_value(&self, w: &mut Writer) {
        self.0.write(w);
    }
}
