//! [`BorrowedPage`]: the bytes of a page, and the items that borrow from them.

use std::fmt;
use std::marker::PhantomData;

use super::BorrowedProjection;
use crate::client::capacity::ConsumedCapacity;
use crate::error::Error;
use crate::read::page::{Cursor, Cursors, MergedPage, Named, RawItem, RawPage};
use crate::read::plan::ReadPlan;
use crate::wire::{ReadError, Reader};

/// A page of a query or scan, whose items borrow from the page. From
/// [`BorrowedRead::page`](super::BorrowedRead::page).
///
/// The page holds the response as it came, so it takes the memory of its JSON: about 1 MB at most.
/// A page of a sharded index holds the responses of all shards that contain its items, and shares
/// them with the pages before and after it.
pub struct BorrowedPage<V> {
    held: Held,
    cursors: Cursors,
    /// Number of wanted items.
    limit: u64,
    named: Named,
    _view: PhantomData<fn() -> V>,
}

enum Held {
    /// One response.
    Response(RawPage),
    /// Items of several responses, in their order.
    Merged(MergedPage),
}

impl<V> fmt::Debug for BorrowedPage<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("BorrowedPage");
        match &self.held {
            Held::Response(page) => s
                .field("count", &self.count())
                .field("bytes", &page.bytes()),
            Held::Merged(merged) => s.field("items", &merged.items.len()),
        };
        s.finish_non_exhaustive()
    }
}

impl<V> BorrowedPage<V> {
    /// Creates the page of this plan, of which at most `limit` items are wanted.
    pub(super) fn new(page: RawPage, plan: &ReadPlan, limit: Option<u64>) -> Self {
        Self::of(Held::Response(page), plan, limit)
    }

    /// Creates a page of a sharded index.
    pub(super) fn merged(page: MergedPage, plan: &ReadPlan) -> Self {
        Self::of(Held::Merged(page), plan, None)
    }

    fn of(held: Held, plan: &ReadPlan, limit: Option<u64>) -> Self {
        BorrowedPage {
            held,
            cursors: plan.cursors(),
            limit: limit.unwrap_or(u64::MAX),
            named: Named::of(plan),
            _view: PhantomData,
        }
    }

    /// Returns the cursor of the next page; `None` after the last.
    ///
    /// The next page starts after all items that DynamoDB read for this one. Where the
    /// [`limit`](crate::Query::limit) cuts short the last page of a
    /// [read](super::BorrowedRead::pages), as it does with a filter, the items cut off are not on
    /// the next page; [`page_size`](crate::Query::page_size) alone cuts nothing off.
    pub fn next(&self) -> Option<Cursor> {
        match &self.held {
            Held::Response(page) => {
                let key = page.envelope.last_key.clone()?;
                Some(self.cursors.after(key))
            }
            Held::Merged(merged) => merged.next.clone(),
        }
    }

    /// Returns the number of items that DynamoDB returned. Of a sharded index, by all requests for
    /// this page: more than the page has, and for the later pages of a
    /// [read](super::BorrowedRead::pages) fewer.
    pub fn count(&self) -> u64 {
        match &self.held {
            Held::Response(page) => page.envelope.count,
            Held::Merged(merged) => merged.count,
        }
    }

    /// Returns the number of items that DynamoDB read, before the filter.
    pub fn scanned_count(&self) -> u64 {
        match &self.held {
            Held::Response(page) => page.envelope.scanned_count,
            Held::Merged(merged) => merged.scanned_count,
        }
    }

    /// Returns the consumed capacity, if requested with `measured`. Of a sharded index, that of all
    /// requests for this page.
    pub fn consumed_capacity(&self) -> Option<&ConsumedCapacity> {
        match &self.held {
            Held::Response(page) => page.envelope.capacity.as_ref(),
            Held::Merged(merged) => merged.capacity.as_ref(),
        }
    }
}

impl<V: BorrowedProjection> BorrowedPage<V> {
    /// Returns all items. One allocation, and those of the items' lists, sets and maps.
    ///
    /// # Errors
    /// When an item cannot be read ([`is_unreadable`](Error::is_unreadable)).
    pub fn items(&self) -> Result<Vec<V::At<'_>>, Error> {
        let at_most = match &self.held {
            Held::Response(page) => page.envelope.at_most(),
            Held::Merged(merged) => merged.items.len(),
        };
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut items = Vec::with_capacity(at_most.min(limit));
        for item in self.iter() {
            items.push(item?);
        }
        Ok(items)
    }

    /// Returns the items one after the other, each decoded when it is requested. An item that
    /// cannot be read is an `Err` that names the attribute, and does not affect the others.
    pub fn iter(&self) -> BorrowedItems<'_, V> {
        let positions = match &self.held {
            Held::Response(page) => match page.list() {
                None => Positions::Merged([].iter()),
                Some((r, end)) => Positions::List(List {
                    page,
                    r,
                    end,
                    left: self.limit,
                    first: true,
                }),
            },
            Held::Merged(merged) => Positions::Merged(merged.items.iter()),
        };
        BorrowedItems {
            positions,
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

/// Iterator over the items of a [`BorrowedPage`]. From [`BorrowedPage::iter`].
pub struct BorrowedItems<'p, V> {
    positions: Positions<'p>,
    named: Named,
    _view: PhantomData<fn() -> V>,
}

/// Positions of the items.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one, and the list is the usual one"
)]
enum Positions<'p> {
    List(List<'p>),
    /// Items in several responses, which were checked when they were merged.
    Merged(std::slice::Iter<'p, RawItem>),
}

/// List of items in a response, from its start on.
struct List<'p> {
    page: &'p RawPage,
    r: Reader<'p>,
    end: usize,
    left: u64,
    first: bool,
}

impl<V> fmt::Debug for BorrowedItems<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedItems").finish_non_exhaustive()
    }
}

impl List<'_> {
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

    /// Creates the error of an item that cannot be read. Out of line, because nearly all items can.
    #[cold]
    fn unreadable(&mut self, named: Named, start: usize, e: ReadError) -> Error {
        // An item of another shape fails only itself; broken JSON ends the page.
        match self.r.skip_from(start) {
            Ok(()) => named.read(e),
            Err(broken) => {
                self.left = 0;
                named.malformed(broken, self.page)
            }
        }
    }
}

impl<'p, V: BorrowedProjection> Iterator for BorrowedItems<'p, V> {
    type Item = Result<V::At<'p>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let list = match &mut self.positions {
            Positions::List(list) => list,
            Positions::Merged(items) => {
                let item = V::read_borrowed(&mut items.next()?.reader());
                return Some(item.map_err(|e| self.named.read(e)));
            }
        };
        list.left = list.left.checked_sub(1)?;
        match list.more() {
            Ok(true) => {}
            Ok(false) => {
                list.left = 0;
                return None;
            }
            Err(e) => {
                list.left = 0;
                return Some(Err(self.named.malformed(e, list.page)));
            }
        }
        let start = list.r.position();
        match V::read_borrowed(&mut list.r) {
            Ok(item) => Some(Ok(item)),
            Err(e) => Some(Err(list.unreadable(self.named, start, e))),
        }
    }
}
