//! Tables that several entities share: [`Table`], and the compile-time checks between a table and
//! its entities.

mod checks;

pub(crate) use self::checks::same;
pub use self::checks::{agree, distinct_members, key_types, same_members, shared_attributes};

use crate::model::entity::{Item, Primary, Whole};
use crate::model::schema::{IndexSchema, Piece, Shards, SingleTable, TableSchema};
use crate::model::sharding;
use crate::wire::canonical::KeyValue;
use crate::wire::{Form, MAX_PARTITION, MAX_SORT, WriteError, Writer, value_in};

/// A table that several entities share: single-table design.
///
/// Implemented by [`#[derive(Table)]`](derive@crate::Table) on a unit struct, which entities name
/// by `#[dynamo(table = App, key(..))]`. Their key templates fill the table's key attributes, their
/// index templates those of its indexes, and the discriminator attribute (`_type`) of each item
/// names its entity.
///
/// ```
/// use dynamodel::{Db, Entity, Table};
///
/// #[derive(Table)]
/// #[dynamo(name = "app", partition = "pk", sort = "sk")]
/// #[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"))]
/// struct App;
///
/// #[derive(Debug, PartialEq, Entity)]
/// #[dynamo(table = App, key(partition = "USER#{user_id}", sort = "PROFILE"))]
/// struct User { user_id: String, name: String }
///
/// #[derive(Debug, PartialEq, Entity)]
/// #[dynamo(table = App, key(partition = "USER#{user_id}", sort = "ORDER#{number}"))]
/// #[dynamo(index(gsi1 as by_status, partition = "STATUS#{status}", sort = "{number}"))]
/// struct Order { user_id: String, number: u32, status: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// let db = Db::embedded()?;
/// db.create_table::<App>().await?;
/// User { user_id: "u1".into(), name: "Ada".into() }.create().send(&db).await?;
/// for number in 1..=12 {
///     Order { user_id: "u1".into(), number, status: "open".into() }.create().send(&db).await?;
/// }
/// Order::update("u1", 7_u32).apply(|o| o.status.set("paid")).send(&db).await?;
///
/// let late = Order::query("u1").sort(|k| k.number.ge(10)).all(&db).await?;
/// assert_eq!(late.len(), 3);
/// let paid = Order::by_status("paid").first(&db).await?;
/// assert_eq!(paid.map(|o| o.number), Some(7));
/// # Ok(())
/// # }
/// ```
pub trait Table: Sized + Send + Sync + 'static {
    /// The table's schema.
    const SCHEMA: &'static TableSchema;
}

/// A table with a sort key.
#[diagnostic::on_unimplemented(
    message = "table `{Self}` has no sort key",
    label = "nothing to sort by",
    note = "add `sort = \"sk\"` to the table"
)]
pub trait TableWithSort: Table {}

/// Types with a table that can be created: a [`Table`], and every [`Entity`](crate::Entity).
///
/// The table of an entity that shares one is the whole shared table, with all its indexes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no table",
    label = "neither an entity nor a table",
    note = "derive `Entity` for a struct of items, or `Table` for a table that several entities share"
)]
pub trait HasTable {
    /// The table.
    const TABLE: TableSchema;
}

impl<E: Item> HasTable for E {
    const TABLE: TableSchema = E::ITEM_SCHEMA.table_schema();
}

/// An entity of a [`Table`]. Implemented by the derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an entity of a shared table",
    label = "no `#[dynamo(table = ..)]` that names a `Table`",
    note = "name a type with `#[derive(Table)]`: `#[dynamo(table = App, key(partition = \"USER#{{user_id}}\"))]`"
)]
pub trait Templated: Item {
    /// The table.
    type Table: Table;
    /// The partition template, as a type: equal for entities that share partitions.
    #[doc(hidden)]
    type Partition;
    #[doc(hidden)]
    const SINGLE_TABLE: &'static SingleTable;
    /// Appends the text of a part in a form, by its position in [`SingleTable::parts`]. Returns
    /// `false` if the part is absent.
    #[doc(hidden)]
    fn write_part(&self, part: usize, form: Form, out: &mut String) -> Result<bool, WriteError>;
    /// Returns `true` if the key under which the item was read is kept.
    #[doc(hidden)]
    fn keeps_key(&self) -> bool {
        false
    }
}

