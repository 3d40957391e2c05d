//! [`ErrorKind`]: the one kind that each error has, and the service's codes by kind.

use super::canceled::Canceled;
use super::{Error, Kind};

/// The kind of an [`Error`]: exactly one for each error, from [`Error::kind`].
///
/// The same event has the same kind, whatever the operation: alone, in a transaction or in a batch,
/// with a version or without, found before anything is sent or by the service. Predicates such as
/// [`Error::is_not_found`] depend on the kind alone, so they agree with it.
///
/// | kind | cause | remedy | [retry](ErrorKind::is_retryable) | [HTTP](ErrorKind::http_status) |
/// |---|---|---|---|---|
/// | [`NotFound`](Self::NotFound) | the write demands an item, and there is none: `update`, `replace`, `check`, `modify`, `must_exist` | create the item, or report that it is gone | | 404 |
/// | [`AlreadyExists`](Self::AlreadyExists) | the write demands that there is no item, and there is one: `create`, a `put` at version 0 | read it with [`current`](Error::current), and update it | | 409 |
/// | [`OtherEntity`](Self::OtherEntity) | the key is that of an item of another entity of the table: no write changes it | look at the values of the key, which read as another entity's key | | 409 |
/// | [`VersionConflict`](Self::VersionConflict) | the stored version is not the expected one, or the item at that version is gone | read the item again and repeat the change, as [`modify`](crate::Get::modify) does | | 409 |
/// | [`ConditionFailed`](Self::ConditionFailed) | the condition of `when` does not hold | decide by [`current`](Error::current) | | 409 |
/// | [`UniqueViolation`](Self::UniqueViolation) | another item has the value of a `#[dynamo(unique)]` attribute | choose another value | | 409 |
/// | [`TransactionConflict`](Self::TransactionConflict) | a transaction on the item is in flight (`TransactionConflictException`) | retry | yes | 503 |
/// | [`TransactionInProgress`](Self::TransactionInProgress) | the transaction with this idempotency token is in flight (`TransactionInProgressException`) | retry with the same token | yes | 503 |
/// | [`ReplicatedWriteConflict`](Self::ReplicatedWriteConflict) | another Region writes the item (`ReplicatedWriteConflictException`) | retry | yes | 503 |
/// | [`IdempotencyMismatch`](Self::IdempotencyMismatch) | the idempotency token was used with another transaction (`IdempotentParameterMismatchException`) | use a new token for new content | | 409 |
/// | [`TransactionCanceled`](Self::TransactionCanceled) | DynamoDB canceled the transaction without a readable reason | see the [codes](Error::reason_codes) | | 409 |
/// | [`Throttled`](Self::Throttled) | the rate is over the limit of the table, index or account, or of operations on tables | retry later; raise the capacity, spread the keys; see [`throttling_reasons`](Error::throttling_reasons) | yes | 503 |
/// | [`Unavailable`](Self::Unavailable) | DynamoDB has a fault of its own (HTTP 5xx) | retry later | yes | 503 |
/// | [`Timeout`](Self::Timeout) | no response in the time that the client allows | retry; see [`may_have_happened`](Error::may_have_happened) | yes | 504 |
/// | [`Connection`](Self::Connection) | the endpoint cannot be reached, or the connection broke | retry; look at network, endpoint and TLS | yes | 503 |
/// | [`InvalidResponse`](Self::InvalidResponse) | the response is cut short, corrupt or not DynamoDB's | retry; look for a proxy on the way | yes | 502 |
/// | [`Credentials`](Self::Credentials) | there are no credentials, or they cannot be loaded | provide credentials | | 500 |
/// | [`AccessDenied`](Self::AccessDenied) | DynamoDB refuses the credentials, the signature, or the operation for this identity | correct the credentials, the clock or the policy | | 500 |
/// | [`Configuration`](Self::Configuration) | the client or the `Db` is not configured so that a request can be made | correct what the message names | | 500 |
/// | [`TableNotFound`](Self::TableNotFound) | the table or index does not exist | create it; look at region, endpoint and prefix | | 500 |
/// | [`TableMismatch`](Self::TableMismatch) | the table exists and differs from the schema | change the table or the code | | 500 |
/// | [`ResourceInUse`](Self::ResourceInUse) | the table is being created, changed or deleted | wait for it, and retry | yes | 503 |
/// | [`ItemCollectionSizeLimit`](Self::ItemCollectionSizeLimit) | a partition with local indexes is over 10 GB | delete items of that partition | | 507 |
/// | [`LimitExceeded`](Self::LimitExceeded) | a limit of DynamoDB that is checked before sending, such as 400 KB for an item | make the item or the request smaller | | 413 |
/// | [`InvalidRequest`](Self::InvalidRequest) | the request contradicts itself, or DynamoDB does not accept it (`ValidationException`) | correct the request | | 400 |
/// | [`InvalidKey`](Self::InvalidKey) | DynamoDB cannot hold the key: empty, too long, or not unique as a template | correct the key | | 400 |
/// | [`InvalidValue`](Self::InvalidValue) | DynamoDB cannot hold the value, such as NaN | correct the value | | 400 |
/// | [`InvalidCursor`](Self::InvalidCursor) | the cursor is malformed or of another query | read from the beginning | | 400 |
/// | [`Unreadable`](Self::Unreadable) | a stored item does not have the entity's shape | migrate the item, or give the field a default; a write [has happened](Error::has_happened) if it returns such an item | | 500 |
/// | [`Ambiguous`](Self::Ambiguous) | the write is done, and the old values that it returns may be those of its own earlier attempt, whose response was lost | read the item and decide | | 500 |
/// | [`Embedded`](Self::Embedded) | the embedded engine cannot open or keep its database | correct what the message names | | 500 |
/// | [`Refused`](Self::Refused) | DynamoDB refuses with a [code](Error::code) that has no kind of its own | see the code | | 500 |
/// | [`Other`](Self::Other) | an error of your own, by [`Error::other`] | | | 500 |
///
/// The kind of a canceled transaction is that of the first operation, in their order, that a retry
/// would not help; when there is none, that of the first one that is a cause. [`Error::reason`]
/// tells the kind of each operation.
///
/// ```
/// # use dynamodel::{Db, Entity, ErrorKind, Transaction};
/// # #[derive(Debug, Clone, Entity)]
/// # #[dynamo(table = "users")]
/// # struct User { #[dynamo(partition)] id: String }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<User>().await?;
/// let user = User { id: "u1".into() }.create().send(&db).await?;
/// let alone = user.clone().create().send(&db).await.unwrap_err();
/// assert_eq!(alone.kind(), ErrorKind::AlreadyExists);
///
/// let mut tx = Transaction::new();
/// tx.put(user.create());
/// let together = tx.send(&db).await.unwrap_err();
/// assert_eq!(together.kind(), ErrorKind::AlreadyExists);
/// assert_eq!(together.kind().http_status(), 409);
/// # Ok(())
/// # }
/// ```
///
/// Source: [errors of DynamoDB](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The item that had to exist does not.
    NotFound,
    /// An item exists where the write demands that there is none.
    AlreadyExists,
    /// The stored item belongs to another entity of the table.
    OtherEntity,
    /// The stored version is not the expected one.
    VersionConflict,
    /// The condition of `when` does not hold for the stored item.
    ConditionFailed,
    /// Another item has the value of a unique attribute.
    UniqueViolation,
    /// A transaction on the same item is in flight.
    TransactionConflict,
    /// The transaction with the same idempotency token is in flight.
    TransactionInProgress,
    /// A write in another Region is in flight on the same item.
    ReplicatedWriteConflict,
    /// The idempotency token belongs to a transaction of other content.
    IdempotencyMismatch,
    /// The transaction was canceled, and the response has no readable reason.
    TransactionCanceled,
    /// The rate of requests is over a limit.
    Throttled,
    /// The service has a fault of its own.
    Unavailable,
    /// No response came in time.
    Timeout,
    /// The endpoint cannot be reached, or the connection broke.
    Connection,
    /// The response is not one of DynamoDB, or not whole.
    InvalidResponse,
    /// There are no credentials to sign with.
    Credentials,
    /// The service refuses the credentials, or their use for the operation.
    AccessDenied,
    /// No request can be made with the client's configuration.
    Configuration,
    /// The table or index does not exist.
    TableNotFound,
    /// The table differs from the schema.
    TableMismatch,
    /// The table is not in a state for the operation.
    ResourceInUse,
    /// The items of one partition are over the limit of local indexes.
    ItemCollectionSizeLimit,
    /// A limit of DynamoDB is exceeded that is checked before sending.
    LimitExceeded,
    /// The request is not one that DynamoDB accepts.
    InvalidRequest,
    /// DynamoDB cannot hold the key.
    InvalidKey,
    /// DynamoDB cannot hold the value.
    InvalidValue,
    /// The cursor is malformed, or belongs to another query.
    InvalidCursor,
    /// A stored item does not have the entity's shape.
    Unreadable,
    /// The write is done, and its old values are not known.
    Ambiguous,
    /// The embedded engine cannot open or keep its database.
    Embedded,
    /// The service refuses with a code that has no kind of its own.
    Refused,
    /// An error of the user's own.
    Other,
}

