//! The reading itself: which keys go into which request, and which item belongs to which key.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::reads::{Outcome, ReadKey, Reads};
use crate::db::Db;
use crate::entity::Projection;
use crate::error::Error;
use crate::expr::render::Body;
use crate::observe::{Counts, Observed};
use crate::op::batch::{self, Left, Settings};
use crate::op::capacity::ConsumedCapacity;
use crate::op::identity::identity;
use crate::op::response::read_capacities;
use crate::schema::EntitySchema;
use crate::transport;
use crate::wire::{ReadError, Reader, Writer};

/// DynamoDB's limit on the keys of one request.
const MAX_KEYS: usize = 100;

/// The keys of one entity.
#[doc(hidden)]
pub struct Part {
    pub(crate) schema: &'static EntitySchema,
    pub(crate) entity: TypeId,
    pub(crate) consistent: bool,
    pub(crate) attributes: &'static [&'static str],
    pub(crate) keys: Vec<Vec<u8>>,
    /// Whether an item can be read.
    pub(crate) is_readable: fn(&[u8]) -> bool,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("entity", &self.schema.entity)
            .finish_non_exhaustive()
    }
}

/// What was found, for each key of each part.
#[doc(hidden)]
pub struct Found {
    plan: Arc<Plan>,
    items: Vec<Option<RawItem>>,
    parts: std::vec::IntoIter<Vec<usize>>,
    pub(crate) capacity: Vec<ConsumedCapacity>,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").finish_non_exhaustive()
    }
}

impl Found {
    /// The items of the next part, in the order of its keys.
    pub(crate) fn next_part<T>(
        &mut self,
        read: impl Fn(&[u8]) -> Result<T, ReadError>,
    ) -> Result<Vec<Option<T>>, ReadError> {
        let slots = self.parts.next().unwrap_or_default();
        let item = |slot: usize| self.items.get(slot)?.as_ref();
        slots
            .into_iter()
            .map(|slot| item(slot).map(|item| read(item.json())).transpose())
            .collect()
    }

    /// An item could not be read: what the error takes with it.
    pub(super) fn into_reads(self) -> Reads {
        self.plan.reads(self.items, &[])
    }
}

/// An item inside the answer that it came in.
pub(super) struct RawItem {
    answer: Arc<Vec<u8>>,
    at: Range<usize>,
}

impl RawItem {
    pub(super) fn read<O: Projection>(&self) -> Result<O, ReadError> {
        crate::wire::read_item(self.json(), O::read_item)
    }

    fn json(&self) -> &[u8] {
        self.answer.get(self.at.clone()).unwrap_or_default()
    }
}

/// Keys of one table that are read in the same way: what one request can ask of a table.
struct Group {
    table: Arc<str>,
    schema: &'static EntitySchema,
    consistent: bool,
    attributes: &'static [&'static str],
}

/// A key that is read once, however often it was asked for.
struct Slot {
    group: usize,
    entity: TypeId,
    key: Vec<u8>,
    is_readable: fn(&[u8]) -> bool,
}

struct Plan {
    groups: Vec<Group>,
    slots: Vec<Slot>,
    by_identity: Vec<HashMap<Vec<u8>, usize>>,
    measure: bool,
}

/// What has come in so far.
struct Arrived {
    items: Vec<Option<RawItem>>,
    capacity: Vec<ConsumedCapacity>,
}

pub(super) async fn fetch(
    parts: Vec<Part>,
    settings: Settings,
    measure: bool,
    db: &Db,
) -> Result<Found, Error> {
    let (plan, slots_of_parts) = Plan::new(parts, measure, db)?;
    let chunks = plan.chunks();
    let plan = Arc::new(plan);
    let arrived = Arc::new(Mutex::new(Arrived {
        items: plan.slots.iter().map(|_| None).collect(),
        capacity: Vec::new(),
    }));
    let outcome = batch::run(chunks, settings, |slots| {
        read_chunk(db.clone(), plan.clone(), arrived.clone(), slots)
    })
    .await;
    let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
    let items = std::mem::take(&mut arrived.items);
    if let Some(error) = outcome.error {
        return Err(error.leaving(Left::Reads(plan.reads(items, &outcome.left))));
    }
    Ok(Found {
        plan,
        items,
        parts: slots_of_parts.into_iter(),
        capacity: std::mem::take(&mut arrived.capacity),
    })
}

