//! Why a transaction was canceled.

use std::any::TypeId;
use std::error::Error as StdError;
use std::fmt;

use super::{Handle, Step};
use crate::error::Error;
use crate::model::entity::Entity;
use crate::transport::{Failure, FailureKind};
use crate::wire::{ReadError, Reader};

/// Why one operation of a transaction made DynamoDB cancel it. From [`Error::reason`].
///
/// `Debug` does not show the item.
#[non_exhaustive]
pub struct Reason<E> {
    /// DynamoDB's code: `ConditionalCheckFailed`, `TransactionConflict`, `ThrottlingError`,
    /// `ProvisionedThroughputExceeded`, `ItemCollectionSizeLimitExceeded` or `ValidationError`.
    pub code: String,
    /// DynamoDB's text.
    pub message: Option<String>,
    /// The stored item that did not meet the condition. `None` when there is none with this key, and
    /// when it is not readable as `E`.
    pub item: Option<E>,
    conflict: bool,
    taken: Option<&'static str>,
}

impl<E> Reason<E> {
    /// The operation's condition was not met.
    pub fn is_condition_failed(&self) -> bool {
        self.code == CONDITION_FAILED && self.taken.is_none()
    }

    /// The operation gives a `#[dynamo(unique)]` attribute a value that another item has.
    /// [`attribute`](Self::attribute) says which.
    pub fn is_unique_violation(&self) -> bool {
        self.taken.is_some()
    }

    /// The attribute whose value another item has, of a
    /// [unique violation](Self::is_unique_violation).
    pub fn attribute(&self) -> Option<&'static str> {
        self.taken
    }

    /// Somebody else wrote the item: its version is not the one that the operation expects.
    pub fn is_conflict(&self) -> bool {
        self.conflict
    }

    /// Another transaction was under way on the item, as often as it was tried.
    pub fn is_transaction_conflict(&self) -> bool {
        self.code == TRANSACTION_CONFLICT
    }

    /// The table refused the operation for its rate, as often as it was tried.
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

type BoxError = Box<dyn StdError + Send + Sync>;

const CONDITION_FAILED: &str = "ConditionalCheckFailed";
const TRANSACTION_CONFLICT: &str = "TransactionConflict";
const THROTTLED: [&str; 2] = ["ThrottlingError", "ProvisionedThroughputExceeded"];

/// What DynamoDB said of each operation of a canceled transaction, in their order.
pub(crate) struct Canceled {
    transaction: u64,
    reasons: Vec<OneReason>,
    pub(crate) source: Box<dyn StdError + Send + Sync>,
}

/// `None` of an operation that did not cause it.
struct OneReason {
    verb: &'static str,
    name: &'static str,
    entity: TypeId,
    cause: Option<Cause>,
}

struct Cause {
    code: String,
    message: Option<String>,
    item: Option<Vec<u8>>,
    conflict: bool,
    /// The unique attribute whose value another item has.
    taken: Option<&'static str>,
}

/// What the reasons are about: the operations, without what they write.
pub(crate) struct Operation<'a> {
    pub(crate) verb: &'static str,
    pub(crate) name: &'static str,
    pub(crate) entity: TypeId,
    pub(crate) step: Option<&'a Step>,
}

impl<'a> Operation<'a> {
    pub(crate) fn of(step: &'a Step) -> Self {
        Operation {
            verb: step.verb,
            name: step.schema.entity,
            entity: step.entity,
            step: Some(step),
        }
    }
}

/// For operations that guards follow.
impl Canceled {
    /// The item that did not meet the condition of this operation, or that there is none. `None` when
    /// the condition is not why.
    pub(crate) fn failed_condition(&self, position: usize) -> Option<Option<&[u8]>> {
        let cause = self.reasons.get(position)?.cause.as_ref()?;
        (cause.code == CONDITION_FAILED).then_some(cause.item.as_deref())
    }

    /// The item of this operation was written by somebody else.
    pub(crate) fn set_conflict(&mut self, position: usize) {
        if let Some(cause) = self
            .reasons
            .get_mut(position)
            .and_then(|r| r.cause.as_mut())
        {
            cause.conflict = true;
        }
    }

    /// Leaves the reasons of the first `len` operations; those of the others become reasons of the
    /// operations that they follow.
    pub(crate) fn fold(&mut self, len: usize, follows: impl Iterator<Item = usize>) {
        let added = self.reasons.split_off(len.min(self.reasons.len()));
        for (added, follows) in added.into_iter().zip(follows) {
            if let (Some(cause), Some(reason)) = (added.cause, self.reasons.get_mut(follows))
                && reason.cause.is_none()
            {
                reason.cause = Some(Cause {
                    conflict: cause.code == CONDITION_FAILED,
                    item: None,
                    ..cause
                });
            }
        }
    }

    /// Another item has the value that this operation gives to the attribute.
    pub(crate) fn set_taken(&mut self, position: usize, attribute: &'static str) {
        if let Some(cause) = self
            .reasons
            .get_mut(position)
            .and_then(|r| r.cause.as_mut())
        {
            cause.conflict = false;
            cause.taken = Some(attribute);
        }
    }

    /// What the failed condition of the only operation found, whether that is a conflict, and the
    /// SDK's error; the whole when it was not its condition.
    pub(crate) fn into_condition(self) -> Result<(Option<Vec<u8>>, bool, BoxError), Self> {
        match self.reasons.as_slice() {
            [
                OneReason {
                    cause: Some(cause), ..
                },
            ] if cause.code == CONDITION_FAILED => {
                Ok((cause.item.clone(), cause.conflict, self.source))
            }
            _ => Err(self),
        }
    }
}

