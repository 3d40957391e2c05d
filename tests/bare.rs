//! Entities and documents in a module that imports nothing, with the names of the prelude, a renamed
//! crate, and every lint an error.

#![no_implicit_prelude]
#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations)]
#![deny(clippy::all)]
// The names are the point.
#![allow(non_snake_case)]

/// The crate under another name.
pub mod elsewhere {
    pub use ::dynamodel as renamed;
}

/// Not the prelude's.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq, ::dynamodel::Document)]
#[dynamo(crate = "crate::bare::elsewhere::renamed")]
pub enum Option {
    /// Nothing.
    None,
    /// Something.
    Some,
}

/// Not the prelude's.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq, ::dynamodel::Document)]
#[dynamo(crate = crate::bare::elsewhere::renamed, transparent)]
pub struct String(pub ::std::string::String);

/// Not the prelude's.
#[derive(::std::fmt::Debug, ::std::clone::Clone, ::std::cmp::PartialEq, ::dynamodel::Document)]
#[dynamo(crate = crate::bare::elsewhere::renamed, tag = "__v")]
pub enum Result {
    /// All well.
    Ok {
        /// The value.
        __r: u8,
    },
    /// Not well.
    Err(Vec),
}

/// Not the prelude's.
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

/// An entity of these.
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
    /// A raw name.
    pub r#type: String,
    /// A type's name.
    pub u64: u64,
    /// A type's name.
    pub Vec: Vec,
    /// Not an `Option`.
    pub option: Option,
    /// An optional one.
    pub result: ::std::option::Option<Result>,
    /// A name of the generated code.
    pub w: i32,
    /// A time.
    #[dynamo(ttl)]
    pub ttl: ::std::option::Option<u64>,
    /// The version.
    #[dynamo(version)]
    pub version: u64,
    /// When.
    #[dynamo(created_at)]
    pub created: u64,
    /// When.
    #[dynamo(updated_at)]
    pub updated: ::std::option::Option<u64>,
    /// By whom.
    #[dynamo(write_token)]
    pub token: ::std::string::String,
    /// In another form.
    #[dynamo(with = crate::bare::text, kind = S)]
    pub pair: (u8, u8),
    /// Not stored.
    #[dynamo(skip)]
    pub skipped: (),
}

/// A part of it.
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

/// A table of several kinds.
#[derive(::std::fmt::Debug, ::dynamodel::Table)]
#[dynamo(name = "bares", partition = "pk", sort = "sk", crate = crate::bare::elsewhere::renamed)]
pub struct Bares;

/// One of the kinds.
#[derive(::std::fmt::Debug, ::dynamodel::Entity)]
#[dynamo(table = Bares, key(partition = "A#{r#type}", sort = "B"), crate = crate::bare::elsewhere::renamed)]
pub struct Some {
    /// A raw name.
    pub r#type: ::std::string::String,
}

/// All of the kinds.
#[derive(::std::fmt::Debug, ::dynamodel::Collection)]
#[dynamo(crate = crate::bare::elsewhere::renamed)]
pub enum Kinds {
    /// Not the prelude's.
    Some(Some),
}

/// They borrow.
#[derive(::std::fmt::Debug, ::dynamodel::Projection)]
#[dynamo(of = Kinds, crate = crate::bare::elsewhere::renamed)]
pub enum KindsView<'kind> {
    /// Not the prelude's.
    Some(SomeView<'kind>),
}

/// It borrows.
#[derive(::std::fmt::Debug, ::dynamodel::Projection)]
#[dynamo(of = Some, crate = crate::bare::elsewhere::renamed)]
pub struct SomeView<'a> {
    /// A raw name.
    pub r#type: &'a str,
}

/// A stored form.
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
    /// When it is none.
    pub fn read(r: &mut Reader<'_>) -> Result<(u8, u8), ReadError> {
        use ::std::option::Option;
        let text = r.string()?;
        let pair = text.split_once('-');
        let pair = pair.and_then(|(a, b)| Option::Some((a.parse().ok()?, b.parse().ok()?)));
        pair.ok_or_else(|| ReadError::expected("a pair"))
    }
}
