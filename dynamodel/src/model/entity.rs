//! [`Item`], which `#[derive(Entity)]` implements, and the traits around it.

use std::any::TypeId;
use std::time::SystemTime;

use crate::error::Error;
use crate::model::expr::Fields;
use crate::model::expr::ast::Value;
use crate::model::expr::scope::MayBeAbsent;
use crate::model::expr::scope::{Anywhere, First};
use crate::model::item_type::is_own_item;
use crate::model::key::Key;
use crate::model::schema::{EntitySchema, IndexKey, KeySchema, Shards, SingleTable};
use crate::wire::{Attribute, Fetched, ReadError, Reader, StoredAs, Writer};

/// An item: the schema of an entity and its codec. `#[derive(Entity)]` implements it; the
/// operations are in [`Entity`](crate::Entity), which every item has.
///
/// Generic code should have its bound on [`Entity`](crate::Entity).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an entity",
    label = "not an entity",
    note = "derive it: `#[derive(Entity)] #[dynamo(table = \"..\")] struct {Self} {{ .. }}`; a struct inside an item derives `Document`"
)]
pub trait Item: Sized + Send + Sync + 'static + Fields {
    /// Schema of the entity.
    const ITEM_SCHEMA: &'static EntitySchema;

    /// [`Versioned`] when a field is marked `#[dynamo(version)]`, else [`Unversioned`].
    type Lock: Lock;

    /// [`Guarded`] when a field is marked `#[dynamo(unique)]`, else [`Unguarded`].
    type Guards: Guards;

    /// The tokens of the attributes that neither the key nor the library fills, as a list:
    /// `(A, (B, ()))`.
    type Filled;

    #[doc(hidden)]
    fn write_item(&self, w: &mut Writer);

    #[doc(hidden)]
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError>;

    #[doc(hidden)]
    fn item_key(&self) -> Key<Self>;

    #[doc(hidden)]
    fn item_version(&self) -> u64 {
        0
    }

    #[doc(hidden)]
    fn set_version(&mut self, _version: u64) {}

    #[doc(hidden)]
    fn item_expiry(&self) -> Option<u64> {
        None
    }

    #[doc(hidden)]
    fn touch(&mut self, _now: SystemTime) {}

    /// Attributes that keep the value that they are first written with.
    #[doc(hidden)]
    const IMMUTABLE: &'static [&'static str] = &[];

    /// Makes the ids that are not set yet.
    #[doc(hidden)]
    fn fill_ids(&mut self, _now: SystemTime) -> Result<(), Error> {
        Ok(())
    }

    #[doc(hidden)]
    fn write_created_at(_now: SystemTime, _w: &mut Writer) {}

    #[doc(hidden)]
    fn write_updated_at(_now: SystemTime, _w: &mut Writer) {}

    #[doc(hidden)]
    fn set_write_token(&mut self, _token: u128) {}
}

/// Lists of attributes that may all be absent from an item.
#[diagnostic::on_unimplemented(
    message = "an empty item of this entity could not be read",
    label = "an attribute of the entity may not be absent",
    note = "`or_create_empty` is for entities whose attributes are `Option`s, sets or `#[dynamo(default)]`; create the item whole, by `or_create(entity)`"
)]
pub trait MayAllBeAbsent {}
impl MayAllBeAbsent for () {}
#[diagnostic::do_not_recommend]
impl<K: MayBeAbsent, Rest: MayAllBeAbsent> MayAllBeAbsent for (K, Rest) {}

/// Marker of whether writes check a version.
pub trait Lock: Send + Sync + 'static {
    #[doc(hidden)]
    const VERSIONED: bool;
}

/// Marker: whole-item writes check and raise the entity's version.
#[derive(Debug, Clone, Copy)]
pub enum Versioned {}

/// Marker: whole-item writes check no version.
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

/// Marker of whether unique items keep attributes of the entity unique.
pub trait Guards: Send + Sync + 'static {
    #[doc(hidden)]
    const GUARDED: bool;
}

