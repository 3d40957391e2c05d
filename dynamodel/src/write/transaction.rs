//! TransactWriteItems: [`Transaction`].

mod committed;
mod reason;
mod step;

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;

use super::check::Check;
use super::delete::{Delete, Remove};
use super::put::Put;
use super::return_values::Stored;
use super::unique::{self, Sending};
use super::update::{Nested, Update};
use crate::client::response::capacities;
use crate::client::retry::Backoff;

use crate::client::db::Db;
use crate::error::{Error, ErrorKind, Limit};
use crate::model::entity::{Item, Lock};
use crate::transport;
use crate::wire::WriteToken;
use crate::wire::Writer;

pub use committed::Committed;
pub use reason::Reason;
pub(crate) use step::Step;

use crate::client::transact::{MAX_OPERATIONS, check_clash};
use crate::error::canceled::{Canceled, Operation};
use crate::transport::Failure;

/// DynamoDB's limits on a transaction.
const MAX_BYTES: usize = 4 * 1024 * 1024;
const MAX_TOKEN: usize = 36;

/// Writes to up to 100 items, all or nothing: TransactWriteItems.
///
/// A transaction consists of the same operations as single writes, of any entities. Adding an
/// operation returns a [`Handle`], by which the error tells the [reason](Error::reason) and the
/// result returns the [stored entity](Committed::take). Versions, times and write tokens behave as
/// in single writes; the times are those of sending, by the [`Db`'s clock](crate::Builder::clock).
///
/// The unique items of `#[dynamo(unique)]` attributes are written along with the operations. To do
/// so, items whose attributes may have had other values are read first: one more round trip. Unique
/// items count toward the 100 operations and the 4 MB, and items may swap their values. When
/// another writer changes one of those attributes in between, the transaction starts over within
/// the backoff.
///
/// Costs twice as much as the single writes, also when it is canceled. When other transactions on
/// the same items are in flight, or a table throttles, the transaction is retried within the
/// [`backoff`](Self::backoff); a condition that is not met ends it at once.
///
/// ```
/// # use dynamodel::{Db, Entity, Transaction};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "stock")]
/// # struct Stock { #[dynamo(partition)] sku: String, quantity: u32 }
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "orders")]
/// # struct Order { #[dynamo(partition)] id: String, sku: String, quantity: u32, #[dynamo(version)] version: u64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Stock>().await?;
/// # db.create_table::<Order>().await?;
/// # Stock { sku: "pear".into(), quantity: 3 }.create().send(&db).await?;
/// # let order = |id: &str| Order { id: id.into(), sku: "pear".into(), quantity: 2, version: 0 };
/// let mut tx = Transaction::new();
/// tx.update(Stock::update("pear").apply(|s| s.quantity.decrement(2)).when(|s| s.quantity.ge(2)));
/// let placed = tx.put(order("o1").create());
/// let mut done = tx.send(&db).await?;
/// assert_eq!(done.take(placed).map(|o| o.version), Some(1));
///
/// let mut tx = Transaction::new();
/// let stock = tx.update(Stock::update("pear").apply(|s| s.quantity.decrement(2)).when(|s| s.quantity.ge(2)));
/// tx.put(order("o2").create());
/// let err = tx.send(&db).await.unwrap_err();
/// assert!(err.is_transaction_canceled());
/// let why = err.reason(stock).expect("the stock is why");
/// assert_eq!(why.code, "ConditionalCheckFailed");
/// assert_eq!(why.item.map(|s| s.quantity), Some(1));
/// assert_eq!(Order::get("o2").send(&db).await?, None);
/// # Ok(())
/// # }
/// ```
///
/// Source: [TransactWriteItems](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
#[must_use = "a transaction does nothing until it is sent"]
pub struct Transaction {
    id: u64,
    steps: Vec<Result<Added, Error>>,
    token: Option<String>,
    backoff: Backoff,
    measure: bool,
}

/// An operation that was added.
enum Added {
    Step(Step),
    /// An operation that fills in times, which are those of sending.
    Timed(Timed),
}

struct Timed {
    verb: &'static str,
    entity: &'static str,
    step: Mutex<Option<MakeStep>>,
}

