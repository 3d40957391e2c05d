//! [`ScanCursor`] and [`ScanStream`]: scans in several segments that can be resumed.

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::Cursor;
use super::stream::ItemStream;
use crate::error::Error;
use crate::model::entity::Projection;
use crate::read::plan::ReadPlan;
use crate::read::scan::MAX_SEGMENTS;

/// Positions of the segments of a scan. From [`ScanStream::cursor`] and, for borrowed items,
/// [`BorrowedPages::cursor`](crate::read::BorrowedPages::cursor).
///
/// Text, as a [`Cursor`] is: it survives a restart, travels in URLs (`A-Z a-z 0-9 - _ . ~`) and,
/// with feature `serde`, serializes as a string. It holds the keys that the segments stopped at,
/// and anyone can decode it unless it is [sealed](Cursor); `Debug` does not show them. A cursor belongs to the table or index
/// that it comes from, and to its number of segments.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ScanCursor {
    positions: Vec<Position>,
}

/// Position where one segment continues.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Position {
    Start,
    After(Cursor),
    End,
}

impl Position {
    /// Returns the position after this key, or at the start if there is none.
    pub(crate) fn after(plan: &ReadPlan, key: Option<&[u8]>) -> Self {
        match key {
            None => Position::Start,
            Some(key) => Position::After(Cursor::new(plan, key.to_vec())),
        }
    }
}

/// Format of the text, its first part.
const FORMAT: &str = "1";
const START: &str = "";
const END: &str = "~";

impl ScanCursor {
    /// Creates the cursor of a scan in this number of segments; segments without a position have
    /// ended.
    pub(crate) fn from_positions(
        segments: u32,
        positions: impl Iterator<Item = (u32, Position)>,
    ) -> Self {
        let mut all: Vec<_> = (0..segments).map(|_| Position::End).collect();
        for (segment, position) in positions {
            // A scan of a single segment, whatever its number, has one position, the first.
            let index = if segments == 1 { 0 } else { segment };
            let index = usize::try_from(index).ok();
            if let Some(segment) = index.and_then(|i| all.get_mut(i)) {
                *segment = position;
            }
        }
        ScanCursor { positions: all }
    }

    /// Returns the cursor before a scan in this number of segments. An invalid number counts as
    /// one.
    fn start(segments: u32) -> Self {
        let segments = match segments {
            1..=MAX_SEGMENTS => segments,
            _ => 1,
        };
        ScanCursor {
            positions: (0..segments).map(|_| Position::Start).collect(),
        }
    }

    pub(crate) fn into_positions(self) -> Vec<Position> {
        self.positions
    }

    /// Returns the number of segments of the scan.
    pub fn segments(&self) -> usize {
        self.positions.len()
    }

    /// Returns the number of segments as DynamoDB takes it.
    pub(crate) fn total(&self) -> u32 {
        u32::try_from(self.positions.len()).unwrap_or(u32::MAX)
    }

    /// Returns `true` if every segment has ended.
    pub fn is_finished(&self) -> bool {
        self.positions.iter().all(|p| *p == Position::End)
    }
}

/// Cursor that a scan starts at, and its number of segments.
#[derive(Clone)]
pub(crate) struct Beginning {
    pub(crate) segments: u32,
    pub(crate) resume: Option<ScanCursor>,
}

impl Beginning {
    /// Returns the cursor of a scan with these positions. `None` stands for a scan that was refused
    /// before it began.
    pub(crate) fn cursor(
        &self,
        positions: Option<impl Iterator<Item = (u32, Position)>>,
    ) -> ScanCursor {
        match (positions, &self.resume) {
            (Some(positions), _) => ScanCursor::from_positions(self.segments, positions),
            (None, Some(cursor)) => cursor.clone(),
            (None, None) => ScanCursor::start(self.segments),
        }
    }
}

impl fmt::Debug for ScanCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanCursor")
            .field("segments", &self.positions.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ScanCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMAT)?;
        for position in &self.positions {
            f.write_str(".")?;
            match position {
                Position::Start => f.write_str(START)?,
                Position::After(cursor) => cursor.fmt(f)?,
                Position::End => f.write_str(END)?,
            }
        }
        Ok(())
    }
}

impl FromStr for ScanCursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('.');
        if parts.next() != Some(FORMAT) {
            return Err(Error::cursor("it is not the text of a scan's cursor"));
        }
        let positions = parts.map(|part| match part {
            START => Ok(Position::Start),
            END => Ok(Position::End),
            cursor => cursor.parse().map(Position::After),
        });
        let positions = positions.collect::<Result<Vec<_>, Error>>()?;
        if positions.is_empty() {
            return Err(Error::cursor("it is cut short"));
        }
        Ok(ScanCursor { positions })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for ScanCursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for ScanCursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = ScanCursor;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text of a scan's cursor")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ScanCursor, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Stream of the items of a scan, with the cursor to continue at. From
/// [`Scan::resumable`](crate::Scan::resumable).
///
/// ```
/// use dynamodel::{Db, Entity, ScanCursor};
/// use futures_util::TryStreamExt;
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "visits")]
/// # struct Visit { #[dynamo(partition)] page: u32, #[dynamo(sort)] at: u64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Visit>().await?;
/// # for page in 0..9 { Visit { page, at: 1 }.create().send(&db).await?; }
/// let mut visits = Visit::scan().segments(2).page_size(1).resumable(&db);
/// let mut seen = 0;
/// while let Some(_visit) = visits.try_next().await? {
///     seen += 1;
///     if seen == 4 {
///         break;
///     }
/// }
/// let text = visits.cursor().to_string();
///
/// let cursor: ScanCursor = text.parse()?;
/// let rest = Visit::scan().resume_at(cursor).resumable(&db);
/// seen += rest.try_collect::<Vec<_>>().await?.len();
/// assert_eq!(seen, 9);
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct ScanStream<T> {
    items: ItemStream<T>,
    beginning: Beginning,
}

impl<T> fmt::Debug for ScanStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanStream")
            .field("items", &self.items)
            .field("segments", &self.beginning.segments)
            .finish()
    }
}

impl<T> ScanStream<T> {
    pub(crate) fn new(items: ItemStream<T>, beginning: Beginning) -> Self {
        ScanStream { items, beginning }
    }

    /// Returns the cursor to continue at, also after an error: it is before every item that the
    /// stream has not given yet. A segment continues at the start of its current page, so items of
    /// a partly used page come once more; none is left out. For an invalid scan, the cursor of its
    /// beginning.
    pub fn cursor(&self) -> ScanCursor {
        self.beginning.cursor(self.items.positions())
    }
}

impl<O: Projection> Stream for ScanStream<O> {
    type Item = Result<O, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.items).poll_next(cx)
    }
}
