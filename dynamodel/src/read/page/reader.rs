//! The one reader of pages: a [`PageSequence`] reads a partition, a segment or a shard page after
//! page, and [`PageReader`] reads several in parallel. Decoders turn responses into owned pages or raw
//! ones, whose items are borrowed or counted.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::in_flight::InFlight;
use super::items::OwnedPage;
use super::parallel::spawned;
use super::raw_page::{Envelope, RawPage};
use super::{Named, Position, page_limit, smaller, start_key, start_request};
use crate::client::db::Db;
use crate::client::observe::Observed;
use crate::error::Error;
use crate::read::plan::ReadPlan;
use crate::wire::ReadError;

/// Decoder that turns a response into a page.
pub(crate) type Decode<P> = fn(Bytes) -> Result<P, ReadError>;

/// A decoded response to Query or Scan.
pub(crate) trait DecodedPage: Observed + Send + 'static {
    /// Returns the members around the items.
    fn envelope(&self) -> &Envelope;

    /// Returns the key that the next page starts after.
    fn next_key(&mut self) -> Option<Vec<u8>>;
}

impl DecodedPage for RawPage {
    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Copies the key: a borrowed page makes its cursor of it.
    fn next_key(&mut self) -> Option<Vec<u8>> {
        self.envelope.last_key.clone()
    }
}

impl<P: Send + 'static> DecodedPage for OwnedPage<P> {
    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn next_key(&mut self) -> Option<Vec<u8>> {
        self.envelope.last_key.take()
    }
}

/// Plan that a reader shares with its requests in flight.
type SharedPlan = Arc<ReadPlan>;

/// Least number of items of a page behind one that had items of other entities.
const LATER_PAGE: u64 = 100;

/// Pages of one partition, segment or shard, in their order.
pub(crate) struct PageSequence<P> {
    plan: SharedPlan,
    decode: Decode<P>,
    mode: Mode,
    /// `true` if the last page left out items of other entities.
    had_others: bool,
    /// Key that the last returned page started after.
    current: Option<Vec<u8>>,
    next: Next<P>,
}

enum Next<P> {
    /// The page after this key is not requested yet.
    Idle(Option<Vec<u8>>),
    /// The page after this key is requested.
    InFlight(Flight<P>, Option<Vec<u8>>),
    End,
}

/// A request for a page.
enum Flight<P> {
    /// Polled whenever its reader is: allocates least.
    Polled(Pin<Box<dyn Future<Output = Result<P, Error>> + Send>>),
    /// Polled after a wake-up of its own, so that it can be advanced for each item of a page.
    Watched(Box<InFlight<Result<P, Error>>>),
}

/// Use of the requests in flight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing advances requests between two pages.
    Polled,
    /// Requests are advanced while a page is used.
    Watched,
    /// As `Watched`, and pages are requested and decoded in tasks of their own.
    Spawned,
}

impl<P: DecodedPage> PageSequence<P> {
    /// Creates a sequence that begins after the key `start`.
    pub(crate) fn new(plan: SharedPlan, start: Option<Vec<u8>>, decode: Decode<P>) -> Self {
        PageSequence {
            plan,
            decode,
            mode: Mode::Watched,
            had_others: false,
            current: None,
            next: Next::Idle(start),
        }
    }

    /// Polls requests whenever the sequence is polled: for readers that do nothing else meanwhile.
    pub(crate) fn polled(self) -> Self {
        PageSequence {
            mode: Mode::Polled,
            ..self
        }
    }

    /// Creates a sequence that has ended.
    pub(crate) fn ended(plan: SharedPlan, decode: Decode<P>) -> Self {
        PageSequence {
            next: Next::End,
            ..Self::new(plan, None, decode)
        }
    }

    /// Requests the next page, of at most `limit` items, if the sequence is idle. The request is
    /// sent when it is polled.
    pub(crate) fn request(&mut self, db: &Db, limit: Option<u64>) {
        let limit = self.widened(limit);
        let Next::Idle(start) = &mut self.next else {
            return;
        };
        let start = start.take();
        let (db, plan, decode) = (db.clone(), self.plan.clone(), self.decode);
        let key = start.clone();
        let page = async move { request(&db, &plan, limit, key.as_deref(), decode).await };
        let page = match self.mode {
            Mode::Polled => Flight::Polled(Box::pin(page)),
            Mode::Watched => Flight::Watched(Box::new(InFlight::new(page))),
            Mode::Spawned => Flight::Watched(Box::new(InFlight::new(spawned(page)))),
        };
        self.next = Next::InFlight(page, start);
    }