type MakeStep = Box<dyn FnOnce(SystemTime) -> Result<Step, Error> + Send>;

impl Added {
    fn names(&self) -> (&'static str, &'static str) {
        match self {
            Added::Step(step) => (step.verb, step.schema.entity),
            Added::Timed(timed) => (timed.verb, timed.entity),
        }
    }

    fn at(self, now: SystemTime) -> Result<Step, Error> {
        let timed = match self {
            Added::Step(step) => return Ok(step),
            Added::Timed(timed) => timed,
        };
        let step = timed
            .step
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        // Made once, because this consumes it.
        let step = step.ok_or_else(|| Error::construction("the operation was made before"))?;
        step(now).map_err(|e| e.of_entity(timed.entity))
    }
}

/// Identifies an operation of a transaction: for [`Error::reason`], and for a put also for
/// [`Committed::take`]. A handle of another transaction identifies nothing.
pub struct Handle<E, R = ()> {
    pub(crate) transaction: u64,
    pub(crate) position: usize,
    _types: PhantomData<fn() -> (E, R)>,
}

impl<E, R> Clone for Handle<E, R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E, R> Copy for Handle<E, R> {}

impl<E: Item, R> fmt::Debug for Handle<E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({} {})", self.position, E::ITEM_SCHEMA.entity)
    }
}

/// Deletes that a transaction takes: [`Delete`] by key, and [`Remove`] of a loaded entity.
pub trait IntoDelete {
    /// The entity.
    type Entity: Item;
    #[doc(hidden)]
    fn into_delete(self) -> Delete<Self::Entity>;
}

impl<E: Item> IntoDelete for Delete<E> {
    type Entity = E;
    fn into_delete(self) -> Delete<E> {
        self
    }
}

impl<E: Item, L: Lock> IntoDelete for Remove<E, L> {
    type Entity = E;
    fn into_delete(self) -> Delete<E> {
        Remove::into_delete(self)
    }
}

impl Default for Transaction {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations = self.steps.iter().map(|s| match s {
            Ok(step) => {
                let (verb, entity) = step.names();
                format!("{verb} {entity}")
            }
            Err(_) => "invalid".to_owned(),
        });
        f.debug_struct("Transaction")
            .field("operations", &operations.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Transaction {
    /// Creates an empty transaction.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Transaction {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            steps: Vec::new(),
            token: None,
            backoff: Backoff::default(),
            measure: false,
        }
    }

    /// Adds a `create`, `put` or `replace`.
    pub fn put<E: Item, L: Lock>(&mut self, put: Put<E, L>) -> Handle<E, Stored> {
        let step = |now| {
            let (entity, step) = put.into_step(now)?;
            Ok(step.storing(entity))
        };
        self.add_at::<E, Stored>("Put", step)
    }

    /// Adds an update by key.
    pub fn update<E: Item>(&mut self, update: Update<E>) -> Handle<E> {
        self.add_at::<E, ()>("Update", |now| update.into_step(now))
    }

    /// Adds a delete by key, or the `remove` of an entity.
    pub fn delete<D: IntoDelete>(&mut self, delete: D) -> Handle<D::Entity> {
        self.add::<D::Entity, ()>(delete.into_delete().into_step())
    }

    /// Adds a condition on an item that is not changed.
    pub fn check<E: Item>(&mut self, check: Check<E>) -> Handle<E> {
        self.add::<E, ()>(check.into_step())
    }

    /// Adds an operation that may fill in times.
    fn add_at<E: Item, R>(
        &mut self,
        verb: &'static str,
        step: impl FnOnce(SystemTime) -> Result<Step, Error> + Send + 'static,
    ) -> Handle<E, R> {
        if E::ITEM_SCHEMA
            .created_at
            .or(E::ITEM_SCHEMA.updated_at)
            .is_none()
        {
            return self.add(step(SystemTime::UNIX_EPOCH));
        }
        self.push(Ok(Added::Timed(Timed {
            verb,
            entity: E::ITEM_SCHEMA.entity,
            step: Mutex::new(Some(Box::new(step))),
        })))
    }

    fn add<E: Item, R>(&mut self, step: Result<Step, Error>) -> Handle<E, R> {
        let step = step.map_err(|e| e.of_entity(E::ITEM_SCHEMA.entity));
        self.push(step.map(Added::Step))
    }

