//! The merge: what all shards hold, in the order of the index.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::layout::Layout;
use super::position::{Start, encode_all};
use crate::db::Db;
use crate::error::Error;
use crate::op::{ConsumedCapacity, Plan, decode_raw};
use crate::page::{Cursor, Fetched, Named, fetch, page_limit};
use crate::schema::Shards;
use crate::shard::{KeyValue, members};

/// How far to go for more items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::page) enum Effort {
    /// To the end, or to the query's limit.
    All,
    /// As far as a page goes: each shard is read once, and again only where there is no filter and a
    /// shard had as many items as it was asked for.
    Page,
}

/// The items of all shards in the order of the index: S and B by their bytes, N by their value, part by
/// part; equal ones by the number of the shard, and in a shard as DynamoDB has them. Without a sort
/// key, in no order.
pub(in crate::page) struct Merge {
    db: Db,
    plan: Plan,
    layout: Layout,
    lanes: Vec<Lane>,
    effort: Effort,
    remaining: Option<u64>,
    done: bool,
    pub(super) count: u64,
    pub(super) scanned_count: u64,
    pub(super) capacity: Option<ConsumedCapacity>,
}

/// One shard.
struct Lane {
    plan: Arc<Plan>,
    ahead: VecDeque<Ahead>,
    /// The last item that was given out, or where the reading is when all of it was.
    given: Start,
    next: Next,
    /// How often it was asked.
    rounds: u32,
    /// Whether the last answer had as many items as it was asked for.
    is_full: bool,
}

/// What was read and is not given out yet.
struct Ahead {
    values: Vec<KeyValue>,
    /// `None` where the reading stopped before the end of the shard.
    item: Option<Vec<u8>>,
}

type Fetching = Pin<Box<dyn Future<Output = Result<Fetched<Vec<u8>>, Error>> + Send>>;

enum Next {
    /// The page after this key is not asked for yet.
    Idle(Option<Vec<u8>>),
    Fetching(Fetching, Option<u64>),
    End,
}

/// DynamoDB's `Limit` for a request to a shard: twice its share of what is wanted, because shares are
/// not quite even.
pub(super) fn ask(plan: &Plan, shards: Shards, remaining: Option<u64>) -> Option<u64> {
    let wanted = page_limit(plan, remaining)?;
    let share = wanted.div_ceil(u64::from(shards.count.max(1)));
    Some(wanted.min(share.saturating_mul(2).saturating_add(2)))
}

impl Merge {
    pub(in crate::page) fn new(
        db: &Db,
        plan: Plan,
        shards: Shards,
        effort: Effort,
    ) -> Result<Self, Error> {
        let layout = Layout::new(&plan, shards)?;
        let lanes = layout.starts(&plan)?.into_iter();
        let lanes = lanes.map(|(plan, start)| Lane {
            plan: Arc::new(plan),
            ahead: VecDeque::new(),
            next: match &start {
                Start::End => Next::End,
                start => Next::Idle(start.clone().into_key()),
            },
            given: start,
            rounds: 0,
            is_full: false,
        });
        Ok(Merge {
            db: db.clone(),
            lanes: lanes.collect(),
            remaining: plan.limit,
            plan,
            layout,
            effort,
            done: false,
            count: 0,
            scanned_count: 0,
            capacity: None,
        })
    }

    pub(in crate::page) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The next item as it came; `None` at the end of what is to be read.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        std::future::poll_fn(|cx| self.poll_next(cx))
            .await
            .transpose()
    }

    /// Where the page after this one starts; `None` when all shards have ended.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        let ends: Vec<Start> = self.lanes.iter().map(Lane::position).collect();
        if ends.iter().all(|end| matches!(end, Start::End)) {
            return None;
        }
        let body = encode_all(&self.layout, &self.plan, &ends);
        Some(Cursor::of_shards(&self.plan, body))
    }

    /// The next item. After an error there is none.
    pub(in crate::page) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<u8>, Error>>> {
        loop {
            // A limit of nothing is the service's to refuse where it refuses it of one partition.
            let is_asked = self.lanes.iter().any(|lane| lane.rounds > 0);
            let is_enough = self.remaining == Some(0) && (is_asked || self.effort == Effort::All);
            if self.done || is_enough {
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
                self.remaining = self.remaining.map(|n| n.saturating_sub(1));
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
            let mut under_way = 0_usize;
            let mut progress = false;
            for lane in &mut self.lanes {
                let Next::Fetching(future, limit) = &mut lane.next else {
                    continue;
                };
                let Poll::Ready(fetched) = future.as_mut().poll(cx) else {
                    under_way += 1;
                    continue;
                };
                let limit = *limit;
                lane.next = Next::End;
                let fetched = fetched?;
                self.count += fetched.body.count;
                self.scanned_count += fetched.body.scanned_count;
                if let Some(capacity) = &fetched.body.capacity {
                    self.capacity.get_or_insert_default().add(capacity);
                }
                lane.is_full = limit.is_some_and(|limit| fetched.body.scanned_count >= limit);
                lane.fill(&self.layout, fetched)?;
                progress = true;
            }
            let limit = ask(&self.plan, self.layout.shards, self.remaining);
            for lane in &mut self.lanes {
                if under_way >= self.plan.concurrency.max(1) {
                    break;
                }
                if lane.may_be_asked(self.effort, &self.plan) {
                    lane.ask(&self.db, limit);
                    under_way += 1;
                    progress = true;
                }
            }
            if under_way == 0 {
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
        let is_dry = self.ahead.is_empty() && matches!(self.next, Next::Idle(_));
        let is_in_reach = match effort {
            Effort::All => true,
            Effort::Page => self.rounds == 0 || (self.is_full && plan.filter.is_none()),
        };
        is_dry && is_in_reach
    }

    /// Gives out what comes next; `None` when that is where the reading stopped.
    fn give(&mut self) -> Option<Vec<u8>> {
        let ahead = self.ahead.pop_front()?;
        self.given = Start::After(ahead.values);
        ahead.item
    }

    fn ask(&mut self, db: &Db, limit: Option<u64>) {
        let Next::Idle(start) = &mut self.next else {
            return;
        };
        let (db, plan, start) = (db.clone(), self.plan.clone(), start.take());
        self.rounds = self.rounds.saturating_add(1);
        let future = async move { fetch(&db, &plan, limit, start.as_deref(), decode_raw).await };
        self.next = Next::Fetching(Box::pin(future), limit);
    }

    /// Takes an answer.
    fn fill(&mut self, layout: &Layout, fetched: Fetched<Vec<u8>>) -> Result<(), Error> {
        let named = Named::of(&self.plan);
        let values = |json: &[u8]| members(json, &layout.names).map_err(|e| named.read(e));
        for item in fetched.body.items {
            self.ahead.push_back(Ahead {
                values: values(&item)?,
                item: Some(item),
            });
        }
        self.next = match fetched.body.last_key {
            None => Next::End,
            Some(key) => {
                self.ahead.push_back(Ahead {
                    values: values(&key)?,
                    item: None,
                });
                Next::Idle(Some(key))
            }
        };
        Ok(())
    }

    /// Where the next page goes on.
    fn position(&self) -> Start {
        match (self.ahead.front(), &self.next) {
            // All that was read has been given out.
            (Some(Ahead { values, item: None }), _) => Start::After(values.clone()),
            (None, Next::End) => Start::End,
            _ => self.given.clone(),
        }
    }
}