/// Marker: an attribute is marked `#[dynamo(unique)]`, so that writes that change it are
/// transactions.
#[derive(Debug, Clone, Copy)]
pub enum Guarded {}

/// Marker: no attribute is marked `#[dynamo(unique)]`.
#[derive(Debug, Clone, Copy)]
pub enum Unguarded {}

impl Guards for Guarded {
    const GUARDED: bool = true;
}
impl Guards for Unguarded {
    const GUARDED: bool = false;
}

/// Entities with unique attributes, which unique items keep unique.
#[diagnostic::on_unimplemented(
    message = "the entity has no unique attribute",
    label = "no field is marked `#[dynamo(unique)]`",
    note = "mark the fields whose values no two items may share with `#[dynamo(unique)]`; unique items are written for these"
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
pub trait HasTtl: Item {}

/// The attributes of a struct of optional fields that have a value.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Patch(pub(crate) Vec<(&'static str, Option<Value>)>);

impl Patch {
    #[doc(hidden)]
    pub fn set<T: Attribute>(&mut self, name: &'static str, value: &Option<T>) {
        if let Some(value) = value {
            let written = (!value.is_absent()).then(|| Value::write(|w| value.write(w)));
            self.0.push((name, written));
        }
    }

    #[doc(hidden)]
    pub fn set_as<S: StoredAs<T>, T>(&mut self, name: &'static str, value: &Option<T>) {
        if let Some(value) = value {
            let written =
                (!S::stored_is_absent(value)).then(|| Value::write(|w| S::write_stored(value, w)));
            self.0.push((name, written));
        }
    }
}

/// Entities for which a struct with every field an `Option` is generated.
///
/// Implemented for entities with `#[dynamo(partial)]`; for `Session` the struct is `SessionPartial`.
#[diagnostic::on_unimplemented(
    message = "no struct of optional fields is generated for `{Self}`",
    label = "`{Self}` has no `#[dynamo(partial)]`",
    note = "read one attribute with `partial.get(|e| e.field)`, or add `#[dynamo(partial)]` to the entity"
)]
pub trait HasPartial: Item {
    /// The struct.
    type Partial: 'static;

