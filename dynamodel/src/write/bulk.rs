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
/// Items are taken from the stream only as fast as they are written, so a stream of any length needs
/// little memory. They are written in batches of 25 as [`BatchWrite`](crate::BatchWrite) writes them:
/// with no conditions, over whatever is stored. Of two items with one key the later one stays.
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
    on_progress: Option<OnProgress>,
}

type OnProgress = Box<dyn FnMut(&BulkProgress) + Send>;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rate {
    Items(f64),
    Capacity(f64),
}

/// How far a [`BulkWriter`] has come.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct BulkProgress {
    /// Items that were taken from the stream, those before the start not counted.
    pub read: u64,
    /// Items that are stored.
    pub stored: u64,
    /// Items that cannot be written, such as those of more than 400 KB.
    pub refused: u64,
    /// Every item of the stream before this position, counted from its beginning, is stored or was
    /// refused: where to go on with [`BulkWriter::start_at`], also in another process.
    pub position: u64,
    /// The capacity units consumed so far, where DynamoDB tells.
    pub capacity_units: f64,
    /// The time since the start.
    pub elapsed: Duration,
}

/// What a [`BulkWriter`] has done.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct BulkReport {
    /// The numbers.
    pub progress: BulkProgress,
    /// Items that cannot be written, by their position in the stream, if
    /// [`keep_going`](BulkWriter::keep_going) was asked for.
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
    /// A writer with no limit on the rate and 4 requests at a time.
    pub fn new() -> Self {
        BulkWriter {
            rate: None,
            concurrency: 4,
            backoff: Backoff::default(),
            start_at: 0,
            keep_going: false,
            on_progress: None,
        }
    }

    /// Writes at most this many items a second.
    pub fn items_per_second(mut self, items: f64) -> Self {
        self.rate = Some(Rate::Items(items));
        self
    }

    /// Consumes at most this many capacity units a second on average: what DynamoDB says that a batch
    /// has cost is waited for before the next. Leaves the rest of a table's capacity to others.
    pub fn capacity_per_second(mut self, units: f64) -> Self {
        self.rate = Some(Rate::Capacity(units));
        self
    }

    /// How many requests may be under way at once: 4 if not said.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// How often and how long to try again for writes that DynamoDB leaves undone.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Passes over the items of the stream before this position: those that a load before this one has
    /// stored, by [`BulkProgress::position`].
    pub fn start_at(mut self, position: u64) -> Self {
        self.start_at = position;
        self
    }

    /// Goes on after an item that cannot be written, and lists it in [`BulkReport::refused`]. Without
    /// this the load ends there.
    pub fn keep_going(mut self) -> Self {
        self.keep_going = true;
        self
    }

    /// Called after each batch that was written.
    pub fn on_progress(mut self, call: impl FnMut(&BulkProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(call));
        self
    }

    /// Loads the stream to its end.
    ///
    /// Dropping the future begins no further requests. The last [progress](Self::on_progress) tells
    /// where to go on; writing an item twice does no harm.
    ///
    /// # Errors
    /// A rate that is not a positive number; the first item that cannot be written, unless
    /// [`keep_going`](Self::keep_going) was asked for; or the service or network fails, or throttles
    /// longer than the backoff allows. What is under way is then brought to its end, and the error has
    /// the [report](Error::bulk_report) with the position to go on at and the
    /// [writes](Error::into_unprocessed) that were taken from the stream and not done.
    pub async fn load<S>(self, db: &Db, items: S) -> Result<BulkReport, Error>
    where
        S: Stream,
        S::Item: IntoBatchPut,
    {
        self.try_load(db, items.map(Ok)).await
    }

    /// As [`load`](Self::load), from a stream that can fail: it ends the load.
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
    /// How far a [`BulkWriter`] came before it failed, and where to go on.
    pub fn bulk_report(&self) -> Option<&BulkReport> {
        self.left_as::<UnfinishedLoad>().map(|load| &load.report)
    }
}
