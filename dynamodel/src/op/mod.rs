//! Operations: values that are sent by `.send(&db)`.

mod backoff;
mod batch;
mod batch_get;
mod batch_write;
mod bulk;
mod capacity;
mod check;
mod delete;
mod derived;
mod get;
mod guard;
mod identity;
mod modify;
mod put;
mod query;
mod read;
mod response;
mod returned;
mod scan;
mod sort;
mod transact_get;
mod transaction;
mod update;
mod write;

pub use backoff::Backoff;
pub use batch_get::{BatchGet, BatchGets, KeyedReads, batch_get};
pub use batch_write::{BatchWrite, IntoBatchPut, Unconditional};
pub use bulk::{BulkProgress, BulkReport, BulkWriter};
pub use capacity::{Capacity, ConsumedCapacity, Measured};
pub use check::Check;
pub use delete::{Delete, Remove};
pub use get::Get;
pub use guard::{BackfillGuards, BackfillReport, GetUnique};
pub use put::{Put, PutMode};
pub use query::Query;
pub use returned::{New, Old, Partial, PutReturned, Returned, Stored, UpdatedNew, UpdatedOld};
pub use scan::Scan;
pub use sort::{
    AnyPart, FixedPart, IntoSort, RangesOf, SortChain, SortCondition, SortPart, SortPrefix,
    TemplateEnd,
};
pub use transact_get::{Gets, TransactGet, transact_get};
pub use transaction::{Committed, Handle, IntoDelete, Reason, Transaction};
pub use update::Update;

pub(crate) use batch::Left;
pub(crate) use guard::check_key;
pub(crate) use read::Plan;
pub(crate) use response::{
    AllItems, PageBody, PageItems, page as decode_page, page_count as decode_count, read_items,
    read_page,
};
pub(crate) use scan::MAX_SEGMENTS;
pub(crate) use transaction::Canceled;
pub(crate) use write::write_item;

use crate::error::Error;
use crate::expr::ast::Node;

/// A request body for people to read.
pub(crate) fn text(body: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(body).map_err(|e| Error::construction(e.to_string()))
}

/// A condition in `Debug` output.
pub(crate) fn shown(node: Option<&Node>) -> impl std::fmt::Debug + '_ {
    std::fmt::from_fn(move |f| match node {
        Some(node) => write!(f, "{}", crate::expr::render::shown(node)),
        None => f.write_str("None"),
    })
}