impl ErrorKind {
    /// Returns `true` if the same operation may succeed when it is sent again later, unchanged.
    ///
    /// The SDK has retried already, within its own limits. A write that
    /// [may have happened](Error::may_have_happened) is only safe to repeat if doing it twice does
    /// no harm.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            ErrorKind::TransactionConflict
                | ErrorKind::TransactionInProgress
                | ErrorKind::ReplicatedWriteConflict
                | ErrorKind::Throttled
                | ErrorKind::Unavailable
                | ErrorKind::Timeout
                | ErrorKind::Connection
                | ErrorKind::InvalidResponse
                | ErrorKind::ResourceInUse
        )
    }

    /// Returns the HTTP status that a web handler would respond with, when the operation serves a
    /// request of its own. Not the status of DynamoDB's response.
    ///
    /// ```
    /// use dynamodel::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::NotFound.http_status(), 404);
    /// assert_eq!(ErrorKind::Throttled.http_status(), 503);
    /// ```
    pub const fn http_status(self) -> u16 {
        match self {
            ErrorKind::InvalidRequest
            | ErrorKind::InvalidKey
            | ErrorKind::InvalidValue
            | ErrorKind::InvalidCursor => 400,
            ErrorKind::NotFound => 404,
            ErrorKind::AlreadyExists
            | ErrorKind::OtherEntity
            | ErrorKind::VersionConflict
            | ErrorKind::ConditionFailed
            | ErrorKind::UniqueViolation
            | ErrorKind::IdempotencyMismatch
            | ErrorKind::TransactionCanceled => 409,
            ErrorKind::LimitExceeded => 413,
            ErrorKind::InvalidResponse => 502,
            ErrorKind::TransactionConflict
            | ErrorKind::TransactionInProgress
            | ErrorKind::ReplicatedWriteConflict
            | ErrorKind::Throttled
            | ErrorKind::Unavailable
            | ErrorKind::Connection
            | ErrorKind::ResourceInUse => 503,
            ErrorKind::Timeout => 504,
            ErrorKind::ItemCollectionSizeLimit => 507,
            ErrorKind::Credentials
            | ErrorKind::AccessDenied
            | ErrorKind::Configuration
            | ErrorKind::TableNotFound
            | ErrorKind::TableMismatch
            | ErrorKind::Unreadable
            | ErrorKind::Ambiguous
            | ErrorKind::Embedded
            | ErrorKind::Refused
            | ErrorKind::Other => 500,
        }
    }

    /// `true` if the stored item, or its absence, is the cause.
    pub(crate) const fn is_of_condition(self) -> bool {
        matches!(
            self,
            ErrorKind::NotFound
                | ErrorKind::AlreadyExists
                | ErrorKind::OtherEntity
                | ErrorKind::VersionConflict
                | ErrorKind::ConditionFailed
        )
    }

    /// `true` if another writer was first.
    pub(crate) const fn is_conflict(self) -> bool {
        matches!(self, ErrorKind::VersionConflict | ErrorKind::AlreadyExists)
    }

    /// Returns the kind of an error response by its code, and by its HTTP status when the code is
    /// not a documented one.
    pub(crate) fn of_response(code: Option<&str>, status: u16) -> Self {
        code.and_then(of_code).unwrap_or(match status {
            401 | 403 => ErrorKind::AccessDenied,
            408 => ErrorKind::Timeout,
            413 => ErrorKind::LimitExceeded,
            429 => ErrorKind::Throttled,
            500.. => ErrorKind::Unavailable,
            _ if code.is_none() => ErrorKind::InvalidResponse,
            _ => ErrorKind::Refused,
        })
    }

    /// Returns the kind of the code that one operation of a canceled transaction has.
    pub(crate) fn of_reason(code: &str) -> Self {
        match code {
            "ConditionalCheckFailed" => ErrorKind::ConditionFailed,
            "TransactionConflict" => ErrorKind::TransactionConflict,
            "ThrottlingError" | "ProvisionedThroughputExceeded" | "RequestLimitExceeded" => {
                ErrorKind::Throttled
            }
            "ItemCollectionSizeLimitExceeded" => ErrorKind::ItemCollectionSizeLimit,
            "ValidationError" => ErrorKind::InvalidRequest,
            "AccessDenied" => ErrorKind::AccessDenied,
            "ResourceNotFound" => ErrorKind::TableNotFound,
            "DuplicateItem" => ErrorKind::AlreadyExists,
            "InternalServerError" => ErrorKind::Unavailable,
            _ => of_code(code).unwrap_or(ErrorKind::TransactionCanceled),
        }
    }
}

