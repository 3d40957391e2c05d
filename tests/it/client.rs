//! What every request shares: errors, tables, spans, metrics and the lifetime of calls.

mod errors;
mod lifecycle;
mod metering;
mod observability;
mod tables;
