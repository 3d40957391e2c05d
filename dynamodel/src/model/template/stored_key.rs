//! Comparison of the key that is stored in an item with the key that the templates make of its
//! fields. Another program, or another release of the entity, may have made the stored key in
//! another way; a write by value would then go to another item.

use std::borrow::Cow;
use std::cell::Cell;

use super::text_in;
use crate::model::key::StoredKey;
use crate::model::schema::{KeySchema, Piece, SingleTable, TableSchema};
use crate::model::table::{Templated, same};
use crate::wire::attribute::template_part::read_part_text;
use crate::wire::{Attribute, Decimal, Form, ReadError, Reader, TemplatePart, WriteError, Writer};

thread_local! {
    /// Buffer for the text of a key, so that the comparison of an item allocates nothing.
    static TEXT: Cell<String> = const { Cell::new(String::new()) };
}

/// Returns the name of the partition key (1) or sort key (2); empty if there is none.
#[doc(hidden)]
pub const fn key_attribute(key: &KeySchema, part: usize) -> &'static str {
    let names = match part {
        1 => key.partition,
        _ => key.sort,
    };
    match names {
        [name, ..] => name,
        [] => "",
    }
}

/// Returns the template of a key attribute, given a template of one part: the value itself where
/// the attribute is a number, or the field of that name; else its text.
#[doc(hidden)]
pub const fn value_or_text(
    table: &TableSchema,
    attribute: &str,
    path: &[&str],
    value: &'static [Piece],
    text: &'static [Piece],
) -> &'static [Piece] {
    match is_field(attribute, path) || !table.is_text(attribute) {
        true => value,
        false => text,
    }
}

/// Returns `true` if the path is that of the attribute.
const fn is_field(attribute: &str, path: &[&str]) -> bool {
    match path {
        [own] => same(own, attribute),
        _ => false,
    }
}

/// Returns the part of the key that the field of this name is, given whether the templates of the
/// partition key and of the sort key are the field alone: 1 or 2, or 0 for neither.
#[doc(hidden)]
pub const fn own_key_part(table: &TableSchema, name: &str, alone: [bool; 2]) -> usize {
    if alone[0] && same(key_attribute(&table.key, 1), name) {
        return 1;
    }
    match alone[1] && same(key_attribute(&table.key, 2), name) {
        true => 2,
        false => 0,
    }
}

/// Checks that the key attributes that were read with the item are those that the templates make of
/// the entity's fields.
///
/// # Errors
/// When a key attribute has another text, named by its path.
#[doc(hidden)]
#[inline(never)] // one copy for each entity, not for each kind of read
pub fn check_stored_key<E: Templated>(entity: &E, r: &Reader<'_>) -> Result<(), ReadError> {
    let mut write = |part, form, out: &mut String| entity.write_part(part, form, out);
    match differing(r, E::SINGLE_TABLE, &mut write)? {
        None => Ok(()),
        Some(name) => Err(other_key(name)),
    }
}

/// Returns the key that was read with the item, to keep it if the templates make another one of the
/// entity's fields.
///
/// # Errors
/// When a key attribute cannot be read.
#[doc(hidden)]
#[inline(never)] // one copy for each entity, not for each kind of read
pub fn read_stored_key<E: Templated>(entity: &E, r: &Reader<'_>) -> Result<StoredKey, ReadError> {
    let single = E::SINGLE_TABLE;
    let mut write = |part, form, out: &mut String| entity.write_part(part, form, out);
    if differing(r, single, &mut write)?.is_none() {
        return Ok(StoredKey::default());
    }
    let mut w = Writer::with_capacity(128);
    w.begin_map();
    for (part, name) in [1, 2].map(|part| (part, key_attribute(&single.table.key, part))) {
        if let Some(mut value) = r.key_read(part) {
            w.member(name);
            w.raw(value.raw_value()?);
        }
    }
    w.end_map();
    let json = w.finish().map_err(|_| other_key(""))?;
    Ok(StoredKey::keep(json, &entity.item_key()))
}

/// Function that appends the text of a part, and returns `false` for an absent one.
pub(super) type WriteText<'a> =
    dyn FnMut(usize, Form, &mut String) -> Result<bool, WriteError> + 'a;

