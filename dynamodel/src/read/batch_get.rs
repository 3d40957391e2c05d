//! BatchGetItem: [`BatchGet`], and [`batch_get`] for several entities.

mod fetch;
mod items;
mod key_table;
mod plan;
mod reads;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::client::batch::Settings;
use crate::client::capacity::{ConsumedCapacity, Measured};
use crate::client::db::Db;
use crate::client::retry::Backoff;
use crate::error::Error;
use crate::model::entity::{Item, Primary, Projection, SelectableFrom};
use crate::model::key::{Key, KeyList};

#[allow(
    unreachable_pub,
    reason = "hidden parts of the public trait `KeyedReads`"
)]
pub use fetch::RequestedKeys;
#[allow(
    unreachable_pub,
    reason = "hidden parts of the public trait `KeyedReads`"
)]
pub use items::{Items, ReadItems};

/// Reads any number of items by their keys: BatchGetItem.
///
/// The output has the order of the keys, with `None` where there is no item. A key may occur
/// several times; it is read once. Keys are sent in chunks of 100, several [at a
/// time](Self::concurrency); keys that DynamoDB leaves unprocessed, because it throttles or the
/// response would exceed 16 MB, are requested again within the [`backoff`](Self::backoff). Costs
/// the same as single reads of the items.
///
/// ```
/// # use dynamodel::{BatchGet, Db, Entity};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "users")]
/// # struct User { #[dynamo(partition)] id: String, name: String }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<User>().await?;
/// # let ada = User { id: "u1".into(), name: "Ada".into() }.create().send(&db).await?;
/// let keys = ["u2", "u1", "u2"].map(User::key);
/// let found: Vec<Option<User>> = BatchGet::new(keys).send(&db).await?;
/// assert_eq!(found, [None, Some(ada), None]);
/// # Ok(())
/// # }
/// ```
///
/// Source: [BatchGetItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
#[must_use = "a batch does nothing until it is sent"]
pub struct BatchGet<E, O = E> {
    keys: KeyList<E>,
    consistent: bool,
    settings: Settings,
    _output: PhantomData<fn() -> O>,
}

impl<E, O> Clone for BatchGet<E, O> {
    fn clone(&self) -> Self {
        BatchGet {
            keys: self.keys.clone(),
            consistent: self.consistent,
            settings: self.settings,
            _output: PhantomData,
        }
    }
}

impl<E: Item, O> fmt::Debug for BatchGet<E, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchGet")
            .field("entity", &E::ITEM_SCHEMA.entity)
            .field("keys", &self.keys.len())
            .field("consistent", &self.consistent)
            .finish_non_exhaustive()
    }
}

impl<E: Item> BatchGet<E> {
    /// Creates a read of the items with these keys, which the entity's `key` constructor makes.
    pub fn new(keys: impl IntoIterator<Item = Key<E>>) -> Self {
        BatchGet {
            keys: keys.into_iter().collect(),
            consistent: false,
            settings: Settings::default(),
            _output: PhantomData,
        }
    }
}

impl<E: Item, O: Projection<Entity = E>> BatchGet<E, O> {
    /// Reads with strong consistency: every write that was acknowledged before is seen. Costs twice
    /// as much.
    pub fn consistent(mut self) -> Self {
        self.consistent = true;
        self
    }

    /// Reads only the attributes of `P`. Costs as much as whole items, but saves transfer and
    /// decoding.
    pub fn select<P>(self) -> BatchGet<E, P>
    where
        P: Projection<Entity = E> + SelectableFrom<Primary<E>>,
    {
        BatchGet {
            keys: self.keys,
            consistent: self.consistent,
            settings: self.settings,
            _output: PhantomData,
        }
    }

