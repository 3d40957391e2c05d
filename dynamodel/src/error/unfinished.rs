//! [`Unfinished`]: the part that an operation on many items leaves undone when it fails.

use std::any::{Any, TypeId};
use std::fmt::Display;

/// The part that an operation on many items had not done when it failed. An error carries it
/// without knowing the operation; the operation's own accessors of the error get it back by its
/// type.
pub(crate) trait Unfinished: Any + Send + Sync + Display {
    /// Returns the number of keys or writes that are not done, or not confirmed.
    fn count(&self) -> usize;

    /// Returns the number of writes among them that may be done.
    fn unconfirmed(&self) -> usize {
        0
    }

    /// Returns their entities and keys, as JSON.
    fn keys(&self) -> Box<dyn Iterator<Item = (TypeId, &[u8])> + '_>;
}
