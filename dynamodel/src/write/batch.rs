//! BatchWriteItem: [`BatchWrite`].

mod plan;
mod write;

use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use self::plan::{Plan, write_chunk};
use self::write::Write;
use super::bulk::UnfinishedLoad;
use crate::client::batch::{self, Settings};
use crate::client::capacity::ConsumedCapacity;
use crate::client::db::Db;
use crate::client::retry::Backoff;
use crate::error::Error;
use crate::error::unfinished::Unfinished;
use crate::model::entity::{Item, WritableInBatch};
use crate::model::key::Key;

pub use self::write::{IntoBatchPut, Unconditional};

/// DynamoDB's limits on one request.
pub(crate) const MAX_WRITES: usize = 25;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Writes and deletes any number of items, of any entities and tables: BatchWriteItem.
///
/// Each write is on its own: there are no conditions and no order, and a failure leaves the others
/// done. Writes are sent in chunks of 25, several [at a time](Self::concurrency); what DynamoDB leaves
/// undone is sent again within the [`backoff`](Self::backoff). Costs what the single writes cost.
///
/// ```
/// # use dynamodel::{BatchWrite, Db, Entity};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "users")]
/// # struct User { #[dynamo(partition)] id: String }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<User>().await?;
/// # let user = |id: &str| User { id: id.into() };
/// # user("u9").create().send(&db).await?;
/// BatchWrite::new()
///     .put(user("u1"))
///     .put_all((2..=60).map(|n| user(&format!("u{n}"))))
///     .delete(User::key("u0"))
///     .send(&db)
///     .await?;
/// assert_eq!(User::scan().count(&db).await?, 60);
/// # Ok(())
/// # }
/// ```
///
/// Source: [BatchWriteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
#[derive(Default)]
#[must_use = "a batch does nothing until it is sent"]
pub struct BatchWrite {
    writes: Vec<Write>,
    invalid: Option<Error>,
    settings: Settings,
    last_wins: bool,
    measure: bool,
}

impl fmt::Debug for BatchWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWrite")
            .field("writes", &self.writes.len())
            .finish_non_exhaustive()
    }
}

impl BatchWrite {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes an entity over whatever is stored. Version, times and write token are set as by a single
    /// put, at this moment.
    ///
    /// An entity with a version does not fit, because a batch cannot check it:
    /// `.put(entity.put().unversioned())` says that it need not be checked.
    pub fn put<P: IntoBatchPut>(mut self, put: P) -> Self {
        self.add(Write::put(put.into_put()));
        self
    }

    /// Writes entities over whatever is stored.
    pub fn put_all<P: IntoBatchPut>(mut self, puts: impl IntoIterator<Item = P>) -> Self {
        for put in puts {
            self.add(Write::put(put.into_put()));
        }
        self
    }

    /// Deletes the item with this key, whatever it is.
    pub fn delete<E: Item>(mut self, key: Key<E>) -> Self
    where
        E::Guards: WritableInBatch,
    {
        self.add(Write::delete(&key));
        self
    }

    /// Deletes the items with these keys, whatever they are.
    pub fn delete_all<E: Item>(mut self, keys: impl IntoIterator<Item = Key<E>>) -> Self
    where
        E::Guards: WritableInBatch,
    {
        for key in keys {
            self.add(Write::delete(&key));
        }
        self
    }

    fn add(&mut self, write: Result<Write, Error>) {
        match write {
            Ok(write) => self.writes.push(write),
            Err(e) => {
                self.invalid.get_or_insert(e);
            }
        }
    }

    /// Of several writes of one item, does the last. Without this they are refused, because a batch
    /// has no order.
    pub fn last_wins(mut self) -> Self {
        self.last_wins = true;
        self
    }

    /// How many requests may be under way at once: 4 if not said.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// How often and how long to try again for writes that DynamoDB leaves undone.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// How many writes there are.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether there are no writes.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Sends it: one round trip for each 25 writes, and more for what DynamoDB leaves undone. An
    /// empty batch is not sent.
    ///
    /// Dropping the future before it is ready begins no further requests; those under way may still be
    /// carried out, and what was done is done. Puts and deletes can be sent twice without harm, so the
    /// way out is to send the batch again.
    ///
    /// # Errors
    /// Before anything is sent: an invalid key or value, an item of more than 400 KB, a put with a
    /// condition, or several writes of one item ([`is_invalid_request`](Error::is_invalid_request),
    /// naming them). When the service or network fails, or throttles longer than the backoff allows
    /// ([`is_throttled`](Error::is_throttled)): then the error carries exactly the writes that
    /// DynamoDB has not confirmed, as keys ([`unprocessed`](Error::unprocessed)) and as a batch to send
    /// again ([`into_unprocessed`](Error::into_unprocessed)). After a lost answer one of them may have
    /// been carried out.
    pub async fn send(self, db: &Db) -> Result<(), Error> {
        self.execute(db).await.map(|_| ())
    }

