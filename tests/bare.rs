//! Entities and documents in a module that imports nothing, uses names of the prelude for its own types,
//! renames the crate, and denies every lint.

#![no_implicit_prelude]
#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations)]
#![deny(clippy::all)]
// Fields are named like types and macros on purpose.
#![allow(non_snake_case)]

/// The crate under another name.
pub mod elsewhere {
    pub use ::dynamodel as renamed;
}

/// Shadows the prelude's `Option`.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq, ::dynamodel::Document)]
#[dynamo(crate = "crate::bare::elsewhere::renamed")]
pub enum Option {
    /// Nothing.
    None,
    /// Something.
    Some,
}

/// Shadows the prelude's `String`.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq, ::dynamodel::Document)]
#[dynamo(crate = crate::bare::elsewhere::renamed, transparent)]
pub struct String(pub ::std::string::String);

/// Shadows the prelude's `Result`.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq, ::dynamodel::Document)]
#[dynamo(crate = crate::bare::elsewhere::renamed, tag = "__v")]
pub enum Result {
    /// A good result.
    Ok {
        /// The value.
        __r: u8,
    },
    /// A bad result.
    Err(Vec),
}

/// Shadows the prelude's `Vec`.
#[derive(
    ::std::fmt::Debug,
    ::std::clone::Clone,
    ::std::cmp::PartialEq,
    ::std::default::Default,
    ::dynamodel::Document,
)]
#[dynamo(crate = crate::bare::elsewhere::renamed)]
pub struct Vec {
    /// A field.
    pub length: u64,
}

/// An entity of the types above.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq, ::dynamodel::Entity)]
#[dynamo(table = "bare", crate = crate::bare::elsewhere::renamed)]
#[dynamo(index(by_type, partition = (r#type, item), sort = (self_, u64), project = [Vec]))]
#[dynamo(index(all_of, partition = w))]
#[dynamo(local_index(r#match, sort = w, project = keys, name = "match"))]
pub struct Item {
    /// A partition key.
    #[dynamo(partition)]
    pub self_: String,
    /// A sort key.
    #[dynamo(sort)]
    pub item: ::std::string::String,
    /// A field with a raw name.
    pub r#type: String,
    /// A field named like a primitive type.
    pub u64: u64,
    /// A field named like a type.
    pub Vec: Vec,
    /// A type called `Option` that is not the prelude's.
    pub option: Option,
    /// A field of the prelude's `Option`.
    pub result: ::std::option::Option<Result>,
    /// A field named like a variable of the generated code.
    pub w: i32,
    /// The time of expiry.
    #[dynamo(ttl)]
    pub ttl: ::std::option::Option<u64>,
    /// The version.
    #[dynamo(version)]
    pub version: u64,
    /// The time of the first write.
    #[dynamo(created_at)]
    pub created: u64,
    /// The time of the last write.
    #[dynamo(updated_at)]
    pub updated: ::std::option::Option<u64>,
    /// The token of the last write.
    #[dynamo(write_token)]
    pub token: ::std::string::String,
    /// A field with a stored form of its own.
    #[dynamo(with = crate::bare::text, kind = S)]
    pub pair: (u8, u8),
    /// A field that is not stored.
    #[dynamo(skip)]
    pub skipped: (),
}

/// A projection of the entity.
#[derive(::std::fmt::Debug, ::dynamodel::Projection)]
#[dynamo(of = Item, crate = crate::bare::elsewhere::renamed)]
pub struct Part {
    /// A field.
    pub r#type: String,
    /// A field.
    pub ttl: ::std::option::Option<u64>,
    /// A field.
    pub u64: ::std::option::Option<u64>,
}

/// A table of several entities.
#[derive(::std::fmt::Debug, ::dynamodel::Table)]
#[dynamo(name = "bares", partition = "pk", sort = "sk", crate = crate::bare::elsewhere::renamed)]
pub struct Bares;

/// An entity of the table, called like a variant of the prelude's `Option`.
#[derive(::std::fmt::Debug, ::dynamodel::Entity)]
#[dynamo(table = Bares, key(partition = "A#{r#type}", sort = "B"), crate = crate::bare::elsewhere::renamed)]
pub struct Some {
    /// A field with a raw name.
    pub r#type: ::std::string::String,
}

/// A collection of the table's entities.
#[derive(::std::fmt::Debug, ::dynamodel::Collection)]
#[dynamo(crate = crate::bare::elsewhere::renamed)]
pub enum Kinds {
    /// Shadows the prelude's `Some`.
    Some(Some),
}

/// Borrowed projection of the collection.
#[derive(::std::fmt::Debug, ::dynamodel::Projection)]
#[dynamo(of = Kinds, crate = crate::bare::elsewhere::renamed)]
pub enum KindsView<'kind> {
    /// Shadows the prelude's `Some`.
    Some(SomeView<'kind>),
}

/// Borrowed projection of an entity.
#[derive(::std::fmt::Debug, ::dynamodel::Projection)]
#[dynamo(of = Some, crate = crate::bare::elsewhere::renamed)]
pub struct SomeView<'a> {
    /// A field with a raw name.
    pub r#type: &'a str,
}

/// Stored form of a pair: one text.
pub mod text {
    use super::elsewhere::renamed::wire::{ReadError, Reader, Writer};
    use ::std::result::Result;

    /// Writes a pair.
    pub fn write(pair: &(u8, u8), w: &mut Writer) {
        w.string(&::std::format!("{}-{}", pair.0, pair.1));
    }

    /// Reads a pair.
    ///
    /// # Errors
    /// If the text is not such a pair.
    pub fn read(r: &mut Reader<'_>) -> Result<(u8, u8), ReadError> {
        use ::std::option::Option;
        let text = r.string()?;
        let pair = text.split_once('-');
        let pair = pair.and_then(|(a, b)| Option::Some((a.parse().ok()?, b.parse().ok()?)));
        pair.ok_or_else(|| ReadError::expected("a pair"))
    }
}
