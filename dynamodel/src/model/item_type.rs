//! [`ItemType`]: the type attribute of the items of a shared table, which keeps entities apart.

use crate::model::entity::Item;
use crate::model::expr::ast::{Node, Operand, Place, Value};
use crate::model::schema::{EntitySchema, Piece, SingleTable};
use crate::model::table::Templated;
use crate::wire::{Fetched, ReadError, Reader, text_in, value_in};

/// The type that the items of an entity have in a table that several entities share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ItemType {
    /// The attribute that holds the type.
    pub(crate) attribute: &'static str,
    /// The type that is written.
    pub(crate) kind: &'static str,
    /// Further types that are read as the entity.
    pub(crate) aliases: &'static [&'static str],
    /// `true` if items without the attribute are the entity's, too.
    pub(crate) untyped: bool,
}

impl EntitySchema {
    /// Returns the type of the entity's items, if the table has an attribute for it.
    pub(crate) fn item_type(&self) -> Option<ItemType> {
        self.single_table?.item_type()
    }
}

impl SingleTable {
    /// Returns the type of the entity's items, if the table has an attribute for it.
    pub(crate) fn item_type(&self) -> Option<ItemType> {
        Some(ItemType {
            attribute: self.table.discriminator?,
            kind: self.kind,
            aliases: self.kind_aliases,
            untyped: self.untyped,
        })
    }
}

impl ItemType {
    /// Returns the condition that an item is of the entity. A missing item is not, unless items
    /// without a type are.
    pub(crate) fn condition(&self) -> Node {
        match self.untyped {
            true => Node::or([Node::not_exists(self.attribute), self.condition_of_type()]),
            false => self.condition_of_type(),
        }
    }

    /// Returns the condition that an item has the type.
    pub(crate) fn condition_of_type(&self) -> Node {
        let value = |kind: &str| Value::write(|w| w.string(kind));
        match self.aliases {
            [] => Node::equals(self.attribute, value(self.kind)),
            aliases => {
                let kinds = std::iter::once(&self.kind).chain(aliases);
                let kinds = kinds.map(|kind| Operand::Value(value(kind)));
                Node::In(Operand::Path(Place::root(self.attribute)), kinds.collect())
            }
        }
    }

    /// Returns `true` if a type is the entity's.
    pub(crate) fn is(&self, kind: &str) -> bool {
        kind == self.kind || self.aliases.contains(&kind)
    }

    /// Returns `true` if the item, which is JSON, is of the entity.
    pub(crate) fn is_of(&self, item: &[u8]) -> bool {
        match text_in(item, self.attribute) {
            Some(kind) => self.is(&kind),
            None => self.untyped && matches!(value_in(item, self.attribute), Ok(None)),
        }
    }
}

/// Returns the condition that an item is of one of these types, which are those of one table.
pub(crate) fn any_of(types: impl IntoIterator<Item = ItemType>) -> Node {
    let (mut kinds, mut untyped, mut attribute) = (Vec::new(), false, None);
    for of in types {
        attribute = Some(of.attribute);
        untyped |= of.untyped;
        kinds.extend(std::iter::once(of.kind).chain(of.aliases.iter().copied()));
    }
    let Some(attribute) = attribute else {
        return Node::Const(true);
    };
    let kinds = kinds.into_iter();
    let kinds = kinds.map(|kind| Operand::Value(Value::write(|w| w.string(kind))));
    let is = Node::In(Operand::Path(Place::root(attribute)), kinds.collect());
    match untyped {
        true => Node::or([Node::not_exists(attribute), is]),
        false => is,
    }
}

/// Returns the name of the attribute with the type of the entity's items, or `""` when the table has
/// none.
#[doc(hidden)]
pub const fn type_attribute<E: Templated>() -> &'static str {
    match E::SINGLE_TABLE.table.discriminator {
        Some(name) => name,
        None => "",
    }
}

/// Reads the type of an item, and checks that it is the entity's.
#[doc(hidden)]
pub fn check_type<E: Templated>(r: &mut Reader<'_>) -> Result<(), ReadError> {
    read_type(E::SINGLE_TABLE, r)
}

