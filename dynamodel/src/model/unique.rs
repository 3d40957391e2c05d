//! The unique item of a unique value: its key, its content, and the filters that exclude it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::Error;
use crate::model::expr::ast::{Function, Node, Operand, Place, Value};
use crate::model::expr::render::Body;
use crate::model::schema::{EntitySchema, IndexProjection, KeySchema, UniqueSchema};
use crate::wire::{Decimal, MAX_PARTITION, ReadError, Reader, Tag, WriteError, Writer, value_in};

/// The prefix of the keys of unique items, which no other item's key has.
pub(crate) const PREFIX: &str = "_unique#";
/// The sort key of unique items, and their type in a table of several entities.
const WORD: &str = "_unique";
/// The attribute with the key of the item that has the value.
const OWNER: &str = "_owner";

/// Returns the partition key of the unique item of a value, or `None` when there is no value.
///
/// # Errors
/// When the key is too long, or the value is not readable.
pub(crate) fn unique_key(
    schema: &EntitySchema,
    unique: &UniqueSchema,
    value: Option<&[u8]>,
) -> Result<Option<String>, Error> {
    let Some(text) = value.map(value_text).transpose()?.flatten() else {
        return Ok(None);
    };
    let mut key = String::from(PREFIX);
    if let Some(single) = schema.single_table {
        push_name(&mut key, single.kind);
    }
    push_name(&mut key, unique.attribute);
    key.push_str(&text);
    if key.len() > MAX_PARTITION {
        let most = MAX_PARTITION - (key.len() - text.len());
        let problem = format!("a unique value has at most {most} bytes: it is part of a key");
        let problem = WriteError::new(problem).in_attribute(unique.attribute);
        return Err(Error::invalid_key(problem));
    }
    Ok(Some(key))
}

/// Appends a declared name and `#`. A `#` in the name is escaped, so that the key is unambiguous.
fn push_name(key: &mut String, name: &str) {
    for c in name.chars() {
        match c {
            '#' => key.push_str("%23"),
            '%' => key.push_str("%25"),
            c => key.push(c),
        }
    }
    key.push('#');
}

fn canonical_number(text: &str) -> Result<String, ReadError> {
    let number = Decimal::parse(text);
    number
        .map(Decimal::canonical_text)
        .map_err(|_| ReadError::expected("a number of DynamoDB"))
}

/// Returns the value as text, the same for all forms of one value, or `None` for a type that cannot
/// be unique.
fn value_text(json: &[u8]) -> Result<Option<String>, ReadError> {
    let mut r = Reader::new(json)?;
    Ok(match r.kind()? {
        Tag::S => Some(r.string()?.into_owned()),
        Tag::N => Some(canonical_number(r.number()?)?),
        Tag::B => Some(STANDARD.encode(r.binary()?)),
        _ => None,
    })
}

/// Returns the key of the item that a unique item names as its owner, as JSON.
pub(crate) fn owner_of(unique_item: &[u8]) -> Option<Vec<u8>> {
    let owner = value_in(unique_item, OWNER).ok()??;
    let mut key = None;
    let mut r = Reader::new(owner).ok()?;
    r.members(|tag, r| {
        let value = r.raw_value()?;
        key = (tag == "M").then(|| value.to_vec());
        Ok(())
    })
    .ok()?;
    key
}

/// Returns `true` if the two values are equal, in whatever form they are written.
pub(crate) fn same_value(a: Option<&[u8]>, b: Option<&[u8]>) -> bool {
    if a == b {
        return true;
    }
    let kind = |json| Reader::new(json).and_then(|r| r.kind()).ok();
    match (a, b) {
        (Some(a), Some(b)) => {
            let text = value_text(a).ok().flatten();
            text.is_some() && kind(a) == kind(b) && text == value_text(b).ok().flatten()
        }
        _ => false,
    }
}

/// Returns the key of the unique item, as JSON.
pub(crate) fn key_json(schema: &EntitySchema, text: &str) -> Result<Vec<u8>, Error> {
    let mut w = Writer::with_capacity(text.len() + 64);
    w.raw(b"{");
    write_key(schema, text, &mut w);
    w.raw(b"}");
    w.finish().map_err(Error::write)
}

fn write_key(schema: &EntitySchema, text: &str, w: &mut Writer) {
    for name in schema.key.partition {
        w.member(name);
        w.string(text);
    }
    for name in schema.key.sort {
        w.member(name);
        let kind = match schema.single_table {
            Some(single) => single.table.key_kind(name),
            None => schema.attribute(name).map_or("S", |a| a.kind),
        };
        match kind {
            // Sentinel sort key: sorts outside any realistic numeric range query.
            "N" => w.raw(b"{\"N\":\"-9E125\"}"),
            "B" => w.binary(WORD.as_bytes()),
            _ => w.string(WORD),
        }
    }
}

