//! [`GetPlan`]: the distinct keys in groups that one request can contain, and the positions that
//! requested them.

use std::ops::Range;
use std::sync::Arc;

use super::fetch::{Part, RequestedKeys};
use super::key_table::KeyTable;
use crate::error::Error;
use crate::model::canonical_key::{
    KeyValues, LocatedValue, key_values, key_values_at, key_values_read, written_texts,
};
use crate::model::expr::render::Body;
use crate::model::item_type;
use crate::model::key::KeyAt;
use crate::model::schema::EntitySchema;
use crate::wire::{Fetched, ReadError, Reader, Writer};

/// DynamoDB's limit on the keys of one request.
const MAX_KEYS: usize = 100;

pub(super) struct GetPlan {
    parts: Vec<Part>,
    /// JSON of all keys, with duplicates.
    json: Vec<u8>,
    keys: Vec<KeyAt>,
    groups: Vec<Group>,
    slots: Vec<Slot>,
    /// Further positions that requested an already listed (duplicate) key.
    duplicates: Vec<Position>,
    table: KeyTable,
    pub(super) measure: bool,
}

/// Keys of one table that are read in the same way, so that one request can contain them.
struct Group {
    table: Arc<str>,
    schema: &'static EntitySchema,
    consistent: bool,
    attributes: &'static [Fetched],
    /// Text behind the keys in a request.
    tail: Vec<u8>,
    /// Part that all keys of the group belong to; `None` if they belong to several.
    only: Option<usize>,
}

/// Slot: a distinct key, which is read once however often it was requested.
struct Slot {
    group: usize,
    first: Position,
}

/// Position that requested a key.
#[derive(Clone, Copy)]
pub(super) struct Position {
    /// Number of the key among all keys.
    pub(super) key: usize,
    pub(super) part: usize,
    /// Index among the part's items.
    pub(super) index: usize,
    next: Option<usize>,
}

/// Request for some slots.
pub(super) struct Request {
    pub(super) tables: Vec<Arc<str>>,
    pub(super) groups: Vec<usize>,
    pub(super) body: Vec<u8>,
}

