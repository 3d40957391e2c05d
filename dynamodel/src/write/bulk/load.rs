//! The load of a stream: batches in flight while the stream is read, the rate, and the position.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::{BulkProgress, BulkReport, BulkWriter, Rate};
use crate::client::db::Db;
use crate::error::Error;
use crate::error::unfinished::Unfinished;
use crate::write::batch::{BatchWrite, IntoBatchPut, MAX_WRITES};

/// Declared table and canonical key of an item.
type ItemKey = (&'static str, Vec<u8>);

/// Finished batch.
struct Done {
    /// Positions of the batch's items in the stream: the first, and the one after the last.
    span: (u64, u64),
    items: u64,
    keys: Vec<ItemKey>,
    result: Result<f64, Error>,
}

struct Load {
    writer: BulkWriter,
    in_flight: FuturesUnordered<Pin<Box<dyn Future<Output = Done> + Send>>>,
    /// Items of the batches in flight.
    busy: HashSet<ItemKey>,
    /// Spans of stored items behind a gap: an earlier item is not stored yet.
    ahead: BTreeMap<u64, u64>,
    report: BulkReport,
    started: Instant,
    /// Time from which the rate allows the next batch.
    next: Instant,
    error: Option<Error>,
    left: BatchWrite,
}

pub(super) async fn load<S, P>(writer: BulkWriter, db: &Db, items: S) -> Result<BulkReport, Error>
where
    S: Stream<Item = Result<P, Error>>,
    P: IntoBatchPut,
{
    if let Some(Rate::Items(rate) | Rate::Capacity(rate)) = writer.rate
        && !(rate.is_finite() && rate > 0.0)
    {
        return Err(Error::invalid_request("the rate is not a positive number"));
    }
    let mut load = Load::new(writer);
    let to_skip = usize::try_from(load.writer.start_at).unwrap_or(usize::MAX);
    let mut items = pin!(items.skip(to_skip).ready_chunks(MAX_WRITES));
    while load.error.is_none() {
        let concurrency = load.writer.concurrency.max(1);
        while load.in_flight.len() >= concurrency {
            load.reap().await;
        }
        load.wait_for_rate().await;
        if load.error.is_some() {
            break;
        }
        let Some(chunk) = load.beside(items.next()).await else {
            break;
        };
        load.send(db, chunk).await;
    }
    while !load.in_flight.is_empty() {
        load.reap().await;
    }
    load.finish()
}

impl Load {
    fn new(writer: BulkWriter) -> Self {
        let now = Instant::now();
        let mut report = BulkReport::default();
        report.progress.position = writer.start_at;
        Load {
            writer,
            in_flight: FuturesUnordered::new(),
            busy: HashSet::new(),
            ahead: BTreeMap::new(),
            report,
            started: now,
            next: now,
            error: None,
            left: BatchWrite::new(),
        }
    }

    /// Waits for `wanted`, and handles batches that finish in the meantime.
    async fn beside<F: Future + Unpin>(&mut self, mut wanted: F) -> F::Output {
        loop {
            if self.in_flight.is_empty() {
                return wanted.await;
            }
            let done = match select(wanted, self.in_flight.next()).await {
                Either::Left((output, _)) => return output,
                Either::Right((done, still_wanted)) => {
                    wanted = still_wanted;
                    done
                }
            };
            if let Some(done) = done {
                self.done(done);
            }
        }
    }

    /// Waits for one of the batches in flight.
    async fn reap(&mut self) {
        if let Some(done) = self.in_flight.next().await {
            self.done(done);
        }
    }

    async fn wait_for_rate(&mut self) {
        while self.error.is_none() && self.next > Instant::now() {
            let sleep = Box::pin(tokio::time::sleep_until(self.next));
            self.beside(sleep).await;
        }
    }

    /// Sends the items as one batch, once none of them is in flight in another batch.
    async fn send<P: IntoBatchPut>(&mut self, db: &Db, chunk: Vec<Result<P, Error>>) {
        let from = self.writer.start_at + self.report.progress.read;
        let mut to = from;
        let mut batch = BatchWrite::new().backoff(self.writer.backoff).last_wins();
        if self.writer.allow_delimiters {
            batch = batch.allow_delimiters();
        }
        let mut items = 0;
        for item in chunk {
            let put = match item {
                Ok(item) => batch.try_put(item),
                Err(e) => {
                    self.error.get_or_insert(e);
                    break;
                }
            };
            match put {
                Ok(()) => items += 1,
                Err(e) if self.writer.keep_going => {
                    self.report.refused.push((to, e));
                    self.report.progress.refused += 1;
                }
                Err(e) => {
                    self.error.get_or_insert(e);
                    break;
                }
            }
            to += 1;
        }
        self.report.progress.read += to - from;
        let keys: Vec<ItemKey> = batch
            .canonical_keys()
            .map(|(table, item)| (table, item.to_vec()))
            .collect();
        while keys.iter().any(|item| self.busy.contains(item)) {
            self.reap().await;
        }
        self.busy.extend(keys.iter().cloned());
        if let Some(Rate::Items(rate)) = self.writer.rate {
            self.charge((to - from) as f64 / rate);
        }
        let db = db.clone();
        self.in_flight.push(Box::pin(async move {
            let sent = batch.send_measured(&db).await;
            Done {
                span: (from, to),
                items,
                keys,
                result: sent.map(|costs| costs.iter().map(|c| c.capacity_units).sum()),
            }
        }));
    }

    /// Delays the next batch by this number of seconds.
    fn charge(&mut self, seconds: f64) {
        let pause = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let from = self.next.max(Instant::now());
        // Cap the time, because an `Instant` cannot represent any later one.
        self.next = from
            .checked_add(pause)
            .unwrap_or(from + Duration::from_secs(1 << 30));
    }

    fn done(&mut self, done: Done) {
        for item in &done.keys {
            self.busy.remove(item);
        }
        match done.result {
            Ok(units) => {
                self.report.progress.stored += done.items;
                self.report.progress.capacity_units += units;
                if let Some(Rate::Capacity(rate)) = self.writer.rate {
                    self.charge(units / rate);
                }
                self.advance(done.span);
            }
            Err(mut error) => {
                let left = error.unprocessed_count() as u64;
                self.report.progress.stored += done.items.saturating_sub(left);
                if let Some(left) = error.take_left() {
                    self.left.append(left);
                }
                self.error.get_or_insert(error);
            }
        }
        self.report.progress.elapsed = self.started.elapsed();
        if let Some(call) = &mut self.writer.on_progress {
            call(&self.report.progress);
        }
    }

    /// Moves the position to the end of the stored items that have no gap before them.
    fn advance(&mut self, (from, to): (u64, u64)) {
        self.ahead.insert(from, to);
        let position = &mut self.report.progress.position;
        while let Some(to) = self.ahead.remove(position) {
            if to == *position {
                break;
            }
            *position = to;
        }
    }

    fn finish(mut self) -> Result<BulkReport, Error> {
        let progress: &mut BulkProgress = &mut self.report.progress;
        progress.elapsed = self.started.elapsed();
        match self.error {
            None => Ok(self.report),
            Some(error) => Err(error.leaving(UnfinishedLoad {
                report: self.report,
                writes: self.left,
            })),
        }
    }
}

/// Report of a failed load, and the writes that it has not done.
pub(crate) struct UnfinishedLoad {
    pub(super) report: BulkReport,
    pub(crate) writes: BatchWrite,
}

impl Unfinished for UnfinishedLoad {
    fn count(&self) -> usize {
        self.writes.count()
    }

    fn unconfirmed(&self) -> usize {
        self.writes.unconfirmed()
    }

    fn keys(&self) -> Box<dyn Iterator<Item = (TypeId, &[u8])> + '_> {
        self.writes.keys()
    }
}

impl fmt::Display for UnfinishedLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.report.progress.position;
        write!(f, "the load ended at position {position} of the stream")?;
        match self.writes.is_empty() {
            true => Ok(()),
            false => write!(f, "; {}", self.writes),
        }
    }
}
