//! [`Entity`]: what `#[derive(Entity)]` implements, and the traits around it.

use std::time::SystemTime;

use crate::model::expr::Fields;
use crate::model::key::Key;
use crate::model::schema::{EntitySchema, IndexKey, KeySchema, Shards, SingleTable};
use crate::read::scan::Scan;
use crate::wire::{ReadError, Reader, Writer};
use crate::write::delete::Remove;
use crate::write::put::Put;
use crate::write::put::PutMode;
use crate::write::return_values::Stored;
use crate::write::update::Update;

/// A struct whose values are the items of a table.
///
/// Implemented by [`#[derive(Entity)]`](derive@crate::Entity), which also makes the constructors that
/// take a key (`get`, `update`, `delete`, `check`, `key`, `query` and one for each index) and the
/// struct of typed paths.
///
/// The methods here make operations on whole items. Making one costs nothing and sends nothing: it is
/// sent by `.send(&db)`, or becomes part of a transaction or a batch.
pub trait Entity: Sized + Send + Sync + 'static + Fields {
    /// The entity's schema.
    const SCHEMA: &'static EntitySchema;

    /// [`Versioned`] when a field is marked `#[dynamo(version)]`, else [`Unversioned`].
    type Lock: Lock;

    /// [`Guarded`] when a field is marked `#[dynamo(unique)]`, else [`Unguarded`].
    type Guards: Guards;

    /// The entity with every field an `Option`: what an update that returns the changed attributes
    /// has read. The derive makes it; for `Session` it is `SessionPartial`.
    type Partial: 'static;

    #[doc(hidden)]
    fn read_partial(r: &mut Reader<'_>) -> Result<Self::Partial, ReadError>;

    #[doc(hidden)]
    fn write_item(&self, w: &mut Writer);

    #[doc(hidden)]
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError>;

    /// The primary key of this item.
    fn key_of(&self) -> Key<Self>;

    /// The version that this value was read at; 0 when it is not stored yet or has no version.
    fn version(&self) -> u64 {
        0
    }

    #[doc(hidden)]
    fn set_version(&mut self, _version: u64) {}

    /// When the item expires, in seconds since 1970; `None` without a `#[dynamo(ttl)]` field or when
    /// it is not set.
    fn expires_at(&self) -> Option<u64> {
        None
    }

    #[doc(hidden)]
    fn touch(&mut self, _now: SystemTime) {}

    #[doc(hidden)]
    fn write_created_at(_now: SystemTime, _w: &mut Writer) {}

    #[doc(hidden)]
    fn write_updated_at(_now: SystemTime, _w: &mut Writer) {}

    #[doc(hidden)]
    fn set_write_token(&mut self, _token: u128) {}

    /// Whether the item has expired by the clock of this machine.
    ///
    /// DynamoDB deletes expired items within a few days, not at once, so reads still return them:
    /// ask this, or leave them out of a query with [`unexpired`](crate::Query::unexpired).
    fn is_expired(&self) -> bool {
        self.is_expired_at(SystemTime::now())
    }

    /// Whether the item has expired at the given time.
    fn is_expired_at(&self, now: SystemTime) -> bool {
        self.expires_at()
            .is_some_and(|at| at <= crate::wire::attribute::time::epoch_seconds(now))
    }

    /// Writes a new item: PutItem on condition that no item has its key.
    ///
    /// With a version field, the item gets version 1 and an item that exists is a
    /// [conflict](crate::Error::is_conflict); without one it is a
    /// [failed condition](crate::Error::is_condition_failed).
    /// Costs one write of the item's size; also when the condition fails.
    fn create(self) -> Put<Self, Self::Lock, Stored> {
        Put::new(self, PutMode::Create)
    }

    /// Writes the item: PutItem.
    ///
    /// With a version field the stored item must still be at this value's version (or be absent for
    /// version 0), and gets the next one. Without one, whatever is stored is overwritten.
    fn put(self) -> Put<Self, Self::Lock, Stored> {
        Put::new(self, PutMode::Put)
    }

    /// Writes the item over one that exists: PutItem on condition that it does, and is still at this
    /// value's version.
    fn replace(self) -> Put<Self, Self::Lock, Stored> {
        Put::new(self, PutMode::Replace)
    }

    /// Saves what changed from this value, which was read, to another: an UpdateItem with the changed
    /// attributes only, so that a big item does not travel.
    ///
    /// Documents and maps are changed by path, and what else they hold in the table is kept. Sets are
    /// changed by the elements that were added or taken out, lists by element when the version is
    /// checked. A whole value is set where that is smaller. The item must still exist and, with a
    /// version field, be at this value's version; version, times and write token are kept as by every
    /// [`Update`]. It can be added to, made conditional and put into transactions like one.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Clone, PartialEq, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, text: String, tags: Vec<String>, #[dynamo(version)] version: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// # Page { url: "/".into(), text: "long".into(), tags: vec![], version: 0 }.create().send(&db).await?;
    /// let loaded = Page::get("/").send(&db).await?.unwrap();
    /// let mut page = loaded.clone();
    /// page.tags.push("new".into());
    ///
    /// let update = loaded.diff(&page);
    /// assert!(!update.to_json()?.contains("long")); // only the tags travel
    /// update.send(&db).await?;
    /// # assert_eq!(Page::get("/").send(&db).await?.unwrap().tags, ["new"]);
    ///
    /// assert!(page.diff(&page).is_unchanged()); // sending it does nothing
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A changed primary key is an [invalid request](crate::Error::is_invalid_request) before anything
    /// is sent. Costs no network and no write; both values are written as JSON and compared.
    fn diff(&self, changed: &Self) -> Update<Self> {
        Update::of_diff(self, changed)
    }

    /// Deletes the item: DeleteItem. With a version field it must still be at this value's version.
    fn remove(self) -> Remove<Self, Self::Lock> {
        Remove::new(self)
    }

    /// Reads every item of the table: Scan. Costs the size of the whole table.
    fn scan() -> Scan<Self> {
        Scan::new()
    }
}

