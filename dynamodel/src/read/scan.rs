//! Scan.

use std::fmt;
use std::marker::PhantomData;

use super::plan::{Plan, Types};
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::{
    HasTtl, Index, Item, Projection, ReadsConsistently, SelectableFrom, Whole,
};
use crate::model::expr::ast::{Node, Value};
use crate::model::expr::{Condition, Fields, InFilter, Prefix};
use crate::model::unique;
use crate::read::borrowed::{BorrowedProjection, BorrowedRead};
use crate::read::page::AllItems;
use crate::read::page::{
    self, Beginning, Cursor, ItemStream, Page, Position, ScanCursor, ScanStream,
};

/// Reads every item of a table or index: Scan. Made by [`Entity::scan`].
///
/// Costs half a read unit for each 4 KB of the whole table, twice that when consistent; what a filter
/// leaves out is paid for too. Answers in pages of at most 1 MB, one round trip each.
///
/// ```
/// # use dynamodel::{Db, Entity};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "songs", index(by_year, partition = year, sort = title))]
/// # struct Song { #[dynamo(partition)] artist: String, #[dynamo(sort)] title: String, year: u32, plays: u64 }
/// # fn song(title: &str, year: u32) -> Song { Song { artist: "Nina".into(), title: title.into(), year, plays: 0 } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Song>().await?;
/// # for (title, year) in [("Aria", 2001), ("Ballad", 2002), ("Coda", 2002)] { song(title, year).put().send(&db).await?; }
/// let songs = Song::scan().segments(4).filter(|s| s.year.eq(2002)).all(&db).await?;
/// assert_eq!(songs.len(), 2);
/// # Ok(())
/// # }
/// ```
///
/// Source: [Scan](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html).
#[must_use = "a scan does nothing until it is read"]
pub struct Scan<E, I = Whole<E>, O = E> {
    plan: Result<Plan, Error>,
    segments: u32,
    resume: Option<ScanCursor>,
    _types: Types<E, I, O>,
}

/// DynamoDB's limit on the segments of a scan.
pub(crate) const MAX_SEGMENTS: u32 = 1_000_000;

impl<E: Item, I: Index, O> fmt::Debug for Scan<E, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filter = self.plan.as_ref().ok().and_then(|p| p.filter.as_ref());
        f.debug_struct("Scan")
            .field("entity", &E::ITEM_SCHEMA.entity)
            .field("index", &I::NAME)
            .field("filter", &crate::model::expr::render::debug_node(filter))
            .finish_non_exhaustive()
    }
}

impl<E: Item> Scan<E> {
    pub(crate) fn new() -> Self {
        let mut plan = Plan::new::<Whole<E>>(true);
        if let Some(single) = E::ITEM_SCHEMA.single_table
            && let Some(name) = single.table.discriminator
        {
            plan.add_filter(Node::equals(name, Value::write(|w| w.string(single.kind))));
        }
        if let Some(filter) = unique::filter(E::ITEM_SCHEMA) {
            plan.add_filter(filter);
        }
        Scan {
            plan: Ok(plan),
            segments: 1,
            resume: None,
            _types: PhantomData,
        }
    }

    /// Scans an index instead of the table. Sparse indexes are small: only the items that have the
    /// index's key are in them.
    pub fn index<I: Index<Entity = E>>(self) -> Scan<E, I> {
        Scan {
            plan: self.plan.map(|plan| Plan {
                index: I::NAME,
                ..plan
            }),
            segments: self.segments,
            resume: self.resume,
            _types: PhantomData,
        }
    }
}

impl<E: Item, I: Index<Entity = E>, O> Scan<E, I, O> {
    fn with(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        if let Ok(plan) = &mut self.plan {
            change(plan);
        }
        self
    }

    /// Reads in this many segments side by side, 1 to 1,000,000; the order of items is then not
    /// fixed. As many requests are under way at once.
    ///
    /// On tokio's multi-thread runtime, segments are read by tasks of their own, on all its threads:
    /// [`all`](Self::all), [`stream`](Self::stream), [`stream_results`](Self::stream_results) and
    /// [`resumable`](Self::resumable) send requests and decode items there, [`count`](Self::count) sends
    /// requests, and those that read [`borrowed`](Self::borrowed) items send requests and check pages;
    /// these items are decoded where they are looked at. What is dropped ends its tasks. On any other
    /// runtime all is done in the caller's task. [`first`](Self::first) reads no segments side by side.
    pub fn segments(mut self, segments: u32) -> Self {
        if !(1..=MAX_SEGMENTS).contains(&segments) {
            let error = "a scan has 1 to 1,000,000 segments";
            self.plan = self
                .plan
                .and(Err(named::<E>(Error::invalid_request(error))));
        }
        self.segments = segments;
        self
    }

    /// Reads only segment `segment` (from 0) of `total`, for workers that share a scan.
    pub fn segment(mut self, segment: u32, total: u32) -> Self {
        if !(1..=MAX_SEGMENTS).contains(&total) || segment >= total {
            let error = "a scan has 1 to 1,000,000 segments, numbered from 0";
            self.plan = self
                .plan
                .and(Err(named::<E>(Error::invalid_request(error))));
        }
        self.with(|plan| plan.segment = Some((segment, total)))
    }

