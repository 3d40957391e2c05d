//! [`Error`]: all failures of operations, told apart by predicates.

mod ask;
pub(crate) mod canceled;
mod kind;
mod returned;
mod text;
mod throttling;
pub(crate) mod unfinished;

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

pub use self::kind::ErrorKind;
pub use self::returned::UnreadableItem;

use self::canceled::Canceled;
use self::unfinished::Unfinished;
use crate::transport::{Failure, FailureKind};
use crate::wire::{ReadError, WriteError};

type BoxError = Box<dyn StdError + Send + Sync>;

/// The error of an operation.
///
/// The type is opaque and one word wide. Its predicates tell the failures apart;
/// [`source`](StdError::source) returns the SDK's own error if the service or the network is the
/// cause. The error names entity, operation, attribute and AWS request id, and never a value, key
/// or token: neither in `Display` nor in `Debug`, which shows the causes too. Of the service's text
/// it shows the first line up to the first quote, bracket or brace, and nothing for refused
/// signatures. The SDK's own errors behind `source` keep no such promise.
///
/// ```
/// # use dynamodel::{Db, Entity};
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "users")]
/// # struct User { #[dynamo(partition)] id: String, #[dynamo(version)] version: u64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<User>().await?;
/// User { id: "u1".into(), version: 0 }.create().send(&db).await?;
/// let err = User { id: "u1".into(), version: 0 }.create().send(&db).await.unwrap_err();
/// assert!(err.is_conflict());
/// assert_eq!(err.current::<User>().map(|u| u.version), Some(1));
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    entity: Option<&'static str>,
    operation: Option<&'static str>,
    request_id: Option<String>,
    attempts: u32,
    /// A write that was sent ended without a definite response.
    open: bool,
    left: Option<Box<dyn Unfinished>>,
    /// The attribute that DynamoDB refuses without naming it.
    refused: Option<Box<Refused>>,
}

/// Attribute that an update cannot change in the stored item, and why.
struct Refused {
    path: String,
    remedy: String,
}

enum Kind {
    /// The stored item, or its absence, refuses the write.
    Condition {
        kind: ErrorKind,
        ambiguous: bool,
        /// An earlier attempt of the call has written the item.
        is_own_write: bool,
        item: Option<Vec<u8>>,
        source: BoxError,
    },
    /// The write is done, and returns an item that cannot be read.
    Returned(UnreadableItem),
    /// The write is done, and an earlier attempt may have changed the old values that it returns.
    LostValues,
    Canceled(Canceled),
    /// Another item has the value of a unique attribute.
    Taken {
        attribute: &'static str,
        canceled: Option<Canceled>,
    },
    Unprocessed,
    NotFound,
    Read(ReadError),
    Write(WriteError),
    InvalidKey(WriteError),
    Limit(Limit),
    InvalidRequest(String),
    Cursor(&'static str),
    Service {
        code: Option<String>,
        message: Option<String>,
        status: u16,
        /// The service's reasons for throttling.
        reasons: Vec<String>,
        source: BoxError,
    },
    Timeout(BoxError),
    Connection(BoxError),
    Credentials(BoxError),
    Response(BoxError),
    Construction(BoxError),
    Table(String),
    /// A table did not get into a state in time.
    Waited(String),
    Engine(BoxError),
    Contended {
        attempts: u32,
        last: Error,
    },
    Other(BoxError),
}

/// DynamoDB's limits that are checked before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    ExpressionSize,
    ExpressionOperators,
    InOperands,
    ItemSize { bytes: usize },
    TransactionOperations { operations: usize, guards: usize },
    TransactionSize { bytes: usize },
}

impl Error {
    fn new(kind: Kind) -> Self {
        Error(Box::new(Inner {
            kind,
            entity: None,
            operation: None,
            request_id: None,
            attempts: 0,
            open: false,
            left: None,
            refused: None,
        }))
    }

