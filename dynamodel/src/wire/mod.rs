//! The codec: DynamoDB JSON bytes to Rust values and back, with nothing in between.
//!
//! [`Writer`] and [`Reader`] are what an [`Attribute`] implementation by hand uses;
//! [`to_vec`] and [`from_slice`] convert one value, [`item_to_vec`] and [`item_from_slice`] an item of
//! the SDK's [`AttributeValue`](aws_sdk_dynamodb::types::AttributeValue)s.
//!
//! Text is scanned a block at a time and borrowed where it holds no escapes; numbers are parsed from
//! the bytes in place. Every error names the attribute's path and never shows a value.

mod convert;
mod decimal;
mod error;
mod escapes;
mod integer;
mod reader;
mod scan;
mod size;
mod stored;
mod tag;
mod writer;

#[cfg(test)]
mod tests;

pub use convert::{
    item_from_slice, item_to_vec, read_attribute_value, read_attributes, write_attribute_value,
    write_attributes,
};
pub use error::{ReadError, WriteError};
pub use integer::Integer;
#[doc(hidden)]
pub use reader::Name;
pub use reader::Reader;
pub use size::item_size;
pub use stored::StoredAs;
pub use tag::Tag;
pub use writer::Writer;
pub(crate) use writer::field::{MAX_PARTITION, MAX_SORT, is_surely_key, key_problem};

pub(crate) use decimal::Decimal;
pub(crate) use escapes::Escapes;
pub(crate) use scan::is_plain;

use crate::Attribute;

/// The DynamoDB JSON of a value, for instance `{"S":"text"}`.
///
/// ```
/// let bytes = dynamodel::wire::to_vec(&vec![Some(1), None])?;
/// assert_eq!(bytes, br#"{"L":[{"N":"1"},{"NULL":true}]}"#);
/// # Ok::<(), dynamodel::wire::WriteError>(())
/// ```
///
/// # Errors
/// When DynamoDB cannot hold the value.
pub fn to_vec<T: Attribute>(value: &T) -> Result<Vec<u8>, WriteError> {
    let mut w = Writer::new();
    value.write(&mut w);
    w.finish()
}

/// The value of this DynamoDB JSON.
///
/// ```
/// let list: Vec<u32> = dynamodel::wire::from_slice(br#"{"L":[{"N":"1"},{"N":"2E+1"}]}"#)?;
/// assert_eq!(list, [1, 20]);
/// # Ok::<(), dynamodel::wire::ReadError>(())
/// ```
///
/// # Errors
/// When the bytes are not such a value, or anything follows it.
pub fn from_slice<T: Attribute>(bytes: &[u8]) -> Result<T, ReadError> {
    let mut r = Reader::new(bytes)?;
    let value = T::read(&mut r)?;
    r.finish()?;
    Ok(value)
}

/// An item of an entity or projection from its bytes.
pub(crate) fn read_item<T>(
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let mut r = Reader::new(bytes)?;
    let item = read(&mut r)?;
    r.finish()?;
    Ok(item)
}

/// Whether the bytes are one JSON object.
pub(crate) fn is_map(bytes: &[u8]) -> bool {
    read_item(bytes, |r| r.members(|_, r| r.skip_value())).is_ok()
}

/// What a struct's attributes are written and read by, with nothing around them: the derive implements
/// it for documents, so that enums can embed them.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no attributes to put beside the name of the variant",
    label = "not a document",
    note = "a variant with one unnamed field embeds a struct that derives `Document`; name the field to store any other type: `Variant {{ value: T }}`"
)]
pub trait MapBody: Sized + crate::expr::Fields {
    /// Writes the attributes, without braces.
    fn write_fields(&self, w: &mut Writer);
    /// Reads the attributes, with their braces.
    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError>;
}