impl GetPlan {
    /// Sorts the keys into groups and removes duplicates.
    pub(super) fn new(
        requested: RequestedKeys,
        measure: bool,
        resolve: impl Fn(&'static str) -> Arc<str>,
    ) -> Result<Self, Error> {
        let RequestedKeys { parts, json, keys } = requested;
        let mut plan = GetPlan {
            groups: Vec::with_capacity(parts.len()),
            slots: Vec::with_capacity(keys.len()),
            duplicates: Vec::new(),
            table: KeyTable::new(keys.len()),
            parts: Vec::new(),
            json,
            keys,
            measure,
        };
        for (number, part) in parts.iter().enumerate() {
            let group = plan.group(number, part, resolve(part.schema.table))?;
            for (index, key) in part.keys.clone().enumerate() {
                let position = Position {
                    key,
                    part: number,
                    index,
                    next: None,
                };
                plan.ask(group, part.schema, position)?;
            }
        }
        plan.parts = parts;
        Ok(plan)
    }

    fn group(&mut self, number: usize, part: &Part, table: Arc<str>) -> Result<usize, Error> {
        let same = |g: &Group| {
            g.table == table && g.consistent == part.consistent && g.attributes == part.attributes
        };
        if let Some(known) = self.groups.iter().position(same) {
            if let Some(group) = self.groups.get_mut(known) {
                group.only = None;
            }
            return Ok(known);
        }
        self.groups.push(Group {
            table,
            schema: part.schema,
            consistent: part.consistent,
            attributes: part.attributes,
            tail: tail(part)?,
            only: Some(number),
        });
        Ok(self.groups.len() - 1)
    }

    /// Adds a position to the slot of its key, which is created if it is new. Always inlined into
    /// its only caller's loop over all keys.
    #[inline(always)]
    fn ask(
        &mut self,
        group: usize,
        schema: &'static EntitySchema,
        position: Position,
    ) -> Result<(), ReadError> {
        let Some(key) = self.keys.get_mut(position.key) else {
            return Ok(());
        };
        let (ranges, hash) = match key.values() {
            Some(ranges) => {
                // The own writer wrote these values, so equal texts have the same escapes.
                let hash = match written_texts(&self.json, &ranges) {
                    Some(texts) => self.table.hash_of_texts(group, texts),
                    None => self.hash_at(group, &ranges)?,
                };
                (ranges, hash)
            }
            // The service may have written this key, with other escapes.
            None => find_values(key, &self.json, schema, |v| self.table.hash(group, v))?,
        };
        let GetPlan {
            table,
            slots,
            keys,
            json,
            ..
        } = self;
        let known = table.find_or_insert(hash, slots.len(), |slot| {
            let known = values_of(keys, slots, slot, group);
            known.is_some_and(|known| {
                let mut pairs = known.iter().zip(&ranges);
                pairs.all(|(known, at)| json.get(known.clone()) == json.get(at.clone()))
                    || are_equal(json, &known, &ranges)
            })
        });
        match known {
            None => self.slots.push(Slot {
                group,
                first: position,
            }),
            Some(slot) => {
                let next = self.duplicates.len();
                if let Some(slot) = self.slots.get_mut(slot) {
                    self.duplicates.push(Position {
                        next: slot.first.next,
                        ..position
                    });
                    slot.first.next = Some(next);
                }
            }
        }
        Ok(())
    }

    /// Returns the hash of a key of any types, given the ranges of its values. Out of line, because
    /// most keys are of type S.
    #[inline(never)]
    fn hash_at(&self, group: usize, ranges: &[Range<usize>; 2]) -> Result<u64, ReadError> {
        let values = key_values_at(&self.json, ranges.clone())?;
        Ok(self.table.hash(group, &values))
    }

    /// Returns the slot of the key with this hash for which `is_it`, given the ranges of its
    /// values, is true.
    #[inline]
    fn find(
        &self,
        group: usize,
        hash: u64,
        is_it: impl Fn(&[Range<usize>; 2]) -> bool,
    ) -> Option<usize> {
        self.table.find(hash, |slot| {
            let ranges = values_of(&self.keys, &self.slots, slot, group);
            ranges.is_some_and(|ranges| is_it(&ranges))
        })
    }

    #[inline]
    fn json(&self, at: Range<usize>) -> &[u8] {
        // All ranges are of keys in this text.
        self.json.get(at).unwrap_or_default()
    }

    /// Returns `true` if the item read up to here has the key of this slot. `false` also if the
    /// bytes of the keys do not show it.
    #[inline]
    pub(super) fn is_read(&self, slot: usize, group: usize, end: &Reader<'_>) -> bool {
        let ranges = values_of(&self.keys, &self.slots, slot, group);
        ranges.is_some_and(|[partition, sort]| {
            end.is_key_read(1, self.json(partition))
                && (sort.is_empty() || end.is_key_read(2, self.json(sort)))
        })
    }

    fn slot_of(&self, group: usize, values: &KeyValues<'_>) -> Option<usize> {
        self.find(group, self.table.hash(group, values), |known| {
            let mut pairs = values.iter().flatten().zip(known);
            pairs.all(|(value, at)| value.is_json(self.json(at.clone())))
                || key_values_at(&self.json, known.clone()).is_ok_and(|known| known == *values)
        })
    }

    /// Returns the slot of the item or key that starts here.
    pub(super) fn slot_at(&self, group: usize, item: &Reader<'_>) -> Option<usize> {
        let schema = self.groups.get(group)?.schema;
        let values = key_values(item, &schema.key).ok()?;
        self.slot_of(group, &values)
    }

    /// Returns the slot of the item that was read from `start` up to here. Out of line, because the
    /// items mostly come in the order of the keys, and [`is_read`](Self::is_read) finds them.
    #[inline(never)]
    pub(super) fn slot_read(&self, group: usize, start: usize, end: &Reader<'_>) -> Option<usize> {
        let schema = self.groups.get(group)?.schema;
        let partition = end.plain_key_read(1);
        let sort = end.plain_key_read(2);
        if partition.is_some() && (sort.is_some() || schema.key.sort.is_empty()) {
            let texts = [partition, sort].map(|text| text.map(str::as_bytes));
            let hash = self.table.hash_of_texts(group, texts);
            let is_it = |known: &[Range<usize>; 2]| written_texts(&self.json, known) == Some(texts);
            let found = self.find(group, hash, is_it);
            if found.is_some() {
                return found;
            }
        }
        match key_values_read(end, &schema.key) {
            Some(values) => self.slot_of(group, &values),
            None => self.slot_at(group, &end.at(start)),
        }
    }

    /// Returns the position that first requested this slot.
    #[inline]
    pub(super) fn first_position(&self, slot: usize) -> Option<&Position> {
        self.slots.get(slot).map(|slot| &slot.first)
    }

    /// Returns the further positions that requested the same slot.
    #[inline]
    pub(super) fn later_positions(&self, first: &Position) -> impl Iterator<Item = &Position> {
        let next = |position: &Position| self.duplicates.get(position.next?);
        std::iter::successors(next(first), move |position| next(position))
    }

    /// Returns the part that first requested this slot.
    pub(super) fn part_of(&self, slot: usize) -> Option<&Part> {
        self.parts.get(self.slots.get(slot)?.first.part)
    }

    /// Returns the part that first requested each slot, and the JSON of the slot's key.
    pub(super) fn slots(&self) -> impl Iterator<Item = (&Part, &[u8])> {
        self.slots.iter().filter_map(|slot| {
            let key = self.keys.get(slot.first.key)?;
            let part = self.parts.get(slot.first.part)?;
            Some((part, self.json(key.range())))
        })
    }

    /// Returns the name of the entity that this key belongs to.
    pub(super) fn entity_of(&self, key: usize) -> Option<&'static str> {
        let part = self.parts.iter().find(|p| p.keys.contains(&key))?;
        Some(part.schema.entity)
    }