    /// Leaves out what does not meet the condition, after it was read and paid for. Called twice,
    /// both have to hold. Reading an index with a condition on what it does not hold is an error.
    pub fn filter(
        self,
        condition: impl FnOnce(<E as Fields>::Fields<InFilter<Whole<E>>>) -> Condition<E>,
    ) -> Self {
        let node = condition(E::fields(&Prefix::ROOT)).into_node();
        self.with(|plan| plan.add_filter(node))
    }

    /// Leaves out items that have expired by this machine's clock and that DynamoDB has not deleted
    /// yet. An index that is scanned has to hold the Time to Live attribute; else reading is an error.
    pub fn unexpired(self) -> Self
    where
        E: HasTtl,
    {
        self.with(|plan| {
            if let Some(ttl) = E::ITEM_SCHEMA.ttl {
                plan.unexpired(ttl);
            }
        })
    }

    /// Sees every write that was acknowledged before. Costs twice as much.
    pub fn consistent(self) -> Self
    where
        I::Locality: ReadsConsistently,
    {
        self.with(|plan| plan.consistent = true)
    }

    /// Ends after this many items, counted after the filter.
    pub fn limit(self, items: u64) -> Self {
        self.with(|plan| plan.limit = Some(items))
    }

    /// Reads at most this many items a round trip, counted before the filter: DynamoDB's `Limit`.
    pub fn page_size(self, items: u32) -> Self {
        self.with(|plan| plan.page_size = Some(items))
    }

    /// Goes on where the [`page`](Self::page) that this cursor comes from ended.
    pub fn start_at(self, cursor: impl Into<Option<Cursor>>) -> Self {
        self.with(|plan| plan.start = cursor.into())
    }

    /// Goes on where a [`resumable`](Self::resumable) scan or its [borrowed pages](crate::BorrowedPages::cursor)
    /// ended, with as many segments as it had, so [`segments`](Self::segments) is not said again. One of
    /// [`segment(i, n)`](Self::segment) goes on with the same segment, which is said again. Filter and
    /// projection are not in the cursor.
    pub fn resume_at(mut self, cursor: impl Into<Option<ScanCursor>>) -> Self {
        if let Some(cursor) = cursor.into() {
            self.segments = cursor.segments();
            self.resume = Some(cursor);
        }
        self
    }

    /// Asks what each page cost: [`Page::consumed_capacity`].
    pub fn measured(self) -> Self {
        self.with(|plan| plan.measure = true)
    }

    /// Whether the next page of each segment is under way while the items of one are decoded and looked
    /// at, so that its round trip costs no time. As [`Query::prefetch`](crate::Query::prefetch).
    pub fn prefetch(self, ahead: bool) -> Self {
        self.with(|plan| plan.prefetch = Some(ahead))
    }

    /// Reads items that borrow their text from the pages, with a struct that derives
    /// [`Projection`](derive@crate::Projection) and has a lifetime: about twice as fast as owned items,
    /// for code that only looks at them. See [`BorrowedProjection`], and [`BorrowedRead::each`] for what
    /// is done on which thread.
    pub fn borrowed<V>(self) -> BorrowedRead<V>
    where
        V: BorrowedProjection<Of = E> + SelectableFrom<I>,
    {
        let beginning = self.beginning();
        BorrowedRead::new(self.plans(), Some(beginning))
    }

    /// Reads only the attributes of `P`, which the index has to hold. It costs as much as the whole
    /// items; what is saved is transfer and decoding.
    pub fn select<P>(self) -> Scan<E, I, P>
    where
        P: Projection<Entity = E> + SelectableFrom<I>,
    {
        let segments = self.segments;
        let resume = self.resume.clone();
        let plan = self.with(|plan| plan.projection = P::ATTRIBUTES).plan;
        Scan {
            plan,
            segments,
            resume,
            _types: PhantomData,
        }
    }

    /// How many items there are, without fetching them. Reads and costs as much as fetching. With
    /// several [`segments`](Self::segments), all threads are used.
    ///
    /// # Errors
    /// An invalid value before anything is sent; or the service or network fails.
    pub async fn count(self, db: &Db) -> Result<u64, Error> {
        match <[Plan; 1]>::try_from(self.valid_plans()?) {
            Ok([plan]) => page::count(db, plan).await,
            Err(plans) => page::count_of_segments(db, plans).await,
        }
    }

    /// The request for the first page as it is sent, as JSON, with the table's name as the code
    /// declares it; of several segments, that of the first.
    ///
    /// # Errors
    /// When a value is invalid, or the scan that goes on has come to its end.
    pub fn to_json(self) -> Result<String, Error> {
        page::to_json(&Plan::first(self.plans()).map_err(named::<E>)?)
    }

    fn beginning(&self) -> Beginning {
        Beginning {
            segments: self.segments,
            resume: self.resume.clone(),
        }
    }

