//! BatchWriteItem: [`BatchWrite`].

mod plan;
mod write;

use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use self::plan::{BatchPlan, write_chunk};
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

/// DynamoDB's limits on one BatchWriteItem request.
pub(crate) const MAX_WRITES: usize = 25;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Writes and deletes any number of items, of any entities and tables: BatchWriteItem.
///
/// The writes are independent: there are no conditions and no order, and writes that fail leave the
/// others done. Writes are sent in chunks of 25, several [at a time](Self::concurrency); writes
/// that DynamoDB leaves unprocessed are sent again within the [`backoff`](Self::backoff). Costs the
/// same as the single writes.
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
    allow_delimiters: bool,
    measure: bool,
    /// Of the writes that a failed batch left, the number of those that may be done.
    unconfirmed: usize,
}

impl fmt::Debug for BatchWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWrite")
            .field("writes", &self.writes.len())
            .finish_non_exhaustive()
    }
}

impl BatchWrite {
    /// Creates an empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes an entity and overwrites any stored item. Version, times and write token are
    /// set as by a single put, the times when the batch is sent.
    ///
    /// A batch cannot check versions, so it does not take an entity with a version:
    /// `.put(entity.put().unversioned())` skips the check.
    pub fn put<P: IntoBatchPut>(mut self, put: P) -> Self {
        self.add(Write::put(put.into_put()));
        self
    }

    /// Writes entities and overwrites any stored items.
    pub fn put_all<P: IntoBatchPut>(mut self, puts: impl IntoIterator<Item = P>) -> Self {
        for put in puts {
            self.add(Write::put(put.into_put()));
        }
        self
    }

    /// Deletes the item with this key, whatever its content.
    pub fn delete<E: Item>(mut self, key: Key<E>) -> Self
    where
        E::Guards: WritableInBatch,
    {
        self.add(Write::delete(&key));
        self
    }

    /// Deletes the items with these keys, whatever their content.
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

    /// Does only the last of several writes of the same item. Without this, such a batch is
    /// refused, because a batch has no order.
    pub fn last_wins(mut self) -> Self {
        self.last_wins = true;
        self
    }

