//! Attributes that a struct does not know, which its `rest` field keeps.

use crate::model::entity::Item;
use crate::model::schema::EntitySchema;
use crate::wire::{ReadError, Reader, Writer};

/// Returns `true` if items of the entity have the attribute by its struct: it is a field, or the
/// library writes it. All others are the entity's `rest`.
#[doc(hidden)]
pub fn is_own_attribute<E: Item>(name: &str) -> bool {
    E::ITEM_SCHEMA.writes(name)
}

impl EntitySchema {
    /// Returns `true` if whole-item writes of the entity decide about the attribute: those of its
    /// fields, the keys that its templates make, its type and its shards.
    pub(crate) fn writes(&self, name: &str) -> bool {
        let shards = self.indexes.iter().filter_map(|index| index.shards);
        self.attribute(name).is_some()
            || shards
                .into_iter()
                .any(|shards| shards.attribute == Some(name))
            || self.single_table.is_some_and(|single| {
                single.table.discriminator == Some(name)
                    || single.table.key.contains(name)
                    || single.key_attributes().any(|key| key.name == name)
            })
    }
}

/// Writes the attributes of a document beside one that is written already, and fails where the
/// document has an attribute of this name.
pub(crate) fn write_beside(tag: &'static str, w: &mut Writer, write: impl FnOnce(&mut Writer)) {
    let start = w.len();
    write(w);
    let written = w.since(start);
    let written = written.strip_prefix(b",").unwrap_or(written);
    let written = [b"{".as_slice(), written, b"}"].concat();
    if matches!(crate::wire::value_in(&written, tag), Ok(Some(_))) {
        w.known_in_rest(tag);
    }
}

/// Returns the map that starts here without the attribute `tag`, and passes over it.
pub(crate) fn without(tag: &str, r: &mut Reader<'_>) -> Result<Vec<u8>, ReadError> {
    let mut w = Writer::new();
    w.begin_map();
    r.members(|name, r| {
        let value = r.raw_value()?;
        if name != tag {
            w.member(name);
            w.raw(value);
        }
        Ok(())
    })?;
    w.end_map();
    w.finish().map_err(|_| r.malformed())
}
