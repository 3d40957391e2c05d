//! Reads: queries, scans, pages, cursors, streams, borrowed items and batches of keys.

mod any_index;
mod batch_keys;
mod borrowed;
mod bulk_scan;
mod cursor;
mod failed_reads;
mod parallel;
mod parts;
mod prefetch;
mod projected;
mod projection;
mod query;
mod scan;
mod sealed;
mod sharded;
mod sort_ends;
mod unreadable;
