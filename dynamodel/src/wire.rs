//! Stand-in for the codec, so that this branch compiles alone.

use std::fmt;

/// What was wrong with a body.
#[derive(Debug)]
pub struct ReadError(String);

impl ReadError {
    /// Says what was expected.
    pub fn expected(what: impl Into<String>) -> Self {
        ReadError(what.into())
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.0)
    }
}

impl std::error::Error for ReadError {}