    /// Returns the one of these groups whose table has this name.
    pub(super) fn group_of_table(&self, groups: &[usize], table: &str) -> Option<usize> {
        let named = |group: &usize| self.groups.get(*group).is_some_and(|g| *g.table == *table);
        groups.iter().copied().find(named)
    }

    /// Returns the part that all keys of the group belong to, if there is only one.
    pub(super) fn only_part(&self, group: usize) -> Option<usize> {
        self.groups.get(group)?.only
    }

    /// Returns chunks of up to 100 slots. A request reads each table in one way, so two groups of
    /// the same table are never in the same chunk.
    pub(super) fn chunks(&self) -> Vec<Vec<usize>> {
        if self.groups.len() == 1 {
            let slots: Vec<usize> = (0..self.slots.len()).collect();
            return slots.chunks(MAX_KEYS).map(<[usize]>::to_vec).collect();
        }
        let mut chunks = Vec::with_capacity(self.slots.len().div_ceil(MAX_KEYS));
        let mut chunk: Vec<usize> = Vec::new();
        let mut groups_of_chunk: Vec<usize> = Vec::new();
        for slot in self.by_group() {
            let Some(group) = self.slots.get(slot).map(|s| s.group) else {
                continue;
            };
            let is_new = groups_of_chunk.last() != Some(&group);
            if chunk.len() == MAX_KEYS || is_new && self.clashes(&groups_of_chunk, group) {
                chunks.push(std::mem::take(&mut chunk));
                groups_of_chunk.clear();
            }
            if groups_of_chunk.last() != Some(&group) {
                groups_of_chunk.push(group);
            }
            if chunk.is_empty() {
                chunk.reserve(MAX_KEYS.min(self.slots.len()));
            }
            chunk.push(slot);
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
        chunks
    }

    /// Returns the slots, ordered by group.
    fn by_group(&self) -> Vec<usize> {
        let mut slots: Vec<usize> = (0..self.slots.len()).collect();
        slots.sort_by_key(|slot| self.slots.get(*slot).map(|s| s.group));
        slots
    }

    /// Returns `true` if a request for these groups already contains another group of the same
    /// table.
    fn clashes(&self, groups: &[usize], group: usize) -> bool {
        let table = |group: usize| self.groups.get(group).map(|g| &g.table);
        groups.iter().any(|other| table(*other) == table(group))
    }

    pub(super) fn request(&self, slots: &[usize]) -> Result<Request, Error> {
        let mut request = Request {
            tables: Vec::new(),
            groups: Vec::new(),
            body: Vec::new(),
        };
        // Estimate, as if all keys had the same length.
        let keys = self.json.len() * slots.len() / self.keys.len().max(1);
        let mut w = Writer::with_capacity(keys + keys / 8 + 256);
        w.raw(b"{\"RequestItems\":{");
        // The slots of a group are adjacent in a chunk, and also in the unprocessed rest of a
        // chunk.
        for slots in slots.chunk_by(|a, b| self.group_of(*a) == self.group_of(*b)) {
            let group = slots.first().and_then(|slot| self.group_of(*slot));
            let Some((number, group)) = group.and_then(|g| Some((g, self.groups.get(g)?))) else {
                continue;
            };
            w.comma();
            w.raw(b"\"");
            w.text(&group.table);
            w.raw(b"\":{\"Keys\":[");
            // Adjacent keys are adjacent in the text too, so they are copied with their commas.
            let key_number = |slot: usize| self.requested_at(slot).map(|(number, _)| number);
            for slots in slots.chunk_by(|a, b| key_number(*a).map(|n| n + 1) == key_number(*b)) {
                let key = |slot: Option<&usize>| Some(self.requested_at(*slot?)?.1.range());
                if let (Some(first), Some(last)) = (key(slots.first()), key(slots.last())) {
                    w.comma();
                    w.raw(self.json(first.start..last.end));
                }
            }
            w.raw(&group.tail);
            request.tables.push(group.table.clone());
            request.groups.push(number);
        }
        w.raw(b"}");
        if self.measure {
            w.raw(b",\"ReturnConsumedCapacity\":\"INDEXES\"");
        }
        w.raw(b"}");
        request.body = w.finish().map_err(Error::write)?;
        Ok(request)
    }

    /// Returns the bodies of the first requests.
    pub(super) fn bodies(&self) -> Result<Vec<Vec<u8>>, Error> {
        let chunks = self.chunks();
        let requests = chunks.iter().map(|slots| self.request(slots));
        requests.map(|request| Ok(request?.body)).collect()
    }

    /// Returns the key that first requested this slot, with its number.
    fn requested_at(&self, slot: usize) -> Option<(usize, &KeyAt)> {
        let number = self.slots.get(slot)?.first.key;
        Some((number, self.keys.get(number)?))
    }

    fn group_of(&self, slot: usize) -> Option<usize> {
        self.slots.get(slot).map(|slot| slot.group)
    }
}

/// Returns the ranges of the values of a key and their hash, and stores the ranges in the key.
/// Cold, because keys made by the entity's `key` constructor already have them.
#[cold]
#[inline(never)]
fn find_values(
    key: &mut KeyAt,
    json: &[u8],
    schema: &EntitySchema,
    hash: impl FnOnce(&KeyValues<'_>) -> u64,
) -> Result<([Range<usize>; 2], u64), ReadError> {
    let start = key.range().start;
    // The range is that of a key in this text.
    let json = json.get(key.range()).unwrap_or_default();
    let values = key_values(&Reader::new(json)?, &schema.key)?;
    let at = |value: &Option<LocatedValue<'_>>| match value {
        Some(value) => start + value.at.start..start + value.at.end,
        None => 0..0,
    };
    let ranges = values.each_ref().map(at);
    key.set_values(ranges.clone());
    Ok((ranges, hash(&values)))
}

/// Returns the ranges of the values of the slot's key, if it belongs to this group.
#[inline]
fn values_of(
    keys: &[KeyAt],
    slots: &[Slot],
    slot: usize,
    group: usize,
) -> Option<[Range<usize>; 2]> {
    let slot = slots.get(slot).filter(|slot| slot.group == group)?;
    keys.get(slot.first.key)?.values()
}

/// Returns `true` if the values of two keys are equal in different forms. Cold, because the own
/// writer has one form for each value.
#[cold]
#[inline(never)]
fn are_equal(json: &[u8], one: &[Range<usize>; 2], two: &[Range<usize>; 2]) -> bool {
    let [one, two] = [one, two].map(|ranges| key_values_at(json, ranges.clone()));
    matches!((one, two), (Ok(one), Ok(two)) if one == two)
}

/// Returns the text behind the keys in a request for the part's table: `],..}`.
fn tail(part: &Part) -> Result<Vec<u8>, Error> {
    let mut body = Body::beginning_with("Keys", b"[]");
    if part.consistent {
        body.member("ConsistentRead", b"true");
    }
    if !part.attributes.is_empty() {
        // The key attributes identify the item, so they are always read.
        let key = part.schema.key.attributes();
        let is_fetched = |name: &&str| part.attributes.iter().any(|f| f.name == *name);
        let key = key.filter(|name| !is_fetched(name)).map(Fetched::whole);
        body.projection(item_type::fetched(part.schema, part.attributes).chain(key));
    }
    let mut tail = body.finish()?;
    tail.drain(..b"{\"Keys\":[".len());
    Ok(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entity;
    use crate::model::key::{Key, KeyList};

    #[derive(Entity)]
    #[dynamo(table = "named")]
    struct Named {
        #[dynamo(partition)]
        id: String,
    }

    fn plan(keys: impl IntoIterator<Item = Key<Named>>) -> GetPlan {
        let mut requested = RequestedKeys::default();
        let keys: KeyList<Named> = keys.into_iter().collect();
        requested.push(keys, false, &[], |_| true).unwrap();
        GetPlan::new(requested, false, Arc::from).unwrap()
    }

    /// A key read from a cursor or an item may have escapes that the own writer does not write.
    #[test]
    fn all_forms_of_a_text_are_one_key() {
        const FORMS: [&str; 4] = [
            r#"{"id":{"S":"\b\u001f\/"}}"#,
            r#"{"id":{"S":"\u0008\u001F/"}}"#,
            r#"{"id": {"S": "\b\u001F\u002f"}}"#,
            r#"{"id":{"S":"\u0008\u001f/"}}"#,
        ];
        let read = |form: &str| Key::from_json(form.as_bytes().to_vec());
        let written = || Named::key("\u{8}\u{1f}/");
        for form in FORMS {
            for plan in [plan([read(form)]), plan([written()])] {
                for item in FORMS {
                    let item = Reader::of_text(item);
                    assert_eq!(plan.slot_at(0, &item), Some(0), "{form}");
                }
            }
            let (read_first, last) = ([read(form), written()], [written(), read(form)]);
            for keys in [read_first, last] {
                assert_eq!(plan(keys).slots.len(), 1, "{form}");
            }
        }
    }
}