/// Returns the kind of a documented code: those of DynamoDB's API, and those that all AWS services
/// have.
#[rustfmt::skip]
fn of_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "ConditionalCheckFailedException" => ErrorKind::ConditionFailed,
        "DuplicateItemException" => ErrorKind::AlreadyExists,
        "TransactionConflictException" => ErrorKind::TransactionConflict,
        "TransactionInProgressException" => ErrorKind::TransactionInProgress,
        "ReplicatedWriteConflictException" => ErrorKind::ReplicatedWriteConflict,
        "IdempotentParameterMismatchException" => ErrorKind::IdempotencyMismatch,
        "TransactionCanceledException" => ErrorKind::TransactionCanceled,
        "ProvisionedThroughputExceededException" | "RequestLimitExceeded" | "LimitExceededException"
        | "ThrottlingException" | "Throttling" | "ThrottledException" | "RequestThrottled"
        | "RequestThrottledException" | "TooManyRequestsException" | "BandwidthLimitExceeded"
        | "SlowDown" | "PriorRequestNotComplete" => ErrorKind::Throttled,
        "InternalServerError" | "InternalServerErrorException" | "InternalFailure"
        | "InternalServerException" | "InternalError" | "ServiceUnavailable"
        | "ServiceUnavailableException" => ErrorKind::Unavailable,
        "RequestTimeout" | "RequestTimeoutException" => ErrorKind::Timeout,
        "AccessDeniedException" | "AccessDenied" | "UnrecognizedClientException"
        | "MissingAuthenticationToken" | "MissingAuthenticationTokenException"
        | "IncompleteSignature" | "IncompleteSignatureException" | "InvalidSignatureException"
        | "SignatureDoesNotMatch" | "InvalidClientTokenId" | "ExpiredToken" | "ExpiredTokenException"
        | "RequestExpired" | "NotAuthorized" | "OptInRequired" => ErrorKind::AccessDenied,
        "InvalidEndpointException" | "UnknownOperationException" | "UnknownOperation"
        | "InvalidAction" => ErrorKind::Configuration,
        "ResourceNotFoundException" | "TableNotFoundException" | "IndexNotFoundException"
        | "GlobalTableNotFoundException" | "ReplicaNotFoundException" | "BackupNotFoundException"
        | "ExportNotFoundException" | "ImportNotFoundException" | "PolicyNotFoundException" => ErrorKind::TableNotFound,
        "ResourceInUseException" | "TableInUseException" | "BackupInUseException"
        | "TableAlreadyExistsException" | "GlobalTableAlreadyExistsException"
        | "ReplicaAlreadyExistsException" | "ContinuousBackupsUnavailableException"
        | "PointInTimeRecoveryUnavailableException" | "ExportConflictException"
        | "ImportConflictException" => ErrorKind::ResourceInUse,
        // The embedded engine's own, for its file.
        "EmbeddedDatabaseException" => ErrorKind::Embedded,
        "ItemCollectionSizeLimitExceededException" => ErrorKind::ItemCollectionSizeLimit,
        "RequestEntityTooLarge" | "RequestEntityTooLargeException" => ErrorKind::LimitExceeded,
        "ValidationException" | "ValidationError" | "SerializationException"
        | "MalformedHttpRequestException" | "MalformedQueryString" | "InvalidParameterCombination"
        | "InvalidParameterValue" | "MissingParameter" | "MissingAction"
        | "InvalidRestoreTimeException" | "InvalidExportTimeException" => ErrorKind::InvalidRequest,
        _ => return None,
    })
}

