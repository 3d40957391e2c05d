//! The reasons why a transaction was canceled.

use std::any::TypeId;
use std::error::Error as StdError;
use std::fmt;

use super::{Error, ErrorKind};
use crate::transport::shown::{Shown, is_code};
use crate::transport::{Failure, FailureKind};
use crate::wire::{ReadError, Reader};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Stands for a code that does not have the form of one.
const UNKNOWN: &str = "Unknown";
pub(crate) const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// DynamoDB's reasons for each operation of a canceled transaction, in their order.
pub(crate) struct Canceled {
    transaction: u64,
    reasons: Vec<OneReason>,
    pub(crate) source: Box<dyn StdError + Send + Sync>,
}

/// The reason of one operation. Its cause is `None` if another operation caused the cancellation.
struct OneReason {
    verb: &'static str,
    name: &'static str,
    entity: TypeId,
    cause: Option<Cause>,
}

pub(crate) struct Cause {
    pub(crate) code: String,
    pub(crate) message: Option<String>,
    pub(crate) item: Option<Vec<u8>>,
    pub(crate) kind: ErrorKind,
    /// The unique attribute whose value another item has.
    pub(crate) taken: Option<&'static str>,
}

/// One operation of a transaction, with its names for error messages.
pub(crate) struct Operation {
    pub(crate) verb: &'static str,
    pub(crate) name: &'static str,
    pub(crate) entity: TypeId,
}

/// Methods for operations that operations on unique items follow.
impl Canceled {
    /// Returns the stored item that did not meet the condition of this operation, or `Some(None)`
    /// if there is none. Returns `None` if the condition is not the cause.
    pub(crate) fn failed_condition(&self, position: usize) -> Option<Option<&[u8]>> {
        let cause = self.reasons.get(position)?.cause.as_ref()?;
        (cause.code == CONDITION_FAILED).then_some(cause.item.as_deref())
    }

    /// Marks the operation's failed condition as a conflict: another writer changed the item.
    pub(crate) fn set_conflict(&mut self, position: usize) {
        if let Some(cause) = self
            .reasons
            .get_mut(position)
            .and_then(|r| r.cause.as_mut())
        {
            cause.kind = ErrorKind::VersionConflict;
        }
    }

    /// Keeps the reasons of the first `len` operations. The reasons of the others become reasons of
    /// the operations that they follow.
    pub(crate) fn fold(&mut self, len: usize, follows: impl Iterator<Item = usize>) {
        let added = self.reasons.split_off(len.min(self.reasons.len()));
        for (added, follows) in added.into_iter().zip(follows) {
            if let (Some(cause), Some(reason)) = (added.cause, self.reasons.get_mut(follows))
                && reason.cause.is_none()
            {
                // A unique item that changed since it was read tells of another writer.
                let kind = match cause.code == CONDITION_FAILED {
                    true => ErrorKind::VersionConflict,
                    false => cause.kind,
                };
                reason.cause = Some(Cause {
                    kind,
                    item: None,
                    ..cause
                });
            }
        }
    }

    /// Marks the operation as a unique violation: another item has the value that it gives to the
    /// attribute.
    pub(crate) fn set_taken(&mut self, position: usize, attribute: &'static str) {
        if let Some(cause) = self
            .reasons
            .get_mut(position)
            .and_then(|r| r.cause.as_mut())
        {
            cause.kind = ErrorKind::UniqueViolation;
            cause.taken = Some(attribute);
        }
    }

    /// Splits the error of a single operation into the item that its failed condition found, the
    /// kind of the failure, and the SDK's error. Returns the whole error if its condition is not
    /// the cause.
    pub(crate) fn into_condition(self) -> Result<(Option<Vec<u8>>, ErrorKind, BoxError), Self> {
        match self.reasons.as_slice() {
            [
                OneReason {
                    cause: Some(cause), ..
                },
            ] if cause.code == CONDITION_FAILED => {
                Ok((cause.item.clone(), cause.kind, self.source))
            }
            _ => Err(self),
        }
    }
}

