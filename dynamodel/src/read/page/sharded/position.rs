//! Positions of the shards of an index, and their encoding in a cursor.
//!
//! ```text
//! fingerprint of the query: 8 bytes
//! number of shards: 2 bytes
//! for each shard: 0, nothing was given out
//!                 1, and the values of the key of the last item that was given out
//!                 2, the shard has ended
//! a value: S, N or B, its length in 2 bytes, and its bytes
//! ```
//!
//! The partition key of the index, which is the same for all items of a shard, is not included: the
//! query has it.

use super::layout::Layout;
use crate::error::Error;
use crate::read::page::Cursor;
use crate::read::plan::ReadPlan;
use crate::wire::canonical::KeyValue;

/// Position where the read of a shard starts.
#[derive(Clone)]
pub(super) enum Start {
    First,
    /// After the item with these values.
    After(Vec<KeyValue<'static>>),
    /// After the item with these values and this whole key.
    Key(Vec<KeyValue<'static>>, Vec<u8>),
    End,
}

impl Start {
    /// Returns the key to start after.
    pub(super) fn into_key(self) -> Option<Vec<u8>> {
        match self {
            Start::Key(_, key) => Some(key),
            Start::First | Start::After(_) | Start::End => None,
        }
    }
}

pub(super) fn encode_all<'p>(
    layout: &Layout,
    plan: &ReadPlan,
    positions: impl IntoIterator<Item = &'p Start>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(&layout.fingerprint(plan).to_be_bytes());
    out.extend_from_slice(&layout.shards.count.to_be_bytes());
    for position in positions {
        match position {
            Start::First => out.push(0),
            Start::After(values) | Start::Key(values, _) => {
                out.push(1);
                for value in values {
                    value.encode(&mut out);
                }
            }
            Start::End => out.push(2),
        }
    }
    out
}

/// Decodes the positions in a cursor.
///
/// # Errors
/// When the cursor is of another query, or is malformed.
pub(super) fn decode_all(
    layout: &Layout,
    plan: &ReadPlan,
    cursor: &Cursor,
) -> Result<Vec<Start>, Error> {
    let body = &*cursor.shards_for(plan)?;
    let cut = || Error::cursor("it is cut short");
    let (fingerprint, body) = body.split_first_chunk::<8>().ok_or_else(cut)?;
    let (count, mut body) = body.split_first_chunk::<2>().ok_or_else(cut)?;
    if u16::from_be_bytes(*count) != layout.shards.count {
        return Err(Error::cursor("the index had another number of shards"));
    }
    if u64::from_be_bytes(*fingerprint) != layout.fingerprint(plan) {
        return Err(Error::cursor("it comes from another query"));
    }
    let mut positions = Vec::with_capacity(layout.shards.count.into());
    for _ in layout.shards.numbers() {
        let (state, rest) = body.split_first().ok_or_else(cut)?;
        body = rest;
        positions.push(match state {
            0 => Start::First,
            1 => {
                let values = layout.names.iter().map(|_| KeyValue::decode(&mut body));
                let values: Option<Vec<KeyValue<'static>>> = values.collect();
                Start::After(values.ok_or_else(|| Error::cursor("it holds no key"))?)
            }
            2 => Start::End,
            _ => return Err(Error::cursor("it has another format")),
        });
    }
    if !body.is_empty() {
        return Err(Error::cursor("it has another format"));
    }
    Ok(positions)
}
