//! The plain description of a unique attribute.

use crate::model::expr::Token;

/// An attribute whose value no two items of the entity share.
///
/// Each value has a unique item in the entity's table, which names the item that has the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniqueSchema {
    /// The attribute's name in DynamoDB.
    pub attribute: &'static str,
    /// The Rust field.
    pub field: &'static str,
}

impl UniqueSchema {
    /// Returns the description of a token.
    #[doc(hidden)]
    pub const fn of<K: Token>(field: &'static str) -> Self {
        UniqueSchema {
            attribute: K::NAME,
            field,
        }
    }
}
