//! BatchWriteItem: [`BatchWrite`].

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::backoff::Backoff;
use super::batch::{self, Left, Settings};
use super::capacity::ConsumedCapacity;
use super::identity::identity;
use super::put::Put;
use super::response::read_capacities;
use super::transaction::after_table;
use crate::db::Db;
use crate::entity::{Entity, Lock, Unversioned, WritableInBatch};
use crate::error::Error;
use crate::key::Key;
use crate::observe::{Counts, Observed};
use crate::schema::EntitySchema;
use crate::transport;
use crate::wire::{ReadError, Reader, Writer};

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

/// One write, rendered.
#[derive(Clone)]
struct Write {
    schema: &'static EntitySchema,
    entity: TypeId,
    key: Vec<u8>,
    identity: Vec<u8>,
    /// `{"PutRequest":{..}}` or `{"DeleteRequest":{..}}`.
    request: Vec<u8>,
}

impl fmt::Debug for BatchWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWrite")
            .field("writes", &self.writes.len())
            .finish_non_exhaustive()
    }
}

/// Puts that a batch can do: an entity without a version, and `entity.put().unversioned()`.
#[diagnostic::on_unimplemented(
    message = "a batch cannot do `{Self}`",
    label = "not a put that a batch can do",
    note = "BatchWriteItem has no conditions: a batch takes entities, and `entity.put().unversioned()` where they have a version; what has unique attributes is put one by one, or in a `Transaction`"
)]
pub trait IntoBatchPut {
    /// The entity.
    type Entity: Entity;
    #[doc(hidden)]
    fn into_put(self) -> Put<Self::Entity, Unversioned>;
}

/// Locks of writes that check no version.
#[diagnostic::on_unimplemented(
    message = "a batch cannot check versions, and this put does",
    label = "the entity has a version",
    note = "BatchWriteItem has no conditions: say `.put(entity.put().unversioned())` to overwrite whatever is stored, or put it in a `Transaction`"
)]
pub trait Unconditional: Lock {}
impl Unconditional for Unversioned {}

impl<E: Entity> IntoBatchPut for E
where
    E::Lock: Unconditional,
    E::Guards: WritableInBatch,
{
    type Entity = E;
    fn into_put(self) -> Put<E, Unversioned> {
        self.put().unversioned()
    }
}

impl<E: Entity, L: Unconditional> IntoBatchPut for Put<E, L>
where
    E::Guards: WritableInBatch,
{
    type Entity = E;
    fn into_put(self) -> Put<E, Unversioned> {
        self.unversioned()
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
    pub fn delete<E: Entity>(mut self, key: Key<E>) -> Self
    where
        E::Guards: WritableInBatch,
    {
        self.add(Write::delete(&key));
        self
    }

    /// Deletes the items with these keys, whatever they are.
    pub fn delete_all<E: Entity>(mut self, keys: impl IntoIterator<Item = Key<E>>) -> Self
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
        requests.map(|r| super::text(r?.1)).collect()
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
            return Err(named(error).leaving(Left::Writes(left)));
        }
        let mut capacity = capacity.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut capacity))
    }

    /// The keys of the writes, and the types of their entities.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (TypeId, &[u8])> {
        self.writes.iter().map(|w| (w.entity, w.key.as_slice()))
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

impl Write {
    fn put<E: Entity>(put: Put<E, Unversioned>) -> Result<Self, Error> {
        let named = |e: Error| e.of_entity(E::SCHEMA.entity);
        if put.is_conditional() {
            return Err(named(Error::invalid_request(
                "a batch has no conditions; it takes `put()` without `when`, not `create` or `replace`",
            )));
        }
        let write = put.into_part().and_then(|(entity, _, body)| {
            let key = entity.key_of();
            let item = after_table(body)?;
            Self::new(&key, "PutRequest", item.get(1..).unwrap_or_default())
        });
        write.map_err(named)
    }

    fn delete<E: Entity>(key: &Key<E>) -> Result<Self, Error> {
        let json = key.json()?;
        let rest = [b"\"Key\":", json, b"}"].concat();
        Self::new(key, "DeleteRequest", &rest).map_err(|e| e.of_entity(E::SCHEMA.entity))
    }

    /// `rest` is the request after its `{`.
    fn new<E: Entity>(key: &Key<E>, verb: &str, rest: &[u8]) -> Result<Self, Error> {
        let json = key.json()?;
        Ok(Write {
            schema: E::SCHEMA,
            entity: TypeId::of::<E>(),
            key: json.to_vec(),
            identity: identity(json, &E::SCHEMA.key)?,
            request: [b"{\"", verb.as_bytes(), b"\":{", rest, b"}"].concat(),
        })
    }
}

/// A checked batch: no two writes of one item.
struct Plan {
    writes: Vec<Write>,
    tables: Vec<Arc<str>>,
    by_identity: HashMap<(Arc<str>, Vec<u8>), usize>,
    settings: Settings,
    measure: bool,
}

