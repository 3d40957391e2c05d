//! [`Merge`]: the items of all shards, in the order of the index.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::layout::Layout;
use super::pages::MergedPage;
use super::position::{Start, encode_all};
use crate::client::capacity::ConsumedCapacity;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::schema::Shards;
use crate::read::page::reader::{Decode, PageSequence};
use crate::read::page::{Cursor, Named, RawItem, RawPage, page_limit};
use crate::read::plan::ReadPlan;
use crate::wire::canonical::{KeyValue, members, read_members};

/// Extent of the requests for more items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::read::page) enum Effort {
    /// To the end, or to the query's limit.
    All,
    /// For one page of at most its size: each shard is read once, and again only if there is no
    /// filter and the shard returned as many items as were requested.
    Page,
}

/// Items of all shards in the order of the index: S and B by their bytes, N by their value, part by
/// part; equal ones by the number of the shard, and within a shard in DynamoDB's order. Without a
/// sort key, in no order.
pub(in crate::read::page) struct Merge {
    db: Db,
    plan: ReadPlan,
    layout: Layout,
    readers: Vec<ShardReader>,
    effort: Effort,
    remaining: Option<u64>,
    /// Number of items that still fit into the current page.
    room: Option<u64>,
    /// `true` once a shard was requested.
    is_begun: bool,
    done: bool,
    count: u64,
    scanned_count: u64,
    capacity: Option<ConsumedCapacity>,
}

/// Reader of one shard.
struct ShardReader {
    pages: PageSequence<RawPage>,
    /// DynamoDB's `Limit` of the last request.
    limit: Option<u64>,
    ahead: VecDeque<Ahead>,
    /// The last item that was returned, or the end of the read part when all of it was returned.
    given: Start,
    /// Number of requests to the shard for the current page.
    rounds: u32,
    /// `true` if the last response had as many items as were requested.
    is_full: bool,
}

/// Item that was read but not returned yet.
struct Ahead {
    values: Vec<KeyValue<'static>>,
    /// `None` where the read part of the shard ends before the shard.
    item: Option<RawItem>,
}

/// Returns DynamoDB's `Limit` for a request to a shard: twice its share of the wanted items,
/// because items are not spread evenly.
pub(super) fn shard_limit(plan: &ReadPlan, shards: Shards, remaining: Option<u64>) -> Option<u64> {
    let wanted = page_limit(plan, remaining)?;
    let share = wanted.div_ceil(u64::from(shards.count.max(1)));
    Some(wanted.min(share.saturating_mul(2).saturating_add(2)))
}

/// Returns the number of items that a page takes.
fn room(plan: &ReadPlan, effort: Effort) -> Option<u64> {
    match effort {
        Effort::All => None,
        Effort::Page => plan.page_size,
    }
}

impl Merge {
    pub(in crate::read::page) fn new(
        db: &Db,
        plan: ReadPlan,
        shards: Shards,
        effort: Effort,
        decode: Decode<RawPage>,
    ) -> Result<Self, Error> {
        let layout = Layout::new(&plan, shards)?;
        let readers = layout.starts(&plan)?.into_iter();
        let readers = readers.map(|(plan, start)| ShardReader {
            pages: match &start {
                Start::End => PageSequence::ended(Arc::new(plan), decode),
                start => {
                    PageSequence::new(Arc::new(plan), start.clone().into_key(), decode).polled()
                }
            },
            limit: None,
            ahead: VecDeque::new(),
            given: start,
            rounds: 0,
            is_full: false,
        });
        Ok(Merge {
            db: db.clone(),
            readers: readers.collect(),
            remaining: plan.limit,
            room: room(&plan, effort),
            plan,
            layout,
            effort,
            is_begun: false,
            done: false,
            count: 0,
            scanned_count: 0,
            capacity: None,
        })
    }

    pub(in crate::read::page) fn plan(&self) -> &ReadPlan {
        &self.plan
    }

