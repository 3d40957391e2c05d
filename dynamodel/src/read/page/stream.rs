//! [`ItemStream`]: the items of a query or scan, page after page.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::sharded::{Effort, Merge, decode};
use super::{Fetched, Position, SharedPlan, UnderWay, apart, fetch_items, page_limit, start_key};
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::Projection;
use crate::model::schema::Shards;
use crate::read::borrowed::Answer;
use crate::read::plan::Plan;

/// The items of a query or scan, as a stream that reads pages as they are needed.
///
/// `Unpin`, so `StreamExt::next` works on it directly. Dropping it ends the reading; nothing is lost
/// but the page under way. With several segments, each has one page under way at a time; on tokio's
/// multi-thread runtime their pages are decoded on all its threads.
/// [`prefetch(true)`](crate::Query::prefetch) asks for the next page while the items of one are used.
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
    db: Db,
    lanes: VecDeque<Lane<T>>,
    /// Why there is nothing to read: reported first, and ends the stream.
    invalid: Option<Error>,
    /// Whether it was valid.
    began: bool,
    remaining: Option<u64>,
    tolerant: bool,
    /// Where the lanes were when the stream ended before they did.
    stopped: Vec<(u32, Position)>,
    /// In place of lanes, for an index that is spread over shards.
    merge: Option<Box<Merge>>,
}

/// One segment: the items at hand, and the page under way.
struct Lane<T> {
    plan: SharedPlan,
    /// One of several: pages are read and decoded on all cores.
    parallel: bool,
    items: std::vec::IntoIter<T>,
    /// What comes after the items: results of their own, or the error that ends the lane.
    rest: std::vec::IntoIter<Result<T, Error>>,
    /// The key that the page at hand started after, and the one under way.
    at: Option<Vec<u8>>,
    fetching: Option<Vec<u8>>,
    next: Next<T>,
}

enum Next<T> {
    /// The page after this key is not asked for yet.
    Idle(Option<Vec<u8>>),
    Fetching(Box<UnderWay<Result<Fetched<T>, Error>>>),
    End,
}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream")
            .field("segments", &self.lanes.len())
            .finish_non_exhaustive()
    }
}

/// Nothing in it is pinned by itself: the futures are boxed.
impl<T> Unpin for ItemStream<T> {}

/// Streams the plans side by side. `tolerant`: an item that cannot be read does not end the stream.
pub(crate) fn stream<O: Projection>(
    db: &Db,
    plans: Vec<Result<Plan, Error>>,
    tolerant: bool,
) -> ItemStream<O> {
    if let [Ok(plan)] = plans.as_slice()
        && let Some(shards) = plan.shards
    {
        return merged(db, plan.clone(), shards, tolerant);
    }
    let remaining = plans
        .iter()
        .find_map(|p| p.as_ref().ok())
        .and_then(|plan| plan.limit);
    let parallel = plans.len() > 1;
    let lanes = plans.into_iter().map(|plan| {
        let plan = plan?;
        Ok(Lane {
            parallel,
            next: Next::Idle(start_key(&plan)?),
            plan: Arc::new(plan),
            items: Vec::new().into_iter(),
            rest: Vec::new().into_iter(),
            at: None,
            fetching: None,
        })
    });
    let (lanes, invalid) = match lanes.collect::<Result<_, Error>>() {
        Ok(lanes) => (lanes, None),
        Err(e) => (VecDeque::new(), Some(e)),
    };
    ItemStream {
        db: db.clone(),
        lanes,
        began: invalid.is_none(),
        invalid,
        remaining,
        tolerant,
        stopped: Vec::new(),
        merge: None,
    }
}

/// Streams what the shards of an index hold, in its order.
fn merged<O: Projection>(db: &Db, plan: Plan, shards: Shards, tolerant: bool) -> ItemStream<O> {
    let (merge, invalid) = match Merge::new(db, plan, shards, Effort::All, Answer::of_owned) {
        Ok(merge) => (Some(Box::new(merge)), None),
        Err(e) => (None, Some(e)),
    };
    ItemStream {
        db: db.clone(),
        lanes: VecDeque::new(),
        began: invalid.is_none(),
        invalid,
        remaining: None,
        tolerant,
        stopped: Vec::new(),
        merge,
    }
}

impl<T> ItemStream<T> {
    /// Where each segment is that has not come to its end; `None` when there was nothing to begin with.
    pub(super) fn positions(&self) -> Option<impl Iterator<Item = (u32, Position)>> {
        let lanes = self.lanes.iter().filter_map(Lane::position);
        self.began
            .then(|| lanes.chain(self.stopped.iter().cloned()))
    }

