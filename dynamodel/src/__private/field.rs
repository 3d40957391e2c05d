//! Fields by their tokens, where the schema and keys need them.

use super::{Attribute, HasField, KeyBuilder, KindOf, Token, TokenOf, UsableIn, ValueFor, Writer};
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