/// Marker of the partitions of table `T` whose template has the FNV-1a hash `H` and the parts `P`.
#[doc(hidden)]
#[derive(Debug)]
pub struct PartitionOf<T, const H: u64, P>(std::marker::PhantomData<fn() -> (T, P)>);

/// Writes the attributes that the entity's templates fill, and the discriminator.
#[doc(hidden)]
pub fn write_templates<E: Templated>(entity: &E, w: &mut Writer) {
    let single = E::SINGLE_TABLE;
    if let Some(name) = single.table.discriminator {
        text_attribute(w, name, single.kind);
    }
    let mut key: Vec<KeyValue<'_>> = Vec::with_capacity(2);
    let kept = entity.keeps_key().then(|| entity.item_key());
    let kept = kept.as_ref().and_then(|key| key.json().ok());
    let mut has_value = kept.is_some();
    for attribute in single.key_attributes() {
        let (name, limit) = (attribute.name, attribute.limit);
        if let Some(key) = kept
            && single.table.key.contains(name)
        {
            write_kept(single, &attribute, key, w);
            continue;
        }
        if let [Piece::Value(part)] = *attribute.pieces {
            has_value |= single.table.key.contains(name);
            write_value(entity, part, name, w);
            continue;
        }
        let composed =
            crate::model::template::compose(attribute.pieces, single.parts, |part, form, out| {
                entity.write_part(part, form, out)
            });
        match composed {
            Ok(None) => {}
            Ok(Some(mut value)) => {
                // The primary key comes first, so that its hash is known for the keys of sharded
                // indexes.
                if single.table.key.contains(name) {
                    key.push(KeyValue::S(value.clone().into()));
                } else if let Some(shards) = attribute.shards {
                    let hash = match has_value {
                        true => sharding::key_hash(&entity.item_key()).unwrap_or_default(),
                        false => sharding::hash(&key),
                    };
                    value.push_str(&sharding::suffix(shards.of(hash)));
                }
                text_attribute(w, name, &value);
                if value.is_empty() || value.len() > limit {
                    let json = crate::model::expr::ast::Value::write(|w| w.string(&value));
                    if let Err(problem) = crate::model::key::check_key_value(name, json, limit) {
                        w.fail(problem);
                    }
                }
            }
            Err(problem) => w.fail(problem.of_key().in_attribute(name)),
        }
    }
    if single.table.discriminator.is_none()
        && let Some(problem) = entity.item_key().problem()
    {
        // No type in the items keeps a key of another entity's form from being written.
        w.fail(problem.clone());
    }
}

/// Writes an attribute of a kept key, unless it is a field, which is written already.
fn write_kept(single: &SingleTable, attribute: &KeyAttribute, key: &[u8], w: &mut Writer) {
    let name = attribute.name;
    let is_field = matches!(attribute.pieces, [Piece::Value(part)] if single.is_field(*part, name));
    if let (false, Ok(Some(value))) = (is_field, value_in(key, name)) {
        w.member(name);
        w.raw(value);
    }
}

/// Writes a key attribute that is a number, unless it is the field itself, which is written already.
fn write_value<E: Templated>(entity: &E, part: usize, name: &'static str, w: &mut Writer) {
    if E::SINGLE_TABLE.is_field(part, name) {
        return;
    }
    let mut text = String::new();
    match entity.write_part(part, Form::Plain, &mut text) {
        Ok(true) => {
            w.member(name);
            w.number_text(&text);
        }
        Ok(false) => {}
        Err(problem) => w.fail(problem.of_key().in_attribute(name)),
    }
}

fn text_attribute(w: &mut Writer, name: &str, value: &str) {
    w.member(name);
    w.string(value);
}

/// Attribute of the primary key or of an index key that a template fills.
pub(crate) struct KeyAttribute {
    pub(crate) name: &'static str,
    pub(crate) pieces: &'static [Piece],
    pub(crate) limit: usize,
    /// The shards of the index whose partition key this is; the end of the text names the shard.
    pub(crate) shards: Option<Shards>,
}