impl Error {
    /// Returns the kind of the error; [`ErrorKind`] has the table of causes and remedies.
    pub fn kind(&self) -> ErrorKind {
        match &self.0.kind {
            Kind::Condition { kind, .. } => *kind,
            Kind::Canceled(canceled) => canceled.kind(),
            Kind::Taken { .. } => ErrorKind::UniqueViolation,
            Kind::Unprocessed => ErrorKind::Throttled,
            Kind::NotFound => ErrorKind::NotFound,
            Kind::Read(_) | Kind::Returned(_) => ErrorKind::Unreadable,
            Kind::LostValues => ErrorKind::Ambiguous,
            Kind::Write(_) => ErrorKind::InvalidValue,
            Kind::InvalidKey(_) => ErrorKind::InvalidKey,
            Kind::Limit(_) => ErrorKind::LimitExceeded,
            Kind::InvalidRequest(_) => ErrorKind::InvalidRequest,
            Kind::Cursor(_) => ErrorKind::InvalidCursor,
            Kind::Service { code, status, .. } => ErrorKind::of_response(code.as_deref(), *status),
            Kind::Timeout(_) | Kind::Waited(_) => ErrorKind::Timeout,
            Kind::Connection(_) => ErrorKind::Connection,
            Kind::Credentials(_) => ErrorKind::Credentials,
            Kind::Response(_) => ErrorKind::InvalidResponse,
            Kind::Construction(_) => ErrorKind::Configuration,
            Kind::Table(_) => ErrorKind::TableMismatch,
            Kind::Engine(_) => ErrorKind::Embedded,
            // Whatever each try lost to: other writers were first every time.
            Kind::Contended { .. } => ErrorKind::VersionConflict,
            Kind::Other(_) => ErrorKind::Other,
        }
    }

    /// Returns `true` if the same operation may succeed when it is sent again later, unchanged; see
    /// [`ErrorKind::is_retryable`].
    ///
    /// ```
    /// # use dynamodel::Error;
    /// fn status(error: &Error) -> (u16, bool) {
    ///     (error.kind().http_status(), error.is_retryable())
    /// }
    /// assert_eq!(status(&Error::other("no money left")), (500, false));
    /// ```
    pub fn is_retryable(&self) -> bool {
        self.kind().is_retryable()
    }
}

impl Canceled {
    /// Returns the kind of the first cause that a retry would not help, or else of the first cause.
    pub(crate) fn kind(&self) -> ErrorKind {
        let mut kinds = self.kinds();
        let first = kinds.next();
        let first_final = first.into_iter().chain(kinds).find(|k| !k.is_retryable());
        first_final
            .or(first)
            .unwrap_or(ErrorKind::TransactionCanceled)
    }
}
