//! The plain description of a unique attribute.

use crate::model::expr::Token;

/// An attribute that no two items of the entity have the same value of.
///
/// Each value is kept by a guard item in the entity's table, which names the item that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniqueSchema {
    /// The attribute's name in DynamoDB.
    pub attribute: &'static str,
    /// The Rust field.
    pub field: &'static str,
}

impl UniqueSchema {
    /// The description of a token.
    #[doc(hidden)]
    pub const fn of<K: Token>(field: &'static str) -> Self {
        UniqueSchema {
            attribute: K::NAME,
            field,
        }
    }
}
