//! DeleteItem: by key, and of a loaded entity.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;

use super::precondition::{Expected, Precondition};
use super::request::{self, Started, Verb, WriteRequest};
use super::return_values::{Lenient, Old, Returned};
use super::transaction::Step;
use super::unique::{self, Effect, WritingOutput};
use crate::client::capacity::Measured;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::{Guards, IsVersioned, Item, Lock, Unversioned};
use crate::model::expr::ast::Node;
use crate::model::expr::{Condition, Fields, InCondition, Prefix};
use crate::model::key::Key;

/// Deletes an item by its key: DeleteItem. Made by the entity's `delete` constructor.
///
/// Deleting an item that does not exist is no error, unless a condition requires it. Costs one
/// write of the item's size.
///
/// ```
/// # use dynamodel::{Db, Entity};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "songs", index(by_year, partition = year, sort = title))]
/// # struct Song { #[dynamo(partition)] artist: String, #[dynamo(sort)] title: String, year: u32, plays: u64 }
/// # fn song(title: &str, year: u32) -> Song { Song { artist: "Nina".into(), title: title.into(), year, plays: 0 } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Song>().await?;
/// # for (title, year) in [("Aria", 2001), ("Ballad", 2002), ("Coda", 2002)] { song(title, year).put().send(&db).await?; }
/// let gone = Song::delete("Nina", "Aria").when(|s| s.plays.eq(0)).returning_old().send(&db).await?;
/// assert_eq!(gone.map(|s| s.year), Some(2001));
///
/// Song::delete("Nina", "Aria").send(&db).await?; // not there: fine
/// let err = Song::delete("Nina", "Aria").must_exist().send(&db).await.unwrap_err();
/// assert!(err.is_not_found());
/// # Ok(())
/// # }
/// ```
///
/// With a `#[dynamo(unique)]` attribute the delete is a transaction of the item and its unique
/// items: it reads the item before (a strongly consistent read), costs twice as much and as much
/// again for each unique item, and returns nothing.
///
/// Source: [DeleteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html).
#[must_use = "an operation does nothing until it is sent"]
pub struct Delete<E, R = ()> {
    key: Key<E>,
    condition: Option<Node>,
    precondition: Precondition,
    _returned: PhantomData<fn() -> R>,
}

impl<E, R> Clone for Delete<E, R> {
    fn clone(&self) -> Self {
        Delete {
            key: self.key.clone(),
            condition: self.condition.clone(),
            precondition: self.precondition,
            _returned: PhantomData,
        }
    }
}

impl<E: Item, R> fmt::Debug for Delete<E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delete")
            .field("key", &self.key)
            .field(
                "when",
                &crate::model::expr::render::debug_node(self.condition.as_ref()),
            )
            .finish_non_exhaustive()
    }
}

impl<E: Item> Delete<E> {
    #[doc(hidden)]
    pub fn new(key: Key<E>) -> Self {
        Delete {
            key,
            condition: None,
            precondition: Precondition::default(),
            _returned: PhantomData,
        }
    }
}

impl<E: Item, R: Returned<E>> Delete<E, R> {
    /// Deletes only if the condition holds. Called twice, both have to hold.
    pub fn when(
        mut self,
        condition: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Condition<E>,
    ) -> Self {
        let node = condition(E::fields(&Prefix::ROOT)).into_node();
        self.condition = Node::also(self.condition, node);
        self
    }

    /// Deletes only an item that exists; otherwise fails with
    /// [`is_not_found`](Error::is_not_found).
    pub fn must_exist(mut self) -> Self {
        self.precondition.must_exist = true;
        self
    }

    /// Deletes only if the item is still at this version.
    pub fn at_version(mut self, version: u64) -> Self
    where
        E::Lock: IsVersioned,
    {
        self.precondition.version = Some(Expected::At(version));
        self
    }

    /// Returns the deleted item, if there was one.
    pub fn returning_old(self) -> Delete<E, Old> {
        Delete {
            key: self.key,
            condition: self.condition,
            precondition: self.precondition,
            _returned: PhantomData,
        }
    }

    /// Sends the delete. One round trip.
    ///
    /// # Errors
    /// [`is_condition_failed`](Error::is_condition_failed) when the condition is not met, and
    /// [`is_conflict`](Error::is_conflict) when the stored version is another, both with
    /// [`current`](Error::current); an invalid key before anything is sent; or the service or
    /// network fails. With [`returning_old`](Self::returning_old), an item that cannot be read
    /// ([`is_unreadable`](Error::is_unreadable)): then the item is deleted nevertheless.
    pub async fn send(self, db: &Db) -> Result<R::Output, Error> {
        Ok(self.call(db, false).await?.output)
    }

