//! The merge: what all shards hold, in the order of the index.

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
use crate::read::plan::Plan;
use crate::wire::canonical::{KeyValue, members, read_members};

/// How far to go for more items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::read::page) enum Effort {
    /// To the end, or to the query's limit.
    All,
    /// As far as a page goes, of at most its size: each shard is read once, and again only where there is
    /// no filter and a shard had as many items as it was asked for.
    Page,
}

/// The items of all shards in the order of the index: S and B by their bytes, N by their value, part by
/// part; equal ones by the number of the shard, and in a shard as DynamoDB has them. Without a sort
/// key, in no order.
pub(in crate::read::page) struct Merge {
    db: Db,
    plan: Plan,
    layout: Layout,
    lanes: Vec<Lane>,
    effort: Effort,
    remaining: Option<u64>,
    /// How many items the page at hand still takes.
    room: Option<u64>,
    /// Whether anything was asked for.
    is_begun: bool,
    done: bool,
    count: u64,
    scanned_count: u64,
    capacity: Option<ConsumedCapacity>,
}

/// One shard.
struct Lane {
    pages: PageSequence<RawPage>,
    /// DynamoDB's `Limit` of the last request.
    limit: Option<u64>,
    ahead: VecDeque<Ahead>,
    /// The last item that was given out, or where the reading is when all of it was.
    given: Start,
    /// How often it was asked for the page at hand.
    rounds: u32,
    /// Whether the last answer had as many items as it was asked for.
    is_full: bool,
}

/// What was read and is not given out yet.
struct Ahead {
    values: Vec<KeyValue<'static>>,
    /// `None` where the reading stopped before the end of the shard.
    item: Option<RawItem>,
}

/// DynamoDB's `Limit` for a request to a shard: twice its share of what is wanted, because shares are
/// not quite even.
pub(super) fn ask(plan: &Plan, shards: Shards, remaining: Option<u64>) -> Option<u64> {
    let wanted = page_limit(plan, remaining)?;
    let share = wanted.div_ceil(u64::from(shards.count.max(1)));
    Some(wanted.min(share.saturating_mul(2).saturating_add(2)))
}

/// How many items a page takes.
fn room(plan: &Plan, effort: Effort) -> Option<u64> {
    match effort {
        Effort::All => None,
        Effort::Page => plan.page_size.map(u64::from),
    }
}