    /// As [`send`](Self::send), and says what each request cost for each table.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(mut self, db: &Db) -> Result<Vec<ConsumedCapacity>, Error> {
        self.measure = true;
        self.execute(db).await
    }

    /// The requests as they are sent at first, each as JSON, with the tables' names as the code
    /// declares them.
    ///
    /// # Errors
    /// As [`send`](Self::send), before anything is sent.
    ///
    /// ```
    /// # use dynamodel::{BatchWrite, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "notes")]
    /// # struct Note { #[dynamo(partition)] id: u64 }
    /// let notes = (0..30).map(|id| Note { id });
    /// let requests = BatchWrite::new().put_all(notes).to_json()?;
    /// assert_eq!(requests.len(), 2); // DynamoDB takes 25 at a time
    /// assert!(requests[0].starts_with(r#"{"RequestItems":{"notes":[{"PutRequest":{"Item":"#));
    /// # Ok::<(), dynamodel::Error>(())
    /// ```
    pub fn to_json(self) -> Result<Vec<String>, Error> {
        let plan = self.plan(Arc::from)?;
        let chunks = plan.chunks();
        let requests = chunks.iter().map(|chunk| plan.request(chunk));
        requests
            .map(|r| crate::client::request::text(r?.1))
            .collect()
    }

    fn plan(mut self, resolve: impl Fn(&'static str) -> Arc<str>) -> Result<Plan, Error> {
        if let Some(e) = self.invalid.take() {
            return Err(e);
        }
        let writes = self.writes.iter();
        let tables: Vec<_> = writes.map(|w| resolve(w.schema.table)).collect();
        Plan::new(self, tables)
    }

    async fn execute(self, db: &Db) -> Result<Vec<ConsumedCapacity>, Error> {
        let named = |e: Error| e.in_operation("BatchWriteItem");
        let plan = Arc::new(self.plan(|table| db.resolve(table)).map_err(named)?);
        let capacity = Arc::new(Mutex::new(Vec::new()));
        let outcome = batch::run(plan.chunks(), plan.settings, |chunk| {
            write_chunk(db.clone(), plan.clone(), capacity.clone(), chunk)
        })
        .await;
        if let Some(error) = outcome.error {
            let left = outcome.left.iter().filter_map(|i| plan.writes.get(*i));
            let left = BatchWrite {
                writes: left.cloned().collect(),
                settings: plan.settings,
                measure: plan.measure,
                ..BatchWrite::default()
            };
            return Err(named(error).leaving(left));
        }
        let mut capacity = capacity.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut capacity))
    }

    /// Which items are written.
    pub(crate) fn identities(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.writes
            .iter()
            .map(|w| (w.schema.table, w.identity.as_slice()))
    }

    /// Takes over the writes of another batch.
    pub(crate) fn append(&mut self, other: BatchWrite) {
        self.writes.extend(other.writes);
    }

    /// Adds a put, or returns why it cannot be done.
    pub(crate) fn try_put<P: IntoBatchPut>(&mut self, put: P) -> Result<(), Error> {
        self.writes.push(Write::put(put.into_put())?);
        Ok(())
    }
}

impl Unfinished for BatchWrite {
    fn count(&self) -> usize {
        self.len()
    }

    fn keys(&self) -> Box<dyn Iterator<Item = (TypeId, &[u8])> + '_> {
        Box::new(self.writes.iter().map(|w| (w.entity, w.key.as_slice())))
    }
}

impl fmt::Display for BatchWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} writes were not done", self.len())
    }
}

impl Error {
    /// The writes that a batch has not done when it failed, to be sent again. `None` for other errors.
    pub fn into_unprocessed(mut self) -> Option<BatchWrite> {
        match self.take_left::<UnfinishedLoad>() {
            Some(load) => Some(load.writes),
            None => self.take_left(),
        }
    }
}