    /// Sends the delete as [`send`](Self::send) does, and returns the consumed capacity too.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(self, db: &Db) -> Result<Measured<R::Output>, Error> {
        self.call(db, true).await
    }

    /// Returns the request as it is sent, as JSON, with the table's name as the code declares it.
    ///
    /// # Errors
    /// When the key or a value is invalid.
    pub fn to_json(&self) -> Result<String, Error> {
        self.request(E::ITEM_SCHEMA.table)?.into_json()
    }

    /// Makes the delete a step of a transaction.
    pub(crate) fn into_step(self) -> Result<Step, Error> {
        let has_unique = !E::ITEM_SCHEMA.unique.is_empty();
        let effect = has_unique.then(|| Effect::from_delete(E::ITEM_SCHEMA));
        let request = self.request("")?;
        request.into_step(TypeId::of::<E>(), self.key.json()?, effect)
    }

    fn request(&self, table: &str) -> Result<WriteRequest<'_>, Error> {
        let request = WriteRequest::on_key(
            Verb::Delete,
            E::ITEM_SCHEMA,
            table,
            self.key.json()?,
            self.condition.as_ref(),
            self.precondition,
        );
        Ok(WriteRequest {
            return_values: R::PARAMETER,
            ..request
        })
    }

    async fn call(self, db: &Db, measure: bool) -> Result<Measured<R::Output>, Error> {
        if E::Guards::GUARDED {
            return self.call_with_unique_items(db, measure).await;
        }
        let Started { context, sending } = self.start(db, measure)?;
        context.output::<E, R>(sending.await)
    }

    /// Sends the delete in a transaction with the unique items. Entities that are known at compile
    /// time to have no unique attribute do not compile this function.
    fn call_with_unique_items<'d>(self, db: &'d Db, measure: bool) -> WritingOutput<'d, R::Output> {
        Box::pin(async move {
            let step = unique::check_return_values(R::PARAMETER).and_then(|()| self.into_step());
            let step = step.map_err(named::<E>)?;
            let sent = unique::send_one(db, step, measure).await;
            let consumed_capacity = sent.map_err(named::<E>)?;
            let output = R::of_nothing();
            let output = output.ok_or_else(|| named::<E>(unique::no_return_values()))?;
            Ok(Measured {
                output,
                consumed_capacity,
            })
        })
    }

    fn start<'d>(&self, db: &'d Db, measure: bool) -> Result<Started<'d>, Error> {
        let table = db.resolve(E::ITEM_SCHEMA.table);
        let request = self.request(&table).map_err(named::<E>)?;
        request.start(db, table, measure)
    }
}

fn named<E: Item>(error: Error) -> Error {
    request::named(E::ITEM_SCHEMA, Verb::Delete, error)
}

impl<E: Item> Delete<E, Old> {
    /// Gives an item that cannot be read as `Err` with its raw attributes, instead of an error of a
    /// write that [has happened](Error::has_happened). See [`UnreadableItem`](crate::UnreadableItem).
    pub fn lenient(self) -> Delete<E, Lenient<Old>> {
        Delete {
            key: self.key,
            condition: self.condition,
            precondition: self.precondition,
            _returned: PhantomData,
        }
    }
}

/// Deletes a loaded entity: DeleteItem. Made by [`remove`](crate::Entity::remove).
///
/// With a version field the stored item must still be at the entity's version.
#[must_use = "an operation does nothing until it is sent"]
pub struct Remove<E: Item, L = <E as Item>::Lock, R = ()> {
    delete: Delete<E, R>,
    version: u64,
    _lock: PhantomData<fn() -> L>,
}

impl<E: Item, L, R> fmt::Debug for Remove<E, L, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remove").field(&self.delete).finish()
    }
}

impl<E: Item> Remove<E, E::Lock> {
    pub(crate) fn new(entity: E) -> Self {
        Remove {
            version: entity.item_version(),
            delete: Delete::new(entity.item_key()),
            _lock: PhantomData,
        }
    }
}

impl<E: Item, L: Lock, R: Returned<E>> Remove<E, L, R> {
    /// Deletes only if the condition holds too.
    pub fn when(
        mut self,
        condition: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Condition<E>,
    ) -> Self {
        self.delete = self.delete.when(condition);
        self
    }

    /// Skips the check of the version.
    pub fn unversioned(self) -> Remove<E, Unversioned, R> {
        Remove {
            delete: self.delete,
            version: self.version,
            _lock: PhantomData,
        }
    }

    /// Returns the deleted item, if there was one.
    pub fn returning_old(self) -> Remove<E, L, Old> {
        Remove {
            delete: self.delete.returning_old(),
            version: self.version,
            _lock: PhantomData,
        }
    }

    /// Sends the delete. One round trip.
    ///
    /// # Errors
    /// As [`Delete::send`].
    pub async fn send(self, db: &Db) -> Result<R::Output, Error> {
        self.into_delete().send(db).await
    }

    /// Sends the delete as [`send`](Self::send) does, and returns the consumed capacity too.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(self, db: &Db) -> Result<Measured<R::Output>, Error> {
        self.into_delete().send_measured(db).await
    }

    /// Returns the request as it is sent, as JSON, with the table's name as the code declares it.
    ///
    /// # Errors
    /// When the key or a value is invalid.
    pub fn to_json(self) -> Result<String, Error> {
        self.into_delete().to_json()
    }

    pub(crate) fn into_delete(self) -> Delete<E, R> {
        let mut delete = self.delete;
        if L::VERSIONED {
            delete.precondition.version = Some(Expected::At(self.version));
        }
        delete
    }
}

impl<E: Item, L: Lock> Remove<E, L, Old> {
    /// Gives an item that cannot be read as `Err` with its raw attributes, instead of an error of a
    /// write that [has happened](Error::has_happened). See [`UnreadableItem`](crate::UnreadableItem).
    pub fn lenient(self) -> Remove<E, L, Lenient<Old>> {
        Remove {
            delete: self.delete.lenient(),
            version: self.version,
            _lock: PhantomData,
        }
    }
}