impl Plan {
    /// Sorts the keys into groups, each once, and says which slot each key of each part has.
    fn new(parts: Vec<Part>, measure: bool, db: &Db) -> Result<(Self, Vec<Vec<usize>>), Error> {
        let mut plan = Plan {
            groups: Vec::new(),
            slots: Vec::new(),
            by_identity: Vec::new(),
            measure,
        };
        let mut slots_of_parts = Vec::with_capacity(parts.len());
        for part in parts {
            let group = plan.group(&part, db.resolve(part.schema.table));
            let mut slots = Vec::with_capacity(part.keys.len());
            for key in part.keys {
                let identity = identity(&key, &part.schema.key)?;
                let slot = Slot {
                    group,
                    entity: part.entity,
                    key,
                    is_readable: part.is_readable,
                };
                slots.push(plan.slot(slot, identity));
            }
            slots_of_parts.push(slots);
        }
        Ok((plan, slots_of_parts))
    }

    fn group(&mut self, part: &Part, table: Arc<str>) -> usize {
        let same = |g: &Group| {
            g.table == table && g.consistent == part.consistent && g.attributes == part.attributes
        };
        self.groups.iter().position(same).unwrap_or_else(|| {
            self.groups.push(Group {
                table,
                schema: part.schema,
                consistent: part.consistent,
                attributes: part.attributes,
            });
            self.by_identity.push(HashMap::new());
            self.groups.len() - 1
        })
    }

    /// The number of the slot, or of the one that the item has already.
    fn slot(&mut self, slot: Slot, identity: Vec<u8>) -> usize {
        let next = self.slots.len();
        let Some(known) = self.by_identity.get_mut(slot.group) else {
            return next;
        };
        let number = *known.entry(identity).or_insert(next);
        if number == next {
            self.slots.push(slot);
        }
        number
    }

