//! The reading itself: which keys go into which request, and which item belongs to which key.

use std::any::TypeId;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::KeyedReads;
use super::items::ReadItems;
use super::plan::{Plan, Request};
use super::reads::Answered;
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
use crate::wire::{ReadError, Reader};

/// What is asked for: the keys of all parts, one behind the other.
#[doc(hidden)]
#[derive(Default)]
pub struct Asked {
    pub(super) parts: Vec<Part>,
    /// With a comma between two keys.
    pub(super) json: Vec<u8>,
    pub(super) keys: Vec<KeyAt>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// The keys of one entity.
pub(super) struct Part {
    pub(super) schema: &'static EntitySchema,
    pub(super) entity: TypeId,
    pub(super) consistent: bool,
    pub(super) attributes: &'static [&'static str],
    /// Whether an item can be read.
    pub(super) is_readable: fn(&[u8]) -> bool,
    /// Which of the keys they are.
    pub(super) keys: Range<usize>,
}

impl Asked {
    /// Adds the keys of one part.
    pub(super) fn push<E: Item>(
        &mut self,
        keys: KeyList<E>,
        consistent: bool,
        attributes: &'static [&'static str],
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

/// What was found, and what it cost.
pub(super) struct Found<I> {
    pub(super) items: I,
    pub(super) capacity: Vec<ConsumedCapacity>,
}

/// What has come in so far.
struct Arrived<I> {
    /// There until the end.
    items: Option<I>,
    capacity: Vec<ConsumedCapacity>,
    unreadable: Option<Unreadable>,
    /// What an error takes with it.
    answers: Vec<Answered>,
}

/// The first key, in the order asked, whose item cannot be read.
type Unreadable = (usize, ReadError);

pub(super) async fn fetch<B: KeyedReads>(
    asked: Asked,
    items: B::Items,
    settings: Settings,
    measure: bool,
    db: &Db,
) -> Result<Found<B::Items>, Error> {
    let plan = Arc::new(Plan::new(asked, measure, |table| db.resolve(table))?);
    let arrived = Arc::new(Mutex::new(Arrived {
        items: Some(items),
        capacity: Vec::new(),
        unreadable: None,
        answers: Vec::new(),
    }));
    let outcome = batch::run(plan.chunks(), settings, |slots| {
        read_chunk::<B>(db.clone(), plan.clone(), arrived.clone(), slots)
    })
    .await;
    let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = outcome.error {
        let reads = plan.reads(&arrived.answers, &outcome.left);
        return Err(error.leaving(reads));
    }
    if let Some((key, error)) = arrived.unreadable.take() {
        let error = Error::read(error).leaving(plan.reads(&arrived.answers, &[]));
        return Err(match plan.entity_of(key) {
            Some(entity) => error.of_entity(entity),
            None => error,
        });
    }
    let Some(items) = arrived.items.take() else {
        return Err(Error::invalid_request("the batch has ended before"));
    };
    Ok(Found {
        items,
        capacity: std::mem::take(&mut arrived.capacity),
    })
}

/// Reads the keys of these slots, and returns the slots that DynamoDB left undone.
async fn read_chunk<B: KeyedReads>(
    db: Db,
    plan: Arc<Plan>,
    arrived: Arc<Mutex<Arrived<B::Items>>>,
    slots: Vec<usize>,
) -> Result<Vec<usize>, Error> {
    let Request {
        tables,
        groups,
        body,
    } = plan.request(&slots)?;
    let take = |body: Bytes| {
        let answer = match plan.measure {
            true => measured(body)?,
            false => unmeasured(body),
        };
        let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let Arrived {
            items, unreadable, ..
        } = &mut *arrived;
        let mut readers = Vec::new();
        if let Some(items) = items {
            B::readers(items, &mut readers);
        }
        let mut taking = Taking {
            plan: &plan,
            groups: &groups,
            next: slots.first().copied(),
            readers,
            unreadable,
            returned: 0,
            undone: Vec::new(),
        };
        taking.take(&answer.body)?;
        let taken = Taken {
            returned: taking.returned,
            undone: taking.undone,
            capacity: answer.capacity,
        };
        arrived.answers.push(Answered {
            body: answer.body,
            groups,
        });
        Ok(taken)
    };
    let answer = db
        .ask_tables(
            transport::Operation::BatchGetItem,
            tables,
            slots.len(),
            body.into(),
        )
        .await;
    let taken = answer.take(take).map_err(Error::failure)?;
    let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
    arrived.capacity.extend(taken.capacity);
    Ok(taken.undone)
}

/// An answer. Its items are read where it is known which they are.
struct Answer {
    body: Bytes,
    capacity: Vec<ConsumedCapacity>,
}

/// What an answer has brought.
struct Taken {
    returned: u64,
    /// The slots that DynamoDB left undone.
    undone: Vec<usize>,
    capacity: Vec<ConsumedCapacity>,
}

impl Observed for Taken {
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

fn unmeasured(body: Bytes) -> Answer {
    Answer {
        body,
        capacity: Vec::new(),
    }
}

fn measured(body: Bytes) -> Result<Answer, ReadError> {
    Ok(Answer {
        capacity: response::capacities(&body)?,
        body,
    })
}

/// Takes in an answer: each item is read once, where it stands.
struct Taking<'t> {
    plan: &'t Plan,
    /// The groups that were asked for.
    groups: &'t [usize],
    /// The slot of the next item, if the items come in the order of the keys.
    next: Option<usize>,
    readers: Vec<&'t mut dyn ReadItems>,
    unreadable: &'t mut Option<Unreadable>,
    returned: u64,
    undone: Vec<usize>,
}

impl Taking<'_> {
    fn take(&mut self, body: &[u8]) -> Result<(), ReadError> {
        let mut r = Reader::new(body)?;
        r.members(|name, r| match name {
            "Responses" if !r.json_null() => r.members(|table, r| {
                let group = self.plan.group_of_table(self.groups, table);
                let mut more = r.begin_list()?;
                while more {
                    self.item(group.ok_or_else(not_asked)?, r)?;
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
            // A `null` was passed over.
            "Responses" | "UnprocessedKeys" => Ok(()),
            _ => r.skip_value(),
        })?;
        r.finish()
    }

    fn unprocessed(&mut self, group: Option<usize>, r: &mut Reader<'_>) -> Result<(), ReadError> {
        let mut more = r.begin_list()?;
        while more {
            let slot = group.and_then(|group| self.plan.slot_at(group, r));
            self.undone.push(slot.ok_or_else(not_asked)?);
            r.skip_value()?;
            more = r.end_element()?;
        }
        Ok(())
    }

    /// The item that starts here.
    fn item(&mut self, group: usize, r: &mut Reader<'_>) -> Result<(), ReadError> {
        let start = r.position();
        self.returned += 1;
        // Where all keys are of one part, the item is read before it is known whose it is: reading it
        // comes by its key.
        let (part, mut slot) = match self.plan.only_part(group) {
            Some(part) => (part, None),
            None => {
                let slot = self.plan.slot_at(group, r).ok_or_else(not_asked)?;
                (
                    self.plan.first_asker(slot).map_or(0, |a| a.part),
                    Some(slot),
                )
            }
        };
        let (plan, next) = (self.plan, self.next);
        r.forget_keys();
        let mut place = |r: &Reader<'_>| {
            let next = || next.filter(|next| plan.is_read(*next, group, r));
            slot = slot
                .or_else(next)
                .or_else(|| plan.slot_read(group, start, r));
            Some(plan.first_asker(slot?)?.place)
        };
        let reader = self.readers.get_mut(part).ok_or_else(not_asked)?;
        let read = reader.read(r, &mut place);
        if read.is_err() {
            // JSON that is broken costs the answer; an item of another shape costs itself.
            r.rewind(start);
            slot = slot.or_else(|| plan.slot_at(group, r));
            r.skip_value()?;
        }
        let slot = slot.ok_or_else(not_asked)?;
        self.next = Some(slot + 1);
        let first = plan.first_asker(slot).ok_or_else(not_asked)?;
        if let Err(e) = read {
            self.note(first.key, e);
        }
        for again in plan.askers_after(first) {
            let reader = self.readers.get_mut(again.part).ok_or_else(not_asked)?;
            if let Err(e) = reader.read(&mut r.at(start), &mut |_| Some(again.place)) {
                self.note(again.key, e);
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

#[cold]
fn not_asked() -> ReadError {
    ReadError::expected("an item or key that was asked for")
}