/// Returns the primary key of an item, as JSON.
pub(crate) fn key_of(schema: &EntitySchema, item: &[u8]) -> Result<Vec<u8>, Error> {
    let mut w = Writer::new();
    w.raw(b"{");
    for name in schema.key.attributes() {
        if let Some(value) = value_in(item, name)? {
            w.member(name);
            w.raw(value);
        }
    }
    w.raw(b"}");
    w.finish().map_err(Error::write)
}

/// Writes the request member with the unique item of this owner's value, which expires with the
/// owner.
pub(crate) fn put_unique_item(
    schema: &EntitySchema,
    text: &str,
    owner: &[u8],
    ttl: Option<&[u8]>,
    body: &mut Body,
) {
    body.member_with("Item", |w| {
        w.raw(b"{");
        write_key(schema, text, w);
        w.member(OWNER);
        w.raw(b"{\"M\":");
        w.raw(owner);
        w.raw(b"}");
        if let Some(name) = schema.single_table.and_then(|s| s.table.discriminator) {
            w.member(name);
            w.string(WORD);
        }
        if let (Some(name), Some(ttl)) = (schema.ttl, ttl) {
            w.member(name);
            w.raw(ttl);
        }
        w.raw(b"}");
    });
}

/// Returns the name of the attribute with the owner, for the projection of a read.
pub(crate) fn owner_attribute() -> impl Iterator<Item = &'static str> {
    std::iter::once(OWNER)
}

/// Returns the precondition that the unique item belongs to this owner.
pub(crate) fn owned_by(owner: &[u8]) -> Node {
    Node::equals(OWNER, Value::Json([b"{\"M\":", owner, b"}"].concat()))
}

/// Returns the precondition that the unique item does not exist.
pub(crate) fn no_unique_item(schema: &EntitySchema) -> Node {
    // Never empty: every table has a partition key.
    let key = schema.key.partition.first().copied().unwrap_or_default();
    Node::not_exists(key)
}

/// Returns the filter of scans that excludes unique items, if the scan could meet any.
pub(crate) fn filter(schema: &EntitySchema) -> Option<Node> {
    // In a shared table, scans already filter by the type of the item.
    let shared = schema
        .single_table
        .is_some_and(|s| s.table.discriminator.is_some());
    let key = schema.key.partition.first()?;
    // Tests the partition key of the table, because every index holds it.
    let is_guard = Node::Call(
        Function::BeginsWith,
        Place::root(key),
        Some(Operand::Value(Value::write(|w| w.string(PREFIX)))),
    );
    (!schema.unique.is_empty() && !shared).then(|| is_guard.negated())
}

/// Returns the filter as [`filter`] does, for queries of an index whose key attributes unique items
/// have too.
pub(crate) fn index_filter(schema: &EntitySchema, index: &str, key: &KeySchema) -> Option<Node> {
    let filter = filter(schema)?;
    let partition = schema.key.partition.first()?;
    let has = |name| schema.key.contains(name) || schema.ttl == Some(name);
    if !key.attributes().all(has) {
        return None;
    }
    if !key.contains(partition) {
        return Some(filter);
    }
    // A filter must not name the key of the queried index, so the owner attribute is tested.
    let holds_owner = schema.index(index)?.projection == IndexProjection::All;
    holds_owner.then(|| Node::not_exists(OWNER))
}

/// Refuses a partition key that is the key of a unique item: no entity has such a key.
pub(crate) fn check_partition(
    schema: &EntitySchema,
    name: &'static str,
    value: &[u8],
) -> Result<(), WriteError> {
    if schema.unique.is_empty() || !schema.key.partition.contains(&name) {
        return Ok(());
    }
    let text = value_text(value).ok().flatten();
    if text.is_some_and(|text| text.starts_with(PREFIX)) {
        let problem = "a key that begins with `_unique#` is that of a unique item";
        return Err(WriteError::new(problem).in_attribute(name));
    }
    Ok(())
}

/// Refuses a whole key as [`check_partition`] does.
pub(crate) fn check_key(schema: &EntitySchema, key: &[u8]) -> Result<(), WriteError> {
    if schema.unique.is_empty() {
        return Ok(());
    }
    for name in schema.key.partition {
        if let Ok(Some(value)) = value_in(key, name) {
            check_partition(schema, name, value)?;
        }
    }
    Ok(())
}
