//! The JSON of serializers that list all types of a value, as the plain JSON of DynamoDB.

use std::borrow::Cow;

use super::{MAX_DEPTH, Reader, too_deep};
use crate::error::ReadError;
use crate::tag::Tag;
use crate::write::Writer;

/// Returns the DynamoDB JSON of an item whose values list all types, with `null` for those that they
/// do not have: `{"S":"x","N":null,"BOOL":null}`. The serializers of some events write this form,
/// also with the names of types in lower case.
///
/// Of a value, the types that are `null`, `"NULL":false` and, where another type is left, empty
/// lists, maps and sets are left out; members such as `IsLSet`, which are no type and are a boolean
/// or `null`, too. An item in the plain form is borrowed.
///
/// ```
/// let older = br#"{"name":{"S":"Ann","N":null,"L":[]},"age":{"s":null,"n":"7"}}"#;
/// let plain = dynamodel_wire::one_type_json(older)?;
/// assert_eq!(&*plain, br#"{"name":{"S":"Ann"},"age":{"N":"7"}}"#);
/// # Ok::<(), dynamodel_wire::ReadError>(())
/// ```
///
/// # Errors
/// When the bytes are not an item, or a value has no type or several.
pub fn one_type_json(json: &[u8]) -> Result<Cow<'_, [u8]>, ReadError> {
    let mut r = Reader::new(json)?;
    let mut w = Writer::with_capacity(json.len());
    write_map(&mut r, 0, &mut w)?;
    r.finish()?;
    let plain = w.finish().map_err(|_| ReadError::expected("an item"))?;
    Ok(match plain == json {
        true => Cow::Borrowed(json),
        false => Cow::Owned(plain),
    })
}

fn write_map(r: &mut Reader<'_>, depth: u32, w: &mut Writer) -> Result<(), ReadError> {
    w.begin_map();
    r.members(|name, r| {
        w.member(name);
        write_value(r, depth, w).map_err(ReadError::in_entry)
    })?;
    w.end_map();
    Ok(())
}

fn write_value(r: &mut Reader<'_>, depth: u32, w: &mut Writer) -> Result<(), ReadError> {
    if depth == MAX_DEPTH {
        return Err(too_deep());
    }
    let (tag, content) = one_type(r)?;
    w.raw(b"{\"");
    w.raw(tag.as_str().as_bytes());
    w.raw(b"\":");
    let mut inner = Reader::of_text(content);
    match tag {
        Tag::M => write_map(&mut inner, depth + 1, w)?,
        Tag::L => {
            w.raw(b"[");
            inner.json_list(|r| {
                w.comma();
                write_value(r, depth + 1, w)
            })?;
            w.raw(b"]");
        }
        _ => w.raw(content.as_bytes()),
    }
    w.raw(b"}");
    Ok(())
}

/// Returns the only type of the value that starts here, with its content.
fn one_type<'a>(r: &mut Reader<'a>) -> Result<(Tag, &'a str), ReadError> {
    let mut found: Vec<(Tag, &'a str)> = Vec::new();
    r.members(|name, r| {
        let content = r.raw_text()?;
        match (Tag::of_any_case(name), content) {
            (_, "null") | (Some(Tag::Null), "false") | (None, "true" | "false") => Ok(()),
            (Some(tag), content) => {
                found.push((tag, content));
                Ok(())
            }
            (None, _) => Err(ReadError::new("a DynamoDB type", "an unknown type")),
        }
    })?;
    if found.len() > 1 {
        found.retain(|(_, content)| !is_empty(content));
    }
    match *found.as_slice() {
        [only] => Ok(only),
        [] => Err(ReadError::new("a DynamoDB type", "no type")),
        _ => Err(ReadError::new("one type", "a value of two types")),
    }
}

/// Returns `true` for an empty list, set or map.
fn is_empty(content: &str) -> bool {
    let mut inside = content.bytes().filter(|byte| !byte.is_ascii_whitespace());
    matches!(
        (inside.next(), inside.next(), inside.next()),
        (Some(b'['), Some(b']'), None) | (Some(b'{'), Some(b'}'), None)
    )
}

impl Tag {
    /// Returns the type of a descriptor in any case; `nullValue` is one of NULL.
    fn of_any_case(name: &str) -> Option<Tag> {
        match name.to_ascii_uppercase().as_str() {
            "NULLVALUE" => Some(Tag::Null),
            name => Tag::parse(name),
        }
    }
}