fn read_type(single: &SingleTable, r: &mut Reader<'_>) -> Result<(), ReadError> {
    let Some(of) = single.item_type() else {
        return r.skip_value();
    };
    let found = r.string().map_err(|e| e.in_field(of.attribute))?;
    match of.is(&found) {
        true => Ok(()),
        false => Err(of.unlike("another type")),
    }
}

/// Checks that the item which starts here is not one of another entity, if it has a type: a part of an
/// item, as an index holds it, can be without.
pub(crate) fn check_part(schema: &EntitySchema, r: &Reader<'_>) -> Result<(), ReadError> {
    let Some(of) = schema.item_type() else {
        return Ok(());
    };
    match r.peek_text_in_map(of.attribute)? {
        Some(kind) if !of.is(&kind) => Err(of.unlike("another type")),
        _ => Ok(()),
    }
}

/// Returns `true` if the item which starts here has the type of another entity.
pub(crate) fn is_of_other_type(schema: &EntitySchema, r: &Reader<'_>) -> bool {
    schema.item_type().is_some() && check_part(schema, r).is_err()
}

/// Returns the attributes to fetch for a part of an item of the table: with the type, which tells if
/// the item is of the entity. Empty for the whole item.
pub(crate) fn fetched(
    schema: &EntitySchema,
    attributes: &'static [Fetched],
) -> impl Iterator<Item = Fetched> + use<> {
    let names: &[&'static str] = match schema.single_table {
        _ if attributes.is_empty() => &[],
        None => &[],
        Some(single) => match &single.table.discriminator {
            Some(name) => std::slice::from_ref(name),
            // The key tells the entity, in both of its attributes.
            None => &[],
        },
    };
    attributes
        .iter()
        .copied()
        .chain(names.iter().map(|name| Fetched::whole(name)))
}

/// Checks that the item had a type, unless the entity has items without one.
#[doc(hidden)]
pub fn found_type<E: Templated>(found: bool) -> Result<(), ReadError> {
    if found || E::SINGLE_TABLE.untyped {
        return Ok(());
    }
    let of = E::SINGLE_TABLE.item_type();
    of.map_or(Ok(()), |of| Err(of.unlike("no type")))
}

/// Returns `true` if the item which starts here, and has this type, is the entity's. The key tells it
/// of an item without a type.
#[doc(hidden)]
pub fn is_of_type<E: Item>(kind: Option<&str>, r: &Reader<'_>) -> bool {
    let Some(single) = E::ITEM_SCHEMA.single_table else {
        return false;
    };
    match (single.item_type(), kind) {
        (Some(of), Some(kind)) => of.is(kind),
        (Some(of), None) => of.untyped && single.has_own_key(r),
        (None, _) => single.has_own_key(r),
    }
}

/// Returns `false` if the key of the item which starts here is that of another entity, in a table
/// whose items have no type.
#[doc(hidden)]
#[inline]
pub fn is_own_item<E: Item>(r: &Reader<'_>) -> bool {
    match E::ITEM_SCHEMA.single_table {
        Some(single) if single.table.discriminator.is_none() => single.has_own_key(r),
        _ => true,
    }
}

impl SingleTable {
    /// Returns `true` if the key of the item which starts here is one that the entity's templates
    /// make, as far as the item has a key.
    #[inline(never)] // only for items without a type
    pub(crate) fn has_own_key(&self, r: &Reader<'_>) -> bool {
        let attributes = [
            (self.table.key.partition, self.key.partition),
            (self.table.key.sort, self.key.sort),
        ];
        attributes.into_iter().all(|(names, pieces)| {
            if let [Piece::Value(_)] = pieces {
                // The field itself, which may be a number: any value is one.
                return true;
            }
            let text = names.first().map(|name| r.peek_text_in_map(name));
            match text {
                Some(Ok(Some(text))) => self.is_own_text(pieces, &text),
                // Only a number or binary as key is read otherwise, and no template makes these.
                Some(Err(_)) => false,
                Some(Ok(None)) | None => true,
            }
        })
    }
}

impl ItemType {
    #[cold]
    fn unlike(&self, found: &'static str) -> ReadError {
        let expected = format!("an item of type `{}`", self.kind);
        ReadError::new(expected, found).in_field(self.attribute)
    }
}