    /// Limits the number of requests in flight at once. The default is 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// Sets how often and how long to retry keys that DynamoDB leaves unprocessed.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// Sends the batch: one round trip for each 100 keys, and more for keys that DynamoDB leaves
    /// unprocessed. A batch without keys is not sent.
    ///
    /// Dropping the future ends the read: no further requests are started, the items read so far
    /// are dropped, and nothing is changed.
    ///
    /// # Errors
    /// An invalid key, before anything is sent. Or an item cannot be read as `O`, the service or
    /// network fails, or throttles longer than the backoff allows
    /// ([`is_throttled`](Error::is_throttled)): then no item that was read is lost. The error
    /// carries the items that were [`found`](Error::found), and the keys that were not read, or
    /// whose items cannot be read, are [`unprocessed`](Error::unprocessed).
    pub async fn send(self, db: &Db) -> Result<Vec<Option<O>>, Error> {
        let settings = self.settings;
        Ok(call(self, settings, false, db).await?.output)
    }

    /// Returns the first requests as they are sent, each as JSON, with the tables' names as the
    /// code declares them.
    ///
    /// # Errors
    /// An invalid key.
    ///
    /// ```
    /// # use dynamodel::{BatchGet, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "notes")]
    /// # struct Note { #[dynamo(partition)] id: u64 }
    /// let requests = BatchGet::new((0..150).map(Note::key)).consistent().to_json()?;
    /// assert_eq!(requests.len(), 2); // DynamoDB takes 100 at a time
    /// assert!(requests[1].ends_with(r#"{"id":{"N":"149"}}],"ConsistentRead":true}}}"#));
    /// # Ok::<(), dynamodel::Error>(())
    /// ```
    pub fn to_json(&self) -> Result<Vec<String>, Error> {
        requests(self.clone())
    }

    /// Sends the batch as [`send`](Self::send) does, and returns the total consumed capacity too.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(self, db: &Db) -> Result<Measured<Vec<Option<O>>>, Error> {
        let settings = self.settings;
        let Fetched {
            output,
            consumed_capacity,
        } = call(self, settings, true, db).await?;
        let mut sum: Option<ConsumedCapacity> = None;
        for capacity in consumed_capacity {
            match &mut sum {
                Some(sum) => sum.add(&capacity),
                None => sum = Some(capacity),
            }
        }
        Ok(Measured {
            output,
            consumed_capacity: sum,
        })
    }
}

/// Reads the keys of several entities, of one or several tables, together in as few requests as
/// possible.
///
/// ```
/// # use dynamodel::{BatchGet, Db, Entity, batch_get};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "users")]
/// # struct User { #[dynamo(partition)] id: String }
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "orders")]
/// # struct Order { #[dynamo(partition)] number: u64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<User>().await?;
/// # db.create_table::<Order>().await?;
/// # let order = Order { number: 7 }.create().send(&db).await?;
/// let users = BatchGet::new(["u1", "u2"].map(User::key));
/// let orders = BatchGet::new([Order::key(7)]).consistent();
/// let (users, orders) = batch_get((users, orders)).send(&db).await?;
/// assert_eq!(users, [None, None]);
/// assert_eq!(orders, [Some(order)]);
/// # Ok(())
/// # }
/// ```
pub fn batch_get<B: KeyedReads>(batches: B) -> BatchGets<B> {
    BatchGets {
        batches,
        settings: Settings::default(),
    }
}

/// Read of the keys of several entities. From [`batch_get`].
#[must_use = "a batch does nothing until it is sent"]
pub struct BatchGets<B> {
    batches: B,
    settings: Settings,
}

impl<B> fmt::Debug for BatchGets<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchGets").finish_non_exhaustive()
    }
}

impl<B: KeyedReads> BatchGets<B> {
    /// Limits the number of requests in flight at once. The default is 4. The settings of the
    /// single batches are ignored.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.settings.concurrency = requests;
        self
    }

    /// Sets how often and how long to retry keys that DynamoDB leaves unprocessed.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.settings.backoff = backoff;
        self
    }

    /// Sends the batches.
    ///
    /// # Errors
    /// As [`BatchGet::send`].
    pub async fn send(self, db: &Db) -> Result<B::Output, Error> {
        Ok(call(self.batches, self.settings, false, db).await?.output)
    }

    /// Returns the first requests as they are sent, each as JSON, with the tables' names as the
    /// code declares them.
    ///
    /// # Errors
    /// An invalid key.
    pub fn to_json(&self) -> Result<Vec<String>, Error> {
        requests(self.batches.clone())
    }
}

