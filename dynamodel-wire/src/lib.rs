//! DynamoDB JSON bytes to Rust values and back, with nothing in between.
//!
//! [`Attribute`] is the trait of types that one DynamoDB attribute can hold; implementations by
//! hand use [`Writer`] and [`Reader`]. [`to_vec`] and [`from_slice`] convert one value; with
//! feature `sdk`, `item_to_vec` and `item_from_slice` convert an item of the SDK's
//! `AttributeValue`s. [`one_type_json`] is for the JSON of events that list all types of each value.
//!
//! Text is scanned a block at a time and borrowed where it holds no escapes; numbers are parsed from
//! the bytes in place. Every error names the attribute's path and never shows a value.
//!
//! This crate is the codec of [`dynamodel`](https://github.com/dynamodel/dynamodel), which re-exports
//! it as `dynamodel::wire`. It needs neither the AWS SDK nor an async runtime, and can be used alone:
//! on the bytes of a stream event, of an export to S3, or behind a client of your own.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `sdk` | conversions from and to `aws_sdk_dynamodb::types::AttributeValue`, of aws-sdk-dynamodb 1 |
//! | `serde` | any type of serde 1 as DynamoDB values, natively |
//! | `json` | `Json<T>`, JSON text in S; `serde_json::Value` of serde_json 1 |
//! | `msgpack` | `MsgPack<T>`, MessagePack bytes in B, by rmp-serde 1 |
//! | `chrono`, `jiff`, `time` | times and dates of chrono 0.4, jiff 1, time 0.3 |
//! | `uuid`, `ulid` | identifiers of uuid 1, ulid 3 |
//! | `rust_decimal`, `bigdecimal` | decimal numbers of rust_decimal 1, bigdecimal 0.4 |
//! | `bytes`, `indexmap`, `smol_str`, `url` | types of bytes 1, indexmap 2, smol_str 0.3, url 2 |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod attribute;
pub mod binary_text;
#[doc(hidden)]
pub mod canonical;
#[cfg(feature = "sdk")]
mod convert;
mod decimal;
mod error;
mod integer;
pub mod millis;
pub mod number_text;
mod read;
mod scan;
pub mod seconds;
mod size;
mod tag;
mod token;
mod write;

#[cfg(test)]
mod tests;

#[cfg(feature = "json")]
pub use attribute::Json;
#[cfg(feature = "msgpack")]
pub use attribute::MsgPack;
pub use attribute::borrowed::{BorrowedField, BorrowedFrom, BorrowedText};
pub use attribute::container;
pub use attribute::generated_id::IdValue;
pub use attribute::rest::RestMap;
#[doc(hidden)]
pub use attribute::serde as serde_bridge;
pub use attribute::stored::StoredAs;
pub use attribute::template_part::{FixedWidth, Form, TemplatePart};
pub use attribute::time::{Timestamp, TtlTime};
pub use attribute::version::{TokenValue, VersionNumber, WriteToken};
pub use attribute::{
    AmountFor, Attribute, Binary, KindOf, MapKey, SetValue, ValueFor, ValueOf, kind,
};
#[cfg(feature = "sdk")]
pub use convert::{
    item_from_slice, item_to_vec, read_attribute_value, read_attributes, write_attribute_value,
    write_attributes,
};
pub use error::{ReadError, WriteError};
pub use integer::Integer;
#[doc(hidden)]
pub use read::{Name, number_in, text_in, value_in};
pub use read::{Reader, one_type_json};
pub use size::item_size;
pub use tag::Tag;
pub use token::{Fetched, KeyPlace, Token, version_zero};
pub use write::Writer;
#[doc(hidden)]
pub use write::field::{MAX_PARTITION, MAX_SORT, is_surely_key, key_problem};

#[doc(hidden)]
pub use decimal::Decimal;
#[doc(hidden)]
pub use read::escapes::Escapes;
#[doc(hidden)]
pub use scan::is_plain;

/// Returns the DynamoDB JSON of a value, for instance `{"S":"text"}`.
///
/// ```
/// let bytes = dynamodel_wire::to_vec(&vec![Some(1), None])?;
/// assert_eq!(bytes, br#"{"L":[{"N":"1"},{"NULL":true}]}"#);
/// # Ok::<(), dynamodel_wire::WriteError>(())
/// ```
///
/// # Errors
/// When DynamoDB cannot hold the value.
pub fn to_vec<T: Attribute>(value: &T) -> Result<Vec<u8>, WriteError> {
    let mut w = Writer::new();
    value.write(&mut w);
    w.finish()
}

/// Reads a value from its DynamoDB JSON.
///
/// ```
/// let list: Vec<u32> = dynamodel_wire::from_slice(br#"{"L":[{"N":"1"},{"N":"2E+1"}]}"#)?;
/// assert_eq!(list, [1, 20]);
/// # Ok::<(), dynamodel_wire::ReadError>(())
/// ```
///
/// # Errors
/// When the bytes are not such a value, or anything follows the value.
pub fn from_slice<T: Attribute>(bytes: &[u8]) -> Result<T, ReadError> {
    let mut r = Reader::new(bytes)?;
    let value = T::read(&mut r)?;
    r.finish()?;
    Ok(value)
}

/// Reads one item of an entity or projection from its bytes.
#[doc(hidden)]
pub fn read_item<T>(
    bytes: &[u8],
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let mut r = Reader::new(bytes)?;
    let item = read(&mut r)?;
    r.finish()?;
    Ok(item)
}

/// Returns `true` if the bytes are one JSON object.
#[doc(hidden)]
pub fn is_map(bytes: &[u8]) -> bool {
    read_item(bytes, |r| r.members(|_, r| r.skip_value())).is_ok()
}

/// Tests the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
