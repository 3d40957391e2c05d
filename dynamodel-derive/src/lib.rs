#![doc = include_str!("attributes.md")]

mod attr;
mod check;
mod errors;
mod expand;
mod model;
mod names;
mod template;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes a struct an entity: the items of a table, with typed keys, indexes, conditions and updates.
///
/// The attributes are listed on the [page of the derives](crate).
#[proc_macro_derive(Entity, attributes(dynamo))]
pub fn entity(input: TokenStream) -> TokenStream {
    expand::entity(input.into()).into()
}

/// Makes a unit struct a table that several entities share: single-table design.
///
/// The attributes are listed on the [page of the derives](crate).
#[proc_macro_derive(Table, attributes(dynamo))]
pub fn table(input: TokenStream) -> TokenStream {
    expand::table(input.into()).into()
}

/// Makes a struct or an enum an attribute type, so that a field of an entity can hold it.
///
/// The attributes are listed on the [page of the derives](crate).
#[proc_macro_derive(Document, attributes(dynamo))]
pub fn document(input: TokenStream) -> TokenStream {
    expand::document(input.into()).into()
}

/// Makes a struct a read-only part of an entity, for `.select::<Part>()`.
///
/// The attributes are listed on the [page of the derives](crate).
#[proc_macro_derive(Projection, attributes(dynamo))]
pub fn projection(input: TokenStream) -> TokenStream {
    expand::projection(input.into()).into()
}
