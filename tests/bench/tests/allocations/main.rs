//! Guards against growing costs without a clock: how often each operation allocates, and how many bytes
//! it has at a time. Both are the same on every machine. A ceiling is what was measured; a change that
//! needs more says so by raising it here, and one that needs less is held to that from then on.
//!
//! `cargo test -p dynamodel-bench --test allocations -- --nocapture` prints what to write everywhere.

mod ceiling;
mod codec;
mod guard;
mod model;
mod pages;
mod shared_tables;
mod ten_operations;
mod writes;
