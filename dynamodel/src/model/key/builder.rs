//! [`KeyBuilder`]: the attributes of a key, one after the other, in one buffer.

use std::fmt;

use super::WireValue;
use super::{MAX_PARTITION_BYTES, MAX_SORT_BYTES};
use crate::model::expr::Token;
use crate::model::expr::ast::Value;
use crate::model::schema::{IndexKey, KeySchema, KeyTemplates, Piece};
use crate::model::template;
use crate::wire::{ValueFor, ValueOf};
use crate::wire::{WriteError, Writer, is_surely_key, key_problem};

/// Buffer size in bytes, which most keys fit into.
const CAPACITY: usize = 128;

/// Collects the values of a key, attribute by attribute. Used by generated constructors.
///
/// The values are written directly as the map that is sent, `{"user_id":{"S":".."},..`, so that a
/// key is one allocation.
#[doc(hidden)]
pub struct KeyBuilder {
    json: Writer,
    /// The first two parts; a primary key has no more.
    few: [Part; 2],
    more: Vec<Part>,
    count: usize,
    /// `true` if all values are short enough for any key.
    short: bool,
}

/// Ranges of the one or two values of a primary key in its JSON, as start and end. A value never
/// starts at 0, so zeros stand for a missing second value, or for ranges that are not known.
pub(super) type Places = [(u32, u32); 2];

/// A primary key as JSON, with the ranges of its values.
pub(super) type Written = (Vec<u8>, Places);

/// The name of a part, with the range of its value.
#[derive(Clone, Copy, Default)]
struct Part {
    name: &'static str,
    start: usize,
    end: usize,
}

impl Part {
    /// Returns the range of the value. The conversion cannot fail: a key is shorter than 4 GB.
    #[inline(always)] // a conversion of two numbers for each key
    fn place(&self) -> (u32, u32) {
        let place = |at: usize| u32::try_from(at).unwrap_or_default();
        (place(self.start), place(self.end))
    }
}

