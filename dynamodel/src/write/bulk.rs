//! Loading streams of entities: [`BulkWriter`].

mod load;

pub(crate) use self::load::UnfinishedLoad;

use std::fmt;
use std::time::Duration;

use futures_core::Stream;
use futures_util::StreamExt;

use super::batch::IntoBatchPut;
use crate::client::db::Db;
use crate::client::retry::Backoff;
use crate::error::Error;

/// Loads a stream of entities into their tables, at a given rate.
///
/// Items are taken from the stream only as fast as they are written, so a stream of any length
/// needs little memory. They are written in batches of 25 as [`BatchWrite`](crate::BatchWrite)
/// writes them: without conditions, overwriting stored items. Of two items with the same key the
/// later one stays.
///
/// ```
/// use dynamodel::{BulkWriter, Db, Entity};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "readings")]
/// # struct Reading { #[dynamo(partition)] sensor: String, #[dynamo(sort)] at: u64, celsius: f64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Reading>().await?;
/// let readings = futures_util::stream::iter(0..1_000)
///     .map(|at| Reading { sensor: "roof".into(), at, celsius: 21.5 });
/// # use futures_util::StreamExt;
/// let report = BulkWriter::new()
///     .items_per_second(50_000.0)
///     .concurrency(4)
///     .on_progress(|p| println!("{} written", p.stored))
///     .load(&db, readings)
///     .await?;
/// assert_eq!(report.progress.stored, 1_000);
/// # Ok(())
/// # }
/// ```
#[must_use = "a writer does nothing until it loads a stream"]
pub struct BulkWriter {
    rate: Option<Rate>,
    concurrency: usize,
    backoff: Backoff,
    start_at: u64,
    keep_going: bool,
    allow_delimiters: bool,
    on_progress: Option<OnProgress>,
}

type OnProgress = Box<dyn FnMut(&BulkProgress) + Send>;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rate {
    Items(f64),
    Capacity(f64),
}

/// Progress of a [`BulkWriter`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct BulkProgress {
    /// Items taken from the stream, without the items before the start position.
    pub read: u64,
    /// Items that are stored.
    pub stored: u64,
    /// Items that cannot be written, for example because they exceed 400 KB.
    pub refused: u64,
    /// Position in the stream, counted from its beginning, before which every item is stored or was
    /// refused. A later load, also in another process, continues here with
    /// [`BulkWriter::start_at`].
    pub position: u64,
    /// Capacity units consumed so far, as far as DynamoDB reports them.
    pub capacity_units: f64,
    /// Time since the start.
    pub elapsed: Duration,
}

/// Result of a [`BulkWriter`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct BulkReport {
    /// Final progress.
    pub progress: BulkProgress,
    /// Items that cannot be written, by their position in the stream, if
    /// [`keep_going`](BulkWriter::keep_going) was set.
    pub refused: Vec<(u64, Error)>,
}

impl Default for BulkWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for BulkWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkWriter")
            .field("rate", &self.rate)
            .field("concurrency", &self.concurrency)
            .field("backoff", &self.backoff)
            .field("start_at", &self.start_at)
            .field("keep_going", &self.keep_going)
            .finish_non_exhaustive()
    }
}

impl BulkWriter {
    /// Creates a writer with no limit on the rate and 4 requests at a time.
    pub fn new() -> Self {
        BulkWriter {
            rate: None,
            concurrency: 4,
            backoff: Backoff::default(),
            start_at: 0,
            keep_going: false,
            allow_delimiters: false,
            on_progress: None,
        }
    }

    /// Writes at most this many items a second.
    pub fn items_per_second(mut self, items: f64) -> Self {
        self.rate = Some(Rate::Items(items));
        self
    }

    /// Consumes at most this many capacity units a second on average: after each batch, the writer
    /// waits in proportion to the capacity that DynamoDB reports for the batch. Leaves the rest of
    /// a table's capacity to others.
    pub fn capacity_per_second(mut self, units: f64) -> Self {
        self.rate = Some(Rate::Capacity(units));
        self
    }

    /// Limits the number of requests in flight at once. The default is 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Sets how often and how long to retry writes that DynamoDB leaves unprocessed.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Skips the items of the stream before this position: items that an earlier load has stored,
    /// by [`BulkProgress::position`].
    pub fn start_at(mut self, position: u64) -> Self {
        self.start_at = position;
        self
    }

    /// Continues after an item that cannot be written, and lists the item in
    /// [`BulkReport::refused`]. Without this the load ends at such an item.
    pub fn keep_going(mut self) -> Self {
        self.keep_going = true;
        self
    }

    /// Takes keys of a shared table whose parts contain delimiters of their template, as
    /// [`BatchWrite::allow_delimiters`](crate::BatchWrite::allow_delimiters) does.
    pub fn allow_delimiters(mut self) -> Self {
        self.allow_delimiters = true;
        self
    }

    /// Calls the closure after each batch that was written.
    pub fn on_progress(mut self, call: impl FnMut(&BulkProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(call));
        self
    }

    /// Loads the stream to its end.
    ///
    /// Dropping the future starts no further requests. The last [progress](Self::on_progress) has
    /// the position to continue at; writing an item twice does no harm.
    ///
    /// # Errors
    /// A rate that is not a positive number; the first item that cannot be written, unless
    /// [`keep_going`](Self::keep_going) was set; or the service or network fails, or throttles
    /// longer than the backoff allows. Requests in flight are then completed, and the error has the
    /// [report](Error::bulk_report) with the position to continue at and the
    /// [writes](Error::into_unprocessed) that were taken from the stream and not done.
    pub async fn load<S>(self, db: &Db, items: S) -> Result<BulkReport, Error>
    where
        S: Stream,
        S::Item: IntoBatchPut,
    {
        self.try_load(db, items.map(Ok)).await
    }

    /// Loads a stream that can fail, as [`load`](Self::load) does. An error of the stream ends the
    /// load.
    ///
    /// # Errors
    /// As [`load`](Self::load), and the first error of the stream.
    pub async fn try_load<S, P>(self, db: &Db, items: S) -> Result<BulkReport, Error>
    where
        S: Stream<Item = Result<P, Error>>,
        P: IntoBatchPut,
    {
        load::load(self, db, items).await
    }
}

impl Error {
    /// Returns the report of a [`BulkWriter`] that failed, with the position to continue at. `None`
    /// for other errors.
    pub fn bulk_report(&self) -> Option<&BulkReport> {
        self.left_as::<UnfinishedLoad>().map(|load| &load.report)
    }
}
