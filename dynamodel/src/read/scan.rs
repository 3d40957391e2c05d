//! Scan: [`Scan`].

use std::fmt;
use std::marker::PhantomData;

use super::plan::{Planned, ReadPlan, Types};
use super::setters::setters;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::{
    AnyIndex, HasTtl, Index, Item, Projection, ReadsConsistently, SelectableFrom, Whole,
};
use crate::model::expr::render::debug_node;
use crate::model::expr::{Condition, Fields, InFilter, Prefix};
use crate::model::unique;
use crate::read::borrowed::{BorrowedProjection, BorrowedRead};
use crate::read::page::AllItems;
use crate::read::page::{
    self, Beginning, IntoCursor, ItemStream, Page, Position, ReadsPages, ScanCursor, ScanStream,
};

/// Reads every item of a table or index: Scan. Made by [`Entity::scan`](crate::Entity::scan).
///
/// Costs half a read unit for each 4 KB of the whole table, twice that when consistent; items that
/// a filter leaves out are paid for too. DynamoDB returns pages of at most 1 MB, one round trip
/// each.
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
    plan: Planned,
    segments: u32,
    resume: Option<ScanCursor>,
    _types: Types<E, I, O>,
}

/// DynamoDB's limit on the segments of a scan.
pub(crate) const MAX_SEGMENTS: u32 = 1_000_000;

/// Bounds on none of the types: the plan is the same for all.
impl<E, I, O> Clone for Scan<E, I, O> {
    fn clone(&self) -> Self {
        Scan {
            plan: self.plan.clone(),
            segments: self.segments,
            resume: self.resume.clone(),
            _types: PhantomData,
        }
    }
}

impl<E: Item, I, O> ReadsPages for Scan<E, I, O> {
    type Entity = E;
}

impl<E, I, O> page::sealed::Planned for Scan<E, I, O> {
    fn planned(&self) -> Planned {
        self.plan.clone()
    }
}

impl<E: Item, I: Index, O> fmt::Debug for Scan<E, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.plan.plan();
        let filter = plan.and_then(|plan| plan.filter.as_ref());
        f.debug_struct("Scan")
            .field("entity", &E::ITEM_SCHEMA.entity)
            .field("index", &plan.and_then(|plan| plan.index))
            .field("filter", &debug_node(filter))
            .finish_non_exhaustive()
    }
}

impl<E: Item> Scan<E> {
    pub(crate) fn new() -> Self {
        let mut plan = ReadPlan::new::<Whole<E>>(true);
        if let Some(filter) = unique::filter(E::ITEM_SCHEMA) {
            plan.add_filter(filter);
        }
        Scan {
            plan: Planned::new(Ok(plan)),
            segments: 1,
            resume: None,
            _types: PhantomData,
        }
    }

    /// Scans an index instead of the table. Sparse indexes are small, because they contain only the
    /// items that have the index's key.
    pub fn index<I: Index<Entity = E>>(self) -> Scan<E, I> {
        Scan {
            plan: self.plan.with(|plan| plan.index = I::NAME),
            segments: self.segments,
            resume: self.resume,
            _types: PhantomData,
        }
    }
}

impl<E: Item, I: Index<Entity = E>, O> Scan<E, I, O> {
    fn with(self, change: impl FnOnce(&mut ReadPlan)) -> Self {
        Scan {
            plan: self.plan.with(change),
            ..self
        }
    }

    /// Reads in this many segments in parallel, 1 to 1,000,000; the order of items is then not
    /// fixed. Each segment has one request in flight.
    ///
    /// On tokio's multi-thread runtime, segments are read by tasks of their own, on all its
    /// threads: [`all`](Self::all), [`stream`](Self::stream),
    /// [`stream_results`](Self::stream_results) and [`resumable`](Self::resumable) send requests
    /// and decode items there, [`count`](Self::count) sends requests, and reads of
    /// [`borrowed`](Self::borrowed) items send requests and check pages; borrowed items are decoded
    /// where they are used. Dropping the future or stream ends its tasks. On any other runtime
    /// everything runs in the caller's task. [`first`](Self::first) does not read segments in
    /// parallel.
    pub fn segments(self, segments: usize) -> Self {
        let number = checked_segments::<E>(segments);
        Scan {
            segments: *number.as_ref().unwrap_or(&1),
            plan: self.plan.try_with(|_| number.map(drop)),
            ..self
        }
    }

    /// Reads only segment `segment` (from 0) of `total`, for workers that share a scan.
    pub fn segment(self, segment: usize, total: usize) -> Self {
        let plan = self.plan.try_with(|plan| {
            let total = checked_segments::<E>(total).ok();
            let segment = u32::try_from(segment).ok();
            plan.segment = segment
                .zip(total)
                .filter(|(segment, total)| segment < total);
            let error = "a scan has 1 to 1,000,000 segments, numbered from 0";
            let error = || named::<E>(Error::invalid_request(error));
            plan.segment.map(drop).ok_or_else(error)
        });
        Scan { plan, ..self }
    }