    /// Up to 100 keys each. A request asks one thing of a table, so two groups of one table are never
    /// in the same chunk.
    fn chunks(&self) -> Vec<Vec<usize>> {
        let mut by_group: Vec<usize> = (0..self.slots.len()).collect();
        by_group.sort_by_key(|slot| self.slots.get(*slot).map(|s| s.group));
        let mut chunks = Vec::new();
        let mut chunk: Vec<usize> = Vec::new();
        for slot in by_group {
            if chunk.len() == MAX_KEYS || self.clashes(&chunk, slot) {
                chunks.push(std::mem::take(&mut chunk));
            }
            chunk.push(slot);
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
        chunks
    }

    fn group_of(&self, slot: usize) -> Option<(usize, &Group)> {
        let group = self.slots.get(slot)?.group;
        Some((group, self.groups.get(group)?))
    }

    fn clashes(&self, chunk: &[usize], slot: usize) -> bool {
        let Some((of_slot, group)) = self.group_of(slot) else {
            return false;
        };
        // Chunks are filled group by group: one look at each is enough.
        let mut last = None;
        chunk
            .iter()
            .filter_map(|other| self.group_of(*other))
            .any(|(of_other, other)| {
                if last == Some(of_other) {
                    return false;
                }
                last = Some(of_other);
                of_other != of_slot && other.table == group.table
            })
    }

    /// The slots by table, and the request.
    fn request(&self, slots: &[usize]) -> Result<(Vec<String>, Vec<u8>), Error> {
        let mut of_groups: Vec<(usize, &Group, Vec<u8>)> = Vec::new();
        for slot in slots {
            let (Some((number, group)), Some(slot)) = (self.group_of(*slot), self.slots.get(*slot))
            else {
                continue;
            };
            match of_groups.iter_mut().find(|(n, ..)| *n == number) {
                Some((_, _, keys)) => {
                    keys.push(b',');
                    keys.extend_from_slice(&slot.key);
                }
                None => of_groups.push((number, group, [b"[", slot.key.as_slice()].concat())),
            }
        }
        let mut w = Writer::with_capacity(slots.len() * 64 + 256);
        w.raw(b"{\"RequestItems\":{");
        let mut tables = Vec::new();
        for (_, group, mut keys) in of_groups {
            keys.push(b']');
            w.comma();
            w.raw(b"\"");
            w.text(&group.table);
            w.raw(b"\":");
            w.raw(&group.body(&keys)?);
            tables.push(group.table.to_string());
        }
        w.raw(b"}");
        if self.measure {
            w.raw(b",\"ReturnConsumedCapacity\":\"INDEXES\"");
        }
        w.raw(b"}");
        Ok((tables, w.finish().map_err(Error::write)?))
    }

    /// What became of each key when the batch failed. Slots in `left`, which is sorted, got no answer.
    fn reads(&self, items: Vec<Option<RawItem>>, left: &[usize]) -> Reads {
        let slots = self.slots.iter().zip(items).enumerate();
        let keys = slots.map(|(number, (slot, item))| ReadKey {
            entity: slot.entity,
            attributes: self.groups.get(slot.group).map_or(&[], |g| g.attributes),
            key: slot.key.clone(),
            outcome: match item {
                _ if left.binary_search(&number).is_ok() => Outcome::Left,
                None => Outcome::Absent,
                Some(item) if (slot.is_readable)(item.json()) => Outcome::Found(item),
                Some(_) => Outcome::Left,
            },
        });
        Reads(keys.collect())
    }

    /// The slot of an item or key in the answer to these slots.
    fn find(&self, table: &str, slots: &[usize], json: &[u8]) -> Result<usize, ReadError> {
        let of_table =
            |slot: &usize| Some(self.group_of(*slot)?).filter(|(_, g)| *g.table == *table);
        let found = slots.iter().find_map(of_table).and_then(|(number, group)| {
            let identity = identity(json, &group.schema.key).ok()?;
            self.by_identity.get(number)?.get(&identity).copied()
        });
        found.ok_or_else(|| ReadError::expected("an item or key that was asked for"))
    }
}

impl Group {
    /// What is asked of the table: `{"Keys":[..],..}`.
    fn body(&self, keys: &[u8]) -> Result<Vec<u8>, Error> {
        let mut body = Body::beginning_with("Keys", keys);
        if self.consistent {
            body.member("ConsistentRead", b"true");
        }
        if !self.attributes.is_empty() {
            // The key tells which item it is.
            let key = self.schema.key.attributes();
            let key = key.filter(|name| !self.attributes.contains(name));
            body.projection(self.attributes.iter().copied().chain(key));
        }
        body.finish()
    }
}

/// Reads the keys of these slots, and returns the slots that DynamoDB left undone.
async fn read_chunk(
    db: Db,
    plan: Arc<Plan>,
    arrived: Arc<Mutex<Arrived>>,
    slots: Vec<usize>,
) -> Result<Vec<usize>, Error> {
    let (tables, body) = plan.request(&slots)?;
    let answer = db
        .call_tables::<transport::BatchGetItem, _>(tables, slots.len(), body, decode)
        .await
        .map_err(Error::failure)?
        .output;
    let mut placed = Vec::new();
    for (table, items) in answer.items {
        for at in items {
            let item = RawItem {
                answer: answer.body.clone(),
                at,
            };
            placed.push((plan.find(&table, &slots, item.json())?, item));
        }
    }
    let unprocessed = answer.unprocessed.iter();
    let unprocessed = unprocessed.map(|(table, key)| plan.find(table, &slots, key));
    let unprocessed = unprocessed.collect::<Result<Vec<_>, _>>()?;
    let mut arrived = arrived.lock().unwrap_or_else(PoisonError::into_inner);
    for (slot, item) in placed {
        if let Some(place) = arrived.items.get_mut(slot) {
            *place = Some(item);
        }
    }
    arrived.capacity.extend(answer.capacity);
    Ok(unprocessed)
}

/// An answer, its items still in their bytes.
struct Answer {
    body: Arc<Vec<u8>>,
    items: Vec<(String, Vec<Range<usize>>)>,
    unprocessed: Vec<(String, Vec<u8>)>,
    capacity: Vec<ConsumedCapacity>,
}

impl Observed for Answer {
    fn capacity(&self) -> &[ConsumedCapacity] {
        &self.capacity
    }
    fn counts(&self) -> Counts {
        let returned: usize = self.items.iter().map(|(_, items)| items.len()).sum();
        Counts {
            returned: Some(returned as u64),
            unprocessed: Some(self.unprocessed.len() as u64),
            ..Counts::default()
        }
    }
}

fn decode(body: &[u8]) -> Result<Answer, ReadError> {
    let mut answer = Answer {
        body: Arc::new(body.to_vec()),
        items: Vec::new(),
        unprocessed: Vec::new(),
        capacity: Vec::new(),
    };
    let mut r = Reader::new(body)?;
    r.members(|name, r| match name {
        "Responses" if !r.json_null() => r.members(|table, r| {
            let mut items = Vec::new();
            r.json_list(|r| {
                let length = r.raw_value()?.len();
                let end = r.position();
                items.push(end - length..end);
                Ok(())
            })?;
            answer.items.push((table.to_owned(), items));
            Ok(())
        }),
        "UnprocessedKeys" if !r.json_null() => r.members(|table, r| {
            r.members(|name, r| {
                if name != "Keys" {
                    return r.skip_value();
                }
                r.json_list(|r| {
                    let key = r.raw_value()?.to_vec();
                    answer.unprocessed.push((table.to_owned(), key));
                    Ok(())
                })
            })
        }),
        "ConsumedCapacity" => read_capacities(r, &mut answer.capacity),
        // A `null` was passed over.
        "Responses" | "UnprocessedKeys" => Ok(()),
        _ => r.skip_value(),
    })?;
    r.finish()?;
    Ok(answer)
}
