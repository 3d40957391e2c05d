//! Primary keys: [`Key`], and the values that keys are made of.

mod builder;
mod conversion;
mod list;
mod stored;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use crate::error::Error;
use crate::model::entity::Item;
use crate::model::expr::ast::Value;
use crate::model::schema::{EntitySchema, SingleTable};
use crate::model::unique::check_key;
use crate::wire::ValueFor;
use crate::wire::WriteError;

use builder::Places;

pub use builder::KeyBuilder;
pub(crate) use builder::check_key_value;
pub(crate) use list::{KeyAt, KeyList};
pub use stored::StoredKey;

pub(crate) use crate::wire::{MAX_PARTITION as MAX_PARTITION_BYTES, MAX_SORT as MAX_SORT_BYTES};

/// The primary key of an item of entity `E`. Created by the entity's `key` constructor.
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
/// let key = Song::key("Nina", "Aria");
/// assert_eq!(key, song("Aria", 2001).key_of());
/// assert_eq!(format!("{key:?}"), "Key { entity: \"Song\", artist: _, title: _ }");
/// # Ok(())
/// # }
/// ```
///
/// Equal keys are equal and hash alike, so keys can be collected in sets and maps. `Debug` names the
/// entity and the key attributes, not their values.
pub struct Key<E> {
    key: AnyKey,
    _entity: PhantomData<fn() -> E>,
}

/// A primary key of any entity.
#[derive(Clone)]
struct AnyKey {
    json: Vec<u8>,
    /// The ranges of the values in the JSON.
    places: Places,
    /// The parts of the templates, in a table of several entities.
    parts: Vec<Vec<u8>>,
    invalid: Option<WriteError>,
}

impl<E: Item> Key<E> {
    #[doc(hidden)]
    pub fn from_builder(builder: &mut KeyBuilder) -> Self {
        Key {
            key: AnyKey::build(builder, E::ITEM_SCHEMA),
            _entity: PhantomData,
        }
    }

    /// Returns the values of the template parts of the primary key, in the order of
    /// [`SingleTable::parts`], in their wire form.
    pub(crate) fn parts(&self) -> &[Vec<u8>] {
        &self.key.parts
    }

    /// Creates a key from JSON that was a valid key before.
    pub(crate) fn from_json(json: Vec<u8>) -> Self {
        Key {
            key: AnyKey::from_json(json),
            _entity: PhantomData,
        }
    }

    fn of_any(key: AnyKey) -> Self {
        Key {
            key,
            _entity: PhantomData,
        }
    }

    /// Returns the problem of a key that cannot be stored.
    pub(crate) fn problem(&self) -> Option<&WriteError> {
        self.key.invalid.as_ref()
    }

    /// Returns the key as DynamoDB JSON.
    pub(crate) fn json(&self) -> Result<&[u8], Error> {
        match &self.key.invalid {
            None => Ok(&self.key.json),
            Some(e) => Err(Error::invalid_key(e.clone()).of_entity(E::ITEM_SCHEMA.entity)),
        }
    }
}

impl AnyKey {
    fn from_json(json: Vec<u8>) -> Self {
        AnyKey {
            json,
            places: Places::default(),
            parts: Vec::new(),
            invalid: None,
        }
    }

    fn build(builder: &mut KeyBuilder, schema: &'static EntitySchema) -> Self {
        // Nearly all keys take this branch, which is inlined into the key constructors.
        if schema.single_table.is_none()
            && schema.unique.is_empty()
            && let Some((json, places)) = builder.finish_short()
        {
            return AnyKey {
                places,
                ..AnyKey::from_json(json)
            };
        }
        Self::build_closely(builder, schema)
    }

    /// Builds a key that templates compose, whose values are long, or that may be the key of a
    /// unique item.
    #[inline(never)] // rare: kept out of the generated key constructors
    fn build_closely(builder: &mut KeyBuilder, schema: &'static EntitySchema) -> Self {
        let templates = schema.single_table.map(SingleTable::primary);
        let parts = match &templates {
            Some(_) => builder.values(),
            None => Vec::new(),
        };
        let written = builder.finish(&schema.key, templates.as_ref());
        let checked = written.and_then(|key| {
            check_key(schema, &key.0)?;
            if let Some(single) = schema.single_table {
                single.check_untyped(&key.0)?;
            }
            Ok(key)
        });
        match checked {
            Ok((json, places)) => AnyKey {
                places,
                parts,
                ..AnyKey::from_json(json)
            },
            Err(e) => AnyKey {
                parts,
                invalid: Some(e),
                ..AnyKey::from_json(Vec::new())
            },
        }
    }
}

impl<E> Clone for Key<E> {
    fn clone(&self) -> Self {
        Key {
            key: self.key.clone(),
            _entity: PhantomData,
        }
    }
}

impl<E> PartialEq for Key<E> {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (&self.key, &other.key);
        one.invalid.is_none() && other.invalid.is_none() && one.json == other.json
    }
}
impl<E> Eq for Key<E> {}

impl<E> Hash for Key<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.json.hash(state);
    }
}

impl<E: Item> fmt::Debug for Key<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Key");
        s.field("entity", &E::ITEM_SCHEMA.entity);
        for name in E::ITEM_SCHEMA.key.attributes() {
            s.field(name, &format_args!("_"));
        }
        s.finish()
    }
}

/// A value in its wire form.
#[doc(hidden)]
pub struct WireValue(Value);

impl std::fmt::Debug for WireValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl WireValue {
    /// Writes an operand of an attribute of type `V`.
    pub(crate) fn from_operand<V>(value: impl ValueFor<V>) -> Self {
        WireValue(Value::write(|w| value.write_value(w)))
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}
