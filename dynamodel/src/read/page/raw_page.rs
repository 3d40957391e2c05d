//! [`RawPage`]: the response to a Query or Scan, whose items are not read yet.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use bytes_utils::Str;

use crate::client::capacity::ConsumedCapacity;
use crate::client::observe::{Counts, Observed};
use crate::transport::Response;
use crate::wire::{Escapes, ReadError, Reader};

/// Members of a response around its items.
#[derive(Default)]
pub(crate) struct Envelope {
    pub(crate) count: u64,
    pub(crate) scanned_count: u64,
    pub(crate) last_key: Option<Vec<u8>>,
    pub(crate) capacity: Option<ConsumedCapacity>,
    /// Byte range of the list of items, with its brackets; empty without one.
    items: Range<usize>,
}

impl Envelope {
    /// Reads everything but the items, which are skipped.
    pub(crate) fn read(json: &str) -> Result<Self, ReadError> {
        let mut envelope = Envelope::default();
        let mut r = Reader::of_text(json);
        r.members(|name, r| {
            match name {
                "Items" => {
                    r.white_space();
                    let start = r.position();
                    match end_of_items(json, start) {
                        Some(end) => *r = r.at(end),
                        None => r.skip_value()?,
                    }
                    envelope.items = start..r.position();
                }
                "Count" => envelope.count = r.json_u64()?,
                "ScannedCount" => envelope.scanned_count = r.json_u64()?,
                "LastEvaluatedKey" => {
                    envelope.last_key = r.raw_value_or_null()?.map(<[u8]>::to_vec);
                }
                "ConsumedCapacity" => envelope.capacity = Some(ConsumedCapacity::read(r)?),
                _ => r.skip_value()?,
            }
            Ok(())
        })?;
        r.finish()?;
        Ok(envelope)
    }

    /// Returns the largest number of items that the page can have: each takes at least 10 bytes.
    pub(crate) fn at_most(&self) -> usize {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        count.min(self.items.len() / 10)
    }

    /// Calls the function at the start of the list of items. The function has to read the list.
    ///
    /// # Errors
    /// When the list does not end at its known end, and the errors of the function.
    pub(crate) fn read_items<'p>(
        &self,
        json: &'p str,
        list: impl FnOnce(&mut Reader<'p>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if self.items.is_empty() {
            return Ok(());
        }
        let mut r = Reader::of_text(json).at(self.items.start);
        list(&mut r)?;
        if r.position() == self.items.end {
            Ok(())
        } else {
            Err(r.malformed())
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            returned: Some(self.count),
            scanned: Some(self.scanned_count),
            ..Counts::default()
        }
    }
}

/// Response to a Query or Scan whose items are read directly from its bytes.
pub(crate) struct RawPage {
    json: Str,
    pub(crate) envelope: Envelope,
    /// Unescaped strings, for items that borrow their text; `None` for items that own it.
    escapes: Option<Escapes>,
    response: Response,
}

impl RawPage {
    /// Reads a response whose items will own their text.
    pub(crate) fn read(body: Bytes) -> Result<Self, ReadError> {
        let json = Str::from_inner(body).map_err(|e| {
            let body = e.into_inner();
            Reader::new(&body).map_or_else(|e| e, |r| r.malformed())
        })?;
        Ok(RawPage {
            envelope: Envelope::read(&json)?,
            json,
            escapes: None,
            response: Response::default(),
        })
    }

    /// Reads a response whose items will borrow their text: escaped strings are unescaped once.
    pub(crate) fn read_borrowed(body: Bytes) -> Result<Self, ReadError> {
        let page = Self::read(body)?;
        Ok(RawPage {
            escapes: Some(Escapes::of(&page.json)?),
            ..page
        })
    }

    /// Returns a reader at this position of the text.
    #[inline]
    fn reader(&self, at: usize) -> Reader<'_> {
        match &self.escapes {
            None => Reader::of_text(&self.json).at(at),
            Some(escapes) => Reader::of_page(&self.json, escapes).at(at),
        }
    }

    /// Returns a reader at the start of the list of items, and the end of the list; `None` without
    /// a list.
    pub(crate) fn list(&self) -> Option<(Reader<'_>, usize)> {
        let items = &self.envelope.items;
        (!items.is_empty()).then(|| (self.reader(items.start), items.end))
    }

    /// Calls the function at the start of the list of items. The function has to read the list.
    ///
    /// # Errors
    /// As [`Envelope::read_items`].
    pub(crate) fn read_items<'p>(
        &'p self,
        list: impl FnOnce(&mut Reader<'p>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.envelope.read_items(&self.json, list)
    }

    /// Returns the response without its body: the attempts and the id of the request.
    pub(crate) fn response(&self) -> &Response {
        &self.response
    }

    /// Returns the length of the response.
    pub(crate) fn bytes(&self) -> usize {
        self.json.len()
    }
}

impl Observed for RawPage {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self.envelope.capacity.as_slice()
    }
    fn counts(&self) -> Counts {
        self.envelope.counts()
    }
    fn came(&mut self, response: Response) {
        self.response = response;
    }
}

/// Item of a response. The response lives as long as any of its items.
#[derive(Clone)]
pub(crate) struct RawItem {
    page: Arc<RawPage>,
    start: usize,
}

impl RawItem {
    /// Refers to the item that starts at this position, which was checked before.
    pub(crate) fn new(page: Arc<RawPage>, start: usize) -> Self {
        RawItem { page, start }
    }

    /// Returns a reader at the start of the item.
    #[inline]
    pub(crate) fn reader(&self) -> Reader<'_> {
        self.page.reader(self.start)
    }
}

/// Length of the response's tail that is searched for the end of its items: keys are 3 KB at most.
const TAIL: usize = 16 * 1024;

/// Returns the position behind the list of items that starts at `start`. The search begins at the
/// end of the response, so that the members behind the items are known before the items are read. A
/// reader of the items has to check that they end at this position.
fn end_of_items(json: &str, start: usize) -> Option<usize> {
    let from = start.max(json.len().saturating_sub(TAIL));
    let tail = json.as_bytes().get(from..)?;
    let mut ends = memchr::memchr_iter(b']', tail).map(|at| from + at + 1);
    ends.find(|at| is_rest(json, *at))
}

/// `true` if the rest of the response, from behind a `]`, is members and its end. In an item, a `]`
/// ends a value, `{"L":[..]}`, or is part of a text, where no quote stands alone.
fn is_rest(json: &str, at: usize) -> bool {
    let rest = json.as_bytes().get(at..).unwrap_or_default();
    match rest.trim_ascii_start().split_first() {
        // Nearly every `]` of an item is followed by the end of its value: no reader, and no error of
        // one, is made for it.
        Some((b'}', rest)) => rest.trim_ascii_start().is_empty(),
        Some((b',', _)) => ends_in_members(json, at).is_ok(),
        _ => false,
    }
}

/// Reads the members of the response from this position on, up to its end.
fn ends_in_members(json: &str, at: usize) -> Result<(), ReadError> {
    let mut r = Reader::of_text(json).at(at);
    while r.end_entry()? {
        r.map_key()?;
        r.skip_value()?;
    }
    r.finish()
}