    pub(super) fn into_plan(self) -> ReadPlan {
        self.plan
    }

    /// Returns the next item, not decoded; `None` at the end of the page or query.
    pub(super) async fn next(&mut self) -> Result<Option<RawItem>, Error> {
        std::future::poll_fn(|cx| self.poll_next(cx))
            .await
            .transpose()
    }

    /// Ends the current page, which has these items, and begins the next one. Items that were read
    /// but not returned go into the next page, which may make as many requests again.
    pub(super) fn end_page(&mut self, items: Vec<RawItem>) -> MergedPage {
        let page = MergedPage {
            items,
            next: self.cursor(),
            count: std::mem::take(&mut self.count),
            scanned_count: std::mem::take(&mut self.scanned_count),
            capacity: self.capacity.take(),
        };
        // Reports zero capacity, not none, for a later page that needs no request.
        self.capacity = page.capacity.as_ref().map(|_| ConsumedCapacity::default());
        self.room = room(&self.plan, self.effort);
        self.done = false;
        for reader in &mut self.readers {
            reader.rounds = 0;
        }
        page
    }

    /// Returns `true` if the query's limit has been reached.
    pub(super) fn is_enough(&self) -> bool {
        self.remaining == Some(0)
    }

    /// Returns the cursor of the next page; `None` when all shards have ended.
    fn cursor(&self) -> Option<Cursor> {
        let ends: Vec<Start> = self.readers.iter().map(ShardReader::position).collect();
        if ends.iter().all(|end| matches!(end, Start::End)) {
            return None;
        }
        let body = encode_all(&self.layout, &self.plan, &ends);
        Some(Cursor::with_shards(&self.plan, body))
    }

    /// Returns the next item. After an error there is none.
    pub(in crate::read::page) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<RawItem, Error>>> {
        loop {
            // A page limited to zero items still makes its first request, so that the service
            // refuses it as it does for one partition.
            let is_given = self.is_enough() || self.room == Some(0);
            if self.done || (is_given && (self.is_begun || self.effort == Effort::All)) {
                return Poll::Ready(None);
            }
            match self.poll_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(e)) => {
                    self.done = true;
                    return Poll::Ready(Some(Err(e)));
                }
                Poll::Ready(Ok(())) => {}
            }
            let first = self.first();
            let Some(reader) = first.and_then(|first| self.readers.get_mut(first)) else {
                return Poll::Ready(None);
            };
            if let Some(item) = reader.give() {
                for left in [&mut self.remaining, &mut self.room] {
                    *left = left.map(|n| n.saturating_sub(1));
                }
                return Poll::Ready(Some(Ok(item)));
            }
            // The read part of this shard is used up; without an order, the merge passes the ends
            // of all shards.
            if self.layout.sort == 0 {
                for reader in &mut self.readers {
                    reader.give();
                }
            }
            let may_request =
                |reader: &ShardReader| reader.may_be_requested(self.effort, &self.plan);
            self.done = !self.readers.iter().any(may_request);
        }
    }

    /// Requests more from the shards that have no items ahead, and waits for their responses.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let mut in_flight = 0_usize;
            let mut progress = false;
            for reader in &mut self.readers {
                let page = match reader.pages.poll(cx) {
                    Poll::Ready(None) => continue,
                    Poll::Ready(Some(page)) => page?,
                    Poll::Pending => {
                        in_flight += 1;
                        continue;
                    }
                };
                let envelope = &page.envelope;
                self.count += envelope.count;
                self.scanned_count += envelope.scanned_count;
                if let Some(capacity) = &envelope.capacity {
                    self.capacity.get_or_insert_default().add(capacity);
                }
                reader.is_full = reader.limit.is_some_and(|n| envelope.scanned_count >= n);
                reader.fill(&self.layout, Arc::new(page))?;
                progress = true;
            }
            let limit = shard_limit(&self.plan, self.layout.shards, self.remaining);
            for reader in &mut self.readers {
                if in_flight >= self.plan.concurrency.max(1) {
                    break;
                }
                if reader.may_be_requested(self.effort, &self.plan) {
                    reader.request(&self.db, limit);
                    self.is_begun = true;
                    in_flight += 1;
                    progress = true;
                }
            }
            if in_flight == 0 {
                return Poll::Ready(Ok(()));
            }
            if !progress {
                return Poll::Pending;
            }
        }
    }

    /// Returns the shard that has the next item.
    fn first(&self) -> Option<usize> {
        let fronts = self.readers.iter().enumerate();
        let mut fronts = fronts.filter_map(|(i, reader)| Some((i, reader.ahead.front()?)));
        if self.layout.sort == 0 {
            // Without an order, items that are already read go before ends that need another
            // request.
            let items = fronts.clone();
            let mut items = items.filter(|(_, ahead)| ahead.item.is_some());
            return items.next().or_else(|| fronts.next()).map(|(i, _)| i);
        }
        let order = |a: &Ahead, b: &Ahead| {
            let parts = a.values.iter().zip(&b.values).take(self.layout.sort);
            let order = parts.fold(Ordering::Equal, |order, (a, b)| {
                order.then_with(|| a.compare(b))
            });
            if self.plan.descending {
                order.reverse()
            } else {
                order
            }
        };
        let first = if self.plan.descending {
            // Take the last of equal items, so that this is the reverse of the ascending order.
            fronts.reduce(|a, b| if order(b.1, a.1).is_le() { b } else { a })
        } else {
            fronts.reduce(|a, b| if order(b.1, a.1).is_lt() { b } else { a })
        };
        first.map(|(i, _)| i)
    }
}

