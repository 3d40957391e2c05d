//! Keys as maps and JSON, made from items and taken apart again.

use std::time::SystemTime;

use super::{AnyKey, Key, MAX_PARTITION_BYTES, MAX_SORT_BYTES};
use crate::error::Error;
use crate::model::conversion::{AttributeMap, map_json, read_json};
use crate::model::entity::Item;
use crate::model::expr::ast::{Place, Step};
use crate::model::expr::{Fields, InCondition, Path, Prefix, Token};
use crate::model::schema::{EntitySchema, PartSchema, Piece, SingleTable};
use crate::model::template::{distinct, split, text_in};
use crate::model::unique::check_key;
use crate::wire::canonical::{KeyValue, read_members};
use crate::wire::{
    self, Attribute, Form, ReadError, Reader, TemplatePart, ValueOf, WriteError, Writer,
    key_problem,
};

impl<E: Item> Key<E> {
    /// Reads the key of an item from the SDK's map of the item or of its key: of a stream record's
    /// `Keys`, or of a call to the SDK.
    ///
    /// ```
    /// # use dynamodel::{Entity, Key};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "songs")]
    /// # struct Song { #[dynamo(partition)] artist: String, #[dynamo(sort)] track: u32, plays: u64 }
    /// let key = Song::key("Nina", 7_u32);
    /// let map = key.to_item()?;
    /// assert_eq!(map["artist"].as_s().map(String::as_str), Ok("Nina"));
    /// assert_eq!(Key::<Song>::from_item(&map)?, key);
    /// # Ok::<(), dynamodel::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`is_unreadable`](Error::is_unreadable) when a key attribute is missing or of another form,
    /// which [`attribute_path`](Error::attribute_path) names; in a shared table also when it is not
    /// a key that the entity's templates make.
    pub fn from_item(item: &AttributeMap) -> Result<Self, Error> {
        // Other attributes of a whole item are of no use, unless they are parts of the key.
        Self::from_dynamo_json(&map_json(item, Some(E::ITEM_SCHEMA))?)
    }

    /// Reads the key of an item from the DynamoDB JSON of the item or of its key.
    ///
    /// ```
    /// # use dynamodel::{Entity, Key};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "songs")]
    /// # struct Song { #[dynamo(partition)] artist: String, #[dynamo(sort)] track: u32, plays: u64 }
    /// let keys = br#"{"track":{"N":"7"},"artist":{"S":"Nina"}}"#;
    /// let key = Key::<Song>::from_dynamo_json(keys)?;
    /// assert_eq!(key, Song::key("Nina", 7_u32));
    /// assert_eq!(key.part(|k| k.track)?, 7);
    /// # Ok::<(), dynamodel::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_item`](Self::from_item).
    pub fn from_dynamo_json(json: &[u8]) -> Result<Self, Error> {
        let key = read_json(json, Some(E::ITEM_SCHEMA), |r| {
            AnyKey::read(r, E::ITEM_SCHEMA)
        })?;
        let key = Key::of_any(key);
        key.json()?;
        Ok(key)
    }

    /// Returns the key as the SDK's map, to compare it with that of a stream record, or to give it
    /// to a call of the SDK.
    ///
    /// # Errors
    /// [`is_invalid_key`](Error::is_invalid_key) when the key cannot be stored.
    pub fn to_item(&self) -> Result<AttributeMap, Error> {
        Ok(wire::item_from_slice(self.json()?)?)
    }

    /// Returns the DynamoDB JSON of the key, for a queue or a log of your own. It holds the values
    /// of the key, which no error and no `Debug` shows.
    ///
    /// # Errors
    /// [`is_invalid_key`](Error::is_invalid_key) when the key cannot be stored.
    pub fn to_dynamo_json(&self) -> Result<Vec<u8>, Error> {
        Ok(self.json()?.to_vec())
    }

