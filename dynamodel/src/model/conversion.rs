//! Conversions of whole values from and to the SDK's maps and DynamoDB JSON, without a request: for
//! stream records, events, exports, queues and caches.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::error::Error;
use crate::model::entity::MapBody;
use crate::model::item_type::check_part;
use crate::model::schema::EntitySchema;
use crate::wire::{self, ReadError, Reader, Writer};

/// An item as the SDK has it.
#[doc(hidden)]
pub type AttributeMap = HashMap<String, AttributeValue>;

/// A struct or enum that is stored as a map: the conversions from and to the SDK's maps and DynamoDB
/// JSON. [`#[derive(Document)]`](derive@crate::Document) implements it, except for types that are
/// stored as text or as another type.
///
/// [`Entity`](crate::Entity) has the same methods for items.
///
/// ```
/// use dynamodel::Document;
///
/// #[derive(Debug, PartialEq, Document)]
/// struct Address { city: String, zip: Option<String> }
///
/// let address = Address::from_dynamo_json(br#"{"city":{"S":"Rome"},"zip":{"NULL":true}}"#)?;
/// assert_eq!(address, Address { city: "Rome".into(), zip: None });
/// assert_eq!(address.to_dynamo_json()?, br#"{"city":{"S":"Rome"}}"#);
///
/// let map = address.to_item()?;
/// assert_eq!(Address::from_item(map)?, address);
///
/// let error = Address::from_dynamo_json(br#"{"city":{"N":"1"}}"#).unwrap_err();
/// assert_eq!(error.attribute_path().as_deref(), Some("city"));
/// # Ok::<(), dynamodel::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a document that is stored as a map",
    label = "not a map",
    note = "derive `Document` for a struct with named fields, or for an enum with data"
)]
pub trait Document: MapBody {
    /// Reads the value from the SDK's map of its attributes.
    ///
    /// # Errors
    /// [`is_unreadable`](Error::is_unreadable) when an attribute is missing or of another form, which
    /// [`attribute_path`](Error::attribute_path) names.
    fn from_item(item: AttributeMap) -> Result<Self, Error> {
        read_map(&item, None, Self::read_item)
    }

    /// Returns the attributes as the SDK's map.
    ///
    /// # Errors
    /// [`is_invalid_value`](Error::is_invalid_value) when DynamoDB cannot hold a value.
    fn to_item(&self) -> Result<AttributeMap, Error> {
        Ok(wire::item_from_slice(&self.to_dynamo_json()?)?)
    }

    /// Reads the value from the DynamoDB JSON of its attributes, `{"name":{"S":".."},..}`; also if
    /// each value lists all types, as some events have them.
    ///
    /// # Errors
    /// As [`from_item`](Self::from_item).
    fn from_dynamo_json(json: &[u8]) -> Result<Self, Error> {
        read_json(json, None, Self::read_item)
    }

    /// Returns the DynamoDB JSON of the attributes.
    ///
    /// # Errors
    /// As [`to_item`](Self::to_item).
    fn to_dynamo_json(&self) -> Result<Vec<u8>, Error> {
        let mut w = Writer::new();
        w.begin_map();
        self.write_fields(&mut w);
        w.end_map();
        w.finish().map_err(Error::write)
    }
}

/// Reads a value from its DynamoDB JSON, in the form of DynamoDB or of events that list all types.
pub(crate) fn read_json<T>(
    json: &[u8],
    schema: Option<&EntitySchema>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, ReadError>,
) -> Result<T, Error> {
    let first = match wire::read_item(json, &read) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let again = plain(json).map(|json| wire::read_item(&json, &read));
    again
        .unwrap_or(Err(first))
        .map_err(|error| named(Error::read(error), schema))
}

/// Returns the plain form of JSON in which values list all types; `None` if it is plain already, or
/// no item.
#[cold] // rare: DynamoDB and most events have the plain form
fn plain(json: &[u8]) -> Option<Vec<u8>> {
    match wire::one_type_json(json) {
        Ok(Cow::Owned(json)) => Some(json),
        Ok(Cow::Borrowed(_)) | Err(_) => None,
    }
}

/// Reads a value from the SDK's map.
pub(crate) fn read_map<T>(
    item: &AttributeMap,
    schema: Option<&EntitySchema>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, ReadError>,
) -> Result<T, Error> {
    let json = map_json(item, schema)?;
    wire::read_item(&json, read).map_err(|error| named(Error::read(error), schema))
}

/// Returns the JSON of the SDK's map.
pub(crate) fn map_json(
    item: &AttributeMap,
    schema: Option<&EntitySchema>,
) -> Result<Vec<u8>, Error> {
    wire::item_to_vec(item).map_err(|error| named(Error::write(error), schema))
}

pub(crate) fn named(error: Error, schema: Option<&EntitySchema>) -> Error {
    match schema {
        Some(schema) => error.of_entity(schema.entity),
        None => error,
    }
}

/// Checks that an item of an entity's projection is not one of another entity.
pub(crate) fn check_type_of(
    schema: Option<&EntitySchema>,
    r: &Reader<'_>,
) -> Result<(), ReadError> {
    match schema {
        Some(schema) => check_part(schema, r),
        None => Ok(()),
    }
}
