//! [`BorrowedPage`]: the bytes of a page, and the items that borrow from them.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use bytes::Bytes;
use bytes_utils::Str;

use super::BorrowedProjection;
use crate::error::Error;
use crate::observe::{Counts, Observed};
use crate::op::{ConsumedCapacity, Plan};
use crate::page::{Cursor, Named};
use crate::schema::EntitySchema;
use crate::wire::{Escapes, ReadError, Reader};

/// A page of a query or scan, whose items borrow from it. From
/// [`BorrowedRead::page`](super::BorrowedRead::page).
///
/// It holds the answer as it came, so it takes the memory of its JSON: about 1 MB at most.
pub struct BorrowedPage<V> {
    raw: RawPage,
    escapes: Escapes,
    schema: &'static EntitySchema,
    index: Option<&'static str>,
    /// How many of the items are wanted.
    limit: u64,
    named: Named,
    _view: PhantomData<fn() -> V>,
}

impl<V> fmt::Debug for BorrowedPage<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedPage")
            .field("count", &self.raw.head.count)
            .field("bytes", &self.raw.json.len())
            .finish_non_exhaustive()
    }
}

impl<V> BorrowedPage<V> {
    /// The page of this plan, of which so many items are wanted.
    pub(super) fn new(raw: RawPage, plan: &Plan, limit: Option<u64>) -> Result<Self, Error> {
        let named = Named::of(plan);
        Ok(BorrowedPage {
            escapes: Escapes::of(&raw.json).map_err(|e| named.answer(e))?,
            schema: plan.schema,
            index: plan.index,
            limit: limit.unwrap_or(u64::MAX),
            named,
            raw,
            _view: PhantomData,
        })
    }

    pub(super) fn last_key(&self) -> Option<&[u8]> {
        self.raw.head.last_key.as_deref()
    }

    /// Where the next page starts; `None` after the last.
    pub fn next(&self) -> Option<Cursor> {
        let key = self.last_key()?.to_vec();
        Some(Cursor::new(self.schema, self.index, key))
    }

    /// How many items DynamoDB returned.
    pub fn count(&self) -> u64 {
        self.raw.head.count
    }

    /// How many items DynamoDB read, before the filter.
    pub fn scanned_count(&self) -> u64 {
        self.raw.head.scanned_count
    }

    /// What the page cost, if asked for with `measured`.
    pub fn consumed_capacity(&self) -> Option<&ConsumedCapacity> {
        self.raw.head.capacity.as_ref()
    }
}

impl<V: BorrowedProjection> BorrowedPage<V> {
    /// The items, all of them. One allocation, and those of their lists, sets and maps.
    ///
    /// # Errors
    /// When one of them cannot be read ([`is_unreadable`](Error::is_unreadable)).
    pub fn items(&self) -> Result<Vec<V::At<'_>>, Error> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut items = Vec::with_capacity(self.raw.capacity().min(limit));
        for item in self.iter() {
            items.push(item?);
        }
        Ok(items)
    }

    /// The items one after the other, each read when it is asked for. One that cannot be read is an
    /// `Err` that names the attribute, and does not cost the others.
    pub fn iter(&self) -> BorrowedItems<'_, V> {
        BorrowedItems {
            r: Reader::of_page(&self.raw.json, &self.escapes).at(self.raw.items.start),
            end: self.raw.items.end,
            left: if self.raw.items.is_empty() {
                0
            } else {
                self.limit
            },
            first: true,
            named: self.named,
            _view: PhantomData,
        }
    }
}

impl<'p, V: BorrowedProjection> IntoIterator for &'p BorrowedPage<V> {
    type Item = Result<V::At<'p>, Error>;
    type IntoIter = BorrowedItems<'p, V>;

    fn into_iter(self) -> BorrowedItems<'p, V> {
        self.iter()
    }
}

/// The items of a [`BorrowedPage`]. From [`BorrowedPage::iter`].
pub struct BorrowedItems<'p, V> {
    r: Reader<'p>,
    end: usize,
    left: u64,
    first: bool,
    named: Named,
    _view: PhantomData<fn() -> V>,
}

impl<V> fmt::Debug for BorrowedItems<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedItems").finish_non_exhaustive()
    }
}

impl<'p, V: BorrowedProjection> BorrowedItems<'p, V> {
    /// Goes to the start of the next item, if there is one.
    #[inline]
    fn more(&mut self) -> Result<bool, ReadError> {
        let more = if std::mem::take(&mut self.first) {
            self.r.begin_list()?
        } else {
            self.r.end_element()?
        };
        if !more && self.r.position() != self.end {
            return Err(self.r.malformed());
        }
        Ok(more)
    }

    #[cold]
    fn unreadable(&mut self, start: usize, e: ReadError) -> Error {
        // An item of another shape costs itself; broken JSON ends the page.
        self.r.rewind(start);
        match self.r.skip_value() {
            Ok(()) => self.named.read(e),
            Err(broken) => {
                self.left = 0;
                self.named.answer(broken)
            }
        }
    }
}

