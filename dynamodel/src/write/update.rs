//! UpdateItem: [`Update`].

mod body;
mod create;
mod parents;

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use self::body::kept;
use self::create::Creation;
pub(crate) use self::parents::Nested;
pub use self::parents::UpdateWithParents;
use self::parents::explained;
use super::precondition::{Expected, Precondition, fresh_token};
use super::request::{self, Started, Verb};
use super::return_values::{Lenient, New, Old, Returned, UpdatedNew, UpdatedOld};
use super::transaction::Step;
use super::unique::{self, Effect, WritingOutput};
use crate::client::capacity::Measured;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::{HasPartial, IsVersioned, Item, Lock, MayAllBeAbsent, Patch};
use crate::model::expr::ast::{ActionNode, Assumed, Node, Place, Source, Value, Verb as Action};
use crate::model::expr::{Actions, Condition, Fields, InCondition, InUpdate, IntoActions, Prefix};
use crate::model::key::Key;
use crate::model::schema::EntitySchema;
use crate::model::unique::same_value;
use crate::wire::{WriteError, value_in};
use crate::write::diff::{Changes, Fault, Image};

/// Changes attributes of an item by its key: UpdateItem. Made by the entity's `update` constructor.
///
/// Only the named attributes are written. The item has to exist, because an item of the named
/// attributes alone could not be read as its entity: a missing one is an error that
/// [`is_not_found`](Error::is_not_found). [`or_create`](Self::or_create) creates it in the same
/// request. Every update raises a version field by 1, and maintains `created_at`, `updated_at` and
/// `write_token` fields. Costs one write of the larger of the sizes before and after, also when the
/// condition fails.
///
/// An update that the SDK retries after a lost response may be applied twice, as with any DynamoDB
/// client: harmless for `set`, not for `add`. With a `#[dynamo(write_token)]` field it is applied
/// once, unless another writer changes the item between the two attempts; with
/// [`at_version`](Self::at_version) or in a [`Transaction`](crate::Transaction) never twice.
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
/// Song::update("Nina", "Aria").apply(|s| (s.plays.add(1), s.year.set(2003))).send(&db).await?;
///
/// let song = Song::update("Nina", "Aria")
///     .apply(|s| s.plays.subtract(1))
///     .when(|s| s.plays.ge(1))
///     .returning_new()
///     .send(&db)
///     .await?;
/// assert_eq!((song.plays, song.year), (0, 2003));
/// # Ok(())
/// # }
/// ```
///
/// An update that sets or removes a `#[dynamo(unique)]` attribute, or the Time to Live of an entity
/// with one, is a transaction of the item and its unique items: it reads the item before (a
/// strongly consistent read), costs twice as much and as much again for each unique item that
/// changes, starts over when another writer changed a unique attribute in between, and returns
/// nothing.
///
/// Source: [UpdateItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html).
#[must_use = "an operation does nothing until it is sent"]
pub struct Update<E, R = ()> {
    key: Key<E>,
    actions: Actions,
    condition: Option<Node>,
    precondition: Precondition,
    diff: Option<Diff>,
    /// The item that is created where none is stored.
    creation: Option<Box<Result<Creation, Fault>>>,
    _returned: PhantomData<fn() -> R>,
}

/// State of an update that was made of two values, beside its actions.
#[derive(Clone, Default)]
struct Diff {
    fault: Option<Fault>,
    /// Number of actions that belong to the diff: the first ones of the update.
    actions: usize,
    /// The actions without those on elements of lists, for when no version is checked.
    without_elements: Option<Vec<ActionNode>>,
    /// Values that the index keys rely on, unless the version ensures that nothing changed.
    assumed: Vec<Assumed>,
    /// Maps that are replaced whole, as the diff was shown them.
    shown: Vec<Assumed>,
}

impl<E, R> Clone for Update<E, R> {
    fn clone(&self) -> Self {
        Update {
            key: self.key.clone(),
            actions: self.actions.clone(),
            condition: self.condition.clone(),
            precondition: self.precondition,
            diff: self.diff.clone(),
            creation: self.creation.clone(),
            _returned: PhantomData,
        }
    }
}

