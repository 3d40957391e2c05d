//! Unique items: they keep attributes marked `#[dynamo(unique)]` unique.
//!
//! For every value of a unique attribute there is one small item in the same table, the unique
//! item. Its key is made of the value, and it names its owner: the item that has the value. Writes
//! that change such a value are transactions that write the item and its unique items together. The
//! item's previous values are read first, and pinned by the condition on the item.

mod backfill;
mod change;
mod lookup;
mod plan;
mod read;
mod send;
mod single;

pub use backfill::{BackfillReport, BackfillUnique};
pub(crate) use change::Effect;
pub use lookup::GetUnique;
pub(crate) use send::{Sending, send};
pub(crate) use single::{WritingOutput, check_return_values, no_return_values, send_one};

use super::precondition::add_condition;
use crate::error::Error;
use crate::model::expr::ast::Node;
use crate::model::expr::render::Body;

/// Operation on an item that may have unique items.
pub(crate) struct UniqueWrite {
    /// Key of the item, as JSON.
    pub(crate) key: Vec<u8>,
    pub(crate) draft: Draft,
    pub(crate) effect: Effect,
    /// `true` if the precondition requires that no item exists yet: then nothing has to be read
    /// before.
    pub(crate) is_new: bool,
}

/// Body of an operation before its condition, which can be finished several times.
pub(crate) struct Draft {
    body: Body,
    condition: Option<Node>,
}

impl Draft {
    /// Creates a draft. `body` has everything but the condition, for the table `""`.
    pub(crate) fn new(body: Body, condition: Option<Node>) -> Self {
        Draft { body, condition }
    }

    /// Returns the body of the operation with the pins added to its condition.
    pub(crate) fn finish(&mut self, pins: Vec<Node>) -> Result<Vec<u8>, Error> {
        let mut body = self.body.copy()?;
        let condition = Node::all(self.condition.iter().cloned().chain(pins).collect());
        add_condition(&mut body, condition.as_ref());
        body.finish()
    }
}