impl Canceled {
    /// Reads the error of a canceled transaction; any other failure comes back as it is.
    pub(crate) fn read<'a>(
        transaction: u64,
        failure: Failure,
        operations: impl Iterator<Item = Operation<'a>>,
    ) -> Error {
        let FailureKind::Service {
            code: Some(code),
            body,
            ..
        } = &failure.kind
        else {
            return Error::failure(failure);
        };
        if code != "TransactionCanceledException" {
            return Error::failure(failure);
        }
        let mut causes = read_reasons(body).unwrap_or_default().into_iter();
        let reasons = operations.map(|operation| {
            let mut cause = causes.next().flatten();
            if let (Some(cause), Some(step)) = (&mut cause, operation.step) {
                cause.conflict = cause.code == CONDITION_FAILED
                    && step.demand.is_conflict(step.schema, cause.item.as_deref());
            }
            OneReason {
                verb: operation.verb,
                name: operation.name,
                entity: operation.entity,
                cause,
            }
        });
        let reasons = reasons.collect();
        Error::canceled(failure, |source| Canceled {
            transaction,
            reasons,
            source,
        })
    }

    pub(crate) fn reason<E: Entity, R>(&self, handle: Handle<E, R>) -> Option<Reason<E>> {
        if handle.transaction != self.transaction {
            return None;
        }
        let cause = self.reasons.get(handle.position)?.cause.as_ref()?;
        Some(Reason {
            code: cause.code.clone(),
            message: cause.message.clone(),
            item: cause.item.as_deref().and_then(item::<E>),
            conflict: cause.conflict,
            taken: cause.taken,
        })
    }

    /// The first stored item of an `E` that did not meet a condition.
    pub(crate) fn current<E: Entity>(&self) -> Option<E> {
        let of_entity = self
            .reasons
            .iter()
            .filter(|r| r.entity == TypeId::of::<E>());
        of_entity
            .filter_map(|r| r.cause.as_ref()?.item.as_deref())
            .find_map(item::<E>)
    }

    pub(crate) fn codes(&self) -> impl Iterator<Item = Option<&str>> {
        self.reasons
            .iter()
            .map(|r| r.cause.as_ref().map(|c| c.code.as_str()))
    }

    fn causes(&self) -> impl Iterator<Item = &Cause> {
        self.reasons.iter().filter_map(|r| r.cause.as_ref())
    }

    pub(crate) fn is_condition_failed(&self) -> bool {
        self.causes()
            .any(|c| c.code == CONDITION_FAILED && c.taken.is_none())
    }

    pub(crate) fn is_conflict(&self) -> bool {
        self.causes().any(|c| c.conflict)
    }

    pub(crate) fn is_transaction_conflict(&self) -> bool {
        self.causes().any(|c| c.code == TRANSACTION_CONFLICT)
    }

    pub(crate) fn is_throttled(&self) -> bool {
        self.causes().any(|c| THROTTLED.contains(&c.code.as_str()))
    }

    /// Whether the same transaction may go through a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        let transient =
            |c: &Cause| c.code == TRANSACTION_CONFLICT || THROTTLED.contains(&c.code.as_str());
        self.causes().next().is_some() && self.causes().all(transient)
    }
}

impl fmt::Display for Canceled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transaction was canceled")?;
        let mut between = ": ";
        for (i, reason) in self.reasons.iter().enumerate() {
            if let Some(cause) = &reason.cause {
                let position = i + 1;
                let (verb, name) = (reason.verb, reason.name);
                write!(
                    f,
                    "{between}operation {position} ({verb} {name}): {}",
                    cause.code
                )?;
                between = ", ";
            }
        }
        Ok(())
    }
}

fn item<E: Entity>(item: &[u8]) -> Option<E> {
    crate::wire::read_item(item, E::read_item).ok()
}

fn read_reasons(body: &[u8]) -> Result<Vec<Option<Cause>>, ReadError> {
    let mut reasons = Vec::new();
    let mut r = Reader::new(body)?;
    r.members(|name, r| {
        if name != "CancellationReasons" {
            return r.skip_value();
        }
        if r.json_null() {
            return Ok(());
        }
        r.json_list(|r| {
            reasons.push(read_reason(r)?);
            Ok(())
        })
    })?;
    Ok(reasons)
}

fn read_reason(r: &mut Reader<'_>) -> Result<Option<Cause>, ReadError> {
    let mut cause = Cause {
        code: String::new(),
        message: None,
        item: None,
        conflict: false,
        taken: None,
    };
    r.members(|name, r| {
        match name {
            "Code" => cause.code = r.json_string()?.into_owned(),
            "Message" if !r.json_null() => cause.message = Some(r.json_string()?.into_owned()),
            "Message" => {}
            "Item" => cause.item = r.raw_value_or_null()?.map(<[u8]>::to_vec),
            _ => r.skip_value()?,
        }
        Ok(())
    })?;
    Ok(Some(cause).filter(|c| !c.code.is_empty() && c.code != "None"))
}

impl Error {
    /// Why an operation of the transaction made DynamoDB cancel it; `None` when this operation is not
    /// why, and for a handle of another transaction.
    pub fn reason<E: Entity, R>(&self, handle: Handle<E, R>) -> Option<Reason<E>> {
        self.cancellation()?.reason(handle)
    }

    /// DynamoDB's codes, one for each operation of a canceled transaction in their order; `None` for
    /// those that are not why. Empty for other errors.
    pub fn reason_codes(&self) -> impl Iterator<Item = Option<&str>> {
        self.cancellation().into_iter().flat_map(Canceled::codes)
    }

    /// Whether the same request may go through a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        match self.cancellation() {
            Some(canceled) => canceled.is_transient(),
            None => self.is_throttled() || self.code() == Some("TransactionInProgressException"),
        }
    }
}