impl fmt::Debug for KeyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.parts().map(|part| part.name))
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
        let mut json = Writer::short::<CAPACITY>();
        json.begin_map();
        KeyBuilder {
            json,
            few: [Part::default(); 2],
            more: Vec::new(),
            count: 0,
            short: true,
        }
    }

    pub fn part<K: Token>(&mut self, value: impl ValueFor<ValueOf<K::Type>>) -> &mut Self {
        let start = match K::MEMBER {
            "" => self.begin(K::NAME),
            member => {
                self.json.name(member);
                self.json.len()
            }
        };
        value.write_value(&mut self.json);
        self.end(K::NAME, start);
        self
    }

    /// Collects parts with these names and values.
    pub(crate) fn of_values(parts: impl IntoIterator<Item = (&'static str, WireValue)>) -> Self {
        let mut builder = Self::new();
        for (name, value) in parts {
            match value.into_value() {
                Value::Json(json) => builder.push(name, |w| w.raw(&json)),
                Value::Invalid(e) => builder.push(name, |w| w.fail(e.in_attribute(name))),
            }
        }
        builder
    }

    fn push(&mut self, name: &'static str, write: impl FnOnce(&mut Writer)) {
        let start = self.begin(name);
        write(&mut self.json);
        self.end(name, start);
    }

    /// Writes the name before a value, and returns the value's start.
    fn begin(&mut self, name: &str) -> usize {
        self.json.member(name);
        self.json.len()
    }

    /// Ends the value that starts at `start`.
    fn end(&mut self, name: &'static str, start: usize) {
        self.short &= is_surely_key(self.json.since(start), MAX_SORT_BYTES);
        let end = self.json.len();
        let part = Part { name, start, end };
        match self.few.get_mut(self.count) {
            Some(place) => *place = part,
            None => self.add_more(part),
        }
        self.count += 1;
    }

    #[cold] // rare: more than two parts, as only templates and index keys have
    #[inline(never)]
    fn add_more(&mut self, part: Part) {
        self.more.push(part);
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        let few = self.few.iter().take(self.count);
        few.chain(&self.more)
    }

    fn value(&self, part: &Part) -> &[u8] {
        // In bounds: the part was written to this buffer.
        let json = self.json.as_slice().get(part.start..part.end);
        json.unwrap_or_default()
    }

    /// Returns the key as one JSON map, with the ranges of its values, or `None` if the key needs
    /// the checks of [`finish`](Self::finish).
    #[inline(always)] // the common case of the generated key constructors
    pub(super) fn finish_short(&mut self) -> Option<Written> {
        if !self.short || self.json.error().is_some() {
            return None;
        }
        self.json.end_map();
        Some((self.json.take(), self.places()))
    }

    /// Returns the key as one JSON map, with the ranges of its first two values.
    pub(super) fn finish(
        &mut self,
        schema: &KeySchema,
        templates: Option<&IndexKey>,
    ) -> Result<Written, WriteError> {
        if let Some(templates) = templates {
            *self = self.composed(schema, templates)?;
        }
        if !self.short || self.json.error().is_some() {
            self.check(schema)?;
        }
        self.json.end_map();
        let places = self.places();
        Ok((std::mem::take(&mut self.json).finish()?, places))
    }

    /// Returns the ranges of the values: the partition key is the first part, the sort key the
    /// second one.
    fn places(&self) -> Places {
        match self.count {
            // With a single part, the second range is zeros.
            1 | 2 => self.few.map(|part| part.place()),
            _ => Places::default(),
        }
    }

    /// Returns the values in their wire form.
    pub(super) fn values(&self) -> Vec<Vec<u8>> {
        self.parts().map(|part| self.value(part).to_vec()).collect()
    }

    /// Composes the key attributes that the templates make of the values: the partition key alone,
    /// or both if there are values for all parts.
    fn composed(&self, schema: &KeySchema, templates: &IndexKey) -> Result<Self, WriteError> {
        if let Some(e) = self.json.error() {
            return Err(e.clone());
        }
        let KeyTemplates { partition, sort } = templates.key;
        let order = template::distinct(partition.iter().chain(sort));
        let given = |part: usize| {
            let mut given = self.parts().zip(&order);
            given
                .find(|(_, other)| **other == part)
                .map(|(given, _)| given)
        };
        let mut attributes = KeyBuilder::new();
        for (names, pieces) in [(schema.partition, partition), (schema.sort, sort)] {
            let Some(name) = names.first().filter(|_| !pieces.is_empty()) else {
                continue;
            };
            if let [Piece::Value(part)] = pieces {
                if let Some(given) = given(*part) {
                    attributes.push(name, |w| w.raw(self.value(given)));
                }
                continue;
            }
            let composed = template::compose(pieces, templates.parts, |part, form, out| {
                let (Some(given), Some(schema)) = (given(part), templates.parts.get(part)) else {
                    return Ok(false);
                };
                let written = (schema.text)(self.value(given), form, out);
                written.map_err(|e| e.in_attribute(given.name))
            });
            if let Some(value) = composed.map_err(|e| e.in_attribute(*name))? {
                attributes.push(name, |w| w.string(&value));
            }
        }
        Ok(attributes)
    }

    /// Checks that each value is within DynamoDB's limits for a key of this schema.
    fn check(&self, schema: &KeySchema) -> Result<(), WriteError> {
        if let Some(e) = self.json.error() {
            return Err(e.clone());
        }
        match self.short {
            true => Ok(()),
            false => self.check_closely(schema),
        }
    }

    #[cold] // rare: values that may be too long
    #[inline(never)]
    fn check_closely(&self, schema: &KeySchema) -> Result<(), WriteError> {
        for part in self.parts() {
            let limit = match schema.partition.contains(&part.name) {
                true => MAX_PARTITION_BYTES,
                false => MAX_SORT_BYTES,
            };
            if let Some(problem) = key_problem(self.value(part), limit) {
                return Err(problem.in_attribute(part.name));
            }
        }
        Ok(())
    }

    /// Returns the values, each within DynamoDB's limits for a key of this schema.
    pub(crate) fn checked(
        &self,
        schema: &KeySchema,
        templates: Option<&IndexKey>,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, WriteError> {
        let composed = templates.map(|templates| self.composed(schema, templates));
        let composed = composed.transpose()?;
        let key = composed.as_ref().unwrap_or(self);
        key.check(schema)?;
        let values = key
            .parts()
            .map(|part| (part.name, key.value(part).to_vec()));
        Ok(values.collect())
    }
}

/// Returns the JSON of a value that can be a key attribute: not empty, at most `limit` bytes.
pub(crate) fn check_key_value(
    name: &'static str,
    value: Value,
    limit: usize,
) -> Result<Vec<u8>, WriteError> {
    let json = match value {
        Value::Json(json) => json,
        Value::Invalid(e) => return Err(e.in_attribute(name)),
    };
    match key_problem(&json, limit) {
        None => Ok(json),
        Some(problem) => Err(problem.in_attribute(name)),
    }
}
