//! Items of pages: decoded into a type-erased sink, or into a page of one type.

use bytes::Bytes;

use super::raw_page::{Envelope, RawPage};
use crate::client::capacity::ConsumedCapacity;
use crate::client::observe::{Counts, Observed};
use crate::model::entity::Projection;
use crate::model::schema::SingleTable;
use crate::wire::{ReadError, Reader};

/// Type-erased sink for decoded items, so that the reader of pages compiles once.
pub(crate) trait PageItems: Send {
    /// Reserves room for this many items.
    fn reserve(&mut self, items: usize);
    /// Reads a list of items. An item that is valid JSON but not of the entity's shape fails only
    /// itself; broken JSON fails the page.
    fn read_list(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError>;
    /// Reads one item.
    fn read_item(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError>;
    /// Returns the number of items up to the first that cannot be read.
    fn len(&self) -> usize;
    fn truncate(&mut self, items: usize);
    /// Takes the error of the first item that cannot be read.
    fn take_error(&mut self) -> Option<ReadError>;
}

/// Items of one type.
pub(crate) struct AllItems<P> {
    /// Items up to the first that cannot be read.
    pub(crate) items: Vec<P>,
    /// Results from the first item that cannot be read on.
    rest: Vec<Result<P, ReadError>>,
}

impl<P> AllItems<P> {
    pub(crate) fn new() -> Self {
        AllItems {
            items: Vec::new(),
            rest: Vec::new(),
        }
    }
}

impl<P: Projection> PageItems for AllItems<P> {
    fn reserve(&mut self, items: usize) {
        self.items.reserve(items);
    }
    fn read_list(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError> {
        let mut more = r.begin_list()?;
        while more {
            if !P::is_own(r) {
                r.skip_value()?;
                more = r.end_element()?;
                continue;
            }
            let start = r.position();
            match P::read_item(r) {
                Ok(item) if self.rest.is_empty() => self.items.push(item),
                Ok(item) => self.rest.push(Ok(item)),
                Err(e) => {
                    r.skip_from(start)?;
                    self.rest.push(Err(e));
                }
            }
            more = r.end_element()?;
        }
        Ok(())
    }
    fn read_item(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError> {
        if P::is_own(r) {
            self.items.push(P::read_item(r)?);
        }
        Ok(())
    }
    fn len(&self) -> usize {
        self.items.len()
    }
    fn truncate(&mut self, items: usize) {
        self.items.truncate(items);
    }
    fn take_error(&mut self) -> Option<ReadError> {
        if self.rest.is_empty() {
            return None;
        }
        let first = self.rest.swap_remove(0);
        self.rest.clear();
        first.err()
    }
}

/// Number of the items that are of the entity by their keys.
pub(crate) struct OwnItems {
    single: &'static SingleTable,
    count: usize,
}

impl OwnItems {
    pub(crate) fn new(single: &'static SingleTable) -> Self {
        OwnItems { single, count: 0 }
    }
}

impl PageItems for OwnItems {
    fn reserve(&mut self, _: usize) {}
    fn read_list(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError> {
        let mut more = r.begin_list()?;
        while more {
            self.read_item(r)?;
            more = r.end_element()?;
        }
        Ok(())
    }
    fn read_item(&mut self, r: &mut Reader<'_>) -> Result<(), ReadError> {
        self.count += usize::from(self.single.has_own_key(r));
        r.skip_value()
    }
    fn len(&self) -> usize {
        self.count
    }
    fn truncate(&mut self, items: usize) {
        self.count = self.count.min(items);
    }
    fn take_error(&mut self) -> Option<ReadError> {
        None
    }
}

/// Adds the items of a page, up to the first that cannot be read, whose error is returned.
///
/// # Errors
/// When the page is not JSON.
pub(crate) fn read_items(
    page: &RawPage,
    items: &mut dyn PageItems,
) -> Result<Option<ReadError>, ReadError> {
    items.reserve(page.envelope.at_most());
    page.read_items(|r| items.read_list(r))?;
    Ok(items.take_error())
}

/// A page whose items are decoded.
pub(crate) struct OwnedPage<P> {
    pub(crate) envelope: Envelope,
    /// Items up to the first that cannot be read.
    pub(crate) items: Vec<P>,
    /// Results from the first item that cannot be read on.
    pub(crate) rest: Vec<Result<P, ReadError>>,
}

impl<P: Projection> OwnedPage<P> {
    /// Decodes a response. Items are read before the bytes are dropped.
    pub(crate) fn read(body: Bytes) -> Result<Self, ReadError> {
        let json = Reader::new(&body)?.whole_text();
        Self::read_text(json)
    }

    /// Decodes a response that is known to be UTF-8.
    pub(crate) fn read_text(json: &str) -> Result<Self, ReadError> {
        let envelope = Envelope::read(json)?;
        let mut items = AllItems::new();
        items.reserve(envelope.at_most());
        envelope.read_items(json, |r| items.read_list(r))?;
        Ok(OwnedPage {
            envelope,
            items: items.items,
            rest: items.rest,
        })
    }
}

impl<P> Observed for OwnedPage<P> {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self.envelope.capacity.as_slice()
    }
    fn counts(&self) -> Counts {
        self.envelope.counts()
    }
}
