//! What the shards of an index have in common, and each for itself.

use super::position::{Start, decode_all};
use crate::error::Error;
use crate::model::expr::ast::{Comparator, Node, Operand, Value};
use crate::model::key::{MAX_PARTITION_BYTES, check_key_value};
use crate::model::schema::{KeySchema, Shards};
use crate::model::sharding;
use crate::read::page::Named;
use crate::read::plan::Plan;
use crate::wire::canonical::{Fnv, KeyValue};
use crate::wire::{Reader, WriteError, Writer};

/// The key attributes of an index, as the merge needs them.
pub(super) struct Layout {
    pub(super) shards: Shards,
    partition: &'static [&'static str],
    /// What tells an item of one shard from the others: its sort key, then what is left of the table's
    /// key.
    pub(super) names: Vec<&'static str>,
    /// How many of the names are the sort key.
    pub(super) sort: usize,
}

impl Layout {
    pub(super) fn new(plan: &Plan, shards: Shards) -> Result<Self, Error> {
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

    /// The query of one shard.
    fn plan(&self, plan: &Plan, shard: u16) -> Result<Plan, WriteError> {
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
            also.extend(names.filter(|name| !plan.projection.contains(name)));
        }
        Ok(Plan {
            key: Node::all(nodes),
            also,
            start: None,
            shards: None,
            ..plan.clone()
        })
    }

    /// The query of each shard, and where it starts.
    ///
    /// # Errors
    /// When a key is too long with its shard, or the cursor is not of this query.
    pub(super) fn starts(&self, plan: &Plan) -> Result<Vec<(Plan, Start)>, Error> {
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

    /// The whole key of an item of a shard, from what the shard's query demands and what is the item's
    /// own.
    fn key(&self, plan: &Plan, values: &[KeyValue<'_>]) -> Result<Vec<u8>, WriteError> {
        let mut w = Writer::with_capacity(128);
        w.begin_map();
        for (name, json) in equalities(plan).filter(|(name, _)| self.partition.contains(name)) {
            w.entry_with(name, |w| w.raw(json));
        }
        for (name, value) in self.names.iter().zip(values) {
            w.entry_with(name, |w| value.write(w));
        }
        w.end_map();
        w.finish()
    }

    /// What tells this query from others of the index: its number of shards, its direction, and the
    /// values that it demands of the key.
    pub(super) fn fingerprint(&self, plan: &Plan) -> u64 {
        let mut hash = Fnv::default();
        hash.feed(&self.shards.count.to_be_bytes());
        hash.feed(&[u8::from(plan.descending)]);
        for (name, json) in equalities(plan) {
            hash.feed(name.as_bytes());
            hash.feed(&[0]);
            if KeyValue::feed_json(json, &mut hash).is_err() {
                hash.feed(json);
            }
        }
        hash.finish()
    }
}

/// The value that the node demands with `=`.
fn equality(node: &Node) -> Option<(&'static str, &[u8])> {
    match node {
        Node::Compare(Operand::Path(place), Comparator::Eq, Operand::Value(Value::Json(json))) => {
            Some((place.top(), json))
        }
        _ => None,
    }
}

fn equalities(plan: &Plan) -> impl Iterator<Item = (&'static str, &[u8])> {
    let nodes = match &plan.key {
        Some(Node::And(nodes)) => nodes.as_slice(),
        Some(node) => std::slice::from_ref(node),
        None => &[],
    };
    nodes.iter().filter_map(equality)
}

/// The text of a partition key with the shard at its end.
fn in_shard(name: &'static str, json: &[u8], shard: u16) -> Result<Vec<u8>, WriteError> {
    let text = Reader::new(json).and_then(|mut r| r.string().map(|text| text.into_owned()));
    let text = text.map_err(|_| WriteError::new("the key is not text").of_key())?;
    let value = Value::write(|w| w.string(&(text + &sharding::suffix(shard))));
    check_key_value(name, value, MAX_PARTITION_BYTES)
}