    /// Ends the stream before its segments have ended.
    fn stop(&mut self) {
        let lanes = self.lanes.drain(..);
        self.stopped
            .extend(lanes.filter_map(|lane| lane.position()));
    }
}

impl<T> Lane<T> {
    /// Where the segment goes on; `None` at its end. A page that was begun is read again.
    fn position(&self) -> Option<(u32, Position)> {
        let at_page_end = self.items.as_slice().is_empty() && self.rest.as_slice().is_empty();
        let key = match &self.next {
            _ if !at_page_end => &self.at,
            Next::Idle(key) => key,
            Next::Fetching(_) => &self.fetching,
            Next::End => return None,
        };
        let plan = &self.plan;
        let position = Position::after(plan, key.as_deref());
        Some((plan.segment.map_or(0, |(segment, _)| segment), position))
    }
}

impl<O: Projection> Stream for ItemStream<O> {
    type Item = Result<O, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(e) = this.invalid.take() {
            return Poll::Ready(Some(Err(e)));
        }
        if let Some(merge) = &mut this.merge {
            let Poll::Ready(next) = merge.poll_next(cx) else {
                return Poll::Pending;
            };
            let next = next.map(|item| decode(merge.plan(), &item?));
            if let Some(Err(e)) = &next
                && !(this.tolerant && e.is_unreadable())
            {
                this.merge = None;
            }
            return Poll::Ready(next);
        }
        if this.remaining == Some(0) {
            this.stop();
        }
        let mut waiting = 0;
        while waiting < this.lanes.len() {
            let Some(lane) = this.lanes.front_mut() else {
                break;
            };
            match lane.poll(&this.db, this.remaining, cx) {
                Poll::Ready(Some(item)) => {
                    match &item {
                        Ok(_) => this.remaining = this.remaining.map(|n| n.saturating_sub(1)),
                        Err(e) if this.tolerant && e.is_unreadable() => {}
                        Err(_) => this.stop(),
                    }
                    return Poll::Ready(Some(item));
                }
                Poll::Ready(None) => {
                    this.lanes.pop_front();
                }
                Poll::Pending => {
                    waiting += 1;
                    this.lanes.rotate_left(1);
                }
            }
        }
        if this.lanes.is_empty() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }
}

impl<O: Projection> Lane<O> {
    fn poll(
        &mut self,
        db: &Db,
        remaining: Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<O, Error>>> {
        loop {
            if let Some(item) = self.items.next() {
                // What has arrived of the next page is taken in meanwhile.
                if let Next::Fetching(page) = &mut self.next {
                    page.advance(cx);
                }
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(result) = self.rest.next() {
                return Poll::Ready(Some(result));
            }
            match &mut self.next {
                Next::End => return Poll::Ready(None),
                Next::Idle(start) => {
                    let start = start.take();
                    self.fetch(db, remaining, start);
                }
                Next::Fetching(page) => match page.poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Err(e)) => {
                        self.next = Next::Idle(self.fetching.take());
                        return Poll::Ready(Some(Err(e)));
                    }
                    Poll::Ready(Ok(mut fetched)) => {
                        let last_key = fetched.body.last_key.take();
                        self.at = self.fetching.take();
                        let remaining = remaining.map(|n| n.saturating_sub(fetched.body.count));
                        let (items, rest) = fetched.results();
                        self.items = items.into_iter();
                        self.rest = rest.into_iter();
                        self.go_on(db, last_key, remaining, cx);
                    }
                },
            }
        }
    }

    /// Asks for the page after this key.
    fn fetch(&mut self, db: &Db, remaining: Option<u64>, start: Option<Vec<u8>>) {
        let (db, plan) = (db.clone(), self.plan.clone());
        self.fetching.clone_from(&start);
        let limit = page_limit(&plan, remaining);
        let page = async move { fetch_items(&db, &plan, limit, start.as_deref()).await };
        self.next = Next::Fetching(Box::new(match self.parallel {
            false => UnderWay::new(page),
            true => UnderWay::new(apart(page)),
        }));
    }

    /// After a page: what comes next, and already on its way if that is wanted.
    fn go_on(
        &mut self,
        db: &Db,
        last_key: Option<Vec<u8>>,
        remaining: Option<u64>,
        cx: &mut Context<'_>,
    ) {
        match last_key {
            None => self.next = Next::End,
            Some(key) if self.plan.prefetch == Some(true) && remaining != Some(0) => {
                self.fetch(db, remaining, Some(key));
                if let Next::Fetching(page) = &mut self.next {
                    page.advance(cx);
                }
            }
            Some(key) => self.next = Next::Idle(Some(key)),
        }
    }
}