    fn push<E, R>(&mut self, step: Result<Added, Error>) -> Handle<E, R> {
        let position = self.steps.len();
        self.steps.push(step);
        Handle {
            transaction: self.id,
            position,
            _types: PhantomData,
        }
    }

    /// Returns the number of operations.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Returns `true` if there are no operations.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Makes it safe to send the same transaction again from another process: for 10 minutes,
    /// DynamoDB responds to a transaction with the same token and content with the success of the
    /// first one and does nothing. 1 to 36 characters.
    ///
    /// Within one [`send`](Self::send), retries are safe without this, because they share a random
    /// token. DynamoDB refuses other content under the same token
    /// (`IdempotentParameterMismatchException`). The times and write tokens that dynamodel fills in
    /// are part of the content, and so are the unique attributes as they were read of items that
    /// are not new.
    pub fn idempotency_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets how often and how long to retry on conflicts between transactions and on throttling.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Requests the consumed capacity: [`Committed::consumed_capacity`].
    pub fn measured(mut self) -> Self {
        self.measure = true;
        self
    }

    /// Sends the transaction. One round trip, and one more for each retry. An empty transaction is
    /// not sent, and is a success.
    ///
    /// Dropping the future before it is ready leaves open whether the transaction was carried out,
    /// but never carries out only a part of it.
    ///
    /// # Errors
    /// [`is_transaction_canceled`](Error::is_transaction_canceled) with a [`reason`](Error::reason)
    /// for each operation that caused it: then [`is_condition_failed`](Error::is_condition_failed),
    /// [`is_conflict`](Error::is_conflict) (a version has changed),
    /// [`is_transaction_conflict`](Error::is_transaction_conflict) and
    /// [`is_unique_violation`](Error::is_unique_violation) (another item has a value) tell which
    /// reasons there are. Before anything is sent: more than 100 operations or 4 MB
    /// ([`is_limit_exceeded`](Error::is_limit_exceeded)), two operations on one item
    /// ([`is_invalid_request`](Error::is_invalid_request), naming both), and everything that the
    /// single operations are refused for. Or the service or network fails.
    pub async fn send(self, db: &Db) -> Result<Committed, Error> {
        self.commit(db)
            .await
            .map_err(|e| e.in_operation("TransactWriteItems"))
    }

    async fn commit(self, db: &Db) -> Result<Committed, Error> {
        let (id, backoff, measure) = (self.id, self.backoff, self.measure);
        let mut retry = backoff.start();
        let (mut steps, token) = self.checked(db.now())?;
        if steps.is_empty() {
            return Ok(Committed::new(id, steps, Vec::new()));
        }
        if steps.iter().any(Step::changes_unique_items) {
            let sending = Sending {
                db,
                transaction: id,
                token,
                backoff,
                measure,
            };
            let capacity = Box::pin(unique::send(sending, &mut steps)).await?;
            return Ok(Committed::new(id, steps, capacity));
        }
        let token = token.map_or_else(random_token, Ok)?;
        let (tables, body) = request(&steps, 0, |table| db.resolve(table), &token, measure)?;
        let body = Bytes::from(body);
        loop {
            let (tables, body) = (tables.clone(), body.clone());
            let sent = db
                .ask_tables(
                    transport::Operation::TransactWriteItems,
                    tables,
                    steps.len(),
                    body,
                )
                .await;
            let failure = match sent.decode(capacities) {
                Ok(capacities) => return Ok(Committed::new(id, steps, capacities)),
                Err(failure) => failure,
            };
            let error = canceled(id, failure, &steps);
            if !error.is_transient() || !retry.again().await {
                return Err(error);
            }
        }
    }

    /// Returns the request as it is sent, as JSON, with the tables' names as the code declares
    /// them. Operations on unique items are not included, because they are only known once the
    /// items are read.
    ///
    /// # Errors
    /// As [`send`](Self::send), before it is sent.
    pub fn to_json(self) -> Result<String, Error> {
        let measure = self.measure;
        let (steps, token) = self.checked(SystemTime::now())?;
        if steps.is_empty() {
            return Ok(String::new());
        }
        let token = token.map_or_else(random_token, Ok)?;
        let (_, body) = request(&steps, 0, Arc::from, &token, measure)?;
        crate::client::request::text(body)
    }

