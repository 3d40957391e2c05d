//! The text of answers to Query and Scan, and the items in it.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use bytes_utils::Str;

use crate::client::capacity::ConsumedCapacity;
use crate::client::observe::{Counts, Observed, Origin};
use crate::wire::{Escapes, ReadError, Reader};

/// An answer to Query or Scan whose items are not read yet.
pub(crate) struct RawPage {
    json: Str,
    /// The list of the items, with its brackets.
    items: Range<usize>,
    pub(crate) head: Head,
    origin: Origin,
}

/// What stands around the items.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) count: u64,
    pub(crate) scanned_count: u64,
    pub(crate) last_key: Option<Vec<u8>>,
    pub(crate) capacity: Option<ConsumedCapacity>,
}

/// An answer to Query or Scan whose items are read where they are, in it.
pub(crate) struct Answer {
    pub(crate) page: RawPage,
    /// `None` where items own their text.
    escapes: Option<Escapes>,
}

impl Answer {
    /// For items that own their text.
    pub(crate) fn of_owned(body: Bytes) -> Result<Self, ReadError> {
        let page = RawPage::read(body)?;
        Ok(Answer {
            page,
            escapes: None,
        })
    }

    /// For items that borrow their text: what is escaped in it is unescaped once.
    pub(crate) fn of_borrowed(body: Bytes) -> Result<Self, ReadError> {
        let page = RawPage::read(body)?;
        let escapes = Escapes::of(&page.json)?;
        Ok(Answer {
            page,
            escapes: Some(escapes),
        })
    }

    /// A reader at this place of the text.
    #[inline]
    fn reader(&self, at: usize) -> Reader<'_> {
        match &self.escapes {
            None => Reader::of_text(&self.page.json).at(at),
            Some(escapes) => Reader::of_page(&self.page.json, escapes).at(at),
        }
    }

    /// A reader at the start of the list of items, and where it ends; `None` when there is no list.
    pub(super) fn list(&self) -> Option<(Reader<'_>, usize)> {
        let items = &self.page.items;
        (!items.is_empty()).then(|| (self.reader(items.start), items.end))
    }
}

impl Observed for Answer {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self.page.capacity()
    }
    fn counts(&self) -> Counts {
        self.page.counts()
    }
    fn came(&mut self, origin: Origin) {
        self.page.came(origin);
    }
}

/// One of the items of an answer, which lives as long as any of them.
#[derive(Clone)]
pub(crate) struct AnswerItem {
    answer: Arc<Answer>,
    start: usize,
}

impl AnswerItem {
    /// The item that starts here. It was passed over before.
    pub(crate) fn new(answer: Arc<Answer>, start: usize) -> Self {
        AnswerItem { answer, start }
    }

    /// A reader at its start.
    #[inline]
    pub(crate) fn reader(&self) -> Reader<'_> {
        self.answer.reader(self.start)
    }
}

impl Observed for RawPage {
    fn capacity(&self) -> &[ConsumedCapacity] {
        self.head.capacity.as_slice()
    }
    fn counts(&self) -> Counts {
        Counts {
            returned: Some(self.head.count),
            scanned: Some(self.head.scanned_count),
            ..Counts::default()
        }
    }
    fn came(&mut self, origin: Origin) {
        self.origin = origin;
    }
}

impl RawPage {
    /// Reads what stands around the items, and passes over them.
    pub(crate) fn read(body: Bytes) -> Result<Self, ReadError> {
        let json = Str::from_inner(body).map_err(|e| {
            let body = e.into_inner();
            Reader::new(&body).map_or_else(|e| e, |r| r.malformed())
        })?;
        let mut head = Head::default();
        let mut items = 0..0;
        let mut r = Reader::of_text(&json);
        r.members(|name, r| {
            if name != "Items" {
                return head.member(name, r);
            }
            r.white_space();
            let start = r.position();
            match end_of_items(&json, start) {
                Some(end) => *r = r.at(end),
                None => r.skip_value()?,
            }
            items = start..r.position();
            Ok(())
        })?;
        r.finish()?;
        Ok(RawPage {
            json,
            items,
            head,
            origin: Origin::default(),
        })
    }

    /// How it came.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key to start the next page after.
    pub(crate) fn last_key(&self) -> Option<&[u8]> {
        self.head.last_key.as_deref()
    }

    /// How many items there are.
    pub(crate) fn count(&self) -> u64 {
        self.head.count
    }

    /// How many bytes the answer has.
    pub(super) fn bytes(&self) -> usize {
        self.json.len()
    }

    /// How many items there can be at most: one takes at least 10 bytes.
    pub(crate) fn at_most(&self) -> usize {
        let count = usize::try_from(self.head.count).unwrap_or(usize::MAX);
        count.min(self.items.len() / 10)
    }

    /// Calls the function at the start of the list of items, which it reads.
    ///
    /// # Errors
    /// When the list does not end where it was found to end, and what the function returns.
    pub(crate) fn read_items<'p>(
        &'p self,
        list: impl FnOnce(&mut Reader<'p>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if self.items.is_empty() {
            return Ok(());
        }
        let mut r = Reader::of_text(&self.json).at(self.items.start);
        list(&mut r)?;
        if r.position() == self.items.end {
            Ok(())
        } else {
            Err(r.malformed())
        }
    }
}

impl Head {
    fn member(&mut self, name: &str, r: &mut Reader<'_>) -> Result<(), ReadError> {
        match name {
            "Count" => self.count = r.json_u64()?,
            "ScannedCount" => self.scanned_count = r.json_u64()?,
            "LastEvaluatedKey" => self.last_key = r.raw_value_or_null()?.map(<[u8]>::to_vec),
            "ConsumedCapacity" => self.capacity = Some(ConsumedCapacity::read(r)?),
            _ => r.skip_value()?,
        }
        Ok(())
    }
}

/// How far from its end an answer is searched for the end of its items: keys are 3 KB at most.
const TAIL: usize = 16 * 1024;

/// The place behind the list of items that starts at `start`, found from the end of the answer, so that
/// the items need not be passed over to know what comes behind them. Whoever reads the items has to find
/// that they end there.
fn end_of_items(json: &str, start: usize) -> Option<usize> {
    let from = start.max(json.len().saturating_sub(TAIL));
    let tail = json.as_bytes().get(from..)?;
    let mut ends = memchr::memchr_iter(b']', tail).map(|at| from + at + 1);
    ends.find(|at| is_rest(json, *at))
}

/// Whether the rest of the answer, from behind a `]`, is members and its end. In an item, a `]` ends a
/// value, `{"L":[..]}`, or is part of a text, where no quote stands alone.
fn is_rest(json: &str, at: usize) -> bool {
    let mut r = Reader::of_text(json).at(at);
    let mut rest = || {
        while r.end_entry()? {
            r.map_key()?;
            r.skip_value()?;
        }
        r.clone().finish()
    };
    rest().is_ok()
}