/// Whether writes check a version.
pub trait Lock: Send + Sync + 'static {
    #[doc(hidden)]
    const VERSIONED: bool;
}

/// Whole-item writes check and raise the entity's version.
#[derive(Debug, Clone, Copy)]
pub enum Versioned {}

/// Whole-item writes check no version.
#[derive(Debug, Clone, Copy)]
pub enum Unversioned {}

impl Lock for Versioned {
    const VERSIONED: bool = true;
}
impl Lock for Unversioned {
    const VERSIONED: bool = false;
}

/// The lock of an entity with a version field.
#[diagnostic::on_unimplemented(
    message = "this needs an entity with a version field",
    label = "the entity has no version",
    note = "mark an integer field with `#[dynamo(version)]`: read-modify-write is only safe when the write checks what was read"
)]
pub trait IsVersioned: Lock {}
impl IsVersioned for Versioned {}

/// Whether guard items keep attributes of the entity unique.
pub trait Guards: Send + Sync + 'static {
    #[doc(hidden)]
    const GUARDED: bool;
}

/// An attribute is marked `#[dynamo(unique)]`: writes that change it are transactions.
#[derive(Debug, Clone, Copy)]
pub enum Guarded {}

/// No attribute is marked `#[dynamo(unique)]`.
#[derive(Debug, Clone, Copy)]
pub enum Unguarded {}

impl Guards for Guarded {
    const GUARDED: bool = true;
}
impl Guards for Unguarded {
    const GUARDED: bool = false;
}

/// Entities whose attributes guard items keep unique.
#[diagnostic::on_unimplemented(
    message = "the entity has no unique attribute",
    label = "no field is marked `#[dynamo(unique)]`",
    note = "mark the fields whose values no two items may share with `#[dynamo(unique)]`; guards are written for these"
)]
pub trait IsGuarded: Guards {}
impl IsGuarded for Guarded {}

/// Entities that a batch can write: those without unique attributes.
#[diagnostic::on_unimplemented(
    message = "a batch cannot keep attributes unique, and this entity has a field marked `#[dynamo(unique)]`",
    label = "the entity has a unique attribute",
    note = "BatchWriteItem has no conditions: write the items one by one, or up to 100 operations at once in a `Transaction`"
)]
pub trait WritableInBatch: Guards {}
impl WritableInBatch for Unguarded {}

/// Entities with a `#[dynamo(ttl)]` field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no Time to Live attribute",
    label = "no field is marked `#[dynamo(ttl)]`",
    note = "mark the field that holds the time of expiry with `#[dynamo(ttl)]`"
)]
pub trait HasTtl: Entity {}

/// The table itself or one of its indexes, as something to query.
pub trait Index: Send + Sync + 'static {
    /// Whose items it holds.
    type Entity: Entity;
    /// The index's name; `None` for the table itself.
    const NAME: Option<&'static str>;
    /// The key.
    const KEY: KeySchema;
    /// The templates of the key, in a table of several entities.
    #[doc(hidden)]
    const TEMPLATES: Option<IndexKey> = None;
    /// How its writes are spread.
    const SHARDS: Option<Shards> = None;
    /// [`ProjectsAll`] or [`ProjectsSome`].
    type Projects;
    /// [`TableOrLocal`] or [`Global`].
    type Locality;
}

/// An index with a sort key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no sort key",
    label = "nothing to sort by",
    note = "mark a field with `#[dynamo(sort)]`, or add `sort = field` to the index; any other attribute is tested with `.filter(..)`"
)]
pub trait HasSort: Index {
    /// The struct with the first part of the sort key.
    type Sort;
    #[doc(hidden)]
    fn sort() -> Self::Sort;
}

