//! [`BorrowedRead`]: a query or scan whose items are borrowed.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt;

use super::BorrowedProjection;
use super::page::BorrowedPage;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::expr::render::debug_node;
use crate::read::page::{self, Beginning, MergedPages, PageReader, RawPage, ScanCursor};
use crate::read::plan::ReadPlan;

/// A query or scan whose items borrow from the pages. From
/// [`Query::borrowed`](crate::Query::borrowed), [`Scan::borrowed`](crate::Scan::borrowed) and
/// [`CollectionQuery::borrowed`](crate::CollectionQuery::borrowed), whose settings before that call
/// determine which items are read, and in which order.
#[must_use = "a query does nothing until it is read"]
pub struct BorrowedRead<V> {
    plans: Vec<Result<ReadPlan, Error>>,
    /// Beginning of a scan; `None` for a query.
    beginning: Option<Beginning>,
    _view: PhantomData<fn() -> V>,
}

impl<V> fmt::Debug for BorrowedRead<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("BorrowedRead");
        if let Some(Ok(plan)) = self.plans.first() {
            s.field("entity", &plan.schema.entity)
                .field("index", &plan.index)
                .field("key", &debug_node(plan.key.as_ref()))
                .field("filter", &debug_node(plan.filter.as_ref()));
        }
        s.field("segments", &self.plans.len())
            .finish_non_exhaustive()
    }
}

impl<V: BorrowedProjection> BorrowedRead<V> {
    /// Creates a read of these plans, which are a query or the segments of a scan.
    pub(crate) fn new(plans: Vec<Result<ReadPlan, Error>>, beginning: Option<Beginning>) -> Self {
        let plans = plans.into_iter().map(|plan| {
            let plan = plan?;
            if plan.told_by_key().is_some() {
                let error = "the items of the table have no type, and items that borrow are not told apart by their keys; read owned items, or say `any_type()` where no other entity has items";
                let error = Error::invalid_request(error).in_operation(plan.operation());
                return Err(error.of_entity(plan.schema.entity));
            }
            Ok(ReadPlan {
                projection: V::FETCHED,
                ..plan
            })
        });
        BorrowedRead {
            plans: plans.collect(),
            beginning,
            _view: PhantomData,
        }
    }