    /// Returns the page in flight; `None` if there is none. After an error the same page is next.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<P, Error>>> {
        let Next::InFlight(page, start) = &mut self.next else {
            return Poll::Ready(None);
        };
        let polled = match page {
            Flight::Polled(page) => page.as_mut().poll(cx),
            Flight::Watched(page) => page.poll(cx),
        };
        let Poll::Ready(page) = polled else {
            return Poll::Pending;
        };
        let start = start.take();
        Poll::Ready(Some(self.received(page, start)))
    }

    /// Returns the next page; `None` after the last. A page that is not requested yet is awaited in
    /// place, which allocates less than a request in flight.
    pub(crate) async fn next(&mut self, db: &Db, limit: Option<u64>) -> Result<Option<P>, Error> {
        let limit = self.widened(limit);
        let (page, start) = match std::mem::replace(&mut self.next, Next::End) {
            Next::Idle(start) => {
                let page = request(db, &self.plan, limit, start.as_deref(), self.decode);
                (page.await, start)
            }
            Next::InFlight(Flight::Polled(page), start) => (page.await, start),
            Next::InFlight(Flight::Watched(page), start) => (page.response().await, start),
            Next::End => return Ok(None),
        };
        self.received(page, start).map(Some)
    }

    /// Requests the next page now, while another one is used.
    pub(crate) async fn prefetch(&mut self, db: &Db, limit: Option<u64>) {
        self.request(db, limit);
        poll_fn(|cx| {
            self.advance(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Returns the number of items to request, where `limit` are wanted. A page is requested as if all
    /// items were of the entity, until there were others: then a page of as few items could be one
    /// round trip for each of the others.
    fn widened(&self, limit: Option<u64>) -> Option<u64> {
        match self.had_others && self.plan.filters_type() && self.plan.filter.is_none() {
            true => match self.plan.page_size {
                Some(page_size) => smaller(Some(page_size), None),
                None => limit.map(|limit| limit.max(LATER_PAGE)),
            },
            false => limit,
        }
    }

    fn received(&mut self, page: Result<P, Error>, start: Option<Vec<u8>>) -> Result<P, Error> {
        match page {
            Err(e) => {
                self.next = Next::Idle(start);
                Err(e)
            }
            Ok(mut page) => {
                let envelope = page.envelope();
                self.had_others = envelope.count < envelope.scanned_count;
                self.current = start;
                self.next = match page.next_key() {
                    None => Next::End,
                    key => Next::Idle(key),
                };
                Ok(page)
            }
        }
    }
}

impl<P> PageSequence<P> {
    pub(crate) fn plan(&self) -> &ReadPlan {
        &self.plan
    }

    /// `true` if there may be a page that is not requested yet.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.next, Next::Idle(_))
    }

    /// `true` after the last page.
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.next, Next::End)
    }

    /// Sends the request in flight, or receives what has arrived of its response.
    pub(crate) fn advance(&mut self, cx: &mut Context<'_>) {
        if let Next::InFlight(Flight::Watched(page), _) = &mut self.next {
            page.advance(cx);
        }
    }

    /// Goes back to the start of the last returned page.
    fn rewind(&mut self) {
        self.next = Next::Idle(self.current.take());
    }

    /// Returns the position where a later read continues, `None` at the end. A page that is not
    /// used up is read again.
    fn position(&self, is_used_up: bool) -> Option<(u32, Position)> {
        let key = match &self.next {
            _ if !is_used_up => &self.current,
            Next::Idle(key) | Next::InFlight(_, key) => key,
            Next::End => return None,
        };
        let position = Position::after(&self.plan, key.as_deref());
        Some((
            self.plan.segment.map_or(0, |(segment, _)| segment),
            position,
        ))
    }
}

/// Requests one page: one round trip.
pub(crate) async fn request<P: Observed>(
    db: &Db,
    plan: &ReadPlan,
    limit: Option<u64>,
    start: Option<&[u8]>,
    decode: Decode<P>,
) -> Result<P, Error> {
    let response = start_request(db, plan, limit, start)?.await;
    response
        .take(decode)
        .map_err(|f| Named::of(plan).error(Error::failure(f)))
}

/// Pages of several segments in parallel, or of one partition.
///
/// The sequence of the last returned page is the last of `sequences`.
pub(crate) struct PageReader<P> {
    db: Db,
    sequences: VecDeque<PageSequence<P>>,
    /// `true` if the next page is requested while one is used.
    prefetch: bool,
    /// Error of the plans: reported first, and ends the read.
    invalid: Option<Error>,
    is_valid: bool,
    /// Positions of the sequences when the read was stopped before they ended.
    stopped: Vec<(u32, Position)>,
}

impl<P: DecodedPage> PageReader<P> {
    /// Creates a reader. `prefetch` applies to plans that do not set it themselves.
    pub(crate) fn new(
        db: &Db,
        plans: Vec<Result<ReadPlan, Error>>,
        decode: Decode<P>,
        prefetch: bool,
    ) -> Self {
        let mode = match plans.len() {
            0 | 1 => Mode::Watched,
            _ => Mode::Spawned,
        };
        let sequences = plans.into_iter().map(|plan| {
            let plan = plan?.on(db);
            let start = start_key(&plan)?;
            Ok(PageSequence {
                mode,
                ..PageSequence::new(Arc::new(plan), start, decode)
            })
        });
        match sequences.collect::<Result<VecDeque<_>, Error>>() {
            Ok(sequences) => PageReader {
                db: db.clone(),
                prefetch: sequences
                    .front()
                    .and_then(|s| s.plan.prefetch)
                    .unwrap_or(prefetch),
                sequences,
                invalid: None,
                is_valid: true,
                stopped: Vec::new(),
            },
            Err(error) => Self::invalid(db, error),
        }
    }