impl<'p, V: BorrowedProjection> Iterator for BorrowedItems<'p, V> {
    type Item = Result<V::At<'p>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        match self.more() {
            Ok(true) => {}
            Ok(false) => {
                self.left = 0;
                return None;
            }
            Err(e) => {
                self.left = 0;
                return Some(Err(self.named.answer(e)));
            }
        }
        let start = self.r.position();
        match V::read_borrowed(&mut self.r) {
            Ok(item) => Some(Ok(item)),
            Err(e) => Some(Err(self.unreadable(start, e))),
        }
    }
}

/// An answer to Query or Scan whose items are not read yet.
pub(crate) struct RawPage {
    json: Str,
    /// The list of the items, with its brackets.
    items: Range<usize>,
    pub(super) head: Head,
}

/// What stands around the items.
#[derive(Default)]
pub(super) struct Head {
    pub(super) count: u64,
    pub(super) scanned_count: u64,
    pub(super) last_key: Option<Vec<u8>>,
    pub(super) capacity: Option<ConsumedCapacity>,
}

impl Observed for RawPage {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self.head.capacity.as_slice()
    }
    fn counts(&self) -> Counts {
        Counts {
            returned: Some(self.head.count),
            scanned: Some(self.head.scanned_count),
            ..Counts::default()
        }
    }
}

impl RawPage {
    /// Reads what stands around the items, and passes over them.
    pub(crate) fn read(body: Bytes) -> Result<Self, ReadError> {
        let json = Str::from_inner(body).map_err(|e| {
            let body = e.into_inner();
            Reader::new(&body).map_or_else(|e| e, |r| r.malformed())
        })?;
        let mut head = Head::default();
        let mut items = 0..0;
        let mut r = Reader::of_text(&json);
        r.members(|name, r| {
            if name != "Items" {
                return head.member(name, r);
            }
            r.white_space();
            let start = r.position();
            match end_of_items(&json, start) {
                Some(end) => *r = r.at(end),
                None => r.skip_value()?,
            }
            items = start..r.position();
            Ok(())
        })?;
        r.finish()?;
        Ok(RawPage { json, items, head })
    }
}

impl RawPage {
    /// The key to start the next page after.
    pub(crate) fn last_key(&self) -> Option<&[u8]> {
        self.head.last_key.as_deref()
    }

    /// How many items there are.
    pub(crate) fn count(&self) -> u64 {
        self.head.count
    }

    /// How many items there can be at most: one takes at least 10 bytes.
    pub(crate) fn capacity(&self) -> usize {
        let count = usize::try_from(self.head.count).unwrap_or(usize::MAX);
        count.min(self.items.len() / 10)
    }

    /// Calls the function at the start of the list of items, which it reads.
    ///
    /// # Errors
    /// When the list does not end where it was found to end, and what the function returns.
    pub(crate) fn read_items<'p>(
        &'p self,
        list: impl FnOnce(&mut Reader<'p>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if self.items.is_empty() {
            return Ok(());
        }
        let mut r = Reader::of_text(&self.json).at(self.items.start);
        list(&mut r)?;
        if r.position() == self.items.end {
            Ok(())
        } else {
            Err(r.malformed())
        }
    }
}

impl Head {
    fn member(&mut self, name: &str, r: &mut Reader<'_>) -> Result<(), ReadError> {
        match name {
            "Count" => self.count = r.json_u64()?,
            "ScannedCount" => self.scanned_count = r.json_u64()?,
            "LastEvaluatedKey" => self.last_key = r.raw_value_or_null()?.map(<[u8]>::to_vec),
            "ConsumedCapacity" => self.capacity = Some(ConsumedCapacity::read(r)?),
            _ => r.skip_value()?,
        }
        Ok(())
    }
}

/// How far from its end an answer is searched for the end of its items: keys are 3 KB at most.
const TAIL: usize = 16 * 1024;

/// The place behind the list of items that starts at `start`, found from the end of the answer, so that
/// the items need not be passed over to know what comes behind them. Whoever reads the items has to find
/// that they end there.
fn end_of_items(json: &str, start: usize) -> Option<usize> {
    let from = start.max(json.len().saturating_sub(TAIL));
    let tail = json.as_bytes().get(from..)?;
    let mut ends = memchr::memchr_iter(b']', tail).map(|at| from + at + 1);
    ends.find(|at| is_rest(json, *at))
}

/// Whether the rest of the answer, from behind a `]`, is members and its end. In an item, a `]` ends a
/// value, `{"L":[..]}`, or is part of a text, where no quote stands alone.
fn is_rest(json: &str, at: usize) -> bool {
    let mut r = Reader::of_text(json).at(at);
    let mut rest = || {
        while r.end_entry()? {
            r.map_key()?;
            r.skip_value()?;
        }
        r.clone().finish()
    };
    rest().is_ok()
}
