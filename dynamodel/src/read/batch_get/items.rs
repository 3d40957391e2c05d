//! The items that were read, each at the place of its key.

use std::fmt;

use crate::model::entity::Projection;
use crate::wire::{ReadError, Reader};

/// Says to which of the keys an item belongs that was just read.
type Place<'p> = &'p mut dyn FnMut(&Reader<'_>) -> Option<usize>;

/// Reads items, whatever their type.
#[doc(hidden)]
pub trait ReadItems: Send {
    /// Reads the item that starts here and keeps it at its place; without one, it is dropped.
    fn read(&mut self, r: &mut Reader<'_>, place: Place<'_>) -> Result<(), ReadError>;
}

/// The items of one entity, in the order of the keys.
#[doc(hidden)]
pub struct Items<O>(Vec<Option<O>>);

impl<O> fmt::Debug for Items<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").finish_non_exhaustive()
    }
}

impl<O> Items<O> {
    /// Places for so many.
    pub(crate) fn new(keys: usize) -> Self {
        Items((0..keys).map(|_| None).collect())
    }

    pub(crate) fn into_vec(self) -> Vec<Option<O>> {
        self.0
    }
}

impl<O: Projection> ReadItems for Items<O> {
    fn read(&mut self, r: &mut Reader<'_>, place: Place<'_>) -> Result<(), ReadError> {
        // Not with `?`, which would move the item once more.
        match O::read_item(r) {
            Ok(item) => {
                if let Some(place) = place(r).and_then(|place| self.0.get_mut(place)) {
                    *place = Some(item);
                }
                Ok(())
            }
            Err(e) => Err(e),
        }
    }
}