    /// Returns the value of a field of the key: a key attribute, or a part of a template.
    ///
    /// ```
    /// # use dynamodel::{Entity, Table};
    /// # #[derive(Table)]
    /// # #[dynamo(name = "app", partition = "pk", sort = "sk")]
    /// # struct App;
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = App, key(partition = "USER#{user}", sort = "ORDER#{number}"))]
    /// # struct Order { user: String, number: u32, total: u64 }
    /// let key = Order::key("u1", 7_u32);
    /// assert_eq!(key.part(|k| k.user)?, "u1");
    /// assert_eq!(key.part(|k| k.number)?, 7);
    /// assert!(key.part(|k| k.total).is_err()); // not in the key
    /// # Ok::<(), dynamodel::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`is_invalid_request`](Error::is_invalid_request) when the field is not in the key;
    /// [`is_invalid_key`](Error::is_invalid_key) when the key cannot be stored;
    /// [`is_unreadable`](Error::is_unreadable) when the value of a key that was read is not of the
    /// field's type.
    pub fn part<K: Token>(
        &self,
        field: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Path<K, InCondition<E>>,
    ) -> Result<ValueOf<K::Type>, Error> {
        let place = field(E::fields(&Prefix::ROOT)).place();
        let value = self.value(&place)?.ok_or_else(|| {
            let problem = format!("`{place}` is no part of the primary key");
            Error::invalid_request(problem).of_entity(E::ITEM_SCHEMA.entity)
        })?;
        let read = wire::read_item(&value, <ValueOf<K::Type>>::read);
        read.map_err(|e| Error::read(e.in_field(K::NAME)).of_entity(E::ITEM_SCHEMA.entity))
    }

    /// Returns the value of a part of the key, in its wire form.
    fn value(&self, place: &Place) -> Result<Option<Vec<u8>>, Error> {
        let key = self.json()?;
        let steps = place.steps();
        if let Some(single) = E::ITEM_SCHEMA.single_table {
            let parts = single.parts.iter().take(single.key_parts);
            let position = parts
                .map(|part| part.path)
                .position(|path| is_path(path, &steps));
            return Ok(position.and_then(|part| self.parts().get(part).cloned()));
        }
        match steps.as_slice() {
            [Step::Attribute(name)] if E::ITEM_SCHEMA.key.contains(name) => {
                Ok(wire::value_in(key, name)?.map(<[u8]>::to_vec))
            }
            _ => Ok(None),
        }
    }
}

fn is_path(path: &[&str], steps: &[&Step]) -> bool {
    let name = |step: &&Step| match step {
        Step::Attribute(name) => Some(name.to_string()),
        Step::Entry(name) => Some(name.to_string()),
        Step::Element(_) => None,
    };
    path.len() == steps.len()
        && path
            .iter()
            .zip(steps)
            .all(|(own, step)| name(step).as_deref() == Some(*own))
}

impl AnyKey {
    /// Reads the key attributes of the item that starts here, and passes over it.
    fn read(r: &mut Reader<'_>, schema: &'static EntitySchema) -> Result<Self, ReadError> {
        let names: Vec<&'static str> = schema.key.attributes().collect();
        let item = r.clone().raw_value()?;
        let values = read_members(r, &names)?;
        let mut key = AnyKey::from_json(Vec::new());
        key.json = key_json(schema, &names, &values)?;
        if let Some(single) = schema.single_table {
            key.parts = single.parts_of(&values, item)?;
        }
        key.invalid = invalid(schema, &names, &key.json).err();
        Ok(key)
    }
}

