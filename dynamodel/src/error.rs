//! [`Error`]: what can go wrong, told by predicates.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;

use crate::entity::Entity;
use crate::expr::ast::Place;
use crate::op::{Canceled, Left};
use crate::transport::{Failure, FailureKind};
use crate::wire::{ReadError, WriteError};

type BoxError = Box<dyn StdError + Send + Sync>;

/// What went wrong with an operation.
///
/// Opaque and one word wide. Ask it by its predicates; [`source`](StdError::source) has the SDK's own
/// error where the service or the network is behind it. It names entity, operation, attribute and AWS
/// request id, and never a value, key or token: neither in `Display` nor in `Debug`. The SDK's own
/// errors behind `source` keep no such promise.
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
    left: Option<Left>,
}

enum Kind {
    Condition {
        conflict: bool,
        ambiguous: bool,
        must_exist: bool,
        item: Option<Vec<u8>>,
        source: BoxError,
    },
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
        source: BoxError,
    },
    Timeout(BoxError),
    Connection(BoxError),
    Credentials(BoxError),
    Response(BoxError),
    Construction(BoxError),
    Table(String),
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

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::ExpressionSize => f.write_str("an expression is longer than 4 KB"),
            Limit::ExpressionOperators => {
                f.write_str("an expression has more than 300 operators and functions")
            }
            Limit::InOperands => f.write_str("`in_` takes at most 100 values"),
            Limit::TransactionOperations { operations, guards } => {
                write!(f, "the transaction has {operations} operations")?;
                if *guards > 0 {
                    write!(f, ", {guards} of them on guards of unique attributes")?;
                }
                f.write_str(", more than DynamoDB's 100")
            }
            Limit::TransactionSize { bytes } => {
                write!(
                    f,
                    "the items of the transaction have {bytes} bytes, more than DynamoDB's 4 MB \
                     (4,194,304 bytes)"
                )
            }
            Limit::ItemSize { bytes } => {
                write!(
                    f,
                    "the item has {bytes} bytes, more than DynamoDB's 400 KB (409,600 bytes)"
                )
            }
        }
    }
}

impl Error {
    fn new(kind: Kind) -> Self {
        Error(Box::new(Inner {
            kind,
            entity: None,
            operation: None,
            request_id: None,
            attempts: 0,
            left: None,
        }))
    }

