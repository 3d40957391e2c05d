//! The ways of a request to the SDK.

mod fast_path;
mod plain_path;
