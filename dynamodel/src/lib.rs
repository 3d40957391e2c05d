//! Typed data modeling for Amazon DynamoDB, checked by the compiler.

// The runtime's own tests and examples use the derives, whose code names the crate by its name.
extern crate self as dynamodel;

#[doc(hidden)]
pub mod __private;
mod attribute;
mod db;
#[cfg(feature = "embedded")]
pub mod embedded;
mod entity;
mod error;
pub mod expr;
mod key;
pub mod op;
mod page;
pub mod schema;
mod single_table;
mod table;
mod template;
mod time;
mod transport;
mod version;
pub mod wire;

pub use attribute::{Attribute, Binary, KindOf, MapKey, SetValue, ValueFor, ValueOf, kind};
pub use db::{Builder, Db};
pub use dynamodel_derive::{Document, Entity, Projection, Table};
pub use entity::{Entity, Projection, Unversioned, Versioned};
pub use error::Error;
pub use expr::{Action, Condition, IndexAction, Part};
pub use key::Key;
pub use op::{
    Backoff, Check, ConsumedCapacity, Delete, Get, Measured, Put, Query, Remove, Scan, Update,
};
pub use page::{Cursor, ItemStream, Page};
pub use single_table::{HasTable, Table, Templated};
pub use table::TableInfo;
pub use template::{FixedWidth, TemplatePart};
pub use time::{Timestamp, TtlTime};
pub use version::{TokenValue, VersionNumber, WriteToken};
