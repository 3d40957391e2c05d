//! The test suite; runs on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

#[path = "../support/entities.rs"]
mod entities;
#[path = "../support/raw.rs"]
mod raw;

mod client;
mod model;
mod read;
mod transport;
mod write;