    /// Leaves out items that do not meet the condition, after they were read and paid for. Called
    /// twice, both have to hold. A condition on attributes that a scanned index does not hold is an
    /// error.
    pub fn filter(
        self,
        condition: impl FnOnce(<E as Fields>::Fields<InFilter<Whole<E>>>) -> Condition<E>,
    ) -> Self {
        let node = condition(E::fields(&Prefix::ROOT)).into_node();
        self.with(|plan| plan.add_filter(node))
    }

    setters!(
        unexpired, consistent, limit, page_size, start_at, measured, any_type
    );

    /// Continues where a [`resumable`](Self::resumable) scan or its [borrowed
    /// pages](crate::read::BorrowedPages::cursor) ended. The cursor has the number of segments, so
    /// [`segments`](Self::segments) is not set again. A scan of a [single segment](Self::segment)
    /// continues with the same segment, which has to be set again. Filter and projection are not in
    /// the cursor.
    pub fn resume_at(mut self, cursor: impl Into<Option<ScanCursor>>) -> Self {
        if let Some(cursor) = cursor.into() {
            self.segments = cursor.total();
            self.resume = Some(cursor);
        }
        self
    }

    /// Sets whether the next page of each segment is in flight while the items of one are decoded
    /// and handled, so that its round trip costs no time. As
    /// [`Query::prefetch`](crate::Query::prefetch).
    pub fn prefetch(self, ahead: bool) -> Self {
        self.with(|plan| plan.prefetch = Some(ahead))
    }

    /// Reads items that borrow their text from the pages, as a struct that derives
    /// [`Projection`](derive@crate::Projection) and has a lifetime: about twice as fast as owned
    /// items, for code that need not keep them. See [`BorrowedProjection`], and
    /// [`BorrowedRead::each`] for the threads involved.
    pub fn borrowed<V>(self) -> BorrowedRead<V>
    where
        V: BorrowedProjection<Of = E> + SelectableFrom<I>,
    {
        let beginning = self.beginning();
        BorrowedRead::new(self.plans(), Some(beginning))
    }

    /// Reads only the attributes of `P`, which the index has to hold. Costs as much as whole items,
    /// but saves transfer and decoding.
    pub fn select<P>(self) -> Scan<E, I, P>
    where
        P: Projection<Entity = E> + SelectableFrom<I>,
    {
        let segments = self.segments;
        let resume = self.resume.clone();
        let plan = self.with(|plan| plan.projection = P::FETCHED).plan;
        Scan {
            plan,
            segments,
            resume,
            _types: PhantomData,
        }
    }

    /// Forgets the index in the type, so that scans of the table and of indexes are of one type. As
    /// [`Query::any_index`](crate::Query::any_index), with the same checks when the scan is sent.
    pub fn any_index(self) -> Scan<E, AnyIndex<E>, O>
    where
        O: SelectableFrom<I>,
    {
        Scan {
            segments: self.segments,
            resume: self.resume.clone(),
            plan: self.with(|plan| plan.is_index_chosen = true).plan,
            _types: PhantomData,
        }
    }

    /// Counts the items, without fetching them. Reads and costs as much as fetching. With several
    /// [`segments`](Self::segments), all threads are used.
    ///
    /// # Errors
    /// An invalid value before anything is sent; or the service or network fails.
    pub async fn count(self, db: &Db) -> Result<u64, Error> {
        match <[ReadPlan; 1]>::try_from(self.valid_plans(db)?) {
            Ok([plan]) => page::count(db, plan).await,
            Err(plans) => page::count_of_segments(db, plans).await,
        }
    }

    /// Returns the request for the first page as it is sent, as JSON, with the table's name as the
    /// code declares it; of several segments, the request of the first.
    ///
    /// # Errors
    /// When a value is invalid, or a resumed scan has no segment left.
    pub fn to_json(self) -> Result<String, Error> {
        page::to_json(&ReadPlan::first(self.plans()).map_err(named::<E>)?)
    }

    fn beginning(&self) -> Beginning {
        Beginning {
            segments: self.segments,
            resume: self.resume.clone(),
        }
    }

    /// Returns one plan for each segment.
    fn plans(self) -> Vec<Result<ReadPlan, Error>> {
        let plan = self.plan.into_result();
        if let Some(cursor) = self.resume {
            return plan.map_or_else(
                |e| vec![Err(e)],
                |plan| resumed::<E>(&plan, self.segments, cursor),
            );
        }
        match plan {
            Ok(plan) if self.segments > 1 => (0..self.segments)
                .map(|s| {
                    if plan.start.is_some() || plan.segment.is_some() {
                        return Err(named::<E>(Error::invalid_request(
                            "a scan in several segments has no single place to start; use `segment(i, n)`",
                        )));
                    }
                    Ok(ReadPlan { segment: Some((s, self.segments)), ..plan.clone() })
                })
                .collect(),
            plan => vec![plan],
        }
    }