/// An index whose writes are spread over shards.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no shards",
    label = "one request reads this",
    note = "an index with `shards = 16` is read by as many requests as it has shards, and this says how many at a time"
)]
pub trait Sharded: Index {}

/// An entity whose table has a sort key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no sort key",
    label = "nothing to sort by",
    note = "mark a field with `#[dynamo(sort)]`; any other attribute is tested with `.filter(..)`"
)]
pub trait EntityWithSort: Entity {
    /// The struct with the first part of the sort key.
    type Sort;
    #[doc(hidden)]
    fn sort() -> Self::Sort;
}

/// The table of `E`, as the index that [`Query`](crate::Query) reads by default.
#[derive(Debug)]
pub struct Primary<E>(std::marker::PhantomData<fn() -> E>);

/// The whole table of `E`, as what [`Scan`] reads.
#[derive(Debug)]
pub struct Whole<E>(std::marker::PhantomData<fn() -> E>);

impl<E: Entity> Index for Primary<E> {
    type Entity = E;
    const NAME: Option<&'static str> = None;
    const KEY: KeySchema = E::SCHEMA.key;
    const TEMPLATES: Option<IndexKey> = match E::SCHEMA.single_table {
        Some(single) => Some(SingleTable::primary(single)),
        None => None,
    };
    type Projects = ProjectsAll;
    type Locality = TableOrLocal;
}
impl<E: Entity> Index for Whole<E> {
    type Entity = E;
    const NAME: Option<&'static str> = None;
    const KEY: KeySchema = KeySchema {
        partition: &[],
        sort: &[],
    };
    type Projects = ProjectsAll;
    type Locality = TableOrLocal;
}

impl<E: EntityWithSort> HasSort for Primary<E> {
    type Sort = E::Sort;
    fn sort() -> E::Sort {
        E::sort()
    }
}

/// The index holds every attribute.
#[derive(Debug, Clone, Copy)]
pub enum ProjectsAll {}
/// The index holds only some attributes.
#[derive(Debug, Clone, Copy)]
pub enum ProjectsSome {}
/// The table or a local index: reads can be strongly consistent.
#[derive(Debug, Clone, Copy)]
pub enum TableOrLocal {}
/// A global index: reads are eventually consistent.
#[derive(Debug, Clone, Copy)]
pub enum Global {}

/// Places that can be read with strong consistency.
#[diagnostic::on_unimplemented(
    message = "a global secondary index cannot be read consistently",
    label = "not on a global index",
    note = "query the table itself or a local index, or read the item again by its key"
)]
pub trait ReadsConsistently {}
impl ReadsConsistently for TableOrLocal {}

/// Indexes that hold whole items.
#[diagnostic::on_unimplemented(
    message = "this index does not hold whole items",
    label = "the index projects less than the entity",
    note = "choose what to read with `.select::<P>()`: the type generated for the index, or a `#[derive(Projection)]` struct of attributes that it holds; or fetch the whole items by their keys with `.hydrate()`; or let the index project all"
)]
pub trait HoldsAll {}
impl HoldsAll for ProjectsAll {}

/// What a read returns: the entity itself, or a struct with some of its fields.
///
/// Implemented by [`#[derive(Projection)]`](derive@crate::Projection) and for every entity.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "not an entity or projection",
    note = "derive it: `#[derive(Projection)] #[dynamo(of = Entity)] struct {Self} {{ .. }}`",
    note = "a struct that borrows, with a lifetime, is read with `.borrowed::<P>()` in place of `.select::<P>()`"
)]
pub trait Projection: Sized + Send + Sync + 'static {
    /// The entity whose items are read.
    type Entity: Entity;
    /// The attributes to fetch; empty for all.
    const ATTRIBUTES: &'static [&'static str];
    #[doc(hidden)]
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError>;
}

impl<E: Entity> Projection for E {
    type Entity = E;
    const ATTRIBUTES: &'static [&'static str] = &[];
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        <E as Entity>::read_item(r)
    }
}

/// Projections that index `I` can serve.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from `{I}`",
    label = "not a projection of what the index holds"
)]
pub trait SelectableFrom<I> {}

impl<E, I> SelectableFrom<I> for E
where
    E: Entity,
    I: Index<Entity = E>,
    I::Projects: HoldsAll,
{
}

/// What a struct's attributes are written and read by, with nothing around them: the derive implements
/// it for documents, so that enums can embed them.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no attributes to put beside the name of the variant",
    label = "not a document",
    note = "a variant with one unnamed field embeds a struct that derives `Document`; name the field to store any other type: `Variant {{ value: T }}`"
)]
pub trait MapBody: Sized + Fields {
    /// Writes the attributes, without braces.
    fn write_fields(&self, w: &mut Writer);
    /// Reads the attributes, with their braces.
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError>;
}
