//! Work in progress.
#![forbid(unsafe_code)]
#![allow(dead_code)]

#[cfg(feature = "embedded")]
pub mod embedded;
mod transport;
mod wire;
