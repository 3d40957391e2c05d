//! Parts of every request: errors, tables, spans, metrics and the lifetime of calls.

mod clocks;
mod configuration;
mod embedded_files;
mod error_kinds;
mod errors;
mod hostile;
mod lifecycle;
mod metering;
mod observability;
mod open_writes;
mod tables;