/// Returns the first key attribute that the templates make otherwise.
pub(super) fn differing(
    r: &Reader<'_>,
    single: &SingleTable,
    write: &mut WriteText<'_>,
) -> Result<Option<&'static str>, ReadError> {
    for (part, pieces) in single.key.numbered() {
        let name = key_attribute(&single.table.key, part);
        // An item is never read without its key, unless it comes from elsewhere than a table.
        let Some(mut value) = r.key_read(part) else {
            continue;
        };
        let is_made = match pieces {
            [] => true,
            [Piece::Value(part)] if single.is_field(*part, name) => true,
            [Piece::Value(part)] => {
                let number = value.number().map_err(|e| e.in_field(name))?;
                is_number(number, *part, write)
            }
            pieces => match r.plain_key_read(part) {
                Some(text) => is_text(text, pieces, write),
                None => {
                    let text = value.string().map_err(|e| e.in_field(name))?;
                    is_text(&text, pieces, write)
                }
            },
        };
        if !is_made {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Returns `true` if the part is the number, in whatever notation.
fn is_number(number: &str, part: usize, write: &mut WriteText<'_>) -> bool {
    let mut made = TEXT.take();
    made.clear();
    let is_written = write(part, Form::Plain, &mut made).unwrap_or(false);
    let parsed = |text| Decimal::parse(text).ok();
    let is_made = is_written
        && (*made == *number
            || matches!((parsed(&made), parsed(number)), (Some(a), Some(b)) if a.compare(b).is_eq()));
    TEXT.set(made);
    is_made
}

/// Reads the value of a field that stands in the key alone from the key that was read with the
/// item.
///
/// # Errors
/// When the key is missing, or no key of the entity's templates.
#[doc(hidden)]
pub fn read_in_key<E: Templated, T: TemplatePart + Attribute>(
    r: &Reader<'_>,
    part: usize,
) -> Result<T, ReadError> {
    let single = E::SINGLE_TABLE;
    let found = key_part(r, single, part)?;
    let value = match &found.value {
        PartValue::Text(text, form) => read_part_text::<T>(text, *form),
        PartValue::Number(json) => {
            Some(T::read(&mut Reader::of_text(json)).map_err(|e| e.in_field(found.name))?)
        }
    };
    value.ok_or_else(|| other_key(found.name))
}

/// A part of a stored key.
pub(super) struct FoundPart<'a> {
    /// The key attribute.
    pub(super) name: &'static str,
    pub(super) value: PartValue<'a>,
}

pub(super) enum PartValue<'a> {
    Text(Cow<'a, str>, Form),
    /// The number as an attribute value.
    Number(&'a str),
}

/// Finds a part in the key that was read with the item.
pub(super) fn key_part<'a>(
    r: &Reader<'a>,
    single: &SingleTable,
    part: usize,
) -> Result<FoundPart<'a>, ReadError> {
    let has_part = |pieces: &[Piece]| pieces.iter().any(|piece| piece.part() == Some(part));
    let mut templates = single.key.numbered().into_iter();
    let (number, pieces) = templates
        .find(|(_, pieces)| has_part(pieces))
        .ok_or_else(|| ReadError::new("a part of the key", "nothing"))?;
    let name = key_attribute(&single.table.key, number);
    let missing = || ReadError::new("a key", "nothing").in_field(name);
    let mut value = r.key_read(number).ok_or_else(missing)?;
    if let [Piece::Value(_)] = pieces {
        let json = value.raw_text().map_err(|e| e.in_field(name))?;
        let value = PartValue::Number(json);
        return Ok(FoundPart { name, value });
    }
    let text = match value.string().map_err(|e| e.in_field(name))? {
        Cow::Borrowed(text) => {
            let found = text_in(pieces, single.parts, text, part);
            found.map(|(text, form)| (Cow::Borrowed(text), form))
        }
        Cow::Owned(text) => {
            let found = text_in(pieces, single.parts, &text, part);
            found.map(|(text, form)| (Cow::Owned(text.to_owned()), form))
        }
    };
    let (text, form) = text.ok_or_else(|| other_key(name))?;
    let value = PartValue::Text(text, form);
    Ok(FoundPart { name, value })
}

/// Returns `true` if the text is the one that the template makes.
fn is_text(text: &str, pieces: &[Piece], write: &mut WriteText<'_>) -> bool {
    let mut made = TEXT.take();
    made.clear();
    let is_whole = pieces.iter().all(|piece| match *piece {
        Piece::Literal(literal) => {
            made.push_str(literal);
            true
        }
        // A value without a text cannot have made a key.
        Piece::Part(part, form) => write(part, form, &mut made).unwrap_or(false),
        // A key of one value is compared as such.
        Piece::Value(_) => false,
    });
    let is_made = is_whole && *made == *text;
    TEXT.set(made);
    is_made
}

#[cold] // error path
#[inline(never)]
pub(super) fn other_key(name: &'static str) -> ReadError {
    ReadError::new(
        "the key that the template makes of the item's fields",
        "another key",
    )
    .in_field(name)
}
