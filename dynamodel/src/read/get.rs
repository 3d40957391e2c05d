//! GetItem: [`Get`].

use std::fmt;
use std::marker::PhantomData;

use crate::client::capacity::Measured;
use crate::client::db::Db;
use crate::client::request::{Response, Sending};
use crate::client::response::{Single, single};
use crate::error::Error;
use crate::model::entity::{Item, Primary, Projection, SelectableFrom};
use crate::model::expr::render::Body;
use crate::model::item_type;
use crate::model::key::Key;
use crate::model::schema::EntitySchema;
use crate::transport::{self, Failure};
use crate::wire::Fetched;

/// Reads one item by its key: GetItem. Made by the entity's `get` constructor.
///
/// Costs one read of the item's size, or half of that with eventual consistency, which is the
/// default.
///
/// ```
/// # use dynamodel::{Db, Entity, Projection};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "songs", index(by_year, partition = year, sort = title))]
/// # struct Song { #[dynamo(partition)] artist: String, #[dynamo(sort)] title: String, year: u32, plays: u64 }
/// # fn song(title: &str, year: u32) -> Song { Song { artist: "Nina".into(), title: title.into(), year, plays: 0 } }
/// # #[derive(Debug, Projection)]
/// # #[dynamo(of = Song)]
/// # struct Plays { plays: u64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Song>().await?;
/// # for (title, year) in [("Aria", 2001), ("Ballad", 2002), ("Coda", 2002)] { song(title, year).put().send(&db).await?; }
/// let song = Song::get("Nina", "Aria").consistent().send(&db).await?;
/// assert_eq!(song.map(|s| s.year), Some(2001));
///
/// let plays = Song::get("Nina", "Aria").select::<Plays>().send(&db).await?;
/// assert_eq!(plays.map(|p| p.plays), Some(0));
///
/// assert!(Song::get("Nina", "Waltz").send(&db).await?.is_none());
/// # Ok(())
/// # }
/// ```
///
/// Source: [GetItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html).
#[must_use = "an operation does nothing until it is sent"]
pub struct Get<E, O = E> {
    pub(crate) key: Key<E>,
    pub(crate) consistent: bool,
    _output: PhantomData<fn() -> O>,
}

impl<E, O> Clone for Get<E, O> {
    fn clone(&self) -> Self {
        Get {
            key: self.key.clone(),
            consistent: self.consistent,
            _output: PhantomData,
        }
    }
}

impl<E: Item, O> fmt::Debug for Get<E, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get")
            .field("key", &self.key)
            .field("consistent", &self.consistent)
            .finish_non_exhaustive()
    }
}

impl<E: Item> Get<E> {
    #[doc(hidden)]
    pub fn new(key: Key<E>) -> Self {
        Get {
            key,
            consistent: false,
            _output: PhantomData,
        }
    }
}

impl<E: Item, O: Projection<Entity = E>> Get<E, O> {
    /// Reads with strong consistency: every write that was acknowledged before is seen. Costs twice
    /// as much.
    pub fn consistent(mut self) -> Self {
        self.consistent = true;
        self
    }

    /// Reads only the attributes of `P`. Costs as much as the whole item, but saves transfer and
    /// decoding.
    pub fn select<P>(self) -> Get<E, P>
    where
        P: Projection<Entity = E> + SelectableFrom<Primary<E>>,
    {
        Get {
            key: self.key,
            consistent: self.consistent,
            _output: PhantomData,
        }
    }

    /// Returns the request as it is sent, as JSON, with the table's name as the code declares it.
    ///
    /// # Errors
    /// When the key is invalid.
    pub fn to_json(&self) -> Result<String, Error> {
        crate::client::request::text(self.wire().body(E::ITEM_SCHEMA.table, false)?)
    }

    /// Sends the read. `None` when there is no item with this key. One round trip.
    ///
    /// # Errors
    /// When the key is invalid ([`is_invalid_key`](Error::is_invalid_key)), the stored item cannot
    /// be read as `O` ([`is_unreadable`](Error::is_unreadable)), or the service or network fails.
    pub async fn send(self, db: &Db) -> Result<Option<O>, Error> {
        let response = self.start(db, false)?.await;
        Ok(read::<O>(E::ITEM_SCHEMA, response)?.item)
    }

    /// Sends the read as [`send`](Self::send) does, and returns the consumed capacity too.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(self, db: &Db) -> Result<Measured<Option<O>>, Error> {
        let response = self.start(db, true)?.await;
        let Single { item, capacity } = read::<O>(E::ITEM_SCHEMA, response)?;
        Ok(Measured {
            output: item,
            consumed_capacity: capacity,
        })
    }

    fn start(self, db: &Db, measure: bool) -> Result<Sending<'_>, Error> {
        self.wire().send(E::ITEM_SCHEMA, db, measure)
    }

    /// Returns the body for a transaction, which is always consistent and has no parameter for it.
    pub(crate) fn part(&self) -> Result<Vec<u8>, Error> {
        let wire = WireGet {
            consistent: false,
            ..self.wire()
        };
        wire.body("", false)
    }

    fn wire(&self) -> WireGet<'_> {
        WireGet {
            key: self.key.json(),
            consistent: self.consistent,
            attributes: O::FETCHED,
            schema: E::ITEM_SCHEMA,
        }
    }
}

fn read<O: Projection>(
    schema: &EntitySchema,
    response: Response,
) -> Result<Single<Option<O>>, Error> {
    response.decode(single::<O>).map_err(|f| failed(schema, f))
}

/// A get without its types, so that its code compiles once.
struct WireGet<'g> {
    key: Result<&'g [u8], Error>,
    consistent: bool,
    attributes: &'static [Fetched],
    schema: &'static EntitySchema,
}

impl WireGet<'_> {
    fn send<'d>(
        self,
        schema: &'static EntitySchema,
        db: &'d Db,
        measure: bool,
    ) -> Result<Sending<'d>, Error> {
        let table = db.resolve(schema.table);
        let body = self.body(&table, measure).map_err(|e| named(schema, e))?;
        Ok(db.ask(transport::Operation::GetItem, table, None, body))
    }

    fn body(self, table: &str, measure: bool) -> Result<Vec<u8>, Error> {
        let key = self.key?;
        let mut body = Body::new(table, table.len() + key.len() + 96);
        body.member("Key", key);
        if self.consistent {
            body.member("ConsistentRead", b"true");
        }
        if measure {
            body.word("ReturnConsumedCapacity", "INDEXES");
        }
        body.projection(item_type::fetched(self.schema, self.attributes));
        body.finish()
    }
}

fn named(schema: &EntitySchema, error: Error) -> Error {
    error.of_entity(schema.entity).in_operation("GetItem")
}

/// Returns the error of a failed get. Out of line, because nearly all gets succeed.
#[cold]
fn failed(schema: &EntitySchema, failure: Failure) -> Error {
    named(schema, Error::failure(failure))
}
