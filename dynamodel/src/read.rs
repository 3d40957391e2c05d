//! Reading items: get, query, scan, batches, transactions, pages, cursors and streams.

pub(crate) mod batch_get;
pub(crate) mod borrowed;
pub(crate) mod get;
pub(crate) mod hydrate;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod query;
pub(crate) mod scan;
pub(crate) mod setters;
pub(crate) mod sort;
pub(crate) mod transact_get;

pub use batch_get::{BatchGet, BatchGets, KeyedReads, batch_get};
pub use borrowed::{
    BorrowedField, BorrowedFrom, BorrowedItems, BorrowedPage, BorrowedPages, BorrowedProjection,
    BorrowedRead, BorrowedText, ItemJson,
};
pub use get::Get;
pub use hydrate::Hydrate;
pub use page::{Cursor, IntoCursor, ItemStream, Page, ReadsPages, ScanCursor, ScanStream};
pub use query::Query;
pub use scan::Scan;
pub use sort::{
    AnyPart, FixedPart, IntoSort, RangesOf, SortChain, SortCondition, SortPart, SortPrefix,
    TemplateEnd,
};
pub use transact_get::{Gets, TransactGet, transact_get};
