//! Partitions that are gathered into one value.

use super::collection::Collection;
use crate::error::Error;
use crate::model::entity::{Item, Projection};
use crate::model::table::Templated;
use crate::wire::ReadError;

/// A struct that gathers one partition. Implemented by
/// [`#[derive(Collection)]`](derive@crate::Collection) on a struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not gather a partition",
    label = "not a struct with `#[derive(Collection)]`",
    note = "an enum is read item by item: `.all(&db)`, `.page(&db)` or `.stream(&db)`"
)]
pub trait Gather: Collection {
    /// Type of the partition's items.
    #[doc(hidden)]
    type Item: Projection;
    /// Creates the value from all items, in the order of the sort key.
    #[doc(hidden)]
    fn gather(items: Vec<Self::Item>) -> Result<Self, Error>;
}

/// A field of a struct that gathers a partition: an entity, an `Option` or a `Vec` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot gather the items of a partition",
    label = "not an entity",
    note = "the fields of a collection are entities of a shared table, and `Option` and `Vec` of these"
)]
pub trait GatherField: Sized {
    /// The entity.
    type Entity: Templated;
    /// Creates the field from the items of its entity.
    #[doc(hidden)]
    fn of_items(field: &'static str, items: Vec<Self::Entity>) -> Result<Self, Error>;
}

impl<E: Templated + Item> GatherField for E {
    type Entity = E;
    fn of_items(field: &'static str, items: Vec<E>) -> Result<E, Error> {
        Option::of_items(field, items)?.ok_or_else(Error::not_found)
    }
}

impl<E: Templated> GatherField for Option<E> {
    type Entity = E;
    fn of_items(field: &'static str, items: Vec<E>) -> Result<Self, Error> {
        let mut items = items.into_iter();
        let first = items.next();
        if items.next().is_some() {
            let several = ReadError::new("one item of the entity", "several").in_field(field);
            return Err(Error::read(several));
        }
        Ok(first)
    }
}

impl<E: Templated> GatherField for Vec<E> {
    type Entity = E;
    fn of_items(_: &'static str, items: Vec<E>) -> Result<Self, Error> {
        Ok(items)
    }
}
