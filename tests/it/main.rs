//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

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
mod ttl;
mod types;
mod unreadable;
mod versions;
