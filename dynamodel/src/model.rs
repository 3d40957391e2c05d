//! The model of an entity: its schema, keys, templates, table and expressions. No I/O.

pub(crate) mod canonical_key;
pub(crate) mod conversion;
pub(crate) mod entity;
pub mod expr;
pub(crate) mod item_type;
pub(crate) mod key;
pub(crate) mod rest;
pub mod schema;
pub(crate) mod sharding;
pub(crate) mod table;
pub(crate) mod template;
pub(crate) mod unique;

pub use conversion::Document;
pub use entity::{
    AnyIndex, EntityWithSort, Global, Guarded, Guards, HasPartial, HasSort, HasTtl, HoldsAll,
    Index, IsGuarded, IsVersioned, Item, Lock, MayAllBeAbsent, Primary, Projection, ProjectsAll,
    ProjectsSome, ReadsConsistently, SelectableFrom, Sharded, TableOrLocal, Unguarded, Unversioned,
    Versioned, Whole, WritableInBatch,
};
pub use key::{Key, StoredKey};
pub use table::{HasTable, Table, Templated};
