//! The derives of [dynamodel](https://docs.rs/dynamodel): [`Entity`](derive@Entity),
//! [`Table`](derive@Table), [`Collection`](derive@Collection), [`Document`](derive@Document) and
//! [`Projection`](derive@Projection). The page of each derive lists its attributes.
//!
//! All attributes are written `#[dynamo(..)]`. Several go into one, separated by commas, or each into
//! one of its own. An unknown attribute, and every other mistake that a derive can see, is a compile
//! error that says what to do; all errors of a type are reported at once.

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
#[doc = include_str!("attributes/entity.md")]
#[proc_macro_derive(Entity, attributes(dynamo))]
pub fn entity(input: TokenStream) -> TokenStream {
    expand::entity(input.into()).into()
}

/// Makes a unit struct a table that several entities share: single-table design.
///
#[doc = include_str!("attributes/table.md")]
#[proc_macro_derive(Table, attributes(dynamo))]
pub fn table(input: TokenStream) -> TokenStream {
    expand::table(input.into()).into()
}

/// Makes an enum or a struct a collection: entities of one partition, read together.
///
#[doc = include_str!("attributes/collection.md")]
#[proc_macro_derive(Collection, attributes(dynamo))]
pub fn collection(input: TokenStream) -> TokenStream {
    expand::collection(input.into()).into()
}

/// Makes a struct or an enum an attribute type, so that a field of an entity can hold it.
///
#[doc = include_str!("attributes/document.md")]
#[proc_macro_derive(Document, attributes(dynamo))]
pub fn document(input: TokenStream) -> TokenStream {
    expand::document(input.into()).into()
}

/// Makes a struct a read-only part of an entity, for `.select::<Part>()`.
///
#[doc = include_str!("attributes/projection.md")]
#[proc_macro_derive(Projection, attributes(dynamo))]
pub fn projection(input: TokenStream) -> TokenStream {
    expand::projection(input.into()).into()
}