    /// Calls the function with each item of each page: the fastest way through a table. One round
    /// trip for each page; the next page is in flight while the items of one are handled, unless
    /// [`prefetch(false)`](crate::Query::prefetch) is set. With several segments, the pages come as
    /// they arrive.
    ///
    /// The function is called in the caller's task, and items are decoded there too, just before
    /// the function is called with them. On tokio's multi-thread runtime, the pages of several
    /// segments are requested and checked on all its threads. To handle items on all threads, scan
    /// [one segment](crate::Scan::segment) in each of several tasks of your own:
    ///
    /// ```
    /// use dynamodel::{Db, Entity, Projection};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "visits")]
    /// # struct Visit { #[dynamo(partition)] page: String, #[dynamo(sort)] at: u64 }
    /// # #[derive(Debug, Projection)]
    /// # #[dynamo(of = Visit)]
    /// # struct VisitView<'a> { page: &'a str, at: u64 }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Visit>().await?;
    /// # for at in 1..=3 { Visit { page: "/".into(), at }.create().send(&db).await?; }
    /// let workers = (0..4).map(|segment| {
    ///     let db = db.clone();
    ///     tokio::spawn(async move {
    ///         let mut latest = 0;
    ///         let scan = Visit::scan().segment(segment, 4).borrowed::<VisitView>();
    ///         scan.each(&db, |visit| latest = latest.max(visit.at)).await?;
    ///         Ok::<u64, dynamodel::Error>(latest)
    ///     })
    /// });
    /// let mut latest = 0;
    /// for worker in workers.collect::<Vec<_>>() {
    ///     latest = latest.max(worker.await??);
    /// }
    /// assert_eq!(latest, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// An invalid key, value or cursor before anything is sent; an item that cannot be read
    /// ([`is_unreadable`](Error::is_unreadable)), after the function was called with the items
    /// before it; or the service or network fails.
    pub async fn each(self, db: &Db, mut look: impl FnMut(V::At<'_>)) -> Result<(), Error> {
        let looked = self.try_each(db, |item| {
            look(item);
            Ok::<(), Error>(())
        });
        looked.await
    }

    /// Calls the function with each item as [`each`](Self::each) does, until it returns an error,
    /// which ends the read. A page that is in flight then is dropped, and paid for;
    /// [`prefetch(false)`](crate::Query::prefetch) avoids that.
    ///
    /// # Errors
    /// As [`each`](Self::each), and those of the function.
    pub async fn try_each<X: From<Error>>(
        self,
        db: &Db,
        mut look: impl FnMut(V::At<'_>) -> Result<(), X>,
    ) -> Result<(), X> {
        let mut pages = self.read(db, true);
        while let Some(page) = pages.next().await {
            for item in &page? {
                look(item?)?;
            }
        }
        Ok(())
    }

    /// Returns the request for the first page as it is sent, as JSON, with the table's name as the
    /// code declares it; of a sharded index, a list of the requests; of several segments, the
    /// request of the first.
    ///
    /// # Errors
    /// When a key or value is invalid, or a resumed scan has no segment left.
    pub fn to_json(self) -> Result<String, Error> {
        page::to_json(&ReadPlan::first(self.plans)?)
    }

    /// Reads one page. One round trip; of a sharded index, one or two to each shard in parallel.
    ///
    /// # Errors
    /// An invalid key, value or cursor, several segments or no segment left, before anything is
    /// sent; or the service or network fails. An item that cannot be read is no error of the page:
    /// see [`BorrowedPage::iter`].
    pub async fn page(self, db: &Db) -> Result<BorrowedPage<V>, Error> {
        let mut plan = ReadPlan::only(self.plans)?;
        plan.bind(db);
        if let Some(shards) = plan.shards {
            let (page, plan) = page::merged(db, plan, shards, RawPage::read_borrowed).await?;
            return Ok(BorrowedPage::merged(page, &plan));
        }
        let start = page::start_key(&plan)?;
        let limit = page::smaller(plan.page_size, plan.limit);
        let decode = RawPage::read_borrowed;
        let page = page::request(db, &plan, limit, start.as_deref(), decode).await?;
        Ok(BorrowedPage::new(page, &plan, None))
    }

    /// Returns the pages as a stream, which reads them as needed; with several segments, in the
    /// order of their arrival. With [`prefetch(true)`](crate::Query::prefetch) the next page is in
    /// flight while one is handled. Ends at the first error. Pages of several segments are
    /// requested and checked on all threads of tokio's multi-thread runtime; items are decoded
    /// where a page is iterated.
    ///
    /// Of a sharded index, items that were read and did not fit into a page go into the next one,
    /// so nothing is read twice: it takes as many requests as a [stream](crate::Query::stream) of
    /// owned items. Without a [`page_size`](crate::Query::page_size), a page ends where a shard
    /// needs another request. A page with a failed shard is an error as a whole;
    /// [`next`](BorrowedPage::next) of the page before it stays valid.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    /// # use dynamodel::{Db, Entity, Projection};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "visits")]
    /// # struct Visit { #[dynamo(partition)] page: String, #[dynamo(sort)] at: u64 }
    /// # #[derive(Debug, Projection)]
    /// # #[dynamo(of = Visit)]
    /// # struct VisitView<'a> { page: &'a str, at: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Visit>().await?;
    /// # for at in 1..=3 { Visit { page: "/".into(), at }.create().send(&db).await?; }
    /// let mut pages = Visit::query("/").page_size(2).borrowed::<VisitView>().pages(&db);
    /// let mut bytes = 0;
    /// while let Some(page) = pages.try_next().await? {
    ///     for visit in &page {
    ///         bytes += visit?.page.len();
    ///     }
    /// }
    /// assert_eq!(bytes, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn pages(self, db: &Db) -> BorrowedPages<V> {
        self.read(db, false)
    }

    fn read(self, db: &Db, prefetch: bool) -> BorrowedPages<V> {
        let shards = match self.plans.as_slice() {
            [Ok(plan)] => plan.shards.map(|shards| (plan.clone().on(db), shards)),
            _ => None,
        };
        let mut merged = None;
        let pages = match shards {
            None => PageReader::new(db, self.plans, RawPage::read_borrowed, prefetch),
            Some((plan, shards)) => match MergedPages::new(db, plan, shards) {
                Ok(pages) => {
                    merged = Some(Box::new(pages));
                    PageReader::new(db, Vec::new(), RawPage::read_borrowed, false)
                }
                Err(e) => PageReader::invalid(db, e),
            },
        };
        BorrowedPages {
            remaining: pages.limit(),
            pages,
            merged,
            beginning: self.beginning,
            _view: PhantomData,
        }
    }
}

/// Stream of the pages of a query or scan. From [`BorrowedRead::pages`].
///
/// `Unpin`, so `StreamExt::next` works on it directly. Dropping the stream ends the read; only the
/// pages in flight are lost, one for each segment.
#[must_use = "a stream does nothing until it is polled"]
pub struct BorrowedPages<V> {
    pages: PageReader<RawPage>,
    /// Source of the pages instead of `pages`, for a sharded index.
    merged: Option<Box<MergedPages>>,
    /// Beginning of a scan.
    beginning: Option<Beginning>,
    remaining: Option<u64>,
    _view: PhantomData<fn() -> V>,
}

impl<V> fmt::Debug for BorrowedPages<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedPages")
            .field("segments", &self.pages.len())
            .finish_non_exhaustive()
    }
}

impl<V> BorrowedPages<V> {
    /// Returns the cursor to continue a scan, also after an error:
    /// [`Scan::resume_at`](crate::Scan::resume_at) with it gives the pages that this stream has not
    /// given yet, each once; a page that the [`limit`](crate::Scan::limit) cut short comes again as
    /// a whole. For an invalid scan, the cursor of its beginning. `None` for a query, whose pages
    /// have their own cursors: [`BorrowedPage::next`].
    pub fn cursor(&self) -> Option<ScanCursor> {
        let beginning = self.beginning.as_ref()?;
        Some(beginning.cursor(self.pages.positions(true)))
    }
}

impl<V: BorrowedProjection> Stream for BorrowedPages<V> {
    type Item = Result<BorrowedPage<V>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(merged) = &mut this.merged {
            let page = ready!(merged.poll_next(cx));
            let page = page.map(|page| Ok(BorrowedPage::merged(page?, merged.plan())));
            if !matches!(page, Some(Ok(_))) {
                this.merged = None;
            }
            return Poll::Ready(page);
        }
        if this.remaining == Some(0) {
            this.pages.stop(true);
        }
        let Some(page) = ready!(this.pages.poll_next(this.remaining, cx)) else {
            return Poll::Ready(None);
        };
        let page = page.and_then(|page| match this.pages.current_plan() {
            Some(plan) => Ok(BorrowedPage::new(page, plan, this.remaining)),
            None => Err(Error::construction("a page without a plan")),
        });
        if let Ok(page) = &page {
            if this.remaining.is_some_and(|n| n < page.count()) {
                // The limit cuts this page short: a resumed scan starts with the whole page again.
                this.pages.rewind();
            }
            this.remaining = this.remaining.map(|n| n.saturating_sub(page.count()));
        }
        Poll::Ready(Some(page))
    }
}
