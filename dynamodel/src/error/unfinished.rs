//! [`Unfinished`]: what an operation on many items leaves undone when it fails.

use std::any::{Any, TypeId};
use std::fmt::Display;

/// What an operation on many items has not done when it failed. An error carries it without knowing
/// the operation; the operation's own accessors of the error take it back by its type.
pub(crate) trait Unfinished: Any + Send + Sync + Display {
    /// Keys or writes that are not done.
    fn count(&self) -> usize;

    /// Their entities and keys, as JSON.
    fn keys(&self) -> Box<dyn Iterator<Item = (TypeId, &[u8])> + '_>;
}
