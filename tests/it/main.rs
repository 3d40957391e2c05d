//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

mod collections;
mod crud;
mod foreign;
mod hygiene;
mod cursor;
mod errors;
mod model;
mod projection;
mod query;
mod pictures;
mod raw;
mod serde_bridge;
mod scan;
mod tables;
mod single_table;
mod sparse;
mod templates;
mod tour;
mod ttl;
mod unreadable;
mod versions;