impl<E: Item, R> fmt::Debug for Update<E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update")
            .field("key", &self.key)
            .field("apply", &self.actions)
            .field(
                "when",
                &crate::model::expr::render::debug_node(self.condition.as_ref()),
            )
            .finish_non_exhaustive()
    }
}

impl<E: Item> Update<E> {
    #[doc(hidden)]
    pub fn new(key: Key<E>) -> Self {
        Update {
            key,
            actions: Actions::default(),
            condition: None,
            precondition: Precondition {
                must_exist: true,
                ..Precondition::default()
            },
            diff: None,
            creation: None,
            _returned: PhantomData,
        }
    }

    /// Creates the update that turns one value into another.
    pub(crate) fn of_diff(loaded: &E, changed: &E) -> Self {
        let mut update = Update::new(loaded.item_key());
        let changes = Image::from_entity(loaded).and_then(|image| image.changes(changed));
        match changes {
            Ok(changes) => update.set_changes(changes, loaded.item_version()),
            Err(fault) => {
                update.diff = Some(Diff {
                    fault: Some(fault),
                    ..Diff::default()
                });
            }
        }
        update
    }

    /// Creates the update of an item that was read at this version.
    pub(crate) fn from_changes(key: Key<E>, changes: Changes, version: u64) -> Self {
        let mut update = Update::new(key);
        update.set_changes(changes, version);
        update
    }

    fn set_changes(&mut self, changes: Changes, version: u64) {
        let actions = changes.actions.len();
        self.actions = Actions(changes.actions, Vec::new());
        if E::Lock::VERSIONED {
            self.precondition.version = Some(Expected::At(version));
        }
        self.diff = Some(Diff {
            fault: None,
            actions,
            without_elements: changes.without_elements,
            assumed: changes.assumed,
            shown: changes.shown,
        });
    }
}

impl<E: Item, R: Returned<E>> Update<E, R> {
    /// Adds changes: one action, a tuple of up to 24, also of tuples, a `Vec` or an `Option`. Called
    /// twice, both apply.
    pub fn apply<A: IntoActions<E>>(
        mut self,
        actions: impl FnOnce(<E as Fields>::Fields<InUpdate<E>>) -> A,
    ) -> Self {
        actions(E::fields(&Prefix::ROOT)).collect_into(&mut self.actions);
        self
    }

    /// Sets the attributes that have a value in the struct of optional fields, and leaves the others
    /// as they are: for a request that changes some fields, such as an HTTP PATCH.
    ///
    /// `#[dynamo(partial)]` on the entity generates the struct, `PagePartial` for `Page`. `None`
    /// leaves an attribute as it is, optional or not; [`apply`](Self::apply) removes one. The fields
    /// of the key are `None`, or those of the updated key.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// #[derive(Debug, Entity)]
    /// #[dynamo(table = "pages", partial)]
    /// struct Page {
    ///     #[dynamo(partition)]
    ///     url: String,
    ///     title: String,
    ///     note: Option<String>,
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// # Page { url: "/".into(), title: "Home".into(), note: None }.create().send(&db).await?;
    /// let changes = PagePartial { note: Some("new".into()), ..Default::default() };
    /// let page = Page::update("/").patch(changes).returning_new().send(&db).await?;
    /// assert_eq!((&*page.title, page.note.as_deref()), ("Home", Some("new")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sending fails with [`is_invalid_value`](Error::is_invalid_value), before anything is sent,
    /// when the struct has a value of another key, or of an attribute that no update sets.
    pub fn patch<P>(mut self, partial: P) -> Self
    where
        // With `E::Partial` as the argument, an entity without it would be an unknown method.
        E: HasPartial<Partial = P>,
    {
        let mut patch = Patch::default();
        E::patch(&partial, &mut patch);
        let key = self.key.json().unwrap_or_default().to_vec();
        let parts = self.key.parts();
        for (name, value) in patch.0 {
            let action = patched(E::ITEM_SCHEMA, E::IMMUTABLE, &key, parts, name, value);
            self.actions.0.extend(action);
        }
        self
    }

    /// Updates only if the condition holds. Called twice, both have to hold.
    pub fn when(
        mut self,
        condition: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Condition<E>,
    ) -> Self {
        let node = condition(E::fields(&Prefix::ROOT)).into_node();
        self.condition = Node::also(self.condition, node);
        self
    }