    /// One plan for each segment.
    fn plans(self) -> Vec<Result<Plan, Error>> {
        if let Some(cursor) = self.resume {
            return self.plan.map_or_else(
                |e| vec![Err(e)],
                |plan| resumed::<E>(&plan, self.segments, cursor),
            );
        }
        match self.plan {
            Ok(plan) if self.segments > 1 => (0..self.segments)
                .map(|s| {
                    if plan.start.is_some() || plan.segment.is_some() {
                        return Err(named::<E>(Error::invalid_request(
                            "a scan in several segments has no single place to start; use `segment(i, n)`",
                        )));
                    }
                    Ok(Plan { segment: Some((s, self.segments)), ..plan.clone() })
                })
                .collect(),
            plan => vec![plan],
        }
    }

    /// As [`plans`](Self::plans), where each segment has a place to start: the tasks of other segments
    /// would send requests before the one that has none is looked at.
    fn valid_plans(self) -> Result<Vec<Plan>, Error> {
        let plans: Vec<Plan> = self.plans().into_iter().collect::<Result<_, _>>()?;
        if let [_, _, ..] = plans.as_slice() {
            for plan in &plans {
                page::start_key(plan)?;
            }
        }
        Ok(plans)
    }
}

/// One plan for each segment that the cursor says is not at its end.
fn resumed<E: Item>(plan: &Plan, segments: u32, cursor: ScanCursor) -> Vec<Result<Plan, Error>> {
    let is_one_of_several = plan.segment.is_some() && segments > 1;
    if cursor.segments() != segments || is_one_of_several {
        let what = "it comes from a scan with another number of segments; leave out `segments` and `segment`, it knows them";
        return vec![Err(named::<E>(Error::cursor(what)))];
    }
    if plan.start.is_some() {
        let error = "`start_at` and `resume_at` are two places to start; say one of them";
        return vec![Err(named::<E>(Error::invalid_request(error)))];
    }
    let positions = cursor.into_positions().into_iter().zip(0..);
    let rest = positions.filter_map(|(position, segment)| {
        let start = match position {
            Position::Start => None,
            Position::After(cursor) => Some(cursor),
            Position::End => return None,
        };
        Some(Ok(Plan {
            segment: match segments {
                1 => plan.segment,
                _ => Some((segment, segments)),
            },
            start,
            ..plan.clone()
        }))
    });
    rest.collect()
}

fn named<E: Item>(error: Error) -> Error {
    error.of_entity(E::ITEM_SCHEMA.entity).in_operation("Scan")
}

/// Reading. `O` has to be something that the table or index holds.
impl<E: Item, I: Index<Entity = E>, O: Projection<Entity = E>> Scan<E, I, O> {
    /// All items, in one `Vec`: as many round trips as there are pages. With several
    /// [`segments`](Self::segments), items are decoded on all threads. An error of one segment ends all.
    ///
    /// # Errors
    /// An invalid value before anything is sent; an item that cannot be read
    /// ([`is_unreadable`](Error::is_unreadable)); or the service or network fails.
    pub async fn all(self, db: &Db) -> Result<Vec<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        match <[Plan; 1]>::try_from(self.valid_plans()?) {
            Ok([plan]) => {
                let mut all = AllItems::new();
                page::all(db, plan, &mut all).await?;
                Ok(all.items)
            }
            Err(plans) => page::all_of_segments(db, plans).await,
        }
    }

    /// The first item that is found, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(self, db: &Db) -> Result<Option<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        // Side by side, segments would read more than it takes.
        let plans = match self.resume {
            None => vec![self.plan],
            Some(_) => self.plans(),
        };
        for plan in plans {
            let mut first = AllItems::new();
            page::first(db, plan?, &mut first).await?;
            if let Some(item) = first.items.pop() {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// One page, and the cursor of the next. One round trip.
    ///
    /// # Errors
    /// An invalid value or cursor, several segments or none that is left, before anything is sent; or the
    /// service or network fails. An item that cannot be read is no error of the page: see [`Page::try_items`].
    pub async fn page(self, db: &Db) -> Result<Page<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        let plan = Plan::only(self.plans()).map_err(named::<E>)?;
        page::page(db, plan).await
    }

    /// The items as a stream, page after page as they are needed; with several segments, as they
    /// arrive. Ends at the first error.
    pub fn stream(self, db: &Db) -> ItemStream<O>
    where
        O: SelectableFrom<I>,
    {
        page::stream(db, self.plans(), false)
    }

    /// As [`stream`](Self::stream), and tells at any time where to go on: [`ScanStream::cursor`], for
    /// [`resume_at`](Self::resume_at), also in another process or after an error.
    pub fn resumable(self, db: &Db) -> ScanStream<O>
    where
        O: SelectableFrom<I>,
    {
        let beginning = self.beginning();
        ScanStream::new(self.stream(db), beginning)
    }

    /// As [`stream`](Self::stream), but an item that cannot be read is one `Err` and the stream goes
    /// on after it. Ends at the first error of the service or network.
    pub fn stream_results(self, db: &Db) -> ItemStream<O>
    where
        O: SelectableFrom<I>,
    {
        page::stream(db, self.plans(), true)
    }
}