    /// Takes keys of a shared table whose parts contain delimiters of their template.
    ///
    /// With the templates `AREA#{area}` and `AREA#{area}#STOCK#{sku}` in one table, the area
    /// `a#STOCK#1` has the key of a stock. A single write asks for the type of the stored item by a
    /// condition; a batch has no conditions and would overwrite or delete the stock. So a batch
    /// refuses parts of free text that contain `#`, or whatever else of punctuation stands in the
    /// template. Say this if no key of these writes can be that of another entity.
    ///
    /// ```
    /// # use dynamodel::{BatchWrite, Db, Entity, Table};
    /// # #[derive(Table)]
    /// # #[dynamo(name = "app", partition = "pk", sort = "sk")]
    /// # struct App;
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = App, key(partition = "NOTE#{title}", sort = "NOTE"))]
    /// # struct Note { title: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<App>().await?;
    /// let batch = || BatchWrite::new().put(Note { title: "C# in depth".into() });
    /// assert!(batch().send(&db).await.unwrap_err().is_invalid_key());
    /// batch().allow_delimiters().send(&db).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_delimiters(mut self) -> Self {
        self.allow_delimiters = true;
        self
    }

    /// Limits the number of requests in flight at once. The default is 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// Sets how often and how long to retry writes that DynamoDB leaves unprocessed.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// Returns the number of writes.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Returns `true` if there are no writes.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Sends the batch: one round trip for each 25 writes, and more for writes that DynamoDB leaves
    /// unprocessed. An empty batch is not sent.
    ///
    /// Dropping the future before it is ready starts no further requests; requests in flight may
    /// still be carried out, and finished writes stay. Puts and deletes can be repeated without
    /// harm, so the remedy is to send the batch again.
    ///
    /// # Errors
    /// Before anything is sent: an invalid key or value, a key that may be that of another entity's
    /// item (see [`allow_delimiters`](Self::allow_delimiters)), an item of more than 400 KB, a put
    /// with a condition, or several writes of one item ([`is_invalid_request`](Error::is_invalid_request),
    /// naming them). When the service or network fails, or throttles longer than the backoff allows
    /// ([`is_throttled`](Error::is_throttled)): then the error carries exactly the writes that
    /// DynamoDB has not confirmed, as keys ([`unprocessed`](Error::unprocessed)) and as a batch to
    /// send again ([`into_unprocessed`](Error::into_unprocessed)). If a response was lost, some of
    /// these writes may have been carried out.
    pub async fn send(self, db: &Db) -> Result<(), Error> {
        self.execute(db).await.map(|_| ())
    }

    /// Sends the batch as [`send`](Self::send) does, and returns the capacity that each request
    /// consumed for each table.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(mut self, db: &Db) -> Result<Vec<ConsumedCapacity>, Error> {
        self.measure = true;
        self.execute(db).await
    }

    /// Returns the first requests as they are sent, each as JSON, with the tables' names as the
    /// code declares them.
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
        let plan = self.plan(Arc::from, SystemTime::now())?;
        let chunks = plan.chunks();
        let requests = chunks.iter().map(|chunk| plan.request(chunk));
        requests
            .map(|r| crate::client::request::text(r?.1))
            .collect()
    }

    fn plan(
        mut self,
        resolve: impl Fn(&'static str) -> Arc<str>,
        now: SystemTime,
    ) -> Result<BatchPlan, Error> {
        if let Some(e) = self.invalid.take() {
            return Err(e);
        }
        for write in &mut self.writes {
            if !self.allow_delimiters {
                write.check_key()?;
            }
            write.make(now)?;
        }
        let writes = self.writes.iter();
        let tables: Vec<_> = writes.map(|w| resolve(w.schema.table)).collect();
        BatchPlan::new(self, tables)
    }

    async fn execute(self, db: &Db) -> Result<Vec<ConsumedCapacity>, Error> {
        let named = |e: Error| e.in_operation("BatchWriteItem");
        let plan = Arc::new(
            self.plan(|table| db.resolve(table), db.now())
                .map_err(named)?,
        );
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
                allow_delimiters: true, // checked before
                measure: plan.measure,
                unconfirmed: outcome.unconfirmed,
                ..BatchWrite::default()
            };
            return Err(named(error).leaving(left));
        }
        let mut capacity = capacity.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut capacity))
    }

    /// Returns the declared table and the canonical key of each write.
    pub(crate) fn canonical_keys(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.writes
            .iter()
            .map(|w| (w.schema.table, w.canonical_key.as_slice()))
    }

    /// Appends the writes of another batch.
    pub(crate) fn append(&mut self, other: BatchWrite) {
        self.writes.extend(other.writes);
        self.allow_delimiters |= other.allow_delimiters;
        self.unconfirmed += other.unconfirmed;
    }

    /// Adds a put, or returns the reason why a batch cannot do it.
    pub(crate) fn try_put<P: IntoBatchPut>(&mut self, put: P) -> Result<(), Error> {
        let mut write = Write::put(put.into_put())?;
        if !self.allow_delimiters {
            write.check_key()?;
        }
        self.writes.push(write);
        Ok(())
    }
}

impl Unfinished for BatchWrite {
    fn count(&self) -> usize {
        self.len()
    }

    fn unconfirmed(&self) -> usize {
        self.unconfirmed
    }

    fn keys(&self) -> Box<dyn Iterator<Item = (TypeId, &[u8])> + '_> {
        Box::new(self.writes.iter().map(|w| (w.entity, w.key.as_slice())))
    }
}

impl fmt::Display for BatchWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let undone = self.len().saturating_sub(self.unconfirmed);
        match (undone, self.unconfirmed) {
            (undone, 0) => write!(f, "{undone} writes were not done"),
            (0, open) => write!(f, "{open} writes are not confirmed and may have been done"),
            (undone, open) => write!(
                f,
                "{undone} writes were not done, and {open} are not confirmed and may have been done"
            ),
        }
    }
}

impl Error {
    /// Returns the writes that a failed batch has not done, or that are [not
    /// confirmed](Self::unconfirmed_count), to be sent again. `None` for other errors.
    pub fn into_unprocessed(mut self) -> Option<BatchWrite> {
        match self.take_left::<UnfinishedLoad>() {
            Some(load) => Some(load.writes),
            None => self.take_left(),
        }
    }
}