impl Merge {
    pub(in crate::read::page) fn new(
        db: &Db,
        plan: Plan,
        shards: Shards,
        effort: Effort,
        decode: Decode<RawPage>,
    ) -> Result<Self, Error> {
        let layout = Layout::new(&plan, shards)?;
        let lanes = layout.starts(&plan)?.into_iter();
        let lanes = lanes.map(|(plan, start)| Lane {
            pages: match &start {
                Start::End => PageSequence::ended(Arc::new(plan), decode),
                start => PageSequence::new(Arc::new(plan), start.clone().into_key(), decode),
            },
            limit: None,
            ahead: VecDeque::new(),
            given: start,
            rounds: 0,
            is_full: false,
        });
        Ok(Merge {
            db: db.clone(),
            lanes: lanes.collect(),
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

    pub(in crate::read::page) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn into_plan(self) -> Plan {
        self.plan
    }

    /// The next item as it came; `None` at the end of what is to be read.
    pub(super) async fn next(&mut self) -> Result<Option<RawItem>, Error> {
        std::future::poll_fn(|cx| self.poll_next(cx))
            .await
            .transpose()
    }

    /// Ends the page at hand, which has these items, and begins the next one: with what was read and not
    /// given out, and as much effort again.
    pub(super) fn end_page(&mut self, items: Vec<RawItem>) -> MergedPage {
        let page = MergedPage {
            items,
            next: self.cursor(),
            count: std::mem::take(&mut self.count),
            scanned_count: std::mem::take(&mut self.scanned_count),
            capacity: self.capacity.take(),
        };
        // A page that needs no request costs nothing, and says so.
        self.capacity = page.capacity.as_ref().map(|_| ConsumedCapacity::default());
        self.room = room(&self.plan, self.effort);
        self.done = false;
        for lane in &mut self.lanes {
            lane.rounds = 0;
        }
        page
    }

    /// Whether the query's limit has been reached.
    pub(super) fn is_enough(&self) -> bool {
        self.remaining == Some(0)
    }

    /// Where the page after this one starts; `None` when all shards have ended.
    fn cursor(&self) -> Option<Cursor> {
        let ends: Vec<Start> = self.lanes.iter().map(Lane::position).collect();
        if ends.iter().all(|end| matches!(end, Start::End)) {
            return None;
        }
        let body = encode_all(&self.layout, &self.plan, &ends);
        Some(Cursor::of_shards(&self.plan, body))
    }

    /// The next item. After an error there is none.
    pub(in crate::read::page) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<RawItem, Error>>> {
        loop {
            // A limit of nothing is the service's to refuse where it refuses it of one partition.
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
            let Some(lane) = first.and_then(|first| self.lanes.get_mut(first)) else {
                return Poll::Ready(None);
            };
            if let Some(item) = lane.give() {
                for left in [&mut self.remaining, &mut self.room] {
                    *left = left.map(|n| n.saturating_sub(1));
                }
                return Poll::Ready(Some(Ok(item)));
            }
            // Nothing is known of the shard from here on; without an order, of none of them.
            if self.layout.sort == 0 {
                for lane in &mut self.lanes {
                    lane.give();
                }
            }
            let may_ask = |lane: &Lane| lane.may_be_asked(self.effort, &self.plan);
            self.done = !self.lanes.iter().any(may_ask);
        }
    }

    /// Asks the shards of which nothing is at hand, and waits for their answers.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            let mut in_flight = 0_usize;
            let mut progress = false;
            for lane in &mut self.lanes {
                let page = match lane.pages.poll(cx) {
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
                lane.is_full = lane.limit.is_some_and(|n| envelope.scanned_count >= n);
                lane.fill(&self.layout, Arc::new(page))?;
                progress = true;
            }
            let limit = ask(&self.plan, self.layout.shards, self.remaining);
            for lane in &mut self.lanes {
                if in_flight >= self.plan.concurrency.max(1) {
                    break;
                }
                if lane.may_be_asked(self.effort, &self.plan) {
                    lane.ask(&self.db, limit);
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

    /// The shard whose turn it is.
    fn first(&self) -> Option<usize> {
        let fronts = self.lanes.iter().enumerate();
        let mut fronts = fronts.filter_map(|(i, lane)| Some((i, lane.ahead.front()?)));
        if self.layout.sort == 0 {
            // In no order: what is at hand goes before what has to be asked for.
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
            // Of equal ones the last, so that this is the reverse of the ascending order.
            fronts.reduce(|a, b| if order(b.1, a.1).is_le() { b } else { a })
        } else {
            fronts.reduce(|a, b| if order(b.1, a.1).is_lt() { b } else { a })
        };
        first.map(|(i, _)| i)
    }
}

impl Lane {
    /// Whether nothing is at hand, there may be more, and the effort reaches there.
    fn may_be_asked(&self, effort: Effort, plan: &Plan) -> bool {
        let is_dry = self.ahead.is_empty() && self.pages.is_idle();
        let is_in_reach = match effort {
            Effort::All => true,
            Effort::Page => self.rounds == 0 || (self.is_full && plan.filter.is_none()),
        };
        is_dry && is_in_reach
    }

    /// Gives out what comes next; `None` when that is where the reading stopped.
    fn give(&mut self) -> Option<RawItem> {
        let ahead = self.ahead.pop_front()?;
        self.given = Start::After(ahead.values);
        ahead.item
    }

    fn ask(&mut self, db: &Db, limit: Option<u64>) {
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
        // Without a key, an item has no place.
        keyless.map_or(Ok(()), |e| Err(named.read(e)))?;
        if let Some(key) = &page.envelope.last_key {
            let values = members(key, &layout.names).map_err(|e| named.read(e))?;
            self.ahead.push_back(Ahead { values, item: None });
        }
        Ok(())
    }

    /// Where the next page goes on.
    fn position(&self) -> Start {
        match self.ahead.front() {
            // All that was read has been given out.
            Some(Ahead { values, item: None }) => Start::After(values.clone()),
            None if self.pages.is_ended() => Start::End,
            _ => self.given.clone(),
        }
    }
}
