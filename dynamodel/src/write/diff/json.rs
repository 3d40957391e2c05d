//! Attribute values as the text that the codec wrote; parsed only where two texts differ.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::expr::ast::Step;
use crate::wire::{ReadError, Reader, Tag, Writer};

/// Entries of a map's body, `{..}`, by name.
pub(in crate::write) type Entries<'a> = BTreeMap<Cow<'a, str>, &'a str>;

pub(in crate::write) fn entries(body: &str) -> Result<Entries<'_>, ReadError> {
    let mut entries = BTreeMap::new();
    let mut r = Reader::of_text(body);
    let mut more = r.begin_map()?;
    while more {
        let name = r.map_key()?;
        entries.insert(name, r.raw_text()?);
        more = r.end_entry()?;
    }
    Ok(entries)
}

/// Returns the elements of a list's or set's body, `[..]`.
pub(in crate::write) fn elements(body: &str) -> Result<Vec<&str>, ReadError> {
    let mut elements = Vec::new();
    let mut r = Reader::of_text(body);
    let mut more = r.begin_list()?;
    while more {
        elements.push(r.raw_text()?);
        more = r.end_element()?;
    }
    Ok(elements)
}

/// Returns a value's type and content: of `{"M":{..}}`, the `{..}`.
pub(in crate::write) fn inside(value: &str) -> Result<(Tag, &str), ReadError> {
    let mut r = Reader::of_text(value);
    let tag = r.kind()?;
    r.begin_map()?;
    r.map_key()?;
    Ok((tag, r.raw_text()?))
}

/// Returns `true` if two values are equal. The entries of maps and sets may be in another order.
pub(super) fn same(a: &str, b: &str) -> Result<bool, ReadError> {
    if a == b {
        return Ok(true);
    }
    let ((tag, a), (other, b)) = (inside(a)?, inside(b)?);
    if tag != other || a.len() != b.len() {
        return Ok(false);
    }
    match tag {
        Tag::M => {
            let (a, b) = (entries(a)?, entries(b)?);
            if a.len() != b.len() {
                return Ok(false);
            }
            for ((name, a), (other, b)) in a.iter().zip(&b) {
                if name != other || !same(a, b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Tag::L => {
            let (a, b) = (elements(a)?, elements(b)?);
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(&b) {
                if !same(a, b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Tag::Ss | Tag::Ns | Tag::Bs => {
            let (mut a, mut b) = (elements(a)?, elements(b)?);
            a.sort_unstable();
            b.sort_unstable();
            Ok(a == b)
        }
        _ => Ok(false),
    }
}

/// Returns the value at a path below the body of a map.
pub(in crate::write) fn find<'a>(
    body: &'a str,
    path: &[&Step],
) -> Result<Option<&'a str>, ReadError> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(None);
    };
    let found = match first {
        Step::Attribute(name) => entries(body)?.get(*name).copied(),
        Step::Entry(name) => entries(body)?.get(&**name).copied(),
        Step::Element(index) => elements(body)?.get(*index).copied(),
    };
    match found {
        Some(value) if !rest.is_empty() => find(inside(value)?.1, rest),
        found => Ok(found),
    }
}

/// Returns the body of a map without the value at a path.
pub(super) fn without(body: &str, path: &[&Step]) -> Result<String, ReadError> {
    with(body, path, None)
}

/// Returns the body of a map with another value at a path; with none for `None`.
pub(super) fn with(body: &str, path: &[&Step], value: Option<&str>) -> Result<String, ReadError> {
    let mut w = Writer::with_capacity(body.len());
    write_with(body, path, value, &mut w)?;
    // All input is text, so no character is replaced.
    Ok(String::from_utf8_lossy(w.as_slice()).into_owned())
}

/// Returns the map without these entries.
pub(super) fn without_entries(map: &str, names: &[&str]) -> Result<String, ReadError> {
    let mut w = Writer::with_capacity(map.len());
    w.raw(b"{\"M\":{");
    for (name, value) in entries(inside(map)?.1)? {
        if !names.contains(&&*name) {
            write_name(&name, &mut w);
            w.raw(value.as_bytes());
        }
    }
    w.raw(b"}}");
    // All input is text, so no character is replaced.
    Ok(String::from_utf8_lossy(w.as_slice()).into_owned())
}

fn write_with(
    body: &str,
    path: &[&Step],
    new: Option<&str>,
    w: &mut Writer,
) -> Result<(), ReadError> {
    let Some((first, rest)) = path.split_first() else {
        w.raw(body.as_bytes());
        return Ok(());
    };
    // Writes the value that the path leads to or through.
    let here = |value: &str, w: &mut Writer| {
        if rest.is_empty() {
            w.raw(new.unwrap_or_default().as_bytes());
            return Ok(());
        }
        let (tag, inner) = inside(value)?;
        w.raw(b"{\"");
        w.raw(tag.as_str().as_bytes());
        w.raw(b"\":");
        write_with(inner, rest, new, w)?;
        w.raw(b"}");
        Ok::<(), ReadError>(())
    };
    let is_left_out = rest.is_empty() && new.is_none();
    if let Step::Element(index) = first {
        w.raw(b"[");
        for (i, element) in elements(body)?.into_iter().enumerate() {
            if i != *index {
                w.comma();
                w.raw(element.as_bytes());
            } else if !is_left_out {
                w.comma();
                here(element, w)?;
            }
        }
        w.raw(b"]");
        return Ok(());
    }
    w.raw(b"{");
    for (name, value) in entries(body)? {
        let is_here = match first {
            Step::Attribute(first) => name == *first,
            Step::Entry(first) => *name == **first,
            Step::Element(_) => false,
        };
        if is_here && is_left_out {
            continue;
        }
        write_name(&name, w);
        if is_here {
            here(value, w)?;
        } else {
            w.raw(value.as_bytes());
        }
    }
    w.raw(b"}");
    Ok(())
}

fn write_name(name: &str, w: &mut Writer) {
    w.comma();
    w.raw(b"\"");
    w.text(name);
    w.raw(b"\":");
}