impl ShardReader {
    /// Returns `true` if no item is ahead, there may be more, and the effort allows another
    /// request.
    fn may_be_requested(&self, effort: Effort, plan: &ReadPlan) -> bool {
        let is_dry = self.ahead.is_empty() && self.pages.is_idle();
        let is_in_reach = match effort {
            Effort::All => true,
            Effort::Page => self.rounds == 0 || (self.is_full && plan.filter.is_none()),
        };
        is_dry && is_in_reach
    }

    /// Returns the next item; `None` at the end of the read part.
    fn give(&mut self) -> Option<RawItem> {
        let ahead = self.ahead.pop_front()?;
        self.given = Start::After(ahead.values);
        ahead.item
    }

    fn request(&mut self, db: &Db, limit: Option<u64>) {
        self.rounds = self.rounds.saturating_add(1);
        self.limit = limit;
        self.pages.request(db, limit);
    }

    /// Adds the items of a page.
    fn fill(&mut self, layout: &Layout, page: Arc<RawPage>) -> Result<(), Error> {
        let named = Named::of(self.pages.plan());
        let mut keyless = None;
        let passed = page.read_items(|r| {
            let mut more = r.begin_list()?;
            while more {
                let start = r.position();
                match read_members(r, &layout.names) {
                    Ok(values) => self.ahead.push_back(Ahead {
                        values,
                        item: Some(RawItem::new(page.clone(), start)),
                    }),
                    Err(e) => {
                        r.skip_from(start)?;
                        keyless.get_or_insert(e);
                    }
                }
                more = r.end_element()?;
            }
            Ok(())
        });
        passed.map_err(|e| named.malformed(e, &page))?;
        // An item without its key cannot be ordered.
        keyless.map_or(Ok(()), |e| Err(named.read(e)))?;
        if let Some(key) = &page.envelope.last_key {
            let values = members(key, &layout.names).map_err(|e| named.read(e))?;
            self.ahead.push_back(Ahead { values, item: None });
        }
        Ok(())
    }

    /// Returns the position where the next page continues.
    fn position(&self) -> Start {
        match self.ahead.front() {
            // All items that were read have been returned.
            Some(Ahead { values, item: None }) => Start::After(values.clone()),
            None if self.pages.is_ended() => Start::End,
            _ => self.given.clone(),
        }
    }
}
