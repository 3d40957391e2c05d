//! [`BorrowedRead`]: a query or scan whose items are borrowed.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::StreamExt;

use super::BorrowedProjection;
use super::answer::Answer;
use super::page::BorrowedPage;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::expr::render::debug_node;
use crate::read::page::{self, Beginning, MergedPages, Position, ScanCursor, UnderWay};
use crate::read::plan::Plan;

/// A query or scan whose items borrow from the pages. From
/// [`Query::borrowed`](crate::Query::borrowed), [`Scan::borrowed`](crate::Scan::borrowed) and
/// [`CollectionQuery::borrowed`](crate::CollectionQuery::borrowed); what is read, and in which order, is
/// said there before.
#[must_use = "a query does nothing until it is read"]
pub struct BorrowedRead<V> {
    plans: Vec<Result<Plan, Error>>,
    /// Of a scan.
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
    /// The reading of these plans, which are a query or the segments of a scan.
    pub(crate) fn new(plans: Vec<Result<Plan, Error>>, beginning: Option<Beginning>) -> Self {
        let plans = plans.into_iter().map(|plan| {
            Ok(Plan {
                projection: V::ATTRIBUTES,
                ..plan?
            })
        });
        BorrowedRead {
            plans: plans.collect(),
            beginning,
            _view: PhantomData,
        }
    }

    /// Calls the function with each item of each page: the fastest way through a table. As many round
    /// trips as there are pages; the next page is under way while the items of one are looked at,
    /// unless [`prefetch(false)`](crate::Query::prefetch) was said. With several segments, the pages
    /// come as they arrive.
    ///
    /// The function is called in the caller's task, and items are decoded there too, just before it sees
    /// them. On tokio's multi-thread runtime, the pages of several segments are requested and checked on
    /// all its threads. To look at items on all threads, scan [one segment](crate::Scan::segment) in each
    /// of several tasks of your own:
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
    /// ([`is_unreadable`](Error::is_unreadable)), after the function has seen those before it; or the
    /// service or network fails.
    pub async fn each(self, db: &Db, mut look: impl FnMut(V::At<'_>)) -> Result<(), Error> {
        let looked = self.try_each(db, |item| {
            look(item);
            Ok::<(), Error>(())
        });
        looked.await
    }

    /// As [`each`](Self::each), until the function returns an error: it ends the reading. A page that
    /// is under way then is dropped, and paid for; [`prefetch(false)`](crate::Query::prefetch) avoids
    /// that.
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

    /// The request for the first page as it is sent, as JSON, with the table's name as the code
    /// declares it; of a sharded index, a list of the requests; of several segments, that of the first.
    ///
    /// # Errors
    /// When a key or value is invalid, or the scan that goes on has come to its end.
    pub fn to_json(self) -> Result<String, Error> {
        page::to_json(&Plan::first(self.plans)?)
    }

    /// One page. One round trip; of a sharded index, one or two to each shard, side by side.
    ///
    /// # Errors
    /// An invalid key, value or cursor, several segments or none that is left, before anything is sent;
    /// or the service or network fails. An item that cannot be read is no error of the page: see [`BorrowedPage::iter`].
    pub async fn page(self, db: &Db) -> Result<BorrowedPage<V>, Error> {
        let plan = Plan::only(self.plans)?;
        if let Some(shards) = plan.shards {
            let (page, plan) = page::merged(db, plan, shards, Answer::of_borrowed).await?;
            return Ok(BorrowedPage::merged(page, &plan));
        }
        let start = page::start_key(&plan)?;
        let limit = page::smaller(plan.page_size.map(u64::from), plan.limit);
        let take = Answer::of_borrowed;
        let answer = page::request(db, &plan, limit, start.as_deref(), false, take).await?;
        Ok(BorrowedPage::new(answer, &plan, None))
    }

    /// The pages as a stream, as they are needed; with several segments, as they arrive. With
    /// [`prefetch(true)`](crate::Query::prefetch) the next page is under way while one is looked at.
    /// Ends at the first error. Pages of several segments are requested and checked on all threads of
    /// tokio's multi-thread runtime; items are decoded where a page is looked at.
    ///
    /// Of a sharded index, what was read and did not fit into a page goes into the next one, so nothing
    /// is read twice: as many requests as a [stream](crate::Query::stream) of owned items. Without a
    /// [`page_size`](crate::Query::page_size), a page ends where a shard has to be asked for more. A page
    /// of which a shard fails is an error as a whole; [`next`](BorrowedPage::next) of the page before it
    /// still stands.
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
        let mut merged = None;
        let plans: Result<Vec<_>, _> = self.plans.into_iter().collect();
        let lanes = plans.and_then(|plans| {
            if let [plan] = plans.as_slice()
                && let Some(shards) = plan.shards
            {
                merged = Some(Box::new(MergedPages::new(db, plan.clone(), shards)?));
                return Ok(VecDeque::new());
            }
            let parallel = plans.len() > 1;
            let lanes = plans.into_iter().map(|plan| {
                Ok(Lane {
                    parallel,
                    prefetch: plan.prefetch.unwrap_or(prefetch),
                    next: Next::Idle(page::start_key(&plan)?),
                    fetching: None,
                    plan: Arc::new(plan),
                })
            });
            lanes.collect::<Result<VecDeque<_>, _>>()
        });
        let (lanes, invalid) = match lanes {
            Ok(lanes) => (lanes, None),
            Err(e) => (VecDeque::new(), Some(e)),
        };
        BorrowedPages {
            db: db.clone(),
            remaining: lanes.front().and_then(|lane| lane.plan.limit),
            lanes,
            merged,
            beginning: self.beginning,
            stopped: Vec::new(),
            began: invalid.is_none(),
            invalid,
            _view: PhantomData,
        }
    }
}

