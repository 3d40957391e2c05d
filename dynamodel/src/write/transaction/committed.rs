//! Result of a transaction: [`Committed`].

use std::fmt;

use super::step::StoredEntity;
use super::{Handle, Step};
use crate::client::capacity::ConsumedCapacity;
use crate::model::entity::Item;
use crate::write::return_values::Stored;

/// A transaction that was carried out.
#[non_exhaustive]
pub struct Committed {
    transaction: u64,
    stored: Vec<StoredEntity>,
    /// Consumed capacity for each table, if requested with
    /// [`measured`](super::Transaction::measured).
    pub consumed_capacity: Vec<ConsumedCapacity>,
}

impl fmt::Debug for Committed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committed")
            .field("operations", &self.stored.len())
            .finish_non_exhaustive()
    }
}

impl Committed {
    pub(super) fn new(transaction: u64, steps: Vec<Step>, capacity: Vec<ConsumedCapacity>) -> Self {
        Committed {
            transaction,
            stored: steps.into_iter().map(|s| s.stored).collect(),
            consumed_capacity: capacity,
        }
    }

    /// Returns the entity of a put as it is stored: with its new version, times and write token.
    /// `None` for a handle of another transaction, and after [`take`](Self::take).
    pub fn stored<E: Item>(&self, handle: Handle<E, Stored>) -> Option<&E> {
        if handle.transaction != self.transaction {
            return None;
        }
        self.stored.get(handle.position)?.as_ref()?.downcast_ref()
    }

    /// Takes the entity of a put out by value, as [`stored`](Self::stored) returns it. Each entity
    /// can be taken once.
    pub fn take<E: Item>(&mut self, handle: Handle<E, Stored>) -> Option<E> {
        if handle.transaction != self.transaction {
            return None;
        }
        let stored = self.stored.get_mut(handle.position)?.take()?;
        stored.downcast().ok().map(|entity| *entity)
    }
}