    #[doc(hidden)]
    fn read_partial(r: &mut Reader<'_>) -> Result<Self::Partial, ReadError>;

    #[doc(hidden)]
    fn patch(partial: &Self::Partial, patch: &mut Patch);
}

/// The table itself or one of its indexes, as the target of queries.
pub trait Index: Send + Sync + 'static {
    /// The entity whose items it holds.
    type Entity: Item;
    /// The index's name; `None` for the table itself.
    const NAME: Option<&'static str>;
    /// The key.
    const KEY: KeySchema;
    /// The templates of the key, in a table of several entities.
    #[doc(hidden)]
    const TEMPLATES: Option<IndexKey> = None;
    /// The shards over which its writes are spread.
    const SHARDS: Option<Shards> = None;
    /// [`ProjectsAll`] or [`ProjectsSome`].
    type Projects;
    /// [`TableOrLocal`] or [`Global`].
    type Locality;
    /// The place of the index in the list of what a field can be used for.
    #[doc(hidden)]
    type Position;
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
pub trait EntityWithSort: Item {
    /// The struct with the first part of the sort key.
    type Sort;
    #[doc(hidden)]
    fn sort() -> Self::Sort;
}

/// The table of `E`, as the index that [`Query`](crate::Query) reads by default.
#[derive(Debug)]
pub struct Primary<E>(std::marker::PhantomData<fn() -> E>);

/// The whole table of `E`, as the target of a [`Scan`](crate::Scan).
#[derive(Debug)]
pub struct Whole<E>(std::marker::PhantomData<fn() -> E>);

/// The table of `E` or any index of it, chosen at run time. From
/// [`Query::any_index`](crate::Query::any_index) and [`Scan::any_index`](crate::Scan::any_index).
#[derive(Debug)]
pub struct AnyIndex<E>(std::marker::PhantomData<fn() -> E>);

impl<E: Item> Index for Primary<E> {
    type Entity = E;
    const NAME: Option<&'static str> = None;
    const KEY: KeySchema = E::ITEM_SCHEMA.key;
    const TEMPLATES: Option<IndexKey> = match E::ITEM_SCHEMA.single_table {
        Some(single) => Some(SingleTable::primary(single)),
        None => None,
    };
    type Projects = ProjectsAll;
    type Locality = TableOrLocal;
    type Position = First;
}
/// Key of what is read without one.
const NO_KEY: KeySchema = KeySchema {
    partition: &[],
    sort: &[],
};

/// The constants are those of no index: the name, key and shards are in the plan of the read, which is
/// checked when it is sent.
impl<E: Item> Index for AnyIndex<E> {
    type Entity = E;
    const NAME: Option<&'static str> = None;
    const KEY: KeySchema = NO_KEY;
    type Projects = ProjectsAll;
    type Locality = TableOrLocal;
    type Position = Anywhere;
}
impl<E: Item> Index for Whole<E> {
    type Entity = E;
    const NAME: Option<&'static str> = None;
    const KEY: KeySchema = NO_KEY;
    type Projects = ProjectsAll;
    type Locality = TableOrLocal;
    type Position = Anywhere;
}

impl<E: EntityWithSort> HasSort for Primary<E> {
    type Sort = E::Sort;
    fn sort() -> E::Sort {
        E::sort()
    }
}

/// Marker: the index holds every attribute.
#[derive(Debug, Clone, Copy)]
pub enum ProjectsAll {}
/// Marker: the index holds only some attributes.
#[derive(Debug, Clone, Copy)]
pub enum ProjectsSome {}
/// Marker: the table or a local index, so that reads can be strongly consistent.
#[derive(Debug, Clone, Copy)]
pub enum TableOrLocal {}
/// Marker: a global index, so that reads are eventually consistent.
#[derive(Debug, Clone, Copy)]
pub enum Global {}

/// Tables and indexes that can be read with strong consistency.
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

/// The output of a read: the entity itself, or a struct with some of its fields.
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
    type Entity: Item;
    /// The attributes to fetch; empty for all.
    const ATTRIBUTES: &'static [&'static str];
    /// The attributes, each with the parts of it to fetch; empty for all.
    #[doc(hidden)]
    const FETCHED: &'static [Fetched];
    #[doc(hidden)]
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError>;
    /// `false` for an item of another entity, in a table whose items have no type.
    #[doc(hidden)]
    #[inline]
    fn is_own(r: &Reader<'_>) -> bool {
        is_own_item::<Self::Entity>(r)
    }
}

impl<E: Item> Projection for E {
    type Entity = E;
    const ATTRIBUTES: &'static [&'static str] = &[];
    const FETCHED: &'static [Fetched] = &[];
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        <E as Item>::read_item(r)
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
    E: Item,
    I: Index<Entity = E>,
    I::Projects: HoldsAll,
{
}

/// The codec of a struct's attributes without the braces around them. The derive implements it for
/// documents, so that enums can embed them.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no attributes to put beside the name of the variant",
    label = "not a document",
    note = "a variant with one unnamed field embeds a struct that derives `Document`; name the field to store any other type: `Variant {{ value: T }}`"
)]
pub trait MapBody: Sized {
    /// `true` if a value may keep attributes that its type does not know.
    const KEEPS_REST: bool = false;
    /// Writes the attributes, without braces.
    fn write_fields(&self, w: &mut Writer);
    /// Reads the attributes, with their braces.
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError>;
}

impl Error {
    /// Returns the item as it is stored now, from a failed condition: it comes with the failure, at
    /// no cost.
    ///
    /// Returns `None` when no item has the key, when the failure is another one, and when the
    /// stored item cannot be read as `E`.
    pub fn current<E: Item>(&self) -> Option<E> {
        let items = self.stored_items(TypeId::of::<E>());
        let read = |item| crate::wire::read_item(item, E::read_item).ok();
        items.into_iter().find_map(read)
    }
}
