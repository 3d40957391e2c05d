//! Sends the requests of a batch, and assigns each item to the positions that requested its key.

use std::any::TypeId;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::KeyedReads;
use super::items::ReadItems;
use super::plan::{GetPlan, Request};
use super::reads::ReadResponse;
use crate::client::batch::{self, Settings};
use crate::client::capacity::ConsumedCapacity;
use crate::client::db::Db;
use crate::client::observe::{Counts, Observed};
use crate::client::response;
use crate::error::Error;
use crate::model::entity::Item;
use crate::model::key::{KeyAt, KeyList};
use crate::model::schema::EntitySchema;
use crate::transport;
use crate::wire::{Fetched, ReadError, Reader};

/// The requested keys, those of all parts one after the other.
#[doc(hidden)]
#[derive(Default)]
pub struct RequestedKeys {
    pub(super) parts: Vec<Part>,
    /// JSON of the keys, with a comma between two keys.
    pub(super) json: Vec<u8>,
    pub(super) keys: Vec<KeyAt>,
}

impl fmt::Debug for RequestedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestedKeys")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// Requested keys of one entity.
pub(super) struct Part {
    pub(super) schema: &'static EntitySchema,
    pub(super) entity: TypeId,
    pub(super) consistent: bool,
    pub(super) attributes: &'static [Fetched],
    /// Returns `true` if an item can be read.
    pub(super) is_readable: fn(&[u8]) -> bool,
    /// Range of the part's keys among all keys.
    pub(super) keys: Range<usize>,
}

impl RequestedKeys {
    /// Adds the keys of one part.
    pub(super) fn push<E: Item>(
        &mut self,
        keys: KeyList<E>,
        consistent: bool,
        attributes: &'static [Fetched],
        is_readable: fn(&[u8]) -> bool,
    ) -> Result<(), Error> {
        let start = self.keys.len();
        keys.move_to(&mut self.json, &mut self.keys)?;
        self.parts.push(Part {
            schema: E::ITEM_SCHEMA,
            entity: TypeId::of::<E>(),
            consistent,
            attributes,
            is_readable,
            keys: start..self.keys.len(),
        });
        Ok(())
    }
}

/// Items that were found, and the consumed capacity.
pub(super) struct Found<I> {
    pub(super) items: I,
    pub(super) capacity: Vec<ConsumedCapacity>,
}

/// State of the batch that its requests share.
struct Received<I> {
    /// Present until the batch ends.
    items: Option<I>,
    capacity: Vec<ConsumedCapacity>,
    unreadable: Option<Unreadable>,
    /// Responses, kept for an error to report the items that were found.
    responses: Vec<ReadResponse>,
}

/// The first key, in the order requested, whose item cannot be read.
type Unreadable = (usize, ReadError);

pub(super) async fn fetch<B: KeyedReads>(
    requested: RequestedKeys,
    items: B::Items,
    settings: Settings,
    measure: bool,
    db: &Db,
) -> Result<Found<B::Items>, Error> {
    let plan = Arc::new(GetPlan::new(requested, measure, |table| db.resolve(table))?);
    let received = Arc::new(Mutex::new(Received {
        items: Some(items),
        capacity: Vec::new(),
        unreadable: None,
        responses: Vec::new(),
    }));
    let outcome = batch::run(plan.chunks(), settings, |slots| {
        read_chunk::<B>(db.clone(), plan.clone(), received.clone(), slots)
    })
    .await;
    let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = outcome.error {
        let reads = plan.reads(&received.responses, &outcome.left);
        return Err(error.leaving(reads));
    }
    if let Some((key, error)) = received.unreadable.take() {
        let error = Error::read(error).leaving(plan.reads(&received.responses, &[]));
        return Err(match plan.entity_of(key) {
            Some(entity) => error.of_entity(entity),
            None => error,
        });
    }
    let Some(items) = received.items.take() else {
        return Err(Error::invalid_request("the batch has ended before"));
    };
    Ok(Found {
        items,
        capacity: std::mem::take(&mut received.capacity),
    })
}

/// Reads the keys of these slots, and returns the slots that DynamoDB left unprocessed.
async fn read_chunk<B: KeyedReads>(
    db: Db,
    plan: Arc<GetPlan>,
    received: Arc<Mutex<Received<B::Items>>>,
    slots: Vec<usize>,
) -> Result<Vec<usize>, Error> {
    let Request {
        tables,
        groups,
        body,
    } = plan.request(&slots)?;
    let take = |body: Bytes| {
        let response = match plan.measure {
            true => measured(body)?,
            false => unmeasured(body),
        };
        let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
        let Received {
            items, unreadable, ..
        } = &mut *received;
        let mut readers = Vec::new();
        if let Some(items) = items {
            B::readers(items, &mut readers);
        }
        let mut reader = ResponseReader {
            plan: &plan,
            groups: &groups,
            next: slots.first().copied(),
            readers,
            unreadable,
            returned: 0,
            undone: Vec::new(),
        };
        reader.read(&response.body)?;
        let outcome = ChunkOutcome {
            returned: reader.returned,
            undone: reader.undone,
            capacity: response.capacity,
        };
        received.responses.push(ReadResponse {
            body: response.body,
            groups,
        });
        Ok(outcome)
    };
    let response = db
        .ask_tables(
            transport::Operation::BatchGetItem,
            tables,
            slots.len(),
            body.into(),
        )
        .await;
    let outcome = response.take(take).map_err(Error::failure)?;
    let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
    received.capacity.extend(outcome.capacity);
    Ok(outcome.undone)
}

