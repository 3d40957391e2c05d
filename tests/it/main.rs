//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

mod batch_faults;
mod batches;
mod bulk;
mod concurrency;
mod crud;
mod cursor;
mod errors;
mod foreign;
mod hygiene;
mod lifecycle;
mod model;
mod projection;
mod properties;
mod query;
mod raw;
mod scan;
mod serde_bridge;
mod tables;
mod tour;
mod transactions;
mod ttl;
mod types;
mod unreadable;
mod versions;
mod workload;
