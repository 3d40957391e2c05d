//! The requests of a batch of writes, and the writes that they leave unprocessed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::write::Write;
use super::{BatchWrite, MAX_BYTES, MAX_WRITES};
use crate::client::batch::Settings;
use crate::client::capacity::ConsumedCapacity;
use crate::client::db::Db;
use crate::client::observe::{Counts, Observed};
use crate::client::response::read_capacities;
use crate::error::Error;
use crate::model::canonical_key::identity;
use crate::transport;
use crate::wire::{ReadError, Reader, Writer};

/// Checked batch: no two writes are of the same item.
pub(super) struct BatchPlan {
    pub(super) writes: Vec<Write>,
    tables: Vec<Arc<str>>,
    by_key: HashMap<(Arc<str>, Vec<u8>), usize>,
    pub(super) settings: Settings,
    pub(super) measure: bool,
}

impl BatchPlan {
    pub(super) fn new(batch: BatchWrite, tables: Vec<Arc<str>>) -> Result<Self, Error> {
        let mut plan = BatchPlan {
            writes: Vec::with_capacity(batch.writes.len()),
            tables: Vec::with_capacity(batch.writes.len()),
            by_key: HashMap::with_capacity(batch.writes.len()),
            settings: batch.settings,
            measure: batch.measure,
        };
        for (position, (write, table)) in batch.writes.into_iter().zip(tables).enumerate() {
            let item = (table.clone(), write.canonical_key.clone());
            match plan.by_key.get(&item).copied() {
                None => {
                    plan.by_key.insert(item, plan.writes.len());
                    plan.writes.push(write);
                    plan.tables.push(table);
                }
                Some(first) if batch.last_wins => {
                    if let Some(earlier) = plan.writes.get_mut(first) {
                        *earlier = write;
                    }
                }
                // Without `last_wins` no write is dropped, so the positions are those in the batch.
                Some(first) => {
                    return Err(Error::invalid_request(format!(
                        "writes {} and {} of the batch, the latter of {}, are about the same item; \
                         leave one out, or say `last_wins()`",
                        first + 1,
                        position + 1,
                        write.schema.entity,
                    )));
                }
            }
        }
        Ok(plan)
    }

    pub(super) fn chunks(&self) -> Vec<Vec<usize>> {
        let mut chunks = Vec::new();
        let mut chunk = Vec::new();
        let mut bytes = 0;
        for (i, (write, table)) in self.writes.iter().zip(&self.tables).enumerate() {
            let length = write.request.len() + table.len() + 8;
            if chunk.len() == MAX_WRITES || (!chunk.is_empty() && bytes + length > MAX_BYTES - 256)
            {
                chunks.push(std::mem::take(&mut chunk));
                bytes = 0;
            }
            chunk.push(i);
            bytes += length;
        }
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
        chunks
    }

    pub(super) fn request(&self, chunk: &[usize]) -> Result<(Vec<Arc<str>>, Vec<u8>), Error> {
        let mut by_table: Vec<(&Arc<str>, Vec<&Write>)> = Vec::new();
        for i in chunk {
            let (Some(write), Some(table)) = (self.writes.get(*i), self.tables.get(*i)) else {
                continue;
            };
            match by_table.iter_mut().find(|(t, _)| *t == table) {
                Some((_, writes)) => writes.push(write),
                None => by_table.push((table, vec![write])),
            }
        }
        let length: usize = by_table
            .iter()
            .flat_map(|(_, writes)| writes)
            .map(|w| w.request.len() + 1)
            .sum();
        let mut w = Writer::with_capacity(length + 256);
        w.raw(b"{\"RequestItems\":{");
        for (table, writes) in &by_table {
            w.comma();
            w.raw(b"\"");
            w.text(table);
            w.raw(b"\":[");
            for write in writes {
                w.comma();
                w.raw(&write.request);
            }
            w.raw(b"]");
        }
        w.raw(b"}");
        if self.measure {
            w.raw(b",\"ReturnConsumedCapacity\":\"INDEXES\"");
        }
        w.raw(b"}");
        let tables = by_table.iter().map(|(table, _)| (*table).clone()).collect();
        Ok((tables, w.finish().map_err(Error::write)?))
    }

    /// Returns the position of the chunk's write that an unprocessed item or key belongs to.
    fn find(&self, table: &str, chunk: &[usize], json: &[u8]) -> Result<usize, ReadError> {
        let of_table = chunk
            .iter()
            .find(|i| self.tables.get(**i).is_some_and(|t| **t == *table));
        let found = of_table.and_then(|i| {
            let key = identity(json, &self.writes.get(*i)?.schema.key).ok()?;
            let table = self.tables.get(*i)?.clone();
            self.by_key.get(&(table, key)).copied()
        });
        found.ok_or_else(|| ReadError::expected("a write that was asked for"))
    }
}

/// Sends the chunk, and returns the writes that DynamoDB left unprocessed.
pub(super) async fn write_chunk(
    db: Db,
    plan: Arc<BatchPlan>,
    capacity: Arc<Mutex<Vec<ConsumedCapacity>>>,
    chunk: Vec<usize>,
) -> Result<Vec<usize>, Error> {
    let (tables, body) = plan.request(&chunk)?;
    let response = db
        .ask_tables(
            transport::Operation::BatchWriteItem,
            tables,
            chunk.len(),
            body.into(),
        )
        .await
        .decode(decode)
        .map_err(Error::failure)?;
    capacity
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(response.capacity);
    let unprocessed = response.unprocessed.iter();
    let unprocessed = unprocessed.map(|(table, json)| plan.find(table, &chunk, json));
    Ok(unprocessed.collect::<Result<_, _>>()?)
}

#[derive(Default)]
struct Response {
    /// Table, and item or key as JSON.
    unprocessed: Vec<(String, Vec<u8>)>,
    capacity: Vec<ConsumedCapacity>,
}

impl Observed for Response {
    fn capacity(&self) -> &[ConsumedCapacity] {
        &self.capacity
    }
    fn counts(&self) -> Counts {
        Counts {
            unprocessed: Some(self.unprocessed.len() as u64),
            ..Counts::default()
        }
    }
}

fn decode(body: &[u8]) -> Result<Response, ReadError> {
    let mut response = Response::default();
    let mut r = Reader::new(body)?;
    r.members(|name, r| match name {
        "UnprocessedItems" if !r.json_null() => r.members(|table, r| {
            r.json_list(|r| {
                r.members(|_verb, r| {
                    if r.json_null() {
                        return Ok(());
                    }
                    r.members(|_item_or_key, r| {
                        let json = r.raw_value()?.to_vec();
                        response.unprocessed.push((table.to_owned(), json));
                        Ok(())
                    })
                })
            })
        }),
        // A `null`, which the arm above has consumed.
        "UnprocessedItems" => Ok(()),
        "ConsumedCapacity" => read_capacities(r, &mut response.capacity),
        _ => r.skip_value(),
    })?;
    r.finish()?;
    Ok(response)
}