    /// Updates only an item that exists, which is the default; otherwise fails with
    /// [`is_not_found`](Error::is_not_found). Takes back an earlier [`or_create`](Self::or_create).
    pub fn must_exist(mut self) -> Self {
        self.precondition.must_exist = true;
        self.precondition.may_create = false;
        self.creation = None;
        self
    }

    /// Creates the item if it does not exist, in the same request.
    ///
    /// A new item is the entity with the actions applied to it: attributes that the actions do not
    /// set come from the entity, and `add`, `increment` and `append` go on from its values. It gets
    /// version 1, the times and the write token as by [`create`](crate::Entity::create). Conditions
    /// and [`at_version`](Self::at_version) are demanded of an item that exists.
    ///
    /// An item that exists is updated. DynamoDB tells a missing item from a missing attribute in
    /// conditions only, so optional attributes that the item lacks are filled in from the entity
    /// too; leave those empty that only a new item should not have.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, PartialEq, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, title: String, views: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// let new = || Page { url: "/".into(), title: "Home".into(), views: 0 };
    /// let view = || Page::update("/").apply(|p| p.views.add(1)).or_create(new());
    /// assert_eq!(view().returning_new().send(&db).await?.views, 1);
    /// assert_eq!(view().returning_new().send(&db).await?, Page { views: 2, ..new() });
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// With a `#[dynamo(unique)]` attribute the update becomes a transaction, which reads the item
    /// before.
    ///
    /// Sending fails with [`is_invalid_request`](Error::is_invalid_request), before anything is
    /// sent, when the entity has another key than the update; when an action changes a part of a
    /// document or list, which DynamoDB cannot do to one that the same request creates; when a set
    /// of the entity that has elements is changed by `insert` or `delete`; and when the entity has
    /// one of several optional parts of an index key. [`modify`](crate::Get::modify) has an
    /// `or_create` without these limits.
    pub fn or_create(mut self, entity: E) -> Self {
        self.creation = Some(Box::new(Creation::of(entity, &self.key)));
        self.may_create()
    }

    /// Creates the item if it does not exist, with the attributes that the actions set and no
    /// others, in the same request. For entities whose attributes may all be absent but the key and
    /// those that dynamodel sets by itself; any other entity is given to
    /// [`or_create`](Self::or_create).
    ///
    /// ```
    /// # use std::collections::BTreeSet;
    /// # use dynamodel::{Db, Entity};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// #[derive(Debug, Entity)]
    /// #[dynamo(table = "topics")]
    /// struct Topic {
    ///     #[dynamo(partition)]
    ///     name: String,
    ///     readers: BTreeSet<String>,
    ///     note: Option<String>,
    /// }
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Topic>().await?;
    /// Topic::update("rust").apply(|t| t.readers.insert(["ann"])).or_create_empty().send(&db).await?;
    /// # let topic = Topic::get("rust").send(&db).await?.unwrap();
    /// # assert!(topic.readers.contains("ann") && topic.note.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Conditions are demanded of an item that exists, as with [`or_create`](Self::or_create). An
    /// action on a part of a document fails on a new item.
    pub fn or_create_empty(mut self) -> Self
    where
        E::Filled: MayAllBeAbsent,
    {
        self.creation = None;
        self.may_create()
    }