    /// Returns the operations and the user's token, checked.
    fn checked(self, now: SystemTime) -> Result<(Vec<Step>, Option<String>), Error> {
        if self.steps.len() > MAX_OPERATIONS {
            let operations = self.steps.len();
            return Err(Error::limit(Limit::TransactionOperations {
                operations,
                guards: 0,
            }));
        }
        let steps = self.steps.into_iter().map(|step| step?.at(now));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        let is_token = |token: &String| (1..=MAX_TOKEN).contains(&token.chars().count());
        match self.token {
            Some(token) if !steps.is_empty() && !is_token(&token) => Err(Error::invalid_request(
                "an idempotency token has 1 to 36 characters",
            )),
            token => Ok((steps, token)),
        }
    }
}

/// Reads the error of a canceled transaction of these operations.
pub(crate) fn canceled<S: Borrow<Step>>(transaction: u64, failure: Failure, steps: &[S]) -> Error {
    let operations = steps.iter().map(|step| {
        let step: &Step = step.borrow();
        Operation {
            verb: step.verb,
            name: step.schema.entity,
            entity: step.entity,
        }
    });
    let error = Canceled::read(transaction, failure, operations, |position, item| {
        let step = steps.get(position).map(Borrow::borrow);
        step.map_or(ErrorKind::ConditionFailed, |step: &Step| step.refusal(item))
    });
    let refused = steps.iter().enumerate().find_map(|(position, step)| {
        let nested = step.borrow().nested.as_deref()?;
        let cause = error.cancellation()?.cause(transaction, position)?;
        Nested::is_cause(cause.message.as_deref()).then_some(nested)
    });
    match refused {
        Some(nested) => nested.explain_canceled(error),
        // Some endpoints refuse the transaction without naming the operation.
        None => {
            let nested = steps
                .iter()
                .filter_map(|step| step.borrow().nested.as_deref());
            Nested::explain_one_of(nested, error)
        }
    }
}

/// Renders the request of these operations, of which `unique_items` are on unique items. Returns it
/// with its tables.
///
/// # Errors
/// When there are too many operations, they are too large together, or two are on the same item.
pub(crate) fn request<S: Borrow<Step>>(
    steps: &[S],
    unique_items: usize,
    resolve: impl Fn(&'static str) -> Arc<str>,
    token: &str,
    measure: bool,
) -> Result<(Vec<Arc<str>>, Vec<u8>), Error> {
    let operations = steps.len();
    if operations > MAX_OPERATIONS {
        return Err(Error::limit(Limit::TransactionOperations {
            operations,
            guards: unique_items,
        }));
    }
    let steps = || steps.iter().map(Borrow::borrow);
    let tables: Vec<_> = steps().map(|s: &Step| resolve(s.schema.table)).collect();
    check_clash(steps().zip(&tables).map(|(s, table)| {
        (
            s.verb,
            s.schema.entity,
            &**table,
            s.canonical_key.as_slice(),
        )
    }))?;
    let length: usize = steps().map(|s| s.rest.len() + 64).sum();
    let mut w = Writer::with_capacity(length + 128);
    w.raw(b"{\"TransactItems\":[");
    for (step, table) in steps().zip(&tables) {
        step.write(table, &mut w);
    }
    w.raw(b"],\"ClientRequestToken\":\"");
    w.text(token);
    w.raw(b"\"");
    if measure {
        w.raw(b",\"ReturnConsumedCapacity\":\"INDEXES\"");
    }
    w.raw(b"}");
    if w.len() > MAX_BYTES {
        let bytes = steps().map(Step::item_size).sum();
        if bytes > MAX_BYTES {
            return Err(Error::limit(Limit::TransactionSize { bytes }));
        }
    }
    Ok((tables, w.finish().map_err(Error::write)?))
}

/// Creates an idempotency token for one content.
pub(crate) fn random_token() -> Result<String, Error> {
    WriteToken::random()
        .map(WriteToken::text)
        .map_err(|e| Error::construction(e.to_string()))
}