/// Response to one request, whose items are not read yet.
struct Response {
    body: Bytes,
    capacity: Vec<ConsumedCapacity>,
}

/// Outcome of one response.
struct ChunkOutcome {
    returned: u64,
    /// Slots that DynamoDB left unprocessed.
    undone: Vec<usize>,
    capacity: Vec<ConsumedCapacity>,
}

impl Observed for ChunkOutcome {
    fn capacity(&self) -> &[ConsumedCapacity] {
        &self.capacity
    }
    fn counts(&self) -> Counts {
        Counts {
            returned: Some(self.returned),
            unprocessed: Some(self.undone.len() as u64),
            ..Counts::default()
        }
    }
}

fn unmeasured(body: Bytes) -> Response {
    Response {
        body,
        capacity: Vec::new(),
    }
}

fn measured(body: Bytes) -> Result<Response, ReadError> {
    Ok(Response {
        capacity: response::capacities(&body)?,
        body,
    })
}

/// Reads a response: each item once, directly from the body.
struct ResponseReader<'t> {
    plan: &'t GetPlan,
    /// Groups that the request contains.
    groups: &'t [usize],
    /// Slot of the next item, if the items come in the order of the keys.
    next: Option<usize>,
    readers: Vec<&'t mut dyn ReadItems>,
    unreadable: &'t mut Option<Unreadable>,
    returned: u64,
    undone: Vec<usize>,
}

impl ResponseReader<'_> {
    fn read(&mut self, body: &[u8]) -> Result<(), ReadError> {
        let mut r = Reader::new(body)?;
        r.members(|name, r| match name {
            "Responses" if !r.json_null() => r.members(|table, r| {
                let group = self.plan.group_of_table(self.groups, table);
                let mut more = r.begin_list()?;
                while more {
                    self.item(group.ok_or_else(not_requested)?, r)?;
                    more = r.end_element()?;
                }
                Ok(())
            }),
            "UnprocessedKeys" if !r.json_null() => r.members(|table, r| {
                let group = self.plan.group_of_table(self.groups, table);
                r.members(|name, r| match name {
                    "Keys" => self.unprocessed(group, r),
                    _ => r.skip_value(),
                })
            }),
            // A `null`, which the arms above have consumed.
            "Responses" | "UnprocessedKeys" => Ok(()),
            _ => r.skip_value(),
        })?;
        r.finish()
    }

    fn unprocessed(&mut self, group: Option<usize>, r: &mut Reader<'_>) -> Result<(), ReadError> {
        let mut more = r.begin_list()?;
        while more {
            let slot = group.and_then(|group| self.plan.slot_at(group, r));
            self.undone.push(slot.ok_or_else(not_requested)?);
            r.skip_value()?;
            more = r.end_element()?;
        }
        Ok(())
    }

    /// Reads the item that starts here.
    fn item(&mut self, group: usize, r: &mut Reader<'_>) -> Result<(), ReadError> {
        let start = r.position();
        self.returned += 1;
        // If all keys belong to one part, the item is read before its slot is known: reading the
        // item passes its key anyway.
        let (part, mut slot) = match self.plan.only_part(group) {
            Some(part) => (part, None),
            None => {
                let slot = self.plan.slot_at(group, r).ok_or_else(not_requested)?;
                (
                    self.plan.first_position(slot).map_or(0, |a| a.part),
                    Some(slot),
                )
            }
        };
        let (plan, next) = (self.plan, self.next);
        r.forget_keys();
        let mut position = |r: &Reader<'_>| {
            let next = || next.filter(|next| plan.is_read(*next, group, r));
            slot = slot
                .or_else(next)
                .or_else(|| plan.slot_read(group, start, r));
            Some(plan.first_position(slot?)?.index)
        };
        let reader = self.readers.get_mut(part).ok_or_else(not_requested)?;
        let read = reader.read(r, &mut position);
        if read.is_err() {
            // Broken JSON fails the response; an item of another shape fails only itself.
            r.rewind(start);
            slot = slot.or_else(|| plan.slot_at(group, r));
            r.skip_value()?;
        }
        let slot = slot.ok_or_else(not_requested)?;
        self.next = Some(slot + 1);
        let first = plan.first_position(slot).ok_or_else(not_requested)?;
        if let Err(e) = read {
            self.note(first.key, e);
        }
        for later in plan.later_positions(first) {
            let reader = self.readers.get_mut(later.part).ok_or_else(not_requested)?;
            if let Err(e) = reader.read(&mut r.at(start), &mut |_| Some(later.index)) {
                self.note(later.key, e);
            }
        }
        Ok(())
    }

    fn note(&mut self, key: usize, error: ReadError) {
        if self.unreadable.as_ref().is_none_or(|(k, _)| key < *k) {
            *self.unreadable = Some((key, error));
        }
    }
}

/// Creates the error of a response with another item than requested. Out of line, because DynamoDB
/// sends none.
#[cold]
fn not_requested() -> ReadError {
    ReadError::expected("an item or key that was asked for")
}
