//! Unique items for items that were stored without them: [`BackfillUnique`].

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;

use futures_util::TryStreamExt;

use super::change::Effect;
use super::read::read;
use super::single::send_one;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::canonical_key::identity;
use crate::model::entity::{IsGuarded, Item, Projection, SelectableFrom, Whole};
use crate::model::key::Key;
use crate::model::unique::{key_json, key_of, owner_attribute, owner_of, same_value, unique_key};
use crate::read::scan::Scan;
use crate::wire::value_in;
use crate::wire::{Fetched, ReadError, Reader};
use crate::write::precondition::Precondition;
use crate::write::request::{Verb, WriteRequest};
use crate::write::transaction::Step;

/// Writes the unique items that stored items lack: for items that were stored before a field was
/// marked `#[dynamo(unique)]`, or by other software than dynamodel.
///
/// First deploy the unique field to every writer, then run this once: from then on each value has
/// its unique item. Until then, an item can lose its value to another one. A backfill can be run
/// again at any time, writes nothing where all is well, and repairs unique items that expire at
/// another time than their owners.
///
/// Reads the whole table with strong consistency, and the unique item of each value: one read unit.
/// For each missing unique item, two more reads and a transaction of two operations, which checks
/// that the owner still has the value. The owners are not written.
///
/// ```
/// # use dynamodel::{BackfillUnique, Db, Entity};
/// mod before {
///     # use dynamodel::Entity;
///     #[derive(Entity)]
///     #[dynamo(table = "users")]
///     pub struct User { #[dynamo(partition)] pub id: String, pub email: String }
/// }
///
/// #[derive(Debug, Clone, PartialEq, Entity)]
/// #[dynamo(table = "users")]
/// struct User { #[dynamo(partition)] id: String, #[dynamo(unique)] email: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<User>().await?;
/// for (id, email) in [("u1", "ada@example.org"), ("u2", "eve@example.org"), ("u3", "eve@example.org")] {
///     before::User { id: id.into(), email: email.into() }.put().send(&db).await?;
/// }
/// let report = BackfillUnique::<User>::new().send(&db).await?;
/// assert_eq!((report.items, report.written), (3, 2));
/// // Two items have one value. The scan decides which of them keeps it; this one has to change.
/// let (key, why) = &report.refused[0];
/// assert!(why.is_unique_violation());
/// assert!(*key == User::key("u2") || *key == User::key("u3"));
///
/// assert!(User::get_by_email("ada@example.org").send(&db).await?.is_some());
/// # Ok(())
/// # }
/// ```
#[must_use = "an operation does nothing until it is sent"]
pub struct BackfillUnique<E> {
    concurrency: usize,
    segments: usize,
    _entity: PhantomData<fn() -> E>,
}

/// Result of a [`BackfillUnique`].
#[non_exhaustive]
pub struct BackfillReport<E> {
    /// Number of items that were checked.
    pub items: u64,
    /// Number of unique items that were written.
    pub written: u64,
    /// Items with a value whose unique item is not theirs, once for each such value, and the
    /// reason: another item has the value ([`is_unique_violation`](Error::is_unique_violation)), or
    /// the value is too long for the key of a unique item
    /// ([`is_invalid_key`](Error::is_invalid_key)). [`attribute_path`](Error::attribute_path)
    /// returns the attribute.
    pub refused: Vec<(Key<E>, Error)>,
}

impl<E: Item> fmt::Debug for BackfillReport<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackfillReport")
            .field("items", &self.items)
            .field("written", &self.written)
            .field("refused", &self.refused)
            .finish()
    }
}

impl<E: Item> fmt::Debug for BackfillUnique<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackfillUnique")
            .field("entity", &E::ITEM_SCHEMA.entity)
            .field("concurrency", &self.concurrency)
            .field("segments", &self.segments)
            .finish()
    }
}

