//! PutItem: `create`, `put` and `replace`.

use std::any::TypeId;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use super::immutable;
use super::precondition::{Expected, Precondition, fresh_token, raise_version, write_item};
use super::request::{self, Failed, Started, Verb, WriteContext, WriteRequest};
use super::return_values::{Lenient, Old, PutReturned, Stored};
use super::transaction::Step;
use super::unique::{self, Effect, WritingOutput};
use crate::client::capacity::{ConsumedCapacity, Measured};
use crate::client::db::Db;
use crate::client::request::Response;
use crate::client::response::Single;
use crate::error::Error;
use crate::model::entity::{Guards, Item, Lock, Unversioned};
use crate::model::expr::ast::Node;
use crate::model::expr::render::Body;
use crate::model::expr::{Condition, Fields, InCondition, Prefix};
use crate::model::key::Key;
use crate::wire::Writer;

/// Writes a whole item: PutItem. Made by [`create`](crate::Entity::create), [`put`](crate::Entity::put) and
/// [`replace`](crate::Entity::replace).
///
/// Costs one write of the item's size, also when the condition fails. `L` is the entity's lock:
/// [`Versioned`](crate::model::Versioned) puts check and raise the version; `R` determines the return
/// value.
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
/// song("Aria", 2001).create().send(&db).await?;
/// let err = song("Aria", 1999).create().send(&db).await.unwrap_err();
/// assert!(err.is_condition_failed()); // it exists
/// assert_eq!(err.current::<Song>().map(|s| s.year), Some(2001));
///
/// let old = song("Aria", 1999).put().when(|s| s.plays.lt(10)).returning_old().send(&db).await?;
/// assert_eq!(old.map(|s| s.year), Some(2001));
/// # Ok(())
/// # }
/// ```
///
/// With a `#[dynamo(unique)]` attribute the put is a transaction of the item and its unique items:
/// it costs twice as much as a put, and as much again for each unique item that is written or
/// deleted. `put` and `replace` read the item before (one more round trip, a strongly consistent
/// read), and start over when another writer changed a unique attribute in between.
///
/// Source: [PutItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html).
#[must_use = "an operation does nothing until it is sent"]
pub struct Put<E: Item, L = <E as Item>::Lock, R = Stored> {
    entity: E,
    mode: PutMode,
    condition: Option<Node>,
    _types: PhantomData<fn() -> (L, R)>,
}

/// Precondition of a put on the stored item.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutMode {
    Create,
    Put,
    Replace,
    Upsert,
}

impl<E: Item + Clone, L, R> Clone for Put<E, L, R> {
    fn clone(&self) -> Self {
        Put {
            entity: self.entity.clone(),
            mode: self.mode,
            condition: self.condition.clone(),
            _types: PhantomData,
        }
    }
}

impl<E: Item, L, R> fmt::Debug for Put<E, L, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put")
            .field("entity", &E::ITEM_SCHEMA.entity)
            .field("mode", &self.mode)
            .field(
                "when",
                &crate::model::expr::render::debug_node(self.condition.as_ref()),
            )
            .finish_non_exhaustive()
    }
}

impl<E: Item> Put<E, E::Lock, Stored> {
    pub(crate) fn new(entity: E, mode: PutMode) -> Self {
        Put {
            entity,
            mode,
            condition: None,
            _types: PhantomData,
        }
    }
}

impl<E: Item, L: Lock, R: PutReturned<E>> Put<E, L, R> {
    /// Writes only if the condition holds for the stored item, in addition to the precondition of
    /// the put itself. Called twice, both conditions have to hold.
    pub fn when(
        mut self,
        condition: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Condition<E>,
    ) -> Self {
        let node = condition(E::fields(&Prefix::ROOT)).into_node();
        self.condition = Node::also(self.condition, node);
        self
    }

    /// Skips the check of the version, and overwrites changes of other writers. The version is
    /// still raised.
    pub fn unversioned(self) -> Put<E, Unversioned, R> {
        Put {
            entity: self.entity,
            mode: self.mode,
            condition: self.condition,
            _types: PhantomData,
        }
    }

    /// Returns the overwritten item instead of the stored entity. Not with a `#[dynamo(unique)]`
    /// attribute: transactions return nothing, so sending such a put is an [invalid
    /// request](Error::is_invalid_request).
    pub fn returning_old(self) -> Put<E, L, Old> {
        Put {
            entity: self.entity,
            mode: self.mode,
            condition: self.condition,
            _types: PhantomData,
        }
    }

