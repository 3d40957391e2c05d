//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

mod crud;
mod foreign;
mod hygiene;
mod model;
mod raw;
mod serde_bridge;
mod single_table;
mod sparse;
mod templates;
mod tour;
mod versions;
