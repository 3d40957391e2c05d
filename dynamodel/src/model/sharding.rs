//! Shards of indexes: the shard of an item, and the attributes with which writes store it.

use crate::model::entity::Item;
use crate::model::expr::ast::{ActionNode, Place, Source, Value, Verb};
use crate::model::key::Key;
use crate::model::schema::{EntitySchema, KeySchema, Shards};
use crate::wire::canonical::{Fnv, KeyValue, members};
use crate::wire::{ReadError, Writer};

impl Shards {
    /// Returns the shard of the item whose primary key has this hash.
    pub(crate) fn of(self, hash: u64) -> u16 {
        // Cannot fail: the remainder of a division by a `u16` is a `u16`.
        u16::try_from(hash % u64::from(self.count.max(1))).unwrap_or(0)
    }

    /// Returns the numbers of all shards.
    pub(crate) fn numbers(self) -> std::ops::Range<u16> {
        0..self.count
    }
}

/// Returns the end of a partition key's text in this shard. All shards have ends of the same
/// length, so that a value without a shard cannot equal another value with one.
pub(crate) fn suffix(shard: u16) -> String {
    format!("#{shard:03}")
}

/// Returns the hash of a primary key, as [`Shards`] describes it. `values` are in the order of the
/// key.
pub(crate) fn hash<'v>(values: impl IntoIterator<Item = &'v KeyValue<'v>>) -> u64 {
    let mut hash = Fnv::default();
    for value in values {
        value.feed(&mut hash);
    }
    mixed(hash.finish())
}

/// Returns the hash of a primary key that is one JSON map.
pub(crate) fn hash_of_key(key: &[u8], schema: &KeySchema) -> Result<u64, ReadError> {
    let names: Vec<&'static str> = schema.attributes().collect();
    Ok(hash(&members(key, &names)?))
}

/// Applies the finalizer of MurmurHash3.
fn mixed(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Returns the attributes that hold the shards of an item, with the shards of their indexes.
fn attributes(schema: &EntitySchema) -> impl Iterator<Item = (&'static str, Shards)> {
    let indexes = schema.indexes.iter();
    indexes.filter_map(|index| index.shards.and_then(|s| Some((s.attribute?, s))))
}

/// Writes the attributes that hold the shards of the item.
#[doc(hidden)]
pub fn write_shards<E: Item>(entity: &E, w: &mut Writer) {
    // An invalid key has already failed the item.
    let Ok(hash) = key_hash(&entity.item_key()) else {
        return;
    };
    for (name, shards) in attributes(E::ITEM_SCHEMA) {
        w.comma();
        w.raw(b"\"");
        w.text(name);
        w.raw(b"\":");
        w.integer(shards.of(hash));
    }
}

/// Returns the actions with which an update puts the item into its shards, whether or not it was
/// there.
pub(crate) fn actions<E: Item>(key: &Key<E>) -> Result<Vec<ActionNode>, crate::Error> {
    let mut attributes = attributes(E::ITEM_SCHEMA).peekable();
    if attributes.peek().is_none() {
        return Ok(Vec::new());
    }
    let hash = key_hash(key)?;
    let set = |(name, shards): (_, Shards)| ActionNode {
        place: Place::root(name),
        verb: Verb::Set(Source::Value(Value::write(|w| w.integer(shards.of(hash))))),
    };
    Ok(attributes.map(set).collect())
}

/// Returns the hash of a key.
pub(crate) fn key_hash<E: Item>(key: &Key<E>) -> Result<u64, crate::Error> {
    hash_of_key(key.json()?, &E::ITEM_SCHEMA.key).map_err(crate::Error::read)
}

#[cfg(test)]
mod tests;
