//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

mod model;
mod single_table;
mod sparse;
mod templates;
mod tour;