/// Returns the JSON of a key, in the order of the schema, as constructors write it.
fn key_json(
    schema: &EntitySchema,
    names: &[&'static str],
    values: &[KeyValue<'_>],
) -> Result<Vec<u8>, ReadError> {
    let table = schema.table_schema();
    let mut w = Writer::new();
    w.begin_map();
    for (name, value) in names.iter().zip(values) {
        let (expected, found) = (table.key_kind(name), kind(value));
        if expected != found {
            return Err(ReadError::new(expected, found).in_field(name));
        }
        w.member(name);
        value.write(&mut w);
    }
    w.end_map();
    w.finish().map_err(|_| ReadError::expected("a key"))
}

fn kind(value: &KeyValue<'_>) -> &'static str {
    match value {
        KeyValue::S(_) => "S",
        KeyValue::N(..) => "N",
        KeyValue::B(_) => "B",
    }
}

/// Checks a key as its constructor does.
fn invalid(
    schema: &'static EntitySchema,
    names: &[&'static str],
    key: &[u8],
) -> Result<(), WriteError> {
    for name in names {
        let limit = match schema.key.partition.contains(name) {
            true => MAX_PARTITION_BYTES,
            false => MAX_SORT_BYTES,
        };
        let value = wire::value_in(key, name).ok().flatten();
        if let Some(problem) = value.and_then(|value| key_problem(value, limit)) {
            return Err(problem.in_attribute(*name));
        }
    }
    check_key(schema, key)
}

impl SingleTable {
    /// Returns the parts of a primary key, in their wire form: from the fields of the item, if it has
    /// them, or from the texts of the key.
    fn parts_of(&self, key: &[KeyValue<'_>], item: &[u8]) -> Result<Vec<Vec<u8>>, ReadError> {
        let templates = [self.key.partition, self.key.sort];
        let mut found: Vec<Option<Vec<u8>>> = vec![None; self.key_parts];
        for ((name, pieces), value) in self.table.key.attributes().zip(templates).zip(key) {
            self.parts_in(pieces, value, item, &mut found)
                .ok_or_else(|| other_key(name))?;
        }
        let order = distinct(templates.into_iter().flatten());
        let parts = order.into_iter().map(|part| found.get_mut(part)?.take());
        let parts: Option<Vec<Vec<u8>>> = parts.collect();
        parts.ok_or_else(|| ReadError::expected("a key"))
    }

    /// Adds the parts of a key attribute; `None` if its template does not make the text.
    fn parts_in(
        &self,
        pieces: &[Piece],
        value: &KeyValue<'_>,
        item: &[u8],
        found: &mut [Option<Vec<u8>>],
    ) -> Option<()> {
        if let [Piece::Value(position)] = *pieces {
            // The key attribute is the value.
            *found.get_mut(position)? = Some(written(|w| value.write(w))?);
            return Some(());
        }
        let KeyValue::S(text) = value else {
            return None;
        };
        if !self.is_own_text(pieces, text) && self.table.discriminator.is_none() {
            return None;
        }
        for (position, _) in split(pieces, self.parts, text)? {
            let (text, form) = text_in(pieces, self.parts, text, position)?;
            let value = self.parts.get(position)?.value_of(text, form, item)?;
            let slot = found.get_mut(position)?;
            match slot {
                // A part that stands in both attributes has one value.
                Some(other) if *other != value => return None,
                _ => *slot = Some(value),
            }
        }
        Some(())
    }
}

#[cold]
fn other_key(name: &'static str) -> ReadError {
    ReadError::new("a key that the entity's template makes", "another key").in_field(name)
}

impl PartSchema {
    /// Returns the value that has this text in a key, in its wire form: that of the item, or the one
    /// of the forms in which types with such texts are stored.
    fn value_of(&self, text: &str, form: Form, item: &[u8]) -> Option<Vec<u8>> {
        let plain = written(|w| w.number_text(text)).filter(|_| self.number);
        let mut candidates = std::iter::once(self.value_in(item))
            .chain([plain, string(text), bool_value(text), time(text)])
            .chain(numbers(text));
        let has_text = |json: &Vec<u8>| {
            let mut made = String::new();
            matches!((self.text)(json, form, &mut made), Ok(true)) && made == text
        };
        candidates.find_map(|json| json.filter(has_text))
    }

    fn value_in(&self, item: &[u8]) -> Option<Vec<u8>> {
        match self.path {
            [name] => wire::value_in(item, name).ok()?.map(<[u8]>::to_vec),
            _ => None,
        }
    }
}

fn written(write: impl FnOnce(&mut Writer)) -> Option<Vec<u8>> {
    let mut w = Writer::new();
    write(&mut w);
    w.finish().ok()
}

fn string(text: &str) -> Option<Vec<u8>> {
    written(|w| w.string(text))
}

fn bool_value(text: &str) -> Option<Vec<u8>> {
    bool::read_part(text).and_then(|value| wire::to_vec(&value).ok())
}

fn time(text: &str) -> Option<Vec<u8>> {
    SystemTime::read_part(text).and_then(|value| wire::to_vec(&value).ok())
}

/// Returns the numbers whose text of full width this is: an unsigned one, or a signed one.
fn numbers(text: &str) -> Vec<Option<Vec<u8>>> {
    macro_rules! all {
        ($($int:ty)*) => {
            vec![$(<$int>::read_part(text).and_then(|value| wire::to_vec(&value).ok())),*]
        };
    }
    all!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128)
}
