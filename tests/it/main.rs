//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

mod crud;
mod hygiene;
mod model;
mod raw;
mod tour;
mod versions;
