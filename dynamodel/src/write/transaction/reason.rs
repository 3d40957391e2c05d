//! [`Reason`]: the reason why one operation of a transaction made DynamoDB cancel it.

use std::fmt;

use super::Handle;
use crate::error::Error;
use crate::error::canceled::{CONDITION_FAILED, THROTTLED, TRANSACTION_CONFLICT};
use crate::model::entity::Item;

/// Reason why one operation of a transaction made DynamoDB cancel it. From [`Error::reason`].
///
/// `Debug` does not show the item.
#[non_exhaustive]
pub struct Reason<E> {
    /// DynamoDB's code: `ConditionalCheckFailed`, `TransactionConflict`, `ThrottlingError`,
    /// `ProvisionedThroughputExceeded`, `ItemCollectionSizeLimitExceeded` or `ValidationError`.
    pub code: String,
    /// DynamoDB's message.
    pub message: Option<String>,
    /// The stored item that did not meet the condition. `None` when there is no item with this key,
    /// and when the item cannot be read as `E`.
    pub item: Option<E>,
    conflict: bool,
    taken: Option<&'static str>,
}

impl<E> Reason<E> {
    /// `true` if the operation's condition was not met.
    pub fn is_condition_failed(&self) -> bool {
        self.code == CONDITION_FAILED && self.taken.is_none()
    }

    /// `true` if the operation gives a `#[dynamo(unique)]` attribute a value that another item has.
    /// [`attribute`](Self::attribute) returns the attribute.
    pub fn is_unique_violation(&self) -> bool {
        self.taken.is_some()
    }

    /// Returns the attribute whose value another item has, of a [unique
    /// violation](Self::is_unique_violation).
    pub fn attribute(&self) -> Option<&'static str> {
        self.taken
    }

    /// `true` if the stored version is not the one that the operation expects, because another
    /// writer changed the item.
    pub fn is_conflict(&self) -> bool {
        self.conflict
    }

    /// `true` if another transaction on the item was in flight at every attempt.
    pub fn is_transaction_conflict(&self) -> bool {
        self.code == TRANSACTION_CONFLICT
    }

    /// `true` if the table throttled the operation at every attempt.
    pub fn is_throttled(&self) -> bool {
        THROTTLED.contains(&self.code.as_str())
    }
}

impl<E> fmt::Debug for Reason<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reason")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("item", &self.item.as_ref().map(|_| format_args!("_")))
            .field("conflict", &self.conflict)
            .field("attribute", &self.taken)
            .finish()
    }
}

impl Error {
    /// Returns the reason why an operation of the transaction made DynamoDB cancel it. `None` when
    /// this operation is not a reason, and for a handle of another transaction.
    pub fn reason<E: Item, R>(&self, handle: Handle<E, R>) -> Option<Reason<E>> {
        let canceled = self.cancellation()?;
        let cause = canceled.cause(handle.transaction, handle.position)?;
        let item = cause.item.as_deref();
        Some(Reason {
            code: cause.code.clone(),
            message: cause.message.clone(),
            item: item.and_then(|item| crate::wire::read_item(item, E::read_item).ok()),
            conflict: cause.conflict,
            taken: cause.taken,
        })
    }
}
