//! Items that were read, each at the position of its key.

use std::fmt;

use crate::model::entity::Projection;
use crate::wire::{ReadError, Reader};

/// Returns the position of the item that was just read, if its key was requested.
type FindPosition<'p> = &'p mut dyn FnMut(&Reader<'_>) -> Option<usize>;

/// Type-erased store of items, so that the reader of responses compiles once.
#[doc(hidden)]
pub trait ReadItems: Send {
    /// Reads the item that starts here and stores it at its position; without a position, the item
    /// is dropped.
    fn read(&mut self, r: &mut Reader<'_>, position: FindPosition<'_>) -> Result<(), ReadError>;
}

/// Items of one entity, in the order of the keys.
#[doc(hidden)]
pub struct Items<O>(Vec<Option<O>>);

impl<O> fmt::Debug for Items<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

impl<O> Items<O> {
    /// Creates the store for this number of keys.
    pub(crate) fn new(keys: usize) -> Self {
        Items((0..keys).map(|_| None).collect())
    }

    pub(crate) fn into_vec(self) -> Vec<Option<O>> {
        self.0
    }
}

impl<O: Projection> ReadItems for Items<O> {
    fn read(&mut self, r: &mut Reader<'_>, position: FindPosition<'_>) -> Result<(), ReadError> {
        // `match` instead of `?`, which would move the item once more.
        match O::read_item(r) {
            Ok(item) => {
                if let Some(stored) = position(r).and_then(|position| self.0.get_mut(position)) {
                    *stored = Some(item);
                }
                Ok(())
            }
            Err(e) => Err(e),
        }
    }
}