    /// Returns the next page of any sequence, if `remaining` items are wanted. An error ends the
    /// read.
    pub(crate) fn poll_next(
        &mut self,
        remaining: Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<P, Error>>> {
        if let Some(e) = self.invalid.take() {
            return Poll::Ready(Some(Err(e)));
        }
        self.request_all(remaining, cx);
        for _ in 0..self.sequences.len() {
            let Some(mut sequence) = self.sequences.pop_front() else {
                break;
            };
            let page = match sequence.poll(cx) {
                Poll::Ready(None) => continue,
                Poll::Ready(Some(page)) => page,
                Poll::Pending => {
                    self.sequences.push_back(sequence);
                    continue;
                }
            };
            if let Ok(page) = &page {
                let left = remaining.map(|n| n.saturating_sub(page.envelope().count));
                if self.prefetch && left != Some(0) {
                    sequence.request(&self.db, page_limit(&sequence.plan, left));
                    sequence.advance(cx);
                }
            }
            self.sequences.push_back(sequence);
            if page.is_err() {
                self.stop(true);
            }
            return Poll::Ready(Some(page));
        }
        match self.sequences.is_empty() {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    }

    /// Requests the next page of every idle sequence before any page is taken: a response that is
    /// there at once must not leave the sequences behind it without a request in flight.
    fn request_all(&mut self, remaining: Option<u64>, cx: &mut Context<'_>) {
        let advances_all = self.sequences.len() > 1;
        for sequence in self.sequences.iter_mut().filter(|s| s.is_idle()) {
            sequence.request(&self.db, page_limit(&sequence.plan, remaining));
            if advances_all {
                sequence.advance(cx);
            }
        }
    }

    /// Requests the page behind the last returned one, which is used up, before other sequences hand
    /// out theirs: else their pages would be used while no request of this one is in flight.
    pub(crate) fn request_behind(&mut self, remaining: Option<u64>, cx: &mut Context<'_>) {
        if let Some(sequence) = self.sequences.back_mut() {
            sequence.request(&self.db, page_limit(&sequence.plan, remaining));
            sequence.advance(cx);
        }
    }
}

impl<P> PageReader<P> {
    /// Creates a reader whose first and only result is this error.
    pub(crate) fn invalid(db: &Db, error: Error) -> Self {
        PageReader {
            db: db.clone(),
            sequences: VecDeque::new(),
            prefetch: false,
            invalid: Some(error),
            is_valid: false,
            stopped: Vec::new(),
        }
    }

    /// Returns the limit of the plans, which is the same for all.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.sequences.front().and_then(|s| s.plan.limit)
    }

    /// Returns the number of sequences that have not ended.
    pub(crate) fn len(&self) -> usize {
        self.sequences.len()
    }

    /// Returns the plan of the last returned page.
    pub(crate) fn current_plan(&self) -> Option<&ReadPlan> {
        self.sequences.back().map(PageSequence::plan)
    }

    /// Receives what has arrived of the page behind the last returned one.
    pub(crate) fn advance(&mut self, cx: &mut Context<'_>) {
        if let Some(sequence) = self.sequences.back_mut() {
            sequence.advance(cx);
        }
    }

    /// Goes back to the start of the last returned page.
    pub(crate) fn rewind(&mut self) {
        if let Some(sequence) = self.sequences.back_mut() {
            sequence.rewind();
        }
    }

    /// Ends the read before its sequences have ended. `is_used_up` is `true` if all of the last
    /// returned page was used.
    pub(crate) fn stop(&mut self, is_used_up: bool) {
        let positions: Vec<_> = self.positions_of_sequences(is_used_up).collect();
        self.stopped.extend(positions);
        self.sequences.clear();
    }

    /// Returns the positions of the sequences that have not ended; `None` for invalid plans.
    pub(crate) fn positions(
        &self,
        is_used_up: bool,
    ) -> Option<impl Iterator<Item = (u32, Position)>> {
        let positions = self.positions_of_sequences(is_used_up);
        self.is_valid
            .then(|| positions.chain(self.stopped.iter().cloned()))
    }

    fn positions_of_sequences(&self, is_used_up: bool) -> impl Iterator<Item = (u32, Position)> {
        let last = self.sequences.len().saturating_sub(1);
        let sequences = self.sequences.iter().enumerate();
        sequences.filter_map(move |(i, s)| s.position(is_used_up || i < last))
    }
}
