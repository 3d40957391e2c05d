//! Tests that costs do not grow, without a clock: they count the allocations of each operation and its
//! largest number of bytes in use. Both are the same on every machine. A ceiling is a measured usage; a
//! change that needs more has to raise the ceiling here, and a change that needs less has to lower it.
//!
//! `cargo test -p dynamodel-bench --test allocations -- --nocapture` prints the ceilings to write.

mod ceiling;
mod codec;
mod guard;
mod model;
mod pages;
mod shared_tables;
mod ten_operations;
mod writes;