impl<E: Item> Default for BackfillUnique<E>
where
    E::Guards: IsGuarded,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Item> BackfillUnique<E> {
    /// Creates a backfill with one segment, and 8 items at a time.
    pub fn new() -> Self
    where
        E::Guards: IsGuarded,
    {
        BackfillUnique {
            concurrency: 8,
            segments: 1,
            _entity: PhantomData,
        }
    }

    /// Limits the number of items that are checked, and given their unique items, at the same time.
    /// The default is 8.
    pub fn concurrency(mut self, items: usize) -> Self {
        self.concurrency = items.max(1);
        self
    }

    /// Scans the table in this many segments in parallel. The default is 1.
    pub fn segments(mut self, segments: usize) -> Self {
        self.segments = segments;
        self
    }

    /// Sends the backfill. One round trip for each page of 1 MB of the table, and one or more for
    /// each unique value, several at a time.
    ///
    /// Dropping the future before it is ready leaves the unique items that were written.
    ///
    /// # Errors
    /// When the service or network fails, or other writers change an item at every attempt. Unique
    /// items written until then are correct; run the backfill again.
    pub async fn send(self, db: &Db) -> Result<BackfillReport<E>, Error> {
        let scan = Scan::<E>::new().select::<Raw<E>>().consistent();
        let items = scan.segments(self.segments).stream(db);
        let mut report = BackfillReport {
            items: 0,
            written: 0,
            refused: Vec::new(),
        };
        let mut done = items
            .map_ok(|item| item.write_unique_items(db))
            .try_buffer_unordered(self.concurrency);
        while let Some(outcomes) = done.try_next().await? {
            report.items += 1;
            for outcome in outcomes {
                match outcome {
                    Outcome::Well => {}
                    Outcome::Written => report.written += 1,
                    Outcome::Refused(key, why) => report.refused.push((key, why)),
                }
            }
        }
        Ok(report)
    }
}

/// Outcome for one value.
enum Outcome<E> {
    /// The value has its unique item, or needs none.
    Well,
    Written,
    Refused(Key<E>, Error),
}

/// An item as it is stored.
struct Raw<E> {
    json: Vec<u8>,
    _entity: PhantomData<fn() -> E>,
}

impl<E: Item> SelectableFrom<Whole<E>> for Raw<E> {}

impl<E: Item> Projection for Raw<E> {
    type Entity = E;
    const ATTRIBUTES: &'static [&'static str] = &[];
    const FETCHED: &'static [Fetched] = &[];

    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        Ok(Raw {
            json: r.raw_value()?.to_vec(),
            _entity: PhantomData,
        })
    }
}

impl<E: Item> Raw<E> {
    /// Writes the missing unique items of the item's values.
    async fn write_unique_items(self, db: &Db) -> Result<Vec<Outcome<E>>, Error> {
        let named = |e: Error| e.of_entity(E::ITEM_SCHEMA.entity);
        let key = key_of(E::ITEM_SCHEMA, &self.json).map_err(named)?;
        let mut outcomes = Vec::with_capacity(E::ITEM_SCHEMA.unique.len());
        for position in 0..E::ITEM_SCHEMA.unique.len() {
            outcomes.push(match self.write_unique_item(db, &key, position).await {
                Ok(true) => Outcome::Written,
                Ok(false) => Outcome::Well,
                Err(e) if e.is_unique_violation() || e.is_invalid_key() => {
                    Outcome::Refused(Key::from_json(key.clone()), named(e))
                }
                Err(e) => return Err(named(e)),
            });
        }
        Ok(outcomes)
    }

    /// Writes the unique item of this value. Returns `false` if the value needs none, or has it.
    async fn write_unique_item(&self, db: &Db, key: &[u8], position: usize) -> Result<bool, Error> {
        let Some(unique) = E::ITEM_SCHEMA.unique.get(position) else {
            return Ok(false);
        };
        let value = value_in(&self.json, unique.attribute)?;
        let Some(text) = unique_key(E::ITEM_SCHEMA, unique, value)? else {
            return Ok(false);
        };
        if self.has(db, key, &text).await? {
            return Ok(false);
        }
        let sent = send_one(db, step::<E>(key, position)?, false).await;
        sent.map_err(|e| e.in_operation("TransactWriteItems"))?;
        Ok(true)
    }

    /// Returns `true` if the unique item exists, belongs to the item and expires with it.
    async fn has(&self, db: &Db, key: &[u8], text: &str) -> Result<bool, Error> {
        let schema = E::ITEM_SCHEMA;
        let names = owner_attribute().chain(schema.ttl);
        let Some(unique_item) = read(db, schema, &key_json(schema, text)?, names).await? else {
            return Ok(false);
        };
        let Some(owner) = owner_of(&unique_item) else {
            return Ok(false);
        };
        if identity(&owner, &schema.key)? != identity(key, &schema.key)? {
            return Ok(false);
        }
        let Some(ttl) = schema.ttl else {
            return Ok(true);
        };
        Ok(same_value(
            value_in(&unique_item, ttl)?,
            value_in(&self.json, ttl)?,
        ))
    }
}

/// Builds the check that the item is as it was read, so that the unique item can be written along
/// with it.
fn step<E: Item>(key: &[u8], position: usize) -> Result<Step, Error> {
    let effect = Effect::from_backfill(E::ITEM_SCHEMA, position);
    let (verb, precondition) = (Verb::ConditionCheck, Precondition::default());
    let request = WriteRequest::on_key(verb, E::ITEM_SCHEMA, "", key, None, precondition);
    request.into_step(TypeId::of::<E>(), key, Some(effect))
}
