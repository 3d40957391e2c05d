//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

mod conditions;
mod crud;
mod diff;
mod hygiene;
mod inspect;
mod model;
mod paths;
mod raw;
mod tour;
mod updates;
mod versions;