impl SingleTable {
    /// Returns the attributes that templates fill, each once: of the primary key, then of the
    /// indexes.
    pub(crate) fn key_attributes(&self) -> impl Iterator<Item = KeyAttribute> {
        let own = self.table.key;
        let primary = std::iter::once((own, self.key, None, true));
        let indexes = self.indexes.iter();
        let indexes = indexes.map(|i| (i.index.key, i.key, i.shards, false));
        primary
            .chain(indexes)
            .flat_map(move |(key, templates, shards, primary)| {
                let of = |names: &'static [&'static str], pieces: &'static [_], limit, shards| {
                    let name = names.first().filter(|_| !pieces.is_empty());
                    // An attribute that the primary key and an index share is filled by the primary
                    // key's template.
                    let name = name.filter(|name| primary || !own.contains(name));
                    name.map(|name| KeyAttribute {
                        name,
                        pieces,
                        limit,
                        shards,
                    })
                };
                [
                    of(key.partition, templates.partition, MAX_PARTITION, shards),
                    of(key.sort, templates.sort, MAX_SORT, None),
                ]
                .into_iter()
                .flatten()
            })
    }
}

/// The index of a table whose name has the FNV-1a hash `H`, for entity `E`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "table `{Self}` has no index of the name that entity `{E}` uses",
    label = "no such index in table `{Self}`",
    note = "declare it on the table: `#[dynamo(index(name, partition = \"..\", sort = \"..\"))]`"
)]
pub trait TableIndex<const H: u64, E> {
    type Index: IndexOfTable;
}

/// An index of a table.
#[doc(hidden)]
pub trait IndexOfTable {
    const SCHEMA: IndexSchema;
    /// [`ProjectsAll`](crate::model::entity::ProjectsAll) or [`ProjectsSome`](crate::model::entity::ProjectsSome).
    type Projects;
}

/// An index of an entity in a shared table.
#[doc(hidden)]
pub trait OfTable {
    /// The index of the table.
    type Index: IndexOfTable;
}

/// The table, or an index, that holds the attribute whose stored name has the FNV-1a hash `H`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "index `{Self}` does not hold this attribute",
    label = "not in index `{Self}` of the table",
    note = "an index holds its keys, the table's keys and what its `project` list on the table names: add the stored name of the attribute to that list, or fetch the whole entities with `.hydrate()`"
)]
pub trait HoldsAttribute<const H: u64> {}
impl<E, const H: u64> HoldsAttribute<H> for Primary<E> {}
impl<E, const H: u64> HoldsAttribute<H> for Whole<E> {}

/// Implemented if the key of a table or index has a sort key.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` of table `{T}` has no sort key, but entity `{E}` gives a template for one",
    label = "no sort key in table `{T}`",
    note = "remove `sort` from the entity's template, or give the table's key a `sort` attribute"
)]
pub trait WithSort<T, E> {}

/// Implemented if the key of a table or index has no sort key.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` of table `{T}` has a sort key, but entity `{E}` gives no template for it",
    label = "the sort key of table `{T}` is not filled",
    note = "add `sort = \"..\"` with a template to the entity; a literal such as \"PROFILE\" will do"
)]
pub trait WithoutSort<T, E> {}

/// Implemented if the index is global.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "index `{Self}` of table `{T}` is local, but entity `{E}` uses it as a global one",
    label = "a local index of table `{T}`",
    note = "write `local_index(name as alias, sort = \"..\")`: it has the table's partition key"
)]
pub trait GlobalIndexOf<T, E> {}

/// Implemented if the index is local.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "index `{Self}` of table `{T}` is global, but entity `{E}` uses it as a local one",
    label = "a global index of table `{T}`",
    note = "write `index(name as alias, partition = \"..\", sort = \"..\")`: it has a partition key of its own"
)]
pub trait LocalIndexOf<T, E> {}

#[doc(hidden)]
pub const fn with_sort<K: WithSort<T, E>, T, E>() {}
#[doc(hidden)]
pub const fn without_sort<K: WithoutSort<T, E>, T, E>() {}
#[doc(hidden)]
pub const fn global_index<K: GlobalIndexOf<T, E>, T, E>() {}
#[doc(hidden)]
pub const fn local_index<K: LocalIndexOf<T, E>, T, E>() {}