    /// Returns the plans as [`plans`](Self::plans) does, after a check that each has a valid start:
    /// otherwise the tasks of other segments would send requests before an invalid start is
    /// noticed.
    fn valid_plans(self, db: &Db) -> Result<Vec<ReadPlan>, Error> {
        let plans = self.plans().into_iter();
        let plans = plans.map(|plan| plan.map(|plan| plan.on(db)));
        let plans: Vec<ReadPlan> = plans.collect::<Result<_, _>>()?;
        if let [_, _, ..] = plans.as_slice() {
            for plan in &plans {
                page::start_key(plan)?;
            }
        }
        Ok(plans)
    }
}

/// Returns the number of segments, if DynamoDB takes it.
fn checked_segments<E: Item>(segments: usize) -> Result<u32, Error> {
    let segments = u32::try_from(segments).ok();
    let segments = segments.filter(|segments| (1..=MAX_SEGMENTS).contains(segments));
    let error = || named::<E>(Error::invalid_request("a scan has 1 to 1,000,000 segments"));
    segments.ok_or_else(error)
}

/// Returns one plan for each segment that has not ended according to the cursor.
fn resumed<E: Item>(
    plan: &ReadPlan,
    segments: u32,
    cursor: ScanCursor,
) -> Vec<Result<ReadPlan, Error>> {
    let is_one_of_several = plan.segment.is_some() && segments > 1;
    if cursor.total() != segments || is_one_of_several {
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
        Some(Ok(ReadPlan {
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

/// Methods that read. The table or index has to hold `O`.
impl<E: Item, I: Index<Entity = E>, O: Projection<Entity = E>> Scan<E, I, O> {
    /// Reads all items into one `Vec`, with one round trip for each page. With several
    /// [`segments`](Self::segments), items are decoded on all threads. An error of one segment ends
    /// all.
    ///
    /// # Errors
    /// An invalid value before anything is sent; an item that cannot be read
    /// ([`is_unreadable`](Error::is_unreadable)); or the service or network fails.
    pub async fn all(self, db: &Db) -> Result<Vec<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        match <[ReadPlan; 1]>::try_from(self.valid_plans(db)?) {
            Ok([plan]) => {
                let mut all = AllItems::new();
                page::all(db, plan, &mut all).await?;
                Ok(all.items)
            }
            Err(plans) => page::all_of_segments(db, plans).await,
        }
    }

    /// Reads until the first item is found, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(self, db: &Db) -> Result<Option<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        // Read the segments one after the other: in parallel they would read more than needed.
        let plans = match self.resume {
            None => vec![self.plan.into_result()],
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

    /// Reads one page, which has the cursor of the next page. One round trip.
    ///
    /// # Errors
    /// An invalid value or cursor, several segments or no segment left, before anything is sent; an
    /// item that cannot be read ([`is_unreadable`](Error::is_unreadable)); or the service or network
    /// fails.
    pub async fn page(self, db: &Db) -> Result<Page<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        let plan = ReadPlan::only(self.plans()).map_err(named::<E>)?;
        page::page(db, plan).await
    }

    /// Reads one page as [`page`](Self::page) does, but with the result of each item: an item that
    /// cannot be read is an `Err` that names the attribute, and does not affect the others.
    ///
    /// # Errors
    /// As [`page`](Self::page), but for items that cannot be read.
    pub async fn page_results(self, db: &Db) -> Result<Page<Result<O, Error>>, Error>
    where
        O: SelectableFrom<I>,
    {
        let plan = ReadPlan::only(self.plans()).map_err(named::<E>)?;
        page::page_results(db, plan).await
    }

    /// Returns the items as a stream, which reads page after page as needed; with several segments,
    /// in the order of their arrival. Ends at the first error.
    pub fn stream(self, db: &Db) -> ItemStream<O>
    where
        O: SelectableFrom<I>,
    {
        page::stream(db, self.plans(), false)
    }

    /// Returns a stream as [`stream`](Self::stream) does, which has the cursor to continue at:
    /// [`ScanStream::cursor`], for [`resume_at`](Self::resume_at), also in another process or after
    /// an error.
    pub fn resumable(self, db: &Db) -> ScanStream<O>
    where
        O: SelectableFrom<I>,
    {
        let beginning = self.beginning();
        ScanStream::new(self.stream(db), beginning)
    }

    /// Returns a stream as [`stream`](Self::stream) does, but an item that cannot be read is one
    /// `Err` and the stream continues behind it. Ends at the first error of the service or network.
    pub fn stream_results(self, db: &Db) -> ItemStream<O>
    where
        O: SelectableFrom<I>,
    {
        page::stream(db, self.plans(), true)
    }
}