    /// Creates the document, list or map around nested attributes where the item has none: DynamoDB
    /// does not change a part of an attribute that is missing.
    ///
    /// The closure sets the parent to the value that it begins with. The actions inside of it are
    /// then applied to that value, and the parent is set as a whole, on condition that it is still
    /// missing; all other actions and conditions stay. So the update is one request where the parent
    /// is there, and a second one where it is missing. It cannot be part of a transaction, which has
    /// no second request.
    ///
    /// ```
    /// # use dynamodel::{Db, Document, Entity};
    /// # #[derive(Debug, Document)]
    /// # struct Prefs { theme: String, size: u32 }
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "profiles")]
    /// # struct Profile { #[dynamo(partition)] id: String, prefs: Option<Prefs>, seen: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Profile>().await?;
    /// # Profile { id: "p".into(), prefs: None, seen: 0 }.create().send(&db).await?;
    /// let profile = Profile::update("p")
    ///     .apply(|p| (p.prefs.at(|f| f.theme).set("dark"), p.seen.add(1)))
    ///     .or_create_parent(|p| p.prefs.set(Prefs { theme: "light".into(), size: 12 }))
    ///     .returning_new()
    ///     .send(&db)
    ///     .await?;
    /// let prefs = profile.prefs.expect("it was created");
    /// assert_eq!((&*prefs.theme, prefs.size, profile.seen), ("dark", 12, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn or_create_parent<A: IntoActions<E>>(
        self,
        parent: impl FnOnce(<E as Fields>::Fields<InUpdate<E>>) -> A,
    ) -> UpdateWithParents<E, R> {
        UpdateWithParents::new(self).or_create_parent(parent)
    }

    fn may_create(mut self) -> Self {
        self.precondition.must_exist = false;
        self.precondition.may_create = true;
        self
    }

    /// Updates only if the item is still at this version.
    pub fn at_version(mut self, version: u64) -> Self
    where
        E::Lock: IsVersioned,
    {
        self.precondition.version = Some(Expected::At(version));
        self
    }

    /// Skips the check of the version that [`at_version`](Self::at_version) or
    /// [`diff`](crate::Entity::diff) set. The version is still raised.
    pub fn unversioned(mut self) -> Self
    where
        E::Lock: IsVersioned,
    {
        self.precondition.version = None;
        if let Some(diff) = &mut self.diff
            && let Some(whole) = diff.without_elements.take()
        {
            let by_element = diff.actions.min(self.actions.0.len());
            diff.actions = whole.len();
            self.actions.0.splice(..by_element, whole);
        }
        self
    }

    /// Returns `true` if this is the [`diff`](crate::Entity::diff) of two equal values, with no further
    /// action: then nothing is written. Without return values, it isn't even sent; otherwise the
    /// item is returned as it is, if it still exists and is at its version.
    pub fn is_unchanged(&self) -> bool {
        match &self.diff {
            Some(diff) if !self.precondition.may_create => {
                diff.fault.is_none() && self.actions.0.is_empty()
            }
            _ => false,
        }
    }

    /// Returns the item that is created where none is stored.
    fn creation(&self) -> Result<Option<&Creation>, Error> {
        match self.creation.as_deref() {
            None => Ok(None),
            Some(Ok(creation)) => Ok(Some(creation)),
            Some(Err(fault)) => Err(fault.error()),
        }
    }

    /// Returns the effect on unique items, or `None` if there is none.
    fn effect(&self) -> Result<Option<Effect>, Error> {
        let created = self.creation()?.map(Creation::item);
        Effect::from_actions(E::ITEM_SCHEMA, &self.actions.0, created)
    }

    fn returning<R2>(self) -> Update<E, R2> {
        Update {
            key: self.key,
            actions: self.actions,
            condition: self.condition,
            precondition: self.precondition,
            diff: self.diff,
            creation: self.creation,
            _returned: PhantomData,
        }
    }

    /// Returns the item as it is after the update.
    pub fn returning_new(self) -> Update<E, New> {
        self.returning()
    }

    /// Returns the item as it was before the update; `None` when [`or_create`](Self::or_create)
    /// created it.
    pub fn returning_old(self) -> Update<E, Old> {
        self.returning()
    }

    /// Returns the changed attributes as they are after the update, as a
    /// [`Partial`](crate::Partial): attributes that the update did not name are `None`. Of a document
    /// only the changed parts are returned, and read by their paths.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, views: u64, title: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// # Page { url: "/".into(), views: 0, title: None }.create().send(&db).await?;
    /// let page = Page::update("/").apply(|p| p.views.add(1)).returning_updated_new().send(&db).await?;
    /// assert_eq!(page.get(|p| p.views)?, Some(1));
    /// assert_eq!(page.get(|p| p.title)?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn returning_updated_new(self) -> Update<E, UpdatedNew> {
        self.returning()
    }

    /// Returns the changed attributes as they were before the update; attributes that were missing
    /// are `None`. See [`returning_updated_new`](Self::returning_updated_new).
    pub fn returning_updated_old(self) -> Update<E, UpdatedOld> {
        self.returning()
    }

    /// Sends the update. One round trip.
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when the item does not exist, whatever its condition;
    /// [`is_condition_failed`](Error::is_condition_failed) when the condition is not met,
    /// [`is_conflict`](Error::is_conflict) when the stored version is another, both with
    /// [`current`](Error::current); [`is_invalid_request`](Error::is_invalid_request) when two
    /// actions overlap, when a `#[dynamo(unique)]` attribute gets a value that is not known before,
    /// or an invalid key or value, before anything is sent;
    /// [`is_unique_violation`](Error::is_unique_violation) when another item has the value of such
    /// an attribute; the service's `ValidationException` when an action does not fit the stored
    /// item, for instance `increment` of a missing attribute, or an action in a document that the item
    /// lacks ([`attribute_path`](Error::attribute_path) names it, and
    /// [`or_create_parent`](Self::or_create_parent) creates the document); or the service or network fails. With
    /// [`returning_new`](Self::returning_new) or [`returning_old`](Self::returning_old), an item
    /// that cannot be read ([`is_unreadable`](Error::is_unreadable)): then the update has happened
    /// nevertheless.
    pub async fn send(self, db: &Db) -> Result<R::Output, Error> {
        let nested = Nested::of(&self.actions.0);
        let output = self.call(db, false)?.output::<E, R>().await;
        Ok(output.map_err(|e| explained(nested, e))?.output)
    }

    /// Sends the update as [`send`](Self::send) does, and returns the consumed capacity too.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(self, db: &Db) -> Result<Measured<R::Output>, Error> {
        let nested = Nested::of(&self.actions.0);
        let output = self.call(db, true)?.output::<E, R>().await;
        output.map_err(|e| explained(nested, e))
    }

    /// Returns the request as it is sent, as JSON, with the table's name as the code declares it.
    /// Times and write token are those of this moment.
    ///
    /// # Errors
    /// As [`send`](Self::send), before it is sent.
    pub fn to_json(&self) -> Result<String, Error> {
        let token = fresh_token(E::ITEM_SCHEMA)?;
        self.request(SystemTime::now(), E::ITEM_SCHEMA.table, token)?
            .into_json()
    }

    /// Makes the update a step of a transaction.
    pub(crate) fn into_step(self, now: SystemTime) -> Result<Step, Error> {
        let token = fresh_token(E::ITEM_SCHEMA)?;
        if !self.is_unchanged()
            && self.actions.0.is_empty()
            && self.creation.is_none()
            && kept::<E>(token, now, true, &self.precondition).is_empty()
        {
            return Err(Error::invalid_request(
                "an update in a transaction needs an action; demand something of an item with a check",
            ));
        }
        let effect = match E::ITEM_SCHEMA.unique.is_empty() {
            true => None,
            false => {
                let effect = self.effect()?;
                Some(effect.unwrap_or_else(|| Effect::none(E::ITEM_SCHEMA)))
            }
        };
        self.step(now, token, effect)
    }

    fn step(
        &self,
        now: SystemTime,
        token: Option<u128>,
        effect: Option<Effect>,
    ) -> Result<Step, Error> {
        let mut request = self.request(now, "", token)?;
        if self.is_unchanged() {
            // Nothing is written, but the item still has to be as it was read.
            request.verb = Verb::ConditionCheck;
        }
        let step = request.into_step(TypeId::of::<E>(), self.key.json()?, effect)?;
        Ok(step.changing_inside(Nested::of(&self.actions.0)))
    }

    /// Sends the update in a transaction with the unique items.
    async fn call_with_unique_items(
        self,
        db: &Db,
        now: SystemTime,
        token: Option<u128>,
        effect: Effect,
        measure: bool,
    ) -> Result<Measured<R::Output>, Error> {
        unique::check_return_values(R::PARAMETER)?;
        let step = self.step(now, token, Some(effect))?;
        let consumed_capacity = unique::send_one(db, step, measure).await?;
        let output = R::of_nothing().ok_or_else(unique::no_return_values)?;
        Ok(Measured {
            output,
            consumed_capacity,
        })
    }

    /// Starts the update. Not async, so that the future of a send holds the update once.
    fn call(self, db: &Db, measure: bool) -> Result<Call<'_, R::Output>, Error> {
        if self.is_unchanged()
            && let Some(output) = R::of_nothing()
        {
            return Ok(Call::Unchanged(output));
        }
        let token = fresh_token(E::ITEM_SCHEMA).map_err(named::<E>)?;
        self.call_at(db, db.now(), token, measure)
    }

    /// Starts the update with this time and token.
    pub(crate) fn call_at(
        self,
        db: &Db,
        now: SystemTime,
        token: Option<u128>,
        measure: bool,
    ) -> Result<Call<'_, R::Output>, Error> {
        let named = named::<E>;
        if let Some(effect) = self.effect().map_err(named)? {
            let sent = self.call_with_unique_items(db, now, token, effect, measure);
            let sent = Box::pin(async move { sent.await.map_err(named) });
            return Ok(Call::WithUniqueItems(sent));
        }
        let table = db.resolve(E::ITEM_SCHEMA.table);
        let request = self.request(now, &table, token).map_err(named)?;
        Ok(Call::Alone(request.start(db, table, measure)?))
    }
}