impl Plan {
    fn new(batch: BatchWrite, tables: Vec<Arc<str>>) -> Result<Self, Error> {
        let mut plan = Plan {
            writes: Vec::with_capacity(batch.writes.len()),
            tables: Vec::with_capacity(batch.writes.len()),
            by_identity: HashMap::with_capacity(batch.writes.len()),
            settings: batch.settings,
            measure: batch.measure,
        };
        for (position, (write, table)) in batch.writes.into_iter().zip(tables).enumerate() {
            let item = (table.clone(), write.identity.clone());
            match plan.by_identity.get(&item).copied() {
                None => {
                    plan.by_identity.insert(item, plan.writes.len());
                    plan.writes.push(write);
                    plan.tables.push(table);
                }
                Some(first) if batch.last_wins => {
                    if let Some(place) = plan.writes.get_mut(first) {
                        *place = write;
                    }
                }
                // Without `last_wins` no write is dropped, so positions are those of the batch.
                Some(first) => {
                    return Err(Error::invalid_request(format!(
                        "writes {} and {} of the batch, the latter of {}, are about the same item; \
                         leave one out, or say `last_wins()`",
                        first + 1,
                        position + 1,
                        write.schema.entity,
                    )));
                }
            }
        }
        Ok(plan)
    }

    fn chunks(&self) -> Vec<Vec<usize>> {
        let mut chunks = Vec::new();
        let mut chunk = Vec::new();
        let mut bytes = 0;
        for (i, (write, table)) in self.writes.iter().zip(&self.tables).enumerate() {
            let length = write.request.len() + table.len() + 8;
            if chunk.len() == MAX_WRITES || (!chunk.is_empty() && bytes + length > MAX_BYTES - 256)
            {
                chunks.push(std::mem::take(&mut chunk));
                bytes = 0;
            }
            chunk.push(i);
            bytes += length;
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
        chunks
    }

    fn request(&self, chunk: &[usize]) -> Result<(Vec<Arc<str>>, Vec<u8>), Error> {
        let mut by_table: Vec<(&Arc<str>, Vec<&Write>)> = Vec::new();
        for i in chunk {
            let (Some(write), Some(table)) = (self.writes.get(*i), self.tables.get(*i)) else {
                continue;
            };
            match by_table.iter_mut().find(|(t, _)| *t == table) {
                Some((_, writes)) => writes.push(write),
                None => by_table.push((table, vec![write])),
            }
        }
        let length: usize = by_table
            .iter()
            .flat_map(|(_, writes)| writes)
            .map(|w| w.request.len() + 1)
            .sum();
        let mut w = Writer::with_capacity(length + 256);
        w.raw(b"{\"RequestItems\":{");
        for (table, writes) in &by_table {
            w.comma();
            w.raw(b"\"");
            w.text(table);
            w.raw(b"\":[");
            for write in writes {
                w.comma();
                w.raw(&write.request);
            }
            w.raw(b"]");
        }
        w.raw(b"}");
        if self.measure {
            w.raw(b",\"ReturnConsumedCapacity\":\"INDEXES\"");
        }
        w.raw(b"}");
        let tables = by_table.iter().map(|(table, _)| (*table).clone()).collect();
        Ok((tables, w.finish().map_err(Error::write)?))
    }

    /// The write of the chunk that an unprocessed item or key is of.
    fn find(&self, table: &str, chunk: &[usize], json: &[u8]) -> Result<usize, ReadError> {
        let of_table = chunk
            .iter()
            .find(|i| self.tables.get(**i).is_some_and(|t| **t == *table));
        let found = of_table.and_then(|i| {
            let identity = identity(json, &self.writes.get(*i)?.schema.key).ok()?;
            let table = self.tables.get(*i)?.clone();
            self.by_identity.get(&(table, identity)).copied()
        });
        found.ok_or_else(|| ReadError::expected("a write that was asked for"))
    }
}

/// Sends the chunk, and returns the writes that DynamoDB left undone.
async fn write_chunk(
    db: Db,
    plan: Arc<Plan>,
    capacity: Arc<Mutex<Vec<ConsumedCapacity>>>,
    chunk: Vec<usize>,
) -> Result<Vec<usize>, Error> {
    let (tables, body) = plan.request(&chunk)?;
    let answer = db
        .call_tables::<transport::BatchWriteItem, _>(tables, chunk.len(), body, decode)
        .await
        .map_err(Error::failure)?
        .output;
    capacity
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(answer.capacity);
    let unprocessed = answer.unprocessed.iter();
    let unprocessed = unprocessed.map(|(table, json)| plan.find(table, &chunk, json));
    Ok(unprocessed.collect::<Result<_, _>>()?)
}

#[derive(Default)]
struct Answer {
    /// Table, and item or key.
    unprocessed: Vec<(String, Vec<u8>)>,
    capacity: Vec<ConsumedCapacity>,
}

impl Observed for Answer {
    fn capacity(&self) -> &[ConsumedCapacity] {
        &self.capacity
    }
    fn counts(&self) -> Counts {
        Counts {
            unprocessed: Some(self.unprocessed.len() as u64),
            ..Counts::default()
        }
    }
}

fn decode(body: &[u8]) -> Result<Answer, ReadError> {
    let mut answer = Answer::default();
    let mut r = Reader::new(body)?;
    r.members(|name, r| match name {
        "UnprocessedItems" if !r.json_null() => r.members(|table, r| {
            r.json_list(|r| {
                r.members(|_verb, r| {
                    if r.json_null() {
                        return Ok(());
                    }
                    r.members(|_item_or_key, r| {
                        let json = r.raw_value()?.to_vec();
                        answer.unprocessed.push((table.to_owned(), json));
                        Ok(())
                    })
                })
            })
        }),
        // A `null` was passed over.
        "UnprocessedItems" => Ok(()),
        "ConsumedCapacity" => read_capacities(r, &mut answer.capacity),
        _ => r.skip_value(),
    })?;
    r.finish()?;
    Ok(answer)
}