    /// An error of your own, for instance to end [`modify`](crate::Get::modify) from its closure.
    pub fn other(error: impl Into<BoxError>) -> Self {
        Self::new(Kind::Other(error.into()))
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

    pub(crate) fn overlapping(a: &Place, b: &Place) -> Self {
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

    /// A canceled transaction.
    pub(crate) fn canceled(failure: Failure, canceled: impl FnOnce(BoxError) -> Canceled) -> Self {
        let FailureKind::Service { source, .. } = failure.kind else {
            return Self::failure(failure);
        };
        let mut error = Self::new(Kind::Canceled(canceled(source)));
        error.0.request_id = failure.request_id;
        error.0.attempts = failure.attempts;
        error
    }

    /// DynamoDB left a part of a batch undone, as often as it was asked.
    pub(crate) fn still_unprocessed() -> Self {
        Self::new(Kind::Unprocessed)
    }

    /// What a batch has not done when it failed with this error.
    pub(crate) fn leaving(mut self, left: Left) -> Self {
        self.0.left = Some(left);
        self
    }

    pub(crate) fn left(&self) -> Option<&Left> {
        self.0.left.as_ref()
    }

    pub(crate) fn take_left(&mut self) -> Option<Left> {
        self.0.left.take()
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

    /// Two items get one value of a unique attribute.
    pub(crate) fn taken(attribute: &'static str) -> Self {
        Self::new(Kind::Taken {
            attribute,
            canceled: None,
        })
    }

    /// The transaction was canceled because another item has the value that this operation gives to
    /// the attribute.
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

    /// The transaction was one write and its guards: what the write alone would tell.
    pub(crate) fn of_one_write(mut self, must_exist: bool) -> Self {
        self.0.kind = match self.0.kind {
            Kind::Canceled(canceled) => match canceled.into_condition() {
                Ok((item, conflict, source)) => Kind::Condition {
                    conflict,
                    ambiguous: false,
                    must_exist,
                    item,
                    source,
                },
                Err(canceled) => Kind::Canceled(canceled),
            },
            kind => kind,
        };
        self
    }

    /// What the service or the network answered.
    pub(crate) fn failure(failure: Failure) -> Self {
        let kind = match failure.kind {
            FailureKind::Service {
                code,
                message,
                status,
                source,
                ..
            } => Kind::Service {
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
        error.0.request_id = failure.request_id;
        error.0.attempts = failure.attempts;
        error
    }

    /// An error of the SDK's own operations, which manage tables.
    pub(crate) fn sdk<E>(error: aws_sdk_dynamodb::error::SdkError<E>) -> Self
    where
        E: StdError + aws_sdk_dynamodb::error::ProvideErrorMetadata + Send + Sync + 'static,
    {
        use aws_sdk_dynamodb::error::SdkError;
        use aws_sdk_dynamodb::operation::RequestId;
        let metadata = error.as_service_error().map(|e| e.meta().clone());
        let request_id = error.request_id().map(str::to_owned);
        let status = error.raw_response().map_or(0, |r| r.status().as_u16());
        let kind = match (&error, metadata) {
            (SdkError::TimeoutError(_), _) => Kind::Timeout(error.into()),
            (SdkError::DispatchFailure(_), _) => unsent(error.into(), Kind::Connection),
            (SdkError::ConstructionFailure(_), _) => unsent(error.into(), Kind::Construction),
            (_, Some(m)) => Kind::Service {
                code: m.code().map(str::to_owned),
                message: m.message().map(str::to_owned),
                status,
                source: error.into(),
            },
            _ => Kind::Response(error.into()),
        };
        let mut error = Self::new(kind);
        error.0.request_id = request_id;
        error
    }

    /// A failed condition, told apart by the write that asked it.
    pub(crate) fn condition(failure: Failure, outcome: ConditionOutcome) -> Self {
        let FailureKind::Service { source, .. } = failure.kind else {
            return Self::failure(failure);
        };
        let mut error = Self::new(Kind::Condition {
            conflict: outcome.conflict,
            ambiguous: outcome.ambiguous,
            must_exist: outcome.must_exist,
            item: outcome.item,
            source,
        });
        error.0.request_id = failure.request_id;
        error.0.attempts = failure.attempts;
        error
    }

    /// The stored item was left by this very call, which can not say what its output was.
    pub(crate) fn of_own_write(mut self) -> Self {
        if let Kind::Condition { ambiguous, .. } = &mut self.0.kind {
            *ambiguous = true;
        }
        self
    }

    /// The condition of a write was not met: of `when`, or of the write itself (`create`: the item
    /// exists; `replace`: it does not; a version that moved on).
    pub fn is_condition_failed(&self) -> bool {
        match &self.0.kind {
            Kind::Condition { .. } => true,
            Kind::Canceled(canceled) => canceled.is_condition_failed(),
            _ => false,
        }
    }

    /// Somebody else wrote the item: its version is not the one that was expected, or with `create`
    /// an item of a versioned entity exists.
    pub fn is_conflict(&self) -> bool {
        match &self.0.kind {
            Kind::Condition { conflict, .. } => *conflict,
            Kind::Contended { .. } => true,
            Kind::Canceled(canceled) => canceled.is_conflict(),
            _ => false,
        }
    }

    /// Another item of the entity has the value that the write gives to an attribute that is marked
    /// `#[dynamo(unique)]`; [`attribute_path`](Self::attribute_path) names the attribute. Nothing was
    /// written.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self.0.kind, Kind::Taken { .. })
    }

    /// A transaction was under way on an item that this operation writes, or that this transaction is
    /// about. Transactions are tried again on this within their [`Backoff`](crate::Backoff) first.
    pub fn is_transaction_conflict(&self) -> bool {
        match &self.0.kind {
            Kind::Canceled(canceled) => canceled.is_transaction_conflict(),
            _ => self.code() == Some("TransactionConflictException"),
        }
    }

    /// A failed condition on a call that was retried after an answer got lost: the write that the
    /// condition saw may be our own. Read the item and decide.
    ///
    /// With a `#[dynamo(write_token)]` field dynamodel can tell: the stored token says whether the
    /// write was this call's, which is then a success. What remains is what no stored token can
    /// tell: a retried delete of an item that is gone, a write with `returning_old`, and an item
    /// that has been written more than once since, so that this call's write may be among those.
    pub fn is_ambiguous(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Condition {
                ambiguous: true,
                ..
            }
        )
    }

    /// The item that had to be there is not: of `modify`, `replace` or `must_exist`.
    pub fn is_not_found(&self) -> bool {
        match &self.0.kind {
            Kind::NotFound => true,
            Kind::Condition {
                must_exist, item, ..
            } => *must_exist && item.is_none(),
            _ => false,
        }
    }

    /// The table or index does not exist (`ResourceNotFoundException`).
    pub fn is_table_not_found(&self) -> bool {
        self.code() == Some("ResourceNotFoundException")
    }

    /// DynamoDB refused the request, or a part of a batch or transaction, for its rate, and trying
    /// again did not help.
    pub fn is_throttled(&self) -> bool {
        match &self.0.kind {
            Kind::Unprocessed => return true,
            Kind::Canceled(canceled) => return canceled.is_throttled(),
            _ => {}
        }
        matches!(
            self.code(),
            Some(
                "ProvisionedThroughputExceededException"
                    | "ThrottlingException"
                    | "RequestLimitExceeded"
                    | "LimitExceededException"
            )
        )
    }

    /// No answer in the time that the client allows.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::Timeout(_))
    }

    /// The endpoint could not be reached, or the connection broke.
    pub fn is_connection(&self) -> bool {
        matches!(self.0.kind, Kind::Connection(_))
    }

    /// There are no credentials to sign the request with, or they could not be loaded. Nothing was
    /// sent. Credentials that the service does not accept are
    /// [`is_access_denied`](Self::is_access_denied).
    pub fn is_credentials_error(&self) -> bool {
        matches!(self.0.kind, Kind::Credentials(_))
    }

    /// The request could not be built with the client's configuration, for instance without a region.
    /// Nothing was sent.
    pub fn is_configuration_error(&self) -> bool {
        matches!(self.0.kind, Kind::Construction(_))
    }

    /// The service did not accept the credentials, or they do not allow the operation.
    pub fn is_access_denied(&self) -> bool {
        matches!(
            self.code(),
            Some(
                "AccessDeniedException"
                    | "UnrecognizedClientException"
                    | "MissingAuthenticationToken"
                    | "MissingAuthenticationTokenException"
                    | "IncompleteSignature"
                    | "IncompleteSignatureException"
                    | "InvalidSignatureException"
                    | "ExpiredTokenException"
            )
        )
    }

    /// A key value that DynamoDB cannot hold: empty, or longer than 2,048 bytes in a partition key or
    /// 1,024 in a sort key; or the part of a key template whose text contains the literal that follows
    /// it, so that the key could be read as another one. Nothing was sent.
    pub fn is_invalid_key(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidKey(_))
    }

    /// A limit of DynamoDB that was checked before sending: item size, expression size and operators,
    /// operations and size of a transaction.
    pub fn is_limit_exceeded(&self) -> bool {
        matches!(self.0.kind, Kind::Limit(_))
    }

    /// The request contradicts itself, for instance two actions on one attribute. Nothing was sent.
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidRequest(_))
    }

    /// A value that DynamoDB cannot hold, such as NaN or more than 38 digits. Nothing was sent.
    pub fn is_invalid_value(&self) -> bool {
        matches!(self.0.kind, Kind::Write(_) | Kind::InvalidKey(_))
    }

    /// A stored item is not of the entity's shape: an attribute is missing, of another type or out of
    /// range. [`attribute_path`](Self::attribute_path) says where.
    pub fn is_unreadable(&self) -> bool {
        matches!(self.0.kind, Kind::Read(_))
    }

    /// A cursor that is no cursor, or that belongs to another query.
    pub fn is_invalid_cursor(&self) -> bool {
        matches!(self.0.kind, Kind::Cursor(_))
    }

    /// The table exists and differs from the entity's schema.
    pub fn is_table_mismatch(&self) -> bool {
        matches!(self.0.kind, Kind::Table(_))
    }

    /// The transaction was canceled (`TransactionCanceledException`).
    pub fn is_transaction_canceled(&self) -> bool {
        self.code() == Some("TransactionCanceledException")
    }

    /// The service had a fault of its own (HTTP 5xx), and the SDK's retries did not help.
    pub fn is_service_fault(&self) -> bool {
        matches!(self.0.kind, Kind::Service { status: 500.., .. })
    }

    /// The answer was cut short, corrupt or not one of DynamoDB, for instance of a proxy, and the SDK's
    /// retries did not help. Whether a write has happened is not known.
    pub fn is_invalid_response(&self) -> bool {
        matches!(self.0.kind, Kind::Response(_))
    }

    /// The item as it is stored now, from a failed condition: it comes with the failure, at no cost.
    ///
    /// `None` when no item has the key, when the failure is another, and when the stored item is not
    /// readable as `E`.
    pub fn current<E: Entity>(&self) -> Option<E> {
        match &self.0.kind {
            Kind::Condition {
                item: Some(item), ..
            } => crate::wire::read_item(item, E::read_item).ok(),
            Kind::Contended { last, .. } => last.current(),
            Kind::Canceled(canceled) => canceled.current(),
            _ => None,
        }
    }

    /// DynamoDB's error code, such as `ProvisionedThroughputExceededException`.
    pub fn code(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Service { code, .. } => code.as_deref(),
            Kind::Condition { .. } => Some("ConditionalCheckFailedException"),
            Kind::Canceled(_)
            | Kind::Taken {
                canceled: Some(_), ..
            } => Some("TransactionCanceledException"),
            Kind::Contended { last, .. } => last.code(),
            _ => None,
        }
    }

    /// The AWS request id, to give to AWS support.
    pub fn request_id(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Contended { last, .. } => last.request_id(),
            _ => self.0.request_id.as_deref(),
        }
    }

    /// The entity that the operation was about.
    pub fn entity(&self) -> Option<&'static str> {
        self.0.entity
    }

    /// The AWS name of the operation, such as `PutItem`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// How many times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The attribute that could not be read or written, as a path such as `data.cart[3].quantity`.
    /// Keys of maps are data, and shown as `*`.
    pub fn attribute_path(&self) -> Option<String> {
        let path = match &self.0.kind {
            Kind::Taken { attribute, .. } => (*attribute).to_owned(),
            Kind::Read(e) => e.path(),
            Kind::Write(e) | Kind::InvalidKey(e) => e.path(),
            _ => return None,
        };
        Some(path).filter(|p| !p.is_empty())
    }
}

