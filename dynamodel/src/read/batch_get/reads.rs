//! Progress of a batch of reads that failed.

use std::any::TypeId;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::plan::GetPlan;
use crate::error::Error;
use crate::error::unfinished::Unfinished;
use crate::model::entity::Projection;
use crate::model::key::Key;
use crate::wire::{Fetched, ReadError, Reader};

/// Distinct keys of a failed batch, in the order requested.
pub(crate) struct Reads(pub(super) Vec<ReadKey>);

pub(super) struct ReadKey {
    pub(super) entity: TypeId,
    pub(super) attributes: &'static [Fetched],
    pub(super) key: Vec<u8>,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Found(RawItem),
    /// There is no such item.
    Absent,
    /// The key was not read, or its item cannot be read.
    Left,
}

/// Response whose items were read, kept for an error to report the items that were found.
pub(super) struct ReadResponse {
    pub(super) body: Bytes,
    /// Groups that the request contained.
    pub(super) groups: Vec<usize>,
}

/// Item within the response that contained it.
pub(super) struct RawItem {
    response: Bytes,
    at: Range<usize>,
}

impl RawItem {
    fn read<O: Projection>(&self) -> Result<O, ReadError> {
        crate::wire::read_item(self.json(), O::read_item)
    }

    fn json(&self) -> &[u8] {
        // The range is that of an item in this response.
        self.response.get(self.at.clone()).unwrap_or_default()
    }
}

impl ReadResponse {
    /// Calls `found` with each item, and the slot of its key.
    fn items(
        &self,
        plan: &GetPlan,
        mut found: impl FnMut(usize, RawItem),
    ) -> Result<(), ReadError> {
        let mut r = Reader::new(&self.body)?;
        r.members(|name, r| match name {
            "Responses" if !r.json_null() => r.members(|table, r| {
                let group = plan.group_of_table(&self.groups, table);
                r.json_list(|r| {
                    let slot = group.and_then(|group| plan.slot_at(group, r));
                    let length = r.raw_value()?.len();
                    let end = r.position();
                    if let Some(slot) = slot {
                        let item = RawItem {
                            response: self.body.clone(),
                            at: end - length..end,
                        };
                        found(slot, item);
                    }
                    Ok(())
                })
            }),
            // A `null`, which the arm above has consumed.
            "Responses" => Ok(()),
            _ => r.skip_value(),
        })
    }
}

impl GetPlan {
    /// Returns the outcome of each key when the batch failed. The slots in `left`, which is sorted,
    /// got no response.
    pub(super) fn reads(&self, responses: &[ReadResponse], left: &[usize]) -> Reads {
        let mut reads: Vec<ReadKey> = self
            .slots()
            .enumerate()
            .map(|(slot, (part, key))| ReadKey {
                entity: part.entity,
                attributes: part.attributes,
                key: key.to_vec(),
                outcome: match left.binary_search(&slot) {
                    Ok(_) => Outcome::Left,
                    Err(_) => Outcome::Absent,
                },
            })
            .collect();
        for response in responses {
            // No error is possible: the response was read to its end before it was kept.
            let _ = response.items(self, |slot, item| {
                let (Some(read), Some(part)) = (reads.get_mut(slot), self.part_of(slot)) else {
                    return;
                };
                read.outcome = match (part.is_readable)(item.json()) {
                    true => Outcome::Found(item),
                    false => Outcome::Left,
                };
            });
        }
        Reads(reads)
    }
}

impl Reads {
    fn found<O: Projection>(&self) -> Vec<(Key<O::Entity>, Option<O>)> {
        let entity = TypeId::of::<O::Entity>();
        let requested = self.0.iter();
        let requested = requested.filter(|k| k.entity == entity && k.attributes == O::FETCHED);
        requested
            .filter_map(|key| {
                let item = match &key.outcome {
                    // Nearly always readable: it was checked when the batch failed.
                    Outcome::Found(item) => Some(item.read().ok()?),
                    Outcome::Absent => None,
                    Outcome::Left => return None,
                };
                Some((Key::from_json(key.key.clone()), item))
            })
            .collect()
    }
}

impl Unfinished for Reads {
    fn count(&self) -> usize {
        self.keys().count()
    }

    /// Returns the keys that were not read.
    fn keys(&self) -> Box<dyn Iterator<Item = (TypeId, &[u8])> + '_> {
        let left = self.0.iter();
        let left = left.filter(|key| matches!(key.outcome, Outcome::Left));
        Box::new(left.map(|key| (key.entity, key.key.as_slice())))
    }
}

impl fmt::Display for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, total) = (self.count(), self.0.len());
        write!(f, "{left} of {total} keys were not read")
    }
}

impl Error {
    /// Returns the items that a failed batch of reads had found: for each key that DynamoDB has
    /// responded to, in the order requested and without duplicates, the item, or `None` where there
    /// is none. `O` is the type that the batch reads: the entity, or the projection that it
    /// [selects](crate::BatchGet::select). Empty for other errors.
    ///
    /// A key of the batch is either here or [`unprocessed`](Self::unprocessed).
    ///
    /// ```
    /// # use dynamodel::{BatchGet, Db, Entity, Error};
    /// # #[derive(Debug, Clone, PartialEq, Entity)]
    /// # #[dynamo(table = "users")]
    /// # struct User { #[dynamo(partition)] id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<User>().await?;
    /// # let keys = ["u1", "u2"].map(User::key);
    /// let mut users: Vec<User> = Vec::new();
    /// match BatchGet::new(keys).send(&db).await {
    ///     Ok(found) => users.extend(found.into_iter().flatten()),
    ///     Err(e) => {
    ///         users.extend(e.found::<User>().into_iter().filter_map(|(_, user)| user));
    ///         let rest = BatchGet::new(e.unprocessed::<User>()).send(&db).await?;
    ///         users.extend(rest.into_iter().flatten());
    ///     }
    /// }
    /// # assert!(users.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn found<O: Projection>(&self) -> Vec<(Key<O::Entity>, Option<O>)> {
        match self.left_as::<Reads>() {
            Some(reads) => reads.found::<O>(),
            _ => Vec::new(),
        }
    }
}
