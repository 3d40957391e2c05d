//! The suite: on the embedded engine, or on the endpoint in `DYNAMODEL_TEST_ENDPOINT`.

mod batches;
mod bulk;
mod concurrency;
mod model;
mod tour;
mod transactions;
