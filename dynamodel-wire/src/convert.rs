//! Conversions from and to the SDK's `AttributeValue`, without JSON values in between.

use std::collections::HashMap;
use std::hash::BuildHasher;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::error::{ReadError, WriteError};
use super::read::Reader;
use super::tag::Tag;
use super::write::Writer;
use crate::Attribute;
use crate::kind;

/// An attribute of any type, as the SDK represents it.
///
/// Conditions compare maps and sets by DynamoDB's own equality.
impl Attribute for AttributeValue {
    type Value = Self;
    type Kind = kind::Any;

    fn write(&self, w: &mut Writer) {
        write_attribute_value(self, w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        read_attribute_value(r)
    }
}

/// Writes an `AttributeValue`.
///
/// Fails for values that DynamoDB refuses: a number whose text is no number, a NULL that is false,
/// an empty set, and a type that this version of the SDK does not know.
pub fn write_attribute_value(value: &AttributeValue, w: &mut Writer) {
    match value {
        AttributeValue::S(text) => w.string(text),
        AttributeValue::N(text) => w.number_text(text),
        AttributeValue::B(blob) => w.binary(blob.as_ref()),
        AttributeValue::Bool(value) => w.bool(*value),
        AttributeValue::Null(true) => w.null(),
        AttributeValue::Null(false) => w.fail(WriteError::new("a NULL cannot be false")),
        AttributeValue::L(values) => w.list(|w| {
            for value in values {
                w.element_with(|w| write_attribute_value(value, w));
            }
        }),
        AttributeValue::M(values) => w.map(|w| {
            for (key, value) in values {
                w.entry_with(key, |w| write_attribute_value(value, w));
            }
        }),
        AttributeValue::Ss(texts) if !texts.is_empty() => {
            w.set_with::<kind::S, _>(texts, |w, text| w.string(text));
        }
        AttributeValue::Ns(texts) if !texts.is_empty() => {
            w.set_with::<kind::N, _>(texts, |w, text| w.number_text(text));
        }
        AttributeValue::Bs(blobs) if !blobs.is_empty() => {
            w.set_with::<kind::B, _>(blobs, |w, blob| w.binary(blob.as_ref()));
        }
        AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_) => {
            w.fail(WriteError::new("DynamoDB does not have empty sets"));
        }
        _ => w.fail(WriteError::new("the type of the value is not known")),
    }
}

/// Reads a value of any type.
///
/// # Errors
/// When it is malformed or nested deeper than 64 levels.
pub fn read_attribute_value(r: &mut Reader<'_>) -> Result<AttributeValue, ReadError> {
    Ok(match r.kind()? {
        Tag::S => AttributeValue::S(r.string()?.into_owned()),
        Tag::N => AttributeValue::N(r.number()?.to_owned()),
        Tag::B => AttributeValue::B(Blob::new(r.binary()?)),
        Tag::Bool => AttributeValue::Bool(r.bool()?),
        Tag::Null => AttributeValue::Null(r.bool_slow(Tag::Null, "NULL")?),
        Tag::L => {
            let mut values = Vec::new();
            r.list(|r| read_attribute_value(r).map(|value| values.push(value)))?;
            AttributeValue::L(values)
        }
        Tag::M => {
            let mut values = HashMap::new();
            r.map(|key, r| {
                values.insert(key.into_owned(), read_attribute_value(r)?);
                Ok(())
            })?;
            AttributeValue::M(values)
        }
        Tag::Ss => {
            let mut texts = Vec::new();
            r.elements("SS", |r| {
                r.string().map(|text| texts.push(text.into_owned()))
            })?;
            AttributeValue::Ss(texts)
        }
        Tag::Ns => {
            let mut texts = Vec::new();
            r.elements("NS", |r| r.number().map(|text| texts.push(text.to_owned())))?;
            AttributeValue::Ns(texts)
        }
        Tag::Bs => {
            let mut blobs = Vec::new();
            r.elements("BS", |r| {
                r.binary().map(|bytes| blobs.push(Blob::new(bytes)))
            })?;
            AttributeValue::Bs(blobs)
        }
    })
}

/// Writes an item, `{"name":{"S":".."},..}`, in the order of the map.
pub fn write_attributes<H>(item: &HashMap<String, AttributeValue, H>, w: &mut Writer) {
    w.begin_map();
    for (name, value) in item {
        w.entry_with(name, |w| write_attribute_value(value, w));
    }
    w.end_map();
}

/// Reads an item, `{"name":{"S":".."},..}`.
///
/// # Errors
/// When it is malformed.
pub fn read_attributes<H: BuildHasher + Default>(
    r: &mut Reader<'_>,
) -> Result<HashMap<String, AttributeValue, H>, ReadError> {
    let mut item = HashMap::default();
    let mut more = r.begin_map()?;
    while more {
        let name = r.map_key()?.into_owned();
        let value = read_attribute_value(r).map_err(ReadError::in_entry)?;
        item.insert(name, value);
        more = r.end_entry()?;
    }
    Ok(item)
}

/// Returns the DynamoDB JSON of an item.
///
/// # Errors
/// When DynamoDB cannot hold one of its values.
pub fn item_to_vec(item: &HashMap<String, AttributeValue>) -> Result<Vec<u8>, WriteError> {
    let mut w = Writer::new();
    write_attributes(item, &mut w);
    w.finish()
}

/// Reads an item from its DynamoDB JSON.
///
/// # Errors
/// When the bytes are not an item, or anything follows the item.
pub fn item_from_slice(bytes: &[u8]) -> Result<HashMap<String, AttributeValue>, ReadError> {
    let mut r = Reader::new(bytes)?;
    let item = read_attributes(&mut r)?;
    r.finish()?;
    Ok(item)
}