/// The pages of a query or scan, as a stream. From [`BorrowedRead::pages`].
///
/// `Unpin`, so `StreamExt::next` works on it directly. Dropping it ends the reading; nothing is lost but
/// what is under way: one page of each segment.
#[must_use = "a stream does nothing until it is polled"]
pub struct BorrowedPages<V> {
    db: Db,
    lanes: VecDeque<Lane>,
    /// In place of lanes, for an index that is spread over shards.
    merged: Option<Box<MergedPages>>,
    /// Of a scan.
    beginning: Option<Beginning>,
    /// Where the lanes were when the stream ended before they did.
    stopped: Vec<(u32, Position)>,
    /// Why there is nothing to read: reported first, and ends the stream.
    invalid: Option<Error>,
    /// Whether it was valid.
    began: bool,
    remaining: Option<u64>,
    _view: PhantomData<fn() -> V>,
}

/// One segment.
struct Lane {
    plan: Arc<Plan>,
    /// One of several: pages are requested and checked on all cores.
    parallel: bool,
    prefetch: bool,
    /// The key that the page under way starts after.
    fetching: Option<Vec<u8>>,
    next: Next,
}

enum Next {
    /// The page after this key is not asked for yet.
    Idle(Option<Vec<u8>>),
    Fetching(Box<UnderWay<Result<Answer, Error>>>),
    End,
}

impl<V> fmt::Debug for BorrowedPages<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedPages")
            .field("segments", &self.lanes.len())
            .finish_non_exhaustive()
    }
}

impl<V> BorrowedPages<V> {
    /// Where a scan goes on, also after an error: [`Scan::resume_at`](crate::Scan::resume_at) with it gives
    /// the pages that this stream has not given yet, each once; one that the
    /// [`limit`](crate::Scan::limit) cut short comes again as a whole. Of a scan
    /// that is invalid, where it would have begun. `None` for a query, whose pages tell it
    /// themselves: [`BorrowedPage::next`].
    pub fn cursor(&self) -> Option<ScanCursor> {
        let lanes = self.lanes.iter().filter_map(Lane::position);
        let positions = lanes.chain(self.stopped.iter().cloned());
        let beginning = self.beginning.as_ref()?;
        Some(beginning.cursor(self.began.then_some(positions)))
    }

