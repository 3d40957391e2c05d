//! [`Reason`]: the reason why one operation of a transaction made DynamoDB cancel it.

use std::fmt;

use super::Handle;
use crate::error::{Error, ErrorKind};
use crate::model::entity::Item;

/// Reason why one operation of a transaction made DynamoDB cancel it. From [`Error::reason`].
///
/// `Debug` does not show the item.
#[non_exhaustive]
pub struct Reason<E> {
    /// DynamoDB's code: `ConditionalCheckFailed`, `TransactionConflict`, `ThrottlingError`,
    /// `ProvisionedThroughputExceeded`, `ItemCollectionSizeLimitExceeded` or `ValidationError`.
    pub code: String,
    /// DynamoDB's message: its first line, up to the first quote, bracket or brace, behind which
    /// values may stand.
    pub message: Option<String>,
    /// The stored item that did not meet the condition. `None` when there is no item with this key,
    /// and when the item cannot be read as `E`.
    pub item: Option<E>,
    kind: ErrorKind,
    taken: Option<&'static str>,
}

impl<E> Reason<E> {
    /// Returns the kind of the reason: the one that the error of the same operation has when it is
    /// sent alone.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// `true` if the stored item, or its absence, refused the operation; see
    /// [`Error::is_condition_failed`].
    pub fn is_condition_failed(&self) -> bool {
        self.kind.is_of_condition()
    }

    /// `true` if the operation demands an item, and there is none.
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    /// `true` if the operation demands that there is no item, and there is one.
    pub fn is_already_exists(&self) -> bool {
        self.kind == ErrorKind::AlreadyExists
    }

    /// `true` if the key is that of an item of another entity of the table; see
    /// [`Error::is_other_entity`].
    pub fn is_other_entity(&self) -> bool {
        self.kind == ErrorKind::OtherEntity
    }

    /// `true` if the operation gives a `#[dynamo(unique)]` attribute a value that another item has.
    /// [`attribute`](Self::attribute) returns the attribute.
    pub fn is_unique_violation(&self) -> bool {
        self.kind == ErrorKind::UniqueViolation
    }

    /// Returns the attribute whose value another item has, of a [unique
    /// violation](Self::is_unique_violation).
    pub fn attribute(&self) -> Option<&'static str> {
        self.taken
    }

    /// `true` if another writer was first; see [`Error::is_conflict`].
    pub fn is_conflict(&self) -> bool {
        self.kind.is_conflict()
    }

    /// `true` if another transaction on the item was in flight at every attempt.
    pub fn is_transaction_conflict(&self) -> bool {
        self.kind == ErrorKind::TransactionConflict
    }

    /// `true` if the table throttled the operation at every attempt.
    pub fn is_throttled(&self) -> bool {
        self.kind == ErrorKind::Throttled
    }
}

impl<E> fmt::Debug for Reason<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reason")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("item", &self.item.as_ref().map(|_| format_args!("_")))
            .field("kind", &self.kind)
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
            kind: cause.kind,
            taken: cause.taken,
        })
    }
}
