//! The key of an item of a shared table that is read in part: fields that stand in the key alone are
//! read from it, and where all fields of the key are read, it is compared with them.

use std::borrow::Cow;

use super::stored_key::{PartValue, differing, key_attribute, key_part, other_key, read_in_key};
use crate::model::schema::{Form, SingleTable};
use crate::model::table::{Templated, same};
use crate::wire::attribute::template_part::IndexPart;
use crate::wire::{
    Attribute, Fetched, KeyPlace, Name, ReadError, Reader, TemplatePart, WriteError, Writer,
};

/// The key attributes that are read beside the fields of a projection.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct ProjectedKey {
    /// The names of the partition key and the sort key; empty if they are not read.
    names: [&'static str; 2],
    /// `true` if the key is read.
    pub is_read: bool,
    /// `true` if the key is compared with the fields.
    pub is_compared: bool,
}

impl ProjectedKey {
    /// Returns the key attributes that fields with these places need.
    pub const fn new(places: &[Option<KeyPlace>]) -> Self {
        let mut key = ProjectedKey {
            names: [""; 2],
            is_read: false,
            is_compared: false,
        };
        let mut i = 0;
        while i < places.len() {
            if let Some(place) = &places[i] {
                if place.in_key || has_all(places, place.parts) {
                    key.names = place.keys;
                    key.is_read = true;
                }
                // The text of a key whose parts stand in it alone is always its own.
                key.is_compared |= !place.in_key && has_all(places, place.parts);
            }
            i += 1;
        }
        key
    }

    /// Returns the names of the attributes in the form in which a reader looks for them: those of
    /// the fields, then the key.
    pub const fn names<const N: usize>(
        self,
        fields: &[&'static str],
        places: &[Option<KeyPlace>],
    ) -> [Name; N] {
        let mut names = [""; N];
        let mut i = 0;
        while i < fields.len() {
            // A field that stands in the key alone is no attribute.
            if !is_in_key(&places[i]) {
                names[i] = fields[i];
            }
            i += 1;
        }
        names[i] = self.names[0];
        names[i + 1] = self.names[1];
        Name::all::<N>(&names)
    }

    /// Returns the attributes to fetch, with their number: those of the fields, then the key.
    pub const fn fetched<const N: usize>(
        self,
        fields: &[Fetched],
        places: &[Option<KeyPlace>],
    ) -> ([Fetched; N], usize) {
        let mut all = [Fetched::whole(""); N];
        let (mut i, mut n) = (0, 0);
        while i < fields.len() {
            if !is_in_key(&places[i]) {
                all[n] = fields[i];
                n += 1;
            }
            i += 1;
        }
        let mut part = 0;
        while part < 2 {
            let name = self.names[part];
            // A field that is the key attribute itself is fetched already.
            if !name.is_empty() && !is_fetched(fields, name) {
                all[n] = Fetched::whole(name);
                n += 1;
            }
            part += 1;
        }
        (all, n)
    }
}

/// Returns the attributes to fetch.
#[doc(hidden)]
pub const fn fetched_with_key<const N: usize>(
    (all, count): &'static ([Fetched; N], usize),
) -> &'static [Fetched] {
    all.split_at(*count).0
}

const fn is_in_key(place: &Option<KeyPlace>) -> bool {
    match place {
        Some(place) => place.in_key,
        None => false,
    }
}

const fn is_fetched(fields: &[Fetched], name: &str) -> bool {
    let mut i = 0;
    while i < fields.len() {
        if same(fields[i].name, name) {
            return true;
        }
        i += 1;
    }
    false
}

/// Returns `true` if the fields are all parts of the key.
const fn has_all(places: &[Option<KeyPlace>], parts: usize) -> bool {
    let mut part = 0;
    while part < parts {
        if position(places, part).is_none() {
            return false;
        }
        part += 1;
    }
    true
}

/// Returns the position of the field that is this part.
const fn position(places: &[Option<KeyPlace>], part: usize) -> Option<usize> {
    let mut i = 0;
    while i < places.len() {
        if let Some(place) = &places[i]
            && place.part == part
        {
            return Some(i);
        }
        i += 1;
    }
    None
}

/// Returns the place of a field of type `T` in the key of `E`. `keeps_key`: items under other keys
/// are read.
#[doc(hidden)]
pub const fn key_place<E: Templated, T: IndexPart<Part: Attribute>>(
    part: usize,
    in_key: bool,
    keeps_key: bool,
) -> KeyPlace {
    let single = E::SINGLE_TABLE;
    KeyPlace {
        keys: [
            key_attribute(&single.table.key, 1),
            key_attribute(&single.table.key, 2),
        ],
        part,
        // No projection has so many parts, so the key is not compared.
        parts: if keeps_key {
            usize::MAX
        } else {
            single.key_parts
        },
        in_key,
        write: write_part::<E, T::Part>,
        text: part_text::<E, T::Part>,
        compare: compare_fields::<E>,
    }
}

fn write_part<E: Templated, T: TemplatePart + Attribute>(
    r: &Reader<'_>,
    part: usize,
    w: &mut Writer,
) -> Result<(), ReadError> {
    read_in_key::<E, T>(r, part).map(|value| value.write(w))
}

fn part_text<'a, E: Templated, T: TemplatePart + Attribute>(
    r: &Reader<'a>,
    part: usize,
) -> Result<Cow<'a, str>, ReadError> {
    let found = key_part(r, E::SINGLE_TABLE, part)?;
    match found.value {
        PartValue::Text(text, Form::Sorted) => Ok(text),
        _ => {
            let mut text = String::new();
            let value = read_in_key::<E, T>(r, part)?;
            let written = value.write_plain(&mut text);
            written.map_err(|_| other_key(found.name))?;
            Ok(Cow::Owned(text))
        }
    }
}

fn compare_fields<E: Templated>(
    r: &Reader<'_>,
    places: &[Option<KeyPlace>],
    starts: &[usize],
) -> Result<(), ReadError> {
    let single = E::SINGLE_TABLE;
    let mut write = |part, form, out: &mut String| {
        let start = position(places, part).and_then(|i| starts.get(i));
        match start {
            Some(start) if *start > 0 => {
                let json = r.at(*start).raw_value();
                let json = json.map_err(|_| WriteError::new("the value is malformed"))?;
                // In bounds: the part has a place in the key.
                let schema = single.parts.get(part);
                schema.map_or(Ok(false), |schema| (schema.text)(json, form, out))
            }
            _ => Ok(own_text(r, single, part, out)),
        }
    };
    match differing(r, single, &mut write)? {
        None => Ok(()),
        Some(name) => Err(other_key(name)),
    }
}

/// Appends the text of a part that stands in the key alone.
fn own_text(r: &Reader<'_>, single: &SingleTable, part: usize, out: &mut String) -> bool {
    match key_part(r, single, part).map(|found| found.value) {
        Ok(PartValue::Text(text, _)) => {
            out.push_str(&text);
            true
        }
        Ok(PartValue::Number(json)) => match Reader::of_text(json).number() {
            Ok(text) => {
                out.push_str(text);
                true
            }
            Err(_) => false,
        },
        Err(_) => false,
    }
}