/// The kind of a request that was not sent, or got no answer: for want of credentials, or `other`.
fn unsent(error: BoxError, other: fn(BoxError) -> Kind) -> Kind {
    let mut causes =
        std::iter::successors(Some(&*error as &(dyn StdError + 'static)), |&e| e.source());
    // Without any provider of credentials the SDK finds no way to sign; the type of that error is
    // private to it.
    let is_credentials = causes.any(|e| {
        e.is::<CredentialsError>() || e.to_string().starts_with("failed to select an auth scheme")
    });
    if is_credentials {
        Kind::Credentials(error)
    } else {
        other(error)
    }
}

/// A message of the service up to where it shows what was sent. These are all the places where
/// DynamoDB does.
struct WithoutValues<'a>(&'a str);

impl fmt::Display for WithoutValues<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BEFORE_VALUES: [&str; 3] = [
            "AttributeValue: {",
            "Input collection [",
            "converted to a numeric value: ",
        ];
        let ends = BEFORE_VALUES
            .iter()
            .filter_map(|text| Some(self.0.find(text)? + text.len()));
        match ends.min().and_then(|end| self.0.get(..end)) {
            Some(start) => write!(f, "{start}.."),
            None => f.write_str(self.0),
        }
    }
}

/// What a failed condition means to the write that asked it.
pub(crate) struct ConditionOutcome {
    pub(crate) conflict: bool,
    pub(crate) ambiguous: bool,
    pub(crate) must_exist: bool,
    pub(crate) item: Option<Vec<u8>>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            entity,
            operation,
            ..
        } = &*self.0;
        match (operation, entity) {
            (Some(operation), Some(entity)) => write!(f, "{operation} {entity}: ")?,
            (Some(name), None) | (None, Some(name)) => write!(f, "{name}: ")?,
            (None, None) => {}
        }
        match kind {
            Kind::Condition {
                conflict: true,
                item: None,
                ..
            } => {
                f.write_str("conflict: the item at the expected version is gone")?;
            }
            Kind::Condition { conflict: true, .. } => {
                f.write_str("conflict: the item was written by somebody else")?;
            }
            Kind::Condition {
                must_exist: true,
                item: None,
                ..
            }
            | Kind::NotFound => {
                f.write_str("the item does not exist")?;
            }
            Kind::Condition { .. } => f.write_str("the condition was not met")?,
            Kind::Canceled(canceled) => write!(f, "{canceled}")?,
            Kind::Taken { attribute, .. } => write!(
                f,
                "the value of the unique attribute `{attribute}` belongs to another item"
            )?,
            Kind::Unprocessed => {
                f.write_str("DynamoDB left a part of the batch undone, as often as it was asked")?;
            }
            Kind::Read(e) => write!(f, "the stored item cannot be read: {e}")?,
            Kind::Write(e) => write!(f, "the value cannot be stored: {e}")?,
            Kind::InvalidKey(e) => write!(f, "invalid key: {e}")?,
            Kind::Limit(limit) => write!(f, "{limit}")?,
            Kind::InvalidRequest(message) | Kind::Table(message) => f.write_str(message)?,
            Kind::Cursor(what) => write!(f, "invalid cursor: {what}")?,
            Kind::Service {
                code,
                message,
                status,
                ..
            } => {
                match code {
                    Some(code) => f.write_str(code)?,
                    None => write!(f, "the service answered with HTTP status {status}")?,
                }
                if let Some(message) = message {
                    write!(f, ": {}", WithoutValues(message))?;
                }
            }
            Kind::Timeout(_) => f.write_str("no answer in time")?,
            Kind::Connection(_) => f.write_str("the endpoint could not be reached")?,
            Kind::Credentials(_) => f.write_str(
                "there are no AWS credentials to sign the request with; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or a role",
            )?,
            Kind::Response(_) => f.write_str("the answer could not be read")?,
            Kind::Construction(_) => f.write_str("the request could not be built")?,
            Kind::Engine(e) => write!(f, "the embedded engine: {e}")?,
            Kind::Contended { attempts, last } => {
                write!(f, "gave up after {attempts} conflicts: {last}")?;
            }
            Kind::Other(e) => write!(f, "{e}")?,
        }
        if self.is_ambiguous() {
            f.write_str("; an earlier attempt of this call may have written it")?;
        }
        if let Some(left) = &self.0.left {
            write!(f, "; {left}")?;
        }
        if let Some(id) = &self.0.request_id {
            write!(f, " (request id {id})")?;
        }
        Ok(())
    }
}

/// As `Display`, in quotes: the SDK's own `Debug` would show items.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?})", self.to_string())
    }
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
            Kind::Write(e) | Kind::InvalidKey(e) => Some(e),
            Kind::Contended { last, .. } => Some(last),
            Kind::NotFound
            | Kind::Unprocessed
            | Kind::Limit(_)
            | Kind::InvalidRequest(_)
            | Kind::Cursor(_)
            | Kind::Table(_) => None,
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
