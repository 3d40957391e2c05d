//! Primary keys: [`Key`], and the values that keys are made of.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use crate::attribute::{ValueFor, ValueOf};
use crate::collection::WireValue;
use crate::entity::Entity;
use crate::error::Error;
use crate::expr::Token;
use crate::expr::ast::Value;
use crate::schema::{IndexKey, KeySchema, KeyTemplates, SingleTable};
use crate::template;
use crate::wire::{WriteError, Writer};

pub(crate) use crate::wire::{MAX_PARTITION as MAX_PARTITION_BYTES, MAX_SORT as MAX_SORT_BYTES};

/// The primary key of an item of entity `E`. Made by the entity's `key` constructor.
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
    json: Vec<u8>,
    /// The parts of the templates, in a table of several entities.
    parts: Vec<Vec<u8>>,
    invalid: Option<WriteError>,
    _entity: PhantomData<fn() -> E>,
}

impl<E: Entity> Key<E> {
    #[doc(hidden)]
    pub fn from_builder(builder: KeyBuilder) -> Self {
        let templates = E::SCHEMA.single_table.map(SingleTable::primary);
        let parts = match &templates {
            Some(_) => builder.values(),
            None => Vec::new(),
        };
        let (json, invalid) = match builder.finish(&E::SCHEMA.key, templates.as_ref()) {
            Ok(json) => (json, None),
            Err(e) => (Vec::new(), Some(e)),
        };
        Key {
            json,
            parts,
            invalid,
            _entity: PhantomData,
        }
    }

    /// The values of the template parts of the primary key, in the order of
    /// [`SingleTable::parts`], in their wire form.
    pub(crate) fn parts(&self) -> &[Vec<u8>] {
        &self.parts
    }

    /// A key that was one before.
    pub(crate) fn from_json(json: Vec<u8>) -> Self {
        Key {
            json,
            parts: Vec::new(),
            invalid: None,
            _entity: PhantomData,
        }
    }

    /// The key as DynamoDB JSON.
    pub(crate) fn json(&self) -> Result<&[u8], Error> {
        match &self.invalid {
            None => Ok(&self.json),
            Some(e) => Err(Error::invalid_key(e.clone()).of_entity(E::SCHEMA.entity)),
        }
    }
}

impl<E> Clone for Key<E> {
    fn clone(&self) -> Self {
        Key {
            json: self.json.clone(),
            parts: self.parts.clone(),
            invalid: self.invalid.clone(),
            _entity: PhantomData,
        }
    }
}

impl<E> PartialEq for Key<E> {
    fn eq(&self, other: &Self) -> bool {
        self.invalid.is_none() && other.invalid.is_none() && self.json == other.json
    }
}
impl<E> Eq for Key<E> {}

impl<E> Hash for Key<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.json.hash(state);
    }
}

impl<E: Entity> fmt::Debug for Key<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Key");
        s.field("entity", &E::SCHEMA.entity);
        for name in E::SCHEMA.key.attributes() {
            s.field(name, &format_args!("_"));
        }
        s.finish()
    }
}

/// Collects the values of a key, attribute by attribute. Used by generated constructors.
#[doc(hidden)]
pub struct KeyBuilder {
    parts: Vec<(&'static str, Value)>,
}

impl fmt::Debug for KeyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.parts.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Default for KeyBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyBuilder {
    pub fn new() -> Self {
        KeyBuilder {
            parts: Vec::with_capacity(2),
        }
    }

    pub fn part<K: Token>(mut self, value: impl ValueFor<ValueOf<K::Type>>) -> Self {
        self.parts
            .push((K::NAME, Value::write(|w| value.write_value(w))));
        self
    }

    /// The parts with these names and values.
    pub(crate) fn of_values(parts: impl IntoIterator<Item = (&'static str, WireValue)>) -> Self {
        let parts = parts.into_iter();
        KeyBuilder {
            parts: parts
                .map(|(name, value)| (name, value.into_value()))
                .collect(),
        }
    }

    /// The key as one JSON map.
    fn finish(
        self,
        schema: &KeySchema,
        templates: Option<&IndexKey>,
    ) -> Result<Vec<u8>, WriteError> {
        let parts = self.checked(schema, templates)?;
        let length = parts
            .iter()
            .map(|(name, json)| name.len() + json.len() + 4)
            .sum::<usize>();
        let mut w = Writer::with_capacity(length + 2);
        w.raw(b"{");
        for (i, (name, json)) in parts.iter().enumerate() {
            w.raw(if i > 0 { b",\"" } else { b"\"" });
            w.text(name);
            w.raw(b"\":");
            w.raw(json);
        }
        w.raw(b"}");
        w.finish()
    }

    /// The values in their wire form.
    fn values(&self) -> Vec<Vec<u8>> {
        let values = self.parts.iter().filter_map(|(_, value)| match value {
            Value::Json(json) => Some(json.clone()),
            Value::Invalid(_) => None,
        });
        values.collect()
    }

    /// The key attributes that the templates make of the values: of the partition key alone, or of
    /// both when there are values for all parts.
    fn composed(
        self,
        schema: &KeySchema,
        templates: &IndexKey,
    ) -> Result<Vec<(&'static str, Value)>, WriteError> {
        let KeyTemplates { partition, sort } = templates.key;
        let order = template::distinct(partition.iter().chain(sort));
        let texts = self.parts.iter().zip(&order).map(|((name, value), part)| {
            let text = templates.parts.get(*part).map(|p| p.text);
            match (value, text) {
                (Value::Json(json), Some(text)) => {
                    let text = text(json).map_err(|e| e.in_attribute(*name))?;
                    Ok((*part, text))
                }
                (Value::Invalid(e), _) => Err(e.clone().in_attribute(*name)),
                (_, None) => Ok((*part, None)),
            }
        });
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let text = |part: usize| {
            let found = texts.iter().find(|(p, _)| *p == part);
            Ok(found.and_then(|(_, text)| text.clone()))
        };
        let mut attributes = Vec::with_capacity(2);
        for (names, pieces) in [(schema.partition, partition), (schema.sort, sort)] {
            let Some(name) = names.first().filter(|_| !pieces.is_empty()) else {
                continue;
            };
            let composed = template::compose(pieces, templates.parts, text);
            if let Some(value) = composed.map_err(|e| e.in_attribute(*name))? {
                attributes.push((*name, Value::write(|w| w.string(&value))));
            }
        }
        Ok(attributes)
    }

    /// The values, each within DynamoDB's limits for a key of this schema.
    pub(crate) fn checked(
        mut self,
        schema: &KeySchema,
        templates: Option<&IndexKey>,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, WriteError> {
        if let Some(templates) = templates {
            self = KeyBuilder {
                parts: self.composed(schema, templates)?,
            };
        }
        self.parts
            .into_iter()
            .map(|(name, value)| {
                let limit = if schema.partition.contains(&name) {
                    MAX_PARTITION_BYTES
                } else {
                    MAX_SORT_BYTES
                };
                check_key_value(name, value, limit).map(|json| (name, json))
            })
            .collect()
    }
}

/// The value, when it can be a key attribute: not empty, at most `limit` bytes.
pub(crate) fn check_key_value(
    name: &'static str,
    value: Value,
    limit: usize,
) -> Result<Vec<u8>, WriteError> {
    let json = match value {
        Value::Json(json) => json,
        Value::Invalid(e) => return Err(e.in_attribute(name)),
    };
    match crate::wire::key_problem(&json, limit) {
        None => Ok(json),
        Some(problem) => Err(problem.in_attribute(name)),
    }
}
