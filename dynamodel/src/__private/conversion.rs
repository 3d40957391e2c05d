//! Projections of whole items, and entities inside of items, without a request.

use std::marker::PhantomData;

use super::{BorrowedProjection, Item, ProjectionBody, ReadError, Reader, Writer};
use crate::error::Error;
use crate::model::conversion::{check_type_of, named, read_json, read_map};
use crate::model::schema::EntitySchema;
use crate::read::borrowed::item_json::read_checked;

pub use crate::model::conversion::{AttributeMap, Document};

/// The type that a projection is a part of: an entity has a schema, a document none. The inherent
/// method of entities goes before that of [`WithoutSchema`].
#[derive(Debug)]
pub struct PartOf<T>(PhantomData<fn() -> T>);

impl<T> PartOf<T> {
    pub const NEW: Self = PartOf(PhantomData);
}

impl<E: Item> PartOf<E> {
    pub fn schema(&self) -> Option<&'static EntitySchema> {
        Some(E::ITEM_SCHEMA)
    }
}

/// See [`PartOf`].
pub trait WithoutSchema {
    fn schema(&self) -> Option<&'static EntitySchema> {
        None
    }
}
impl<T> WithoutSchema for PartOf<T> {}

fn checked<P: ProjectionBody>(
    schema: Option<&'static EntitySchema>,
) -> impl Fn(&mut Reader<'_>) -> Result<P, ReadError> {
    move |r| {
        check_type_of(schema, r)?;
        P::read_body(r)
    }
}

/// Reads a projection from the SDK's map of an item.
///
/// # Errors
/// When an attribute is missing or of another form, or the item is one of another entity.
pub fn projection_of_item<P: ProjectionBody>(
    item: &AttributeMap,
    schema: Option<&'static EntitySchema>,
) -> Result<P, Error> {
    read_map(item, schema, checked::<P>(schema))
}

/// Reads a projection from the DynamoDB JSON of an item.
///
/// # Errors
/// As [`projection_of_item`].
pub fn projection_of_json<P: ProjectionBody>(
    json: &[u8],
    schema: Option<&'static EntitySchema>,
) -> Result<P, Error> {
    read_json(json, schema, checked::<P>(schema))
}

/// Reads a projection that borrows from the DynamoDB JSON of an item.
///
/// # Errors
/// As [`projection_of_item`].
pub fn borrowed_of_json<P: BorrowedProjection>(json: &[u8]) -> Result<P::At<'_>, Error> {
    let read = || {
        let mut r = Reader::new(json)?;
        let view = read_checked::<P>(&mut r)?;
        r.finish()?;
        Ok(view)
    };
    read().map_err(|error| named(Error::read(error), P::schema()))
}

/// Entities inside of other items. Both methods are of one trait, so that a type that is none is one
/// error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names a table, but it is not an entity",
    label = "a document names no table",
    note = "derive both, `#[derive(Entity, Document)]`, for an entity that is also a part of other items; else remove `table` and the other attributes of an entity"
)]
pub trait EmbeddedItem: Sized {
    /// Writes the attributes, without braces.
    fn write_embedded(&self, w: &mut Writer);

    /// Reads the map that starts here. Its keys are not those of the item around it.
    ///
    /// # Errors
    /// When the entity cannot be read.
    fn read_embedded(r: &mut Reader<'_>) -> Result<Self, ReadError>;
}

#[diagnostic::do_not_recommend]
impl<E: Item> EmbeddedItem for E {
    fn write_embedded(&self, w: &mut Writer) {
        let mut item = Writer::new();
        self.write_item(&mut item);
        match item.finish() {
            Ok(item) => {
                let fields = item.strip_prefix(b"{").and_then(|f| f.strip_suffix(b"}"));
                let fields = fields.unwrap_or_default();
                if !fields.is_empty() {
                    w.comma();
                    w.raw(fields);
                }
            }
            Err(error) => w.fail(error),
        }
    }

    fn read_embedded(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        crate::wire::read_item(r.raw_value()?, E::read_item)
    }
}
