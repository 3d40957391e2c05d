//! [`ItemStream`]: the items of a query or scan, page after page.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::reader::PageReader;
use super::sharded::{Effort, Merge, decode};
use super::{Named, OwnedPage, Position, RawPage};
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::Projection;
use crate::model::schema::Shards;
use crate::read::plan::ReadPlan;

/// Stream of the items of a query or scan, which reads pages as they are needed.
///
/// `Unpin`, so `StreamExt::next` works on it directly. Dropping the stream ends the read; only the
/// page in flight is lost. With several segments, each has one page in flight at a time; on tokio's
/// multi-thread runtime their pages are decoded on all its threads.
/// [`prefetch(true)`](crate::Query::prefetch) requests the next page while the items of one are
/// used.
///
/// ```
/// use futures_util::TryStreamExt;
/// # use dynamodel::{Db, Entity};
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "visits")]
/// # struct Visit { #[dynamo(partition)] page: String, #[dynamo(sort)] at: u64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Visit>().await?;
/// # for at in 1..=3 { Visit { page: "/".into(), at }.create().send(&db).await?; }
/// let mut visits = Visit::query("/").page_size(2).stream(&db);
/// let mut times = Vec::new();
/// while let Some(visit) = visits.try_next().await? {
///     times.push(visit.at);
/// }
/// assert_eq!(times, [1, 2, 3]);
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct ItemStream<T> {
    pages: PageReader<OwnedPage<T>>,
    /// Items of the current page, and the results behind them.
    items: std::vec::IntoIter<T>,
    rest: std::vec::IntoIter<Result<T, Error>>,
    /// `true` from a page until the page behind it is requested.
    is_page_open: bool,
    remaining: Option<u64>,
    /// `true` if an item that cannot be read does not end the stream.
    is_tolerant: bool,
    /// Source of the items instead of `pages`, for a sharded index.
    merge: Option<Box<Merge>>,
}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream")
            .field("segments", &self.pages.len())
            .finish_non_exhaustive()
    }
}

/// Sound: no field is pinned structurally, because the futures are boxed.
impl<T> Unpin for ItemStream<T> {}

/// Streams the plans in parallel. With `is_tolerant`, an item that cannot be read does not end the
/// stream.
pub(crate) fn stream<O: Projection>(
    db: &Db,
    plans: Vec<Result<ReadPlan, Error>>,
    is_tolerant: bool,
) -> ItemStream<O> {
    if let [Ok(plan)] = plans.as_slice()
        && let Some(shards) = plan.shards
    {
        return merged(db, plan.clone().on(db), shards, is_tolerant);
    }
    let pages = PageReader::new(db, plans, OwnedPage::read, false);
    ItemStream {
        remaining: pages.limit(),
        ..empty(pages, is_tolerant)
    }
}

/// Streams the items of a sharded index, in its order.
fn merged<O: Projection>(
    db: &Db,
    plan: ReadPlan,
    shards: Shards,
    is_tolerant: bool,
) -> ItemStream<O> {
    match Merge::new(db, plan, shards, Effort::All, RawPage::read) {
        Ok(merge) => ItemStream {
            merge: Some(Box::new(merge)),
            ..empty(
                PageReader::new(db, Vec::new(), OwnedPage::read, false),
                is_tolerant,
            )
        },
        Err(e) => empty(PageReader::invalid(db, e), is_tolerant),
    }
}

fn empty<O>(pages: PageReader<OwnedPage<O>>, is_tolerant: bool) -> ItemStream<O> {
    ItemStream {
        pages,
        items: Vec::new().into_iter(),
        rest: Vec::new().into_iter(),
        is_page_open: false,
        remaining: None,
        is_tolerant,
        merge: None,
    }
}

impl<T> ItemStream<T> {
    /// Returns the position of each segment that has not ended; `None` for invalid plans.
    pub(super) fn positions(&self) -> Option<impl Iterator<Item = (u32, Position)>> {
        self.pages.positions(self.is_page_used_up())
    }

    fn is_page_used_up(&self) -> bool {
        self.items.as_slice().is_empty() && self.rest.as_slice().is_empty()
    }

    /// Ends the stream before its segments have ended.
    fn stop(&mut self) {
        self.pages.stop(self.is_page_used_up());
        self.items = Vec::new().into_iter();
        self.rest = Vec::new().into_iter();
    }
}

impl<O: Projection> Stream for ItemStream<O> {
    type Item = Result<O, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(merge) = &mut this.merge {
            let next = ready!(merge.poll_next(cx));
            let next = next.map(|item| decode(merge.plan(), &item?));
            if let Some(Err(e)) = &next
                && !(this.is_tolerant && e.is_unreadable())
            {
                this.merge = None;
            }
            return Poll::Ready(next);
        }
        loop {
            if this.remaining == Some(0) {
                this.stop();
            }
            if let Some(item) = this.items.next() {
                this.remaining = this.remaining.map(|n| n.saturating_sub(1));
                this.pages.advance(cx);
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(result) = this.rest.next() {
                match &result {
                    Ok(_) => this.remaining = this.remaining.map(|n| n.saturating_sub(1)),
                    Err(e) if this.is_tolerant && e.is_unreadable() => {}
                    Err(_) => this.stop(),
                }
                return Poll::Ready(Some(result));
            }
            if std::mem::take(&mut this.is_page_open) {
                // The memory of this page is free before the next one is decoded.
                this.items = Vec::new().into_iter();
                this.rest = Vec::new().into_iter();
                this.pages.request_behind(this.remaining, cx);
            }
            match ready!(this.pages.poll_next(this.remaining, cx)) {
                None => return Poll::Ready(None),
                Some(Err(e)) => return Poll::Ready(Some(Err(e))),
                Some(Ok(page)) => {
                    this.is_page_open = true;
                    let named = this.pages.current_plan().map(Named::of);
                    let rest = page.rest.into_iter().map(|result| match named {
                        Some(named) => named.result(result),
                        None => result.map_err(Error::read),
                    });
                    this.rest = rest.collect::<Vec<_>>().into_iter();
                    this.items = page.items.into_iter();
                }
            }
        }
    }
}