    /// Ends the stream before its segments have ended.
    fn stop(&mut self) {
        let lanes = self.lanes.drain(..);
        self.stopped
            .extend(lanes.filter_map(|lane| lane.position()));
    }
}

impl<V: BorrowedProjection> Stream for BorrowedPages<V> {
    type Item = Result<BorrowedPage<V>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(e) = this.invalid.take() {
            return Poll::Ready(Some(Err(e)));
        }
        if let Some(merged) = &mut this.merged {
            let Poll::Ready(page) = merged.poll_next(cx) else {
                return Poll::Pending;
            };
            let page = page.map(|page| Ok(BorrowedPage::merged(page?, merged.plan())));
            if !matches!(page, Some(Ok(_))) {
                this.merged = None;
            }
            return Poll::Ready(page);
        }
        if this.remaining == Some(0) {
            this.stop();
        }
        for _ in 0..this.lanes.len() {
            let Some(mut lane) = this.lanes.pop_front() else {
                break;
            };
            let arrived = match lane.poll(&this.db, this.remaining, cx) {
                Poll::Pending => {
                    this.lanes.push_back(lane);
                    continue;
                }
                Poll::Ready(None) => continue,
                Poll::Ready(Some(arrived)) => arrived,
            };
            let page = match arrived {
                Ok(answer) => BorrowedPage::new(answer, &lane.plan, this.remaining),
                Err(e) => {
                    lane.next = Next::Idle(lane.fetching.take());
                    this.lanes.push_back(lane);
                    this.stop();
                    return Poll::Ready(Some(Err(e)));
                }
            };
            let is_cut = this.remaining.is_some_and(|n| n < page.count());
            this.remaining = this.remaining.map(|n| n.saturating_sub(page.count()));
            if is_cut {
                // What the limit leaves out is still to come: the scan goes on with this page.
                lane.next = Next::Idle(lane.fetching.take());
            } else {
                lane.go_on(&this.db, &page, this.remaining, cx);
            }
            this.lanes.push_back(lane);
            return Poll::Ready(Some(Ok(page)));
        }
        if this.lanes.is_empty() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}

impl Lane {
    fn poll(
        &mut self,
        db: &Db,
        remaining: Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Answer, Error>>> {
        if let Next::Idle(start) = &mut self.next {
            let start = start.take();
            self.fetch(db, remaining, start);
        }
        match &mut self.next {
            Next::Fetching(page) => page.poll(cx).map(Some),
            Next::Idle(_) | Next::End => Poll::Ready(None),
        }
    }

    /// Asks for the page after this key.
    fn fetch(&mut self, db: &Db, remaining: Option<u64>, start: Option<Vec<u8>>) {
        let (db, plan) = (db.clone(), self.plan.clone());
        self.fetching.clone_from(&start);
        let limit = page::page_limit(&plan, remaining);
        let page = async move {
            let take = Answer::of_borrowed;
            page::request(&db, &plan, limit, start.as_deref(), false, take).await
        };
        self.next = Next::Fetching(Box::new(match self.parallel {
            false => UnderWay::new(page),
            true => UnderWay::new(page::apart(page)),
        }));
    }

    /// Where the segment goes on; `None` at its end.
    fn position(&self) -> Option<(u32, Position)> {
        let key = match &self.next {
            Next::Idle(key) => key,
            Next::Fetching(_) => &self.fetching,
            Next::End => return None,
        };
        let plan = &self.plan;
        let position = Position::after(plan, key.as_deref());
        Some((plan.segment.map_or(0, |(segment, _)| segment), position))
    }

    /// After a page: what comes next.
    fn go_on<V>(
        &mut self,
        db: &Db,
        page: &BorrowedPage<V>,
        remaining: Option<u64>,
        cx: &mut Context<'_>,
    ) {
        match page.last_key() {
            None => self.next = Next::End,
            Some(key) if self.prefetch && remaining != Some(0) => {
                self.fetch(db, remaining, Some(key.to_vec()));
                if let Next::Fetching(next) = &mut self.next {
                    next.advance(cx);
                }
            }
            Some(key) => self.next = Next::Idle(Some(key.to_vec())),
        }
    }
}