impl<E: Item> Update<E, Old> {
    /// Gives an item that cannot be read as `Err` with its raw attributes, instead of an error of a
    /// write that [has happened](Error::has_happened). See [`UnreadableItem`](crate::UnreadableItem).
    pub fn lenient(self) -> Update<E, Lenient<Old>> {
        self.returning()
    }
}

impl<E: Item> Update<E, New> {
    /// Gives an item that cannot be read as `Err` with its raw attributes, instead of an error of a
    /// write that [has happened](Error::has_happened). See [`UnreadableItem`](crate::UnreadableItem).
    pub fn lenient(self) -> Update<E, Lenient<New>> {
        self.returning()
    }
}

/// An update in flight, or one that needs no request.
pub(crate) enum Call<'d, T> {
    Unchanged(T),
    Alone(Started<'d>),
    WithUniqueItems(WritingOutput<'d, T>),
}

impl<T> Call<'_, T> {
    /// Waits for what the update returns.
    pub(crate) async fn output<E: Item, R: Returned<E, Output = T>>(
        self,
    ) -> Result<Measured<T>, Error> {
        match self {
            Call::Unchanged(output) => Ok(Measured {
                output,
                consumed_capacity: None,
            }),
            Call::Alone(Started { context, sending }) => context.output::<E, R>(sending.await),
            Call::WithUniqueItems(sent) => sent.await,
        }
    }
}

