//! [`Layout`]: the key attributes of a sharded index, and the queries of its shards.

use super::position::{Start, decode_all};
use crate::error::Error;
use crate::model::expr::ast::{Node, Value};
use crate::model::key::{MAX_PARTITION_BYTES, check_key_value};
use crate::model::schema::{KeySchema, Shards};
use crate::model::sharding;
use crate::read::page::Named;
use crate::read::plan::{ReadPlan, equality};
use crate::wire::canonical::{Fnv, KeyValue};
use crate::wire::{Reader, WriteError, Writer};

/// Key attributes of an index, as the merge needs them.
pub(super) struct Layout {
    pub(super) shards: Shards,
    partition: &'static [&'static str],
    /// Attributes that distinguish the items of one shard: the sort key of the index, then the rest
    /// of the table's key.
    pub(super) names: Vec<&'static str>,
    /// Number of the names that are the sort key.
    pub(super) sort: usize,
}

impl Layout {
    pub(super) fn new(plan: &ReadPlan, shards: Shards) -> Result<Self, Error> {
        let index = plan.index.and_then(|name| plan.schema.index(name));
        let Some(index) = index else {
            return Err(Error::construction("a sharded index that is no index"));
        };
        let KeySchema { partition, sort } = index.key;
        let mut names = sort.to_vec();
        for name in plan.schema.key.attributes() {
            if !names.contains(&name) && !partition.contains(&name) {
                names.push(name);
            }
        }
        Ok(Layout {
            shards,
            partition,
            names,
            sort: sort.len(),
        })
    }

    /// Returns the query of one shard.
    fn plan(&self, plan: &ReadPlan, shard: u16) -> Result<ReadPlan, WriteError> {
        let mut nodes = match plan.key.clone() {
            Some(Node::And(nodes)) => nodes,
            node => node.into_iter().collect(),
        };
        match self.shards.attribute {
            Some(name) => {
                let at = self.partition.len().saturating_sub(1).min(nodes.len());
                let number = Value::write(|w| w.integer(shard));
                nodes.insert(at, Node::equals(name, number));
            }
            None => {
                for node in &mut nodes {
                    if let Some((name, json)) = equality(node)
                        && self.partition.contains(&name)
                    {
                        *node = Node::equals(name, Value::Json(in_shard(name, json, shard)?));
                    }
                }
            }
        }
        let mut also = Vec::new();
        if !plan.projection.is_empty() {
            let names = self.names.iter().copied();
            also.extend(
                names.filter(|name| !plan.projection.iter().any(|fetched| fetched.name == *name)),
            );
        }
        Ok(ReadPlan {
            key: Node::all(nodes),
            also,
            start: None,
            shards: None,
            ..plan.clone()
        })
    }

    /// Returns the query of each shard, with its start.
    ///
    /// # Errors
    /// When a key with its shard is too long, or the cursor is of another query.
    pub(super) fn starts(&self, plan: &ReadPlan) -> Result<Vec<(ReadPlan, Start)>, Error> {
        let named = |e| Named::of(plan).error(e);
        let starts = match &plan.start {
            None => vec![Start::First; self.shards.numbers().len()],
            Some(cursor) => decode_all(self, plan, cursor).map_err(named)?,
        };
        let plans = self.shards.numbers().zip(starts).map(|(shard, start)| {
            let invalid = |e| named(Error::invalid_key(e));
            let of_shard = self.plan(plan, shard).map_err(invalid)?;
            let start = match start {
                Start::After(values) => {
                    let key = self.key(&of_shard, &values).map_err(invalid)?;
                    Start::Key(values, key)
                }
                start => start,
            };
            Ok((of_shard, start))
        });
        plans.collect()
    }

    /// Returns the whole key of a shard's item: the values that the shard's query requires, and the
    /// item's own values.
    fn key(&self, plan: &ReadPlan, values: &[KeyValue<'_>]) -> Result<Vec<u8>, WriteError> {
        let mut w = Writer::with_capacity(128);
        w.begin_map();
        for (name, json) in plan
            .equalities()
            .filter(|(name, _)| self.partition.contains(name))
        {
            w.entry_with(name, |w| w.raw(json));
        }
        for (name, value) in self.names.iter().zip(values) {
            w.entry_with(name, |w| value.write(w));
        }
        w.end_map();
        w.finish()
    }

    /// Returns a hash that distinguishes this query from others of the index: of its number of
    /// shards, its direction, and the values that it requires of the key.
    pub(super) fn fingerprint(&self, plan: &ReadPlan) -> u64 {
        let mut hash = Fnv::default();
        hash.feed(&self.shards.count.to_be_bytes());
        hash.feed(&[u8::from(plan.descending)]);
        for (name, json) in plan.equalities() {
            hash.feed(name.as_bytes());
            hash.feed(&[0]);
            if KeyValue::feed_json(json, &mut hash).is_err() {
                hash.feed(json);
            }
        }
        hash.finish()
    }
}

/// Returns the text of a partition key with the shard at its end.
fn in_shard(name: &'static str, json: &[u8], shard: u16) -> Result<Vec<u8>, WriteError> {
    let text = Reader::new(json).and_then(|mut r| r.string().map(|text| text.into_owned()));
    let text = text.map_err(|_| WriteError::new("the key is not text").of_key())?;
    let value = Value::write(|w| w.string(&(text + &sharding::suffix(shard))));
    check_key_value(name, value, MAX_PARTITION_BYTES)
}
