//! Writing items: put, update, delete, read-modify-write, unique values, batches and transactions.

pub(crate) mod batch;
pub(crate) mod bulk;
pub(crate) mod check;
pub(crate) mod delete;
pub(crate) mod diff;
pub(crate) mod immutable;
pub(crate) mod index_keys;
pub(crate) mod modify;
pub(crate) mod precondition;
pub(crate) mod put;
pub(crate) mod request;
pub(crate) mod return_values;
pub(crate) mod transaction;
pub(crate) mod unique;
pub(crate) mod update;

pub use batch::{BatchWrite, IntoBatchPut, Unconditional};
pub use bulk::{BulkProgress, BulkReport, BulkWriter};
pub use check::Check;
pub use delete::{Delete, Remove};
pub use modify::Modify;
pub use put::{Put, PutMode};
pub use return_values::{
    Lenient, New, Old, Partial, PutReturned, Returned, ReturnedItem, Stored, UpdatedNew, UpdatedOld,
};
pub use transaction::{Committed, Handle, IntoDelete, Reason, Transaction};
pub use unique::{BackfillReport, BackfillUnique, GetUnique};
pub use update::{Update, UpdateWithParents};