fn named<E: Item>(error: Error) -> Error {
    request::named(E::ITEM_SCHEMA, Verb::Update, error)
}

/// Returns the action that sets an attribute to its value in a struct of optional fields. `key` and
/// `parts` are the key of the updated item and the parts of its templates, as JSON; a value of the
/// key that is the same needs no action.
fn patched(
    schema: &EntitySchema,
    immutable: &[&str],
    key: &[u8],
    parts: &[Vec<u8>],
    name: &'static str,
    value: Option<Value>,
) -> Option<ActionNode> {
    let part = schema.single_table.and_then(|single| {
        let mut names = single.parts.iter().take(single.key_parts);
        let position = names.position(|part| part.path == [name])?;
        parts.get(position)
    });
    let of_key = match part {
        Some(part) => Some(part.as_slice()),
        None => value_in(key, name).ok().flatten(),
    };
    let own = [
        schema.version,
        schema.created_at,
        schema.updated_at,
        schema.write_token,
    ];
    let is_fixed = own.contains(&Some(name)) || immutable.contains(&name);
    let problem = match (&value, of_key) {
        (Some(Value::Json(json)), Some(of_key)) if same_value(Some(json), Some(of_key)) => {
            return None;
        }
        (_, Some(_)) => Some("the value is not that of the updated key"),
        (_, None) if is_fixed => Some("no update sets this attribute; leave it `None`"),
        _ => None,
    };
    let verb = match (problem, value) {
        (Some(problem), _) => {
            let invalid = Value::Invalid(WriteError::new(problem));
            Action::Set(Source::Value(invalid))
        }
        (None, Some(value)) => Action::Set(Source::Value(value)),
        (None, None) => Action::Remove,
    };
    Some(ActionNode {
        place: Place::root(name),
        verb,
    })
}
