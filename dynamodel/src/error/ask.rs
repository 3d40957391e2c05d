//! The predicates and accessors of [`Error`]. A predicate depends on the [kind](ErrorKind) alone,
//! except for those that tell more than a kind does.

use std::any::TypeId;

use super::{Error, ErrorKind, Kind};

impl Error {
    /// Returns `true` if the stored item, or its absence, refused the write: the condition of `when`
    /// is not met, or that of the write itself ([`is_not_found`](Self::is_not_found),
    /// [`is_already_exists`](Self::is_already_exists), a version that has changed). The
    /// [kind](Self::kind) tells which.
    pub fn is_condition_failed(&self) -> bool {
        self.kind().is_of_condition()
    }

    /// Returns `true` if another writer was first: the version is not the expected one, or the item
    /// [exists already](Self::is_already_exists).
    pub fn is_conflict(&self) -> bool {
        self.kind().is_conflict()
    }

    /// Returns `true` if the item exists already, where the write demands that there is none:
    /// `create`, and a `put` at version 0.
    pub fn is_already_exists(&self) -> bool {
        self.kind() == ErrorKind::AlreadyExists
    }

    /// Returns `true` if another item of the entity has the value that the write gives to an
    /// attribute that is marked `#[dynamo(unique)]`; [`attribute_path`](Self::attribute_path) names
    /// the attribute. Nothing was written.
    pub fn is_unique_violation(&self) -> bool {
        self.kind() == ErrorKind::UniqueViolation
    }

    /// Returns `true` if a transaction was in flight on an item that this operation writes, or that
    /// this transaction is about. Transactions are tried again on this within their
    /// [`Backoff`](crate::Backoff) first.
    pub fn is_transaction_conflict(&self) -> bool {
        self.kind() == ErrorKind::TransactionConflict
    }