/// A [`BatchGet`], or a tuple of up to 12 of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not made of `BatchGet`s",
    label = "expected `BatchGet`s",
    note = "`batch_get` takes a tuple of up to 12 `BatchGet`s"
)]
pub trait KeyedReads: Clone {
    /// Items that were found, in the same shape as the batches.
    type Output;
    #[doc(hidden)]
    type Items: Send + 'static;
    /// Adds the keys, and creates the storage for their items.
    #[doc(hidden)]
    fn ask(self, requested: &mut RequestedKeys) -> Result<Self::Items, Error>;
    /// Appends the readers of each part's items, in the order of the parts.
    #[doc(hidden)]
    fn readers<'i>(items: &'i mut Self::Items, readers: &mut Vec<&'i mut dyn ReadItems>);
    #[doc(hidden)]
    fn output(items: Self::Items) -> Self::Output;
}

impl<E: Item, O: Projection<Entity = E>> KeyedReads for BatchGet<E, O> {
    type Output = Vec<Option<O>>;
    type Items = Items<O>;

    fn ask(self, requested: &mut RequestedKeys) -> Result<Items<O>, Error> {
        let items = Items::new(self.keys.len());
        requested.push(self.keys, self.consistent, O::FETCHED, |item| {
            crate::wire::read_item(item, O::read_item).is_ok()
        })?;
        Ok(items)
    }

    fn readers<'i>(items: &'i mut Items<O>, readers: &mut Vec<&'i mut dyn ReadItems>) {
        readers.push(items);
    }

    fn output(items: Items<O>) -> Vec<Option<O>> {
        items.into_vec()
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($name: KeyedReads),*> KeyedReads for ($($name,)*) {
            type Output = ($($name::Output,)*);
            type Items = ($($name::Items,)*);
            #[allow(non_snake_case, reason = "the variables are named like the types")]
            fn ask(self, requested: &mut RequestedKeys) -> Result<Self::Items, Error> {
                let ($($name,)*) = self;
                Ok(($($name.ask(requested)?,)*))
            }
            #[allow(non_snake_case, reason = "the variables are named like the types")]
            fn readers<'i>(
                items: &'i mut Self::Items,
                readers: &mut Vec<&'i mut dyn ReadItems>,
            ) {
                let ($($name,)*) = items;
                $($name::readers($name, readers);)*
            }
            #[allow(non_snake_case, reason = "the variables are named like the types")]
            fn output(items: Self::Items) -> Self::Output {
                let ($($name,)*) = items;
                ($($name::output($name),)*)
            }
        }
    )*};
}
tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}

/// Output, and the consumed capacity of each request.
struct Fetched<T> {
    output: T,
    consumed_capacity: Vec<ConsumedCapacity>,
}

fn requests<B: KeyedReads>(batches: B) -> Result<Vec<String>, Error> {
    let mut requested = RequestedKeys::default();
    batches.ask(&mut requested)?;
    let bodies = plan::GetPlan::new(requested, false, Arc::from)?.bodies()?;
    bodies
        .into_iter()
        .map(crate::client::request::text)
        .collect()
}

async fn call<B: KeyedReads>(
    batches: B,
    settings: Settings,
    measure: bool,
    db: &Db,
) -> Result<Fetched<B::Output>, Error> {
    let named = |e: Error| e.in_operation("BatchGetItem");
    let mut requested = RequestedKeys::default();
    let items = batches.ask(&mut requested).map_err(named)?;
    let found = fetch::fetch::<B>(requested, items, settings, measure, db)
        .await
        .map_err(named)?;
    Ok(Fetched {
        output: B::output(found.items),
        consumed_capacity: found.capacity,
    })
}