    /// Returns the text that came with the service's code.
    pub(crate) fn service_text(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Service { message, .. } => message.as_deref(),
            _ => None,
        }
    }

    /// Adds the attribute that DynamoDB refuses without naming it, with the reason and the remedy.
    pub(crate) fn refusing(mut self, path: String, remedy: String) -> Self {
        self.0.refused = Some(Box::new(Refused { path, remedy }));
        self
    }

    /// Creates an error of your own, for instance to end [`modify`](crate::Get::modify) from its
    /// closure.
    pub fn other(error: impl Into<BoxError>) -> Self {
        Self::new(Kind::Other(error.into()))
    }

    /// Returns the error of an invalid setting once more, for another copy of the operation.
    pub(crate) fn refused_again(&self) -> Self {
        let kind = match &self.0.kind {
            Kind::InvalidKey(error) => Kind::InvalidKey(error.clone()),
            Kind::Write(error) => Kind::Write(error.clone()),
            Kind::Cursor(problem) => Kind::Cursor(problem),
            Kind::Limit(limit) => Kind::Limit(*limit),
            Kind::InvalidRequest(problem) => Kind::InvalidRequest(problem.clone()),
            // No setting is refused with another kind.
            _ => Kind::InvalidRequest(self.to_string()),
        };
        let copy = Self::new(kind);
        Error(Box::new(Inner {
            entity: self.0.entity,
            operation: self.0.operation,
            ..*copy.0
        }))
    }

    pub(crate) fn of_entity(mut self, entity: &'static str) -> Self {
        self.0.entity.get_or_insert(entity);
        self
    }

    pub(crate) fn in_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    pub(crate) fn read(error: ReadError) -> Self {
        Self::new(Kind::Read(error))
    }

    pub(crate) fn write(error: WriteError) -> Self {
        if error.is_of_key() {
            return Self::invalid_key(error);
        }
        Self::new(Kind::Write(error))
    }

    pub(crate) fn invalid_key(error: WriteError) -> Self {
        Self::new(Kind::InvalidKey(error))
    }

    pub(crate) fn limit(limit: Limit) -> Self {
        Self::new(Kind::Limit(limit))
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidRequest(message.into()))
    }

    pub(crate) fn overlapping(a: impl fmt::Display, b: impl fmt::Display) -> Self {
        Self::invalid_request(format!(
            "the update has two actions on `{a}` and `{b}`, which overlap; give each attribute one action"
        ))
    }

    pub(crate) fn cursor(what: &'static str) -> Self {
        Self::new(Kind::Cursor(what))
    }

    pub(crate) fn not_found() -> Self {
        Self::new(Kind::NotFound)
    }

    pub(crate) fn table(message: impl Into<String>) -> Self {
        Self::new(Kind::Table(message.into()))
    }

    /// Creates the error of a table that did not get into a state in time.
    pub(crate) fn waited(message: impl Into<String>) -> Self {
        Self::new(Kind::Waited(message.into()))
    }

    #[cfg_attr(
        not(feature = "embedded"),
        allow(dead_code, reason = "only the engine can fail so")
    )]
    pub(crate) fn engine(error: impl Into<BoxError>) -> Self {
        Self::new(Kind::Engine(error.into()))
    }

    pub(crate) fn construction(error: impl Into<BoxError>) -> Self {
        Self::new(Kind::Construction(error.into()))
    }

    pub(crate) fn contended(attempts: u32, last: Error) -> Self {
        Self::new(Kind::Contended { attempts, last })
    }

    /// Creates the error of a canceled transaction.
    pub(crate) fn canceled(failure: Failure, canceled: impl FnOnce(BoxError) -> Canceled) -> Self {
        let FailureKind::Service { source, .. } = failure.kind else {
            return Self::failure(failure);
        };
        let mut error = Self::new(Kind::Canceled(canceled(source)));
        error.0.request_id = failure.request_id;
        error.0.attempts = failure.attempts;
        error
    }

    /// Creates the error of a batch of which DynamoDB left a part undone in every try.
    pub(crate) fn still_unprocessed() -> Self {
        Self::new(Kind::Unprocessed)
    }

    /// Adds the part that a batch had not done when it failed with this error.
    pub(crate) fn leaving(mut self, left: impl Unfinished) -> Self {
        self.0.open |= left.unconfirmed() > 0;
        self.0.left = Some(Box::new(left));
        self
    }

    pub(crate) fn left(&self) -> Option<&dyn Unfinished> {
        self.0.left.as_deref()
    }

    /// Returns the part left undone, if it is of this type.
    pub(crate) fn left_as<T: Unfinished>(&self) -> Option<&T> {
        let left: &dyn Any = self.left()?;
        left.downcast_ref()
    }

    /// Removes and returns the part left undone, if it is of this type.
    pub(crate) fn take_left<T: Unfinished>(&mut self) -> Option<T> {
        self.left_as::<T>()?;
        let left: Box<dyn Any> = self.0.left.take()?;
        left.downcast().ok().map(|left| *left)
    }

    pub(crate) fn cancellation(&self) -> Option<&Canceled> {
        match &self.0.kind {
            Kind::Canceled(canceled) => Some(canceled),
            Kind::Taken { canceled, .. } => canceled.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn cancellation_mut(&mut self) -> Option<&mut Canceled> {
        match &mut self.0.kind {
            Kind::Canceled(canceled) => Some(canceled),
            _ => None,
        }
    }

    /// Creates the error of two items that get the same value of a unique attribute.
    pub(crate) fn taken(attribute: &'static str) -> Self {
        Self::new(Kind::Taken {
            attribute,
            canceled: None,
        })
    }

    /// Turns the error of a canceled transaction into a unique violation: another item has the
    /// value that the operation at `position` gives to the attribute.
    pub(crate) fn taken_by(mut self, position: usize, attribute: &'static str) -> Self {
        self.0.kind = match self.0.kind {
            Kind::Canceled(mut canceled) => {
                canceled.set_taken(position, attribute);
                let canceled = Some(canceled);
                Kind::Taken {
                    attribute,
                    canceled,
                }
            }
            kind => kind,
        };
        self
    }

    /// Turns the error of a transaction of one write and its unique items into the error that the
    /// write alone would return.
    pub(crate) fn of_one_write(mut self) -> Self {
        self.0.kind = match self.0.kind {
            Kind::Canceled(canceled) => match canceled.into_condition() {
                Ok((item, kind, source)) => Kind::Condition {
                    kind,
                    ambiguous: false,
                    is_own_write: false,
                    item,
                    source,
                },
                Err(canceled) => Kind::Canceled(canceled),
            },
            kind => kind,
        };
        self
    }

    /// Creates the error of a write that is done, whose old values an earlier attempt without a
    /// response may have changed.
    pub(crate) fn lost_values() -> Self {
        Self::new(Kind::LostValues)
    }

    /// Adds the number of attempts and the id of the request.
    pub(crate) fn of_attempts(mut self, attempts: u32, request_id: Option<String>) -> Self {
        self.0.attempts = attempts;
        self.0.request_id = request_id;
        self
    }

    /// Creates the error of a failure of the service or the network.
    pub(crate) fn failure(failure: Failure) -> Self {
        let open = failure.open || failure.uncertain;
        let kind = match failure.kind {
            FailureKind::Service {
                code,
                message,
                status,
                source,
                body,
            } => Kind::Service {
                reasons: throttling::reasons(&body),
                code,
                message,
                status,
                source,
            },
            FailureKind::Decode(e) if e.is_malformed() => Kind::Response(e.into()),
            FailureKind::Decode(e) => Kind::Read(e),
            FailureKind::Timeout(e) => Kind::Timeout(e),
            FailureKind::Dispatch(e) => unsent(e, Kind::Connection),
            FailureKind::Response(e) => Kind::Response(e),
            FailureKind::Construction(e) => unsent(e, Kind::Construction),
        };
        let mut error = Self::new(kind);
        error.0.open = open;
        error.0.request_id = failure.request_id;
        error.0.attempts = failure.attempts;
        error
    }

    /// Creates an error of one of the SDK's own operations, which manage tables.
    pub(crate) fn sdk<E>(error: aws_sdk_dynamodb::error::SdkError<E>) -> Self
    where
        E: StdError + aws_sdk_dynamodb::error::ProvideErrorMetadata + Send + Sync + 'static,
    {
        Self::failure(Failure::from_sdk_error(error))
    }

    /// As [`sdk`](Self::sdk), for an operation that changes nothing.
    pub(crate) fn sdk_read<E>(error: aws_sdk_dynamodb::error::SdkError<E>) -> Self
    where
        E: StdError + aws_sdk_dynamodb::error::ProvideErrorMetadata + Send + Sync + 'static,
    {
        let mut error = Self::sdk(error);
        error.0.open = false;
        error
    }

    /// Creates the error of a failed condition, with its meaning for the write.
    pub(crate) fn condition(failure: Failure, outcome: ConditionOutcome) -> Self {
        let FailureKind::Service { source, .. } = failure.kind else {
            return Self::failure(failure);
        };
        let mut error = Self::new(Kind::Condition {
            kind: outcome.kind,
            ambiguous: outcome.ambiguous,
            is_own_write: false,
            item: outcome.item,
            source,
        });
        error.0.request_id = failure.request_id;
        error.0.attempts = failure.attempts;
        error
    }

    /// Marks the error as ambiguous: the same call wrote the stored item, but its output is not
    /// known.
    pub(crate) fn of_own_write(mut self) -> Self {
        if let Kind::Condition {
            ambiguous,
            is_own_write,
            ..
        } = &mut self.0.kind
        {
            *ambiguous = true;
            *is_own_write = true;
        }
        self
    }
}

/// Returns the kind of a request that was not sent or got no response: missing credentials, or
/// `other`.
fn unsent(error: BoxError, other: fn(BoxError) -> Kind) -> Kind {
    if crate::transport::lacks_credentials(&*error) {
        Kind::Credentials(error)
    } else {
        other(error)
    }
}

/// The meaning of a failed condition for the write.
pub(crate) struct ConditionOutcome {
    /// One of the kinds of conditions.
    pub(crate) kind: ErrorKind,
    pub(crate) ambiguous: bool,
    pub(crate) item: Option<Vec<u8>>,
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Condition { source, .. }
            | Kind::Service { source, .. }
            | Kind::Timeout(source)
            | Kind::Connection(source)
            | Kind::Credentials(source)
            | Kind::Response(source)
            | Kind::Construction(source)
            | Kind::Engine(source)
            | Kind::Other(source) => Some(&**source),
            Kind::Canceled(canceled) => Some(&*canceled.source),
            Kind::Taken { canceled, .. } => Some(&*canceled.as_ref()?.source),
            Kind::Read(e) => Some(e),
            Kind::Returned(item) => item.source(),
            Kind::Write(e) | Kind::InvalidKey(e) => Some(e),
            Kind::Contended { last, .. } => Some(last),
            Kind::NotFound
            | Kind::LostValues
            | Kind::Unprocessed
            | Kind::Limit(_)
            | Kind::InvalidRequest(_)
            | Kind::Cursor(_)
            | Kind::Table(_)
            | Kind::Waited(_) => None,
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Error::read(error)
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        Error::write(error)
    }
}