    /// Returns `true` if a call was retried after a response was lost, and its outcome or its return
    /// values may be those of its own earlier attempt: a condition failed on an item that this call
    /// may have written, or the old values that were asked for may be its own. Read the item and
    /// decide; [`has_happened`](Self::has_happened) tells if the write is known to be done.
    ///
    /// With a `#[dynamo(write_token)]` field dynamodel can decide: the stored token tells whether
    /// the write was this call's, which is then a success. Some cases remain that no stored token
    /// can decide: a retried delete of an item that is gone, a write with `returning_old`, and an
    /// item that was written more than once since, so that this call's write may be one of them.
    pub fn is_ambiguous(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::LostValues
                | Kind::Condition {
                    ambiguous: true,
                    ..
                }
        )
    }

    /// Returns `true` if the operation may have been carried out although it failed: no response came
    /// in time, the connection broke, the service had a fault (5xx), or its success could not be read;
    /// or an earlier attempt of the same call ended like that. Returns `false` if it is known that
    /// nothing was written: the request was refused, or never sent, or only reads.
    ///
    /// Repeat such a write only if doing it twice does no harm, or read the item and decide. A
    /// [transaction](crate::Transaction) is safe to repeat with the same [idempotency
    /// token](crate::Transaction::idempotency_token). Of a failed batch,
    /// [`unconfirmed_count`](Self::unconfirmed_count) tells how many writes this is about.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "users")]
    /// # struct User { #[dynamo(partition)] id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// let db = Db::embedded()?;
    /// let err = User { id: "u1".into() }.put().send(&db).await.unwrap_err();
    /// assert!(err.is_table_not_found() && !err.may_have_happened());
    /// # Ok(())
    /// # }
    /// ```
    pub fn may_have_happened(&self) -> bool {
        match &self.0.kind {
            Kind::Condition { ambiguous, .. } => *ambiguous,
            // Attempts share an idempotency token, by which a transaction that was carried out is a
            // success.
            Kind::Canceled(_) | Kind::Taken { .. } => false,
            Kind::Service { .. } if self.kind() == ErrorKind::TransactionInProgress => true,
            Kind::Contended { last, .. } => last.may_have_happened(),
            _ => self.0.open || self.has_happened(),
        }
    }

    /// Returns `true` if the item that had to exist does not: of `update`, `replace`, `check`,
    /// `modify` or `must_exist`.
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// Returns `true` if the table or index does not exist (`ResourceNotFoundException`).
    pub fn is_table_not_found(&self) -> bool {
        self.kind() == ErrorKind::TableNotFound
    }

    /// Returns `true` if DynamoDB refused the request, or a part of a batch or transaction, for its
    /// rate, and trying again did not help.
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
    }

    /// Returns `true` if no response came in the time that the client allows.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Returns `true` if the endpoint could not be reached, or the connection broke.
    pub fn is_connection(&self) -> bool {
        self.kind() == ErrorKind::Connection
    }

    /// Returns `true` if there are no credentials to sign the request with, or they could not be
    /// loaded. Nothing was sent. For credentials that the service does not accept see
    /// [`is_access_denied`](Self::is_access_denied).
    pub fn is_credentials_error(&self) -> bool {
        self.kind() == ErrorKind::Credentials
    }

    /// Returns `true` if no request can be made with the client's configuration, or none that
    /// DynamoDB knows: there is no region, the endpoint has no scheme, FIPS is switched on with an
    /// endpoint of your own, a session token ends in a line end. The text names the mistake and the
    /// remedy.
    pub fn is_configuration_error(&self) -> bool {
        self.kind() == ErrorKind::Configuration
    }

    /// Returns `true` if the service did not accept the credentials, or they do not allow the
    /// operation.
    pub fn is_access_denied(&self) -> bool {
        self.kind() == ErrorKind::AccessDenied
    }

    /// Returns `true` for a key value that DynamoDB cannot hold: empty, or longer than 2,048 bytes
    /// in a partition key or 1,024 in a sort key; or for the part of a key template whose text
    /// contains the literal that follows it, so that the key could be read as another one. Nothing
    /// was sent.
    pub fn is_invalid_key(&self) -> bool {
        self.kind() == ErrorKind::InvalidKey
    }

    /// Returns `true` if a limit of DynamoDB was exceeded that is checked before sending: item
    /// size, expression size and operators, operations and size of a transaction.
    pub fn is_limit_exceeded(&self) -> bool {
        self.kind() == ErrorKind::LimitExceeded
    }

    /// Returns `true` if the request contradicts itself, for instance by two actions on one
    /// attribute, so that nothing was sent; or if DynamoDB does not accept it
    /// (`ValidationException`).
    pub fn is_invalid_request(&self) -> bool {
        self.kind() == ErrorKind::InvalidRequest
    }

    /// Returns `true` for a value that DynamoDB cannot hold, such as NaN or more than 38 digits, and
    /// for an [invalid key](Self::is_invalid_key). Nothing was sent.
    pub fn is_invalid_value(&self) -> bool {
        matches!(self.kind(), ErrorKind::InvalidValue | ErrorKind::InvalidKey)
    }

    /// Returns `true` if a stored item is not of the entity's shape: an attribute is missing, of
    /// another type or out of range. [`attribute_path`](Self::attribute_path) names the attribute.
    pub fn is_unreadable(&self) -> bool {
        self.kind() == ErrorKind::Unreadable
    }

    /// Returns `true` for a malformed cursor, or one that belongs to another query. Nothing was
    /// sent. Reading can start from the beginning without a cursor.
    pub fn is_invalid_cursor(&self) -> bool {
        self.kind() == ErrorKind::InvalidCursor
    }

    /// Returns `true` if the table exists and differs from the entity's schema.
    pub fn is_table_mismatch(&self) -> bool {
        self.kind() == ErrorKind::TableMismatch
    }

    /// Returns `true` if the transaction was canceled (`TransactionCanceledException`).
    pub fn is_transaction_canceled(&self) -> bool {
        self.code() == Some("TransactionCanceledException")
    }

    /// Returns `true` if the service had a fault of its own (HTTP 5xx), and the SDK's retries did
    /// not help.
    pub fn is_service_fault(&self) -> bool {
        self.kind() == ErrorKind::Unavailable
    }

    /// Returns `true` if the response was cut short, corrupt or not from DynamoDB, for instance
    /// from a proxy, and the SDK's retries did not help. Whether a write has happened is not known.
    pub fn is_invalid_response(&self) -> bool {
        self.kind() == ErrorKind::InvalidResponse
    }

    /// Returns the stored items that came with a failed condition, as JSON: all items of a
    /// condition on one item, those of entity `entity` of a canceled transaction.
    pub(crate) fn stored_items(&self, entity: TypeId) -> Vec<&[u8]> {
        match &self.0.kind {
            Kind::Condition { item, .. } => item.as_deref().into_iter().collect(),
            Kind::Contended { last, .. } => last.stored_items(entity),
            Kind::Canceled(canceled) => canceled.items_of(entity).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns DynamoDB's error code, such as `ProvisionedThroughputExceededException`.
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

    /// Returns the AWS request id, to give to AWS support.
    pub fn request_id(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Contended { last, .. } => last.request_id(),
            _ => self.0.request_id.as_deref(),
        }
    }

    /// Returns `true` if the key is that of an item of another entity of the table, which the write
    /// has left as it is.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity, Table};
    /// # #[derive(Table)]
    /// # #[dynamo(name = "app", partition = "pk", sort = "sk")]
    /// # struct App;
    /// #[derive(Debug, Entity)]
    /// #[dynamo(table = App, key(partition = "AREA#{area}", sort = "INFO"))]
    /// struct Area { area: String }
    ///
    /// #[derive(Debug, Entity)]
    /// #[dynamo(table = App, key(partition = "AREA#{area}#STOCK#{sku}", sort = "INFO"))]
    /// struct Stock { area: String, sku: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<App>().await?;
    /// Stock { area: "a".into(), sku: "1".into() }.create().send(&db).await?;
    /// let area = Area { area: "a#STOCK#1".into() }; // text of a user
    /// assert!(area.put().send(&db).await.unwrap_err().is_other_entity());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_other_entity(&self) -> bool {
        self.kind() == ErrorKind::OtherEntity
    }

    /// Returns the entity that the operation was about.
    pub fn entity(&self) -> Option<&'static str> {
        self.0.entity
    }

    /// Returns the AWS name of the operation, such as `PutItem`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the number of times that the request was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the attribute that could not be read or written, as a path such as
    /// `data.cart[3].quantity`. Keys of maps are data, and shown as `*`.
    pub fn attribute_path(&self) -> Option<String> {
        if let Some(refused) = &self.0.refused {
            return Some(refused.path.clone());
        }
        let path = match &self.0.kind {
            Kind::Taken { attribute, .. } => (*attribute).to_owned(),
            Kind::Read(e) => e.path(),
            Kind::Returned(item) => return item.attribute_path(),
            Kind::Write(e) | Kind::InvalidKey(e) => e.path(),
            _ => return None,
        };
        Some(path).filter(|p| !p.is_empty())
    }
}