impl Canceled {
    /// Reads the error of a canceled transaction. Any other failure becomes its own error.
    ///
    /// `refusal` gets the position of an operation and the item that did not meet its condition, and
    /// returns the kind of that.
    pub(crate) fn read(
        transaction: u64,
        failure: Failure,
        operations: impl Iterator<Item = Operation>,
        refusal: impl Fn(usize, Option<&[u8]>) -> ErrorKind,
    ) -> Error {
        let FailureKind::Service {
            code: Some(code),
            message,
            body,
            ..
        } = &failure.kind
        else {
            return Error::failure(failure);
        };
        if code != "TransactionCanceledException" {
            return Error::failure(failure);
        }
        // Without readable reasons the error still says that the transaction was canceled.
        let mut causes = read_reasons(body).unwrap_or_default();
        if causes.is_empty() {
            causes = message.as_deref().map_or_else(Vec::new, reasons_in);
        }
        let mut causes = causes.into_iter();
        let reasons = operations.enumerate().map(|(position, operation)| {
            let mut cause = causes.next().flatten();
            if let Some(cause) = &mut cause
                && cause.code == CONDITION_FAILED
            {
                cause.kind = refusal(position, cause.item.as_deref());
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

    /// Returns the cause of the operation at this position of this transaction.
    pub(crate) fn cause(&self, transaction: u64, position: usize) -> Option<&Cause> {
        if transaction != self.transaction {
            return None;
        }
        self.reasons.get(position)?.cause.as_ref()
    }

    /// Returns the stored items of one entity that did not meet a condition, as JSON.
    pub(crate) fn items_of(&self, entity: TypeId) -> impl Iterator<Item = &[u8]> {
        let of_entity = self.reasons.iter().filter(move |r| r.entity == entity);
        of_entity.filter_map(|r| r.cause.as_ref()?.item.as_deref())
    }

    pub(crate) fn codes(&self) -> impl Iterator<Item = Option<&str>> {
        self.reasons
            .iter()
            .map(|r| r.cause.as_ref().map(|c| c.code.as_str()))
    }

    fn causes(&self) -> impl Iterator<Item = &Cause> {
        self.reasons.iter().filter_map(|r| r.cause.as_ref())
    }

    /// Returns the kinds of the causes, in the order of the operations.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = ErrorKind> {
        self.causes().map(|cause| cause.kind)
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
    let mut cause = Cause::from_code(String::new());
    r.members(|name, r| {
        match name {
            "Code" if !r.json_null() => {
                let code = r.json_string()?;
                cause.code = match is_code(&code) {
                    true => code.into_owned(),
                    false => UNKNOWN.to_owned(),
                };
            }
            "Code" => {}
            "Message" if !r.json_null() => {
                cause.message = Some(Shown(&r.json_string()?).to_string());
            }
            "Message" => {}
            "Item" => cause.item = r.raw_value_or_null()?.map(<[u8]>::to_vec),
            _ => r.skip_value()?,
        }
        Ok(())
    })?;
    cause.kind = ErrorKind::of_reason(&cause.code);
    Ok(cause.if_any())
}

/// Returns the reasons that the service's text lists, as in `.. specific reasons [None,
/// ConditionalCheckFailed]`. Some endpoints send no others.
fn reasons_in(message: &str) -> Vec<Option<Cause>> {
    let listed = message
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    let codes = listed.into_iter().flat_map(|(codes, _)| codes.split(','));
    let codes = codes.map(str::trim);
    if !codes.clone().all(is_code) {
        return Vec::new();
    }
    codes
        .map(|code| Cause::from_code(code.to_owned()).if_any())
        .collect()
}

impl Cause {
    fn from_code(code: String) -> Self {
        Cause {
            kind: ErrorKind::of_reason(&code),
            code,
            message: None,
            item: None,
            taken: None,
        }
    }

    /// `None` if the operation is not a cause.
    fn if_any(self) -> Option<Self> {
        Some(self).filter(|c| !c.code.is_empty() && c.code != "None")
    }
}

impl Error {
    /// Returns DynamoDB's codes, one for each operation of a canceled transaction in their order;
    /// `None` for operations that are not a cause. Empty for other errors.
    pub fn reason_codes(&self) -> impl Iterator<Item = Option<&str>> {
        self.cancellation().into_iter().flat_map(Canceled::codes)
    }

    /// Returns `true` if a transaction is sent again within its backoff: the SDK has retried the
    /// other kinds that a retry may help, or does not retry at all.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Throttled
                | ErrorKind::TransactionConflict
                | ErrorKind::TransactionInProgress
                | ErrorKind::ReplicatedWriteConflict
        )
    }
}