    /// Sends the put. Returns the entity as it is stored: with its new version, times and write
    /// token. One round trip.
    ///
    /// # Errors
    /// [`is_conflict`](Error::is_conflict) when the stored version is another,
    /// [`is_condition_failed`](Error::is_condition_failed) when a condition is not met (both with
    /// [`current`](Error::current)), [`is_ambiguous`](Error::is_ambiguous) in addition when a retry
    /// may have met this call's own write; [`is_unique_violation`](Error::is_unique_violation) when
    /// another item has the value of a `#[dynamo(unique)]` attribute; an invalid key or value or an
    /// item of more than 400 KB before anything is sent; or the service or network fails. With
    /// [`returning_old`](Self::returning_old), an overwritten item that cannot be read
    /// ([`is_unreadable`](Error::is_unreadable)): then the write has happened nevertheless.
    pub async fn send(self, db: &Db) -> Result<R::Output, Error> {
        let mut put = self;
        if E::Guards::GUARDED {
            return Ok(put.call_with_unique_items(db, false).await?.output);
        }
        let Started { context, sending } = put.start(db, false)?;
        Ok(put.finish(sending.await, context)?.output)
    }

    /// Sends the put as [`send`](Self::send) does, and returns the consumed capacity too.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(self, db: &Db) -> Result<Measured<R::Output>, Error> {
        let mut put = self;
        if E::Guards::GUARDED {
            return put.call_with_unique_items(db, true).await;
        }
        let Started { context, sending } = put.start(db, true)?;
        put.finish(sending.await, context)
    }

    /// Returns the request as it is sent, as JSON, with the table's name as the code declares it.
    /// Times and write token are those of this moment. With a `#[dynamo(unique)]` attribute the
    /// request becomes a part of a transaction.
    ///
    /// # Errors
    /// When the item cannot be stored.
    pub fn to_json(mut self) -> Result<String, Error> {
        let (precondition, token) = self.prepare(SystemTime::now())?;
        self.request(E::ITEM_SCHEMA.table, precondition, token)?
            .into_json()
    }

    /// Raises the version, sets times and token, and returns the precondition and the token.
    ///
    /// # Errors
    /// When the type of the version field cannot hold the next version.
    fn prepare(&mut self, now: SystemTime) -> Result<(Precondition, Option<u128>), Error> {
        let token = fresh_token(E::ITEM_SCHEMA)?;
        if self.mode != PutMode::Replace {
            self.entity.fill_ids(now)?;
        }
        let at = self.entity.item_version();
        let version = L::VERSIONED.then_some(match self.mode {
            PutMode::Create => Expected::Absent,
            PutMode::Put | PutMode::Upsert if at == 0 => Expected::Unstored,
            PutMode::Put | PutMode::Replace | PutMode::Upsert => Expected::At(at),
        });
        let next = if self.mode == PutMode::Create {
            1
        } else {
            at.saturating_add(1)
        };
        raise_version(&mut self.entity, next)?;
        self.entity.touch(now);
        if let Some(token) = token {
            self.entity.set_write_token(token);
        }
        let precondition = Precondition {
            version,
            must_exist: self.mode == PutMode::Replace,
            must_not_exist: self.mode == PutMode::Create,
            may_create: self.mode == PutMode::Upsert,
            any_type: false,
        };
        Ok((precondition, token))
    }

    /// `true` if the put has a condition on the stored item.
    pub(crate) fn is_conditional(&self) -> bool {
        !matches!(self.mode, PutMode::Put | PutMode::Upsert)
            || self.condition.is_some()
            || L::VERSIONED
    }

    /// Makes the ids that are not set yet, and returns the key.
    pub(crate) fn key(&mut self, now: SystemTime) -> Result<Key<E>, Error> {
        self.entity.fill_ids(now)?;
        Ok(self.entity.item_key())
    }

    /// Renders the put for a batch.
    pub(crate) fn into_part(mut self, now: SystemTime) -> Result<Vec<u8>, Error> {
        let (mut precondition, token) = self.prepare(now)?;
        // A batch has no conditions, so it checks neither the type nor immutable attributes.
        precondition.any_type = true;
        let request = self.unchecked_request("", precondition, token)?;
        request.render(false)
    }

    /// Makes the put a step of a transaction: returns the entity as it will be stored, and the
    /// step.
    pub(crate) fn into_step(mut self, now: SystemTime) -> Result<(E, Step), Error> {
        let step = self.step(now)?;
        Ok((self.entity, step))
    }

    fn step(&mut self, now: SystemTime) -> Result<Step, Error> {
        let (precondition, token) = self.prepare(now)?;
        let (entity, key) = (TypeId::of::<E>(), self.entity.item_key());
        if E::ITEM_SCHEMA.unique.is_empty() {
            let request = self.request("", precondition, token)?;
            return request.into_step(entity, key.json()?, None);
        }
        let mut w = Writer::with_capacity(E::ITEM_SCHEMA.item_capacity());
        write_item(&mut w, &self.entity).map_err(Error::limit)?;
        let item = w.finish().map_err(Error::write)?;
        let mut body = Body::new("", item.len() + 256);
        body.member("Item", &item);
        let effect = Effect::from_item(E::ITEM_SCHEMA, &item)?;
        let mut request = self.request_of(body, precondition, token);
        if self.mode != PutMode::Create {
            request.condition = immutable::with_kept(request.condition, E::IMMUTABLE, &item)?;
        }
        request.into_step(entity, key.json()?, Some(effect))
    }

    fn request(
        &self,
        table: &str,
        precondition: Precondition,
        token: Option<u128>,
    ) -> Result<WriteRequest<'_>, Error> {
        let mut request = self.unchecked_request(table, precondition, token)?;
        if !E::IMMUTABLE.is_empty() && self.mode != PutMode::Create {
            let item = self.item()?;
            request.condition = immutable::with_kept(request.condition, E::IMMUTABLE, &item)?;
        }
        Ok(request)
    }

    /// Returns the item, as JSON.
    fn item(&self) -> Result<Vec<u8>, Error> {
        let mut w = Writer::with_capacity(E::ITEM_SCHEMA.item_capacity());
        write_item(&mut w, &self.entity).map_err(Error::limit)?;
        w.finish().map_err(Error::write)
    }

    fn unchecked_request(
        &self,
        table: &str,
        precondition: Precondition,
        token: Option<u128>,
    ) -> Result<WriteRequest<'_>, Error> {
        let mut body = Body::new(table, E::ITEM_SCHEMA.item_capacity());
        let mut size = Ok(());
        body.member_with("Item", |w| size = write_item(w, &self.entity));
        size.map_err(Error::limit)?;
        Ok(self.request_of(body, precondition, token))
    }

    fn request_of(
        &self,
        body: Body,
        precondition: Precondition,
        token: Option<u128>,
    ) -> WriteRequest<'_> {
        WriteRequest {
            verb: Verb::Put,
            schema: E::ITEM_SCHEMA,
            body,
            condition: self.condition.as_ref().map(Cow::Borrowed),
            precondition,
            token,
            return_values: R::PARAMETER,
        }
    }

    fn start<'d>(&mut self, db: &'d Db, measure: bool) -> Result<Started<'d>, Error> {
        let (precondition, token) = self.prepare(db.now()).map_err(named::<E>)?;
        let table = db.resolve(E::ITEM_SCHEMA.table);
        let request = self.request(&table, precondition, token);
        request.map_err(named::<E>)?.start(db, table, measure)
    }

    fn finish(
        self,
        response: Response,
        context: WriteContext,
    ) -> Result<Measured<R::Output>, Error> {
        let failed = match context.single(response, R::decode) {
            Ok(Single { item, capacity }) => {
                return Ok(Measured {
                    output: R::output(self.entity, item),
                    consumed_capacity: capacity,
                });
            }
            Err(failed) => failed,
        };
        let Failed { own_write, error } = *failed;
        let error = self.explained(error);
        let own = own_write.map(|_| self.entity).and_then(R::of_own_write);
        own.map_or(Err(error), |output| {
            Ok(Measured {
                output,
                consumed_capacity: None,
            })
        })
    }

    /// Adds the immutable attribute that the put would change to an error of its condition.
    fn explained(&self, error: Error) -> Error {
        if E::IMMUTABLE.is_empty() {
            return error;
        }
        match self.item() {
            Ok(item) => immutable::explained(error, TypeId::of::<E>(), E::IMMUTABLE, &item),
            Err(_) => error,
        }
    }

    /// Sends the put in a transaction with the unique items. Entities that are known at compile
    /// time to have no unique attribute do not compile this function.
    fn call_with_unique_items<'d>(
        mut self,
        db: &'d Db,
        measure: bool,
    ) -> WritingOutput<'d, R::Output> {
        Box::pin(async move {
            let step = unique::check_return_values(R::PARAMETER).and_then(|()| self.step(db.now()));
            let step = step.map_err(named::<E>)?;
            let sent = unique::send_one(db, step, measure).await;
            self.after_transaction(sent)
        })
    }

    fn after_transaction(
        self,
        sent: Result<Option<ConsumedCapacity>, Error>,
    ) -> Result<Measured<R::Output>, Error> {
        let consumed_capacity = sent.map_err(|e| self.explained(named::<E>(e)))?;
        let output = R::of_own_write(self.entity);
        let output = output.ok_or_else(|| named::<E>(unique::no_return_values()))?;
        Ok(Measured {
            output,
            consumed_capacity,
        })
    }
}

impl<E: Item, L: Lock> Put<E, L, Old> {
    /// Gives an item that cannot be read as `Err` with its raw attributes, instead of an error of a
    /// write that [has happened](Error::has_happened). See [`UnreadableItem`](crate::UnreadableItem).
    pub fn lenient(self) -> Put<E, L, Lenient<Old>> {
        Put {
            entity: self.entity,
            mode: self.mode,
            condition: self.condition,
            _types: PhantomData,
        }
    }
}

fn named<E: Item>(error: Error) -> Error {
    request::named(E::ITEM_SCHEMA, Verb::Put, error)
}
