//! Fields by their tokens, where the schema and keys need them.

use std::marker::PhantomData;

use super::{
    Attribute, Fields, HasField, KeyBuilder, KindOf, MapBody, Prefix, ReadError, Reader, Token,
    TokenOf, UsableIn, ValueFor, Writer,
};
use crate::model::rest;
use crate::model::schema::AttributeSchema;
use crate::wire::kind::Kind;

/// An entity whose field `H` can be used in `Sc`. A bound on the entity, because one on the token of a
/// field that is not there would be an error of its own.
pub trait UsableField<const H: u64, Sc> {}

impl<E, Sc, const H: u64> UsableField<H, Sc> for E
where
    E: HasField<H>,
    TokenOf<E, H>: UsableIn<Sc>,
{
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

/// The document that a variant with one unnamed field embeds.
///
/// Generated code reaches the document by this trait, so that a type that is no document is one error,
/// at `Body`.
pub trait Embedded {
    /// The document.
    type Body: MapBody;
}

/// Returns `true` if the embedded document keeps attributes that it does not know.
pub const fn keeps_rest<K: Embedded>() -> bool {
    K::Body::KEEPS_REST
}

/// Writes the attributes of an embedded document beside `tag`, which holds the name of the variant.
#[inline]
pub fn write_body<K: Embedded>(body: &K::Body, tag: &'static str, w: &mut Writer) {
    if K::Body::KEEPS_REST {
        return rest::write_beside(tag, w, |w| body.write_fields(w));
    }
    body.write_fields(w);
}

/// Reads the attributes of an embedded document from a map that has `tag`, too.
///
/// # Errors
/// When an attribute cannot be read or is missing.
#[inline]
pub fn read_body<K: Embedded>(r: &mut Reader<'_>, tag: &'static str) -> Result<K::Body, ReadError> {
    if K::Body::KEEPS_REST {
        let body = rest::without(tag, r)?;
        return crate::wire::read_item(&body, K::Body::read_item);
    }
    K::Body::read_item(r)
}

/// The typed paths of `T`, in bounds that name a lifetime: such a bound is checked where it is used,
/// while one that is known to be false is an error by itself.
#[derive(Debug)]
pub struct Late<'a, T>(PhantomData<fn(&'a ()) -> T>);

impl<T: Fields> Fields for Late<'_, T> {
    type Fields<Sc> = T::Fields<Sc>;
    fn fields<Sc>(at: &Prefix) -> T::Fields<Sc> {
        T::fields(at)
    }
}
