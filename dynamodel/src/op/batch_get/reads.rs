//! How far a batch of reads had come when it failed.

use std::any::TypeId;

use super::fetch::RawItem;
use crate::entity::Projection;
use crate::error::Error;
use crate::key::Key;
use crate::op::batch::Left;

/// Every key of a failed batch, each once, in the order asked.
pub(crate) struct Reads(pub(super) Vec<ReadKey>);

pub(super) struct ReadKey {
    pub(super) entity: TypeId,
    pub(super) attributes: &'static [&'static str],
    pub(super) key: Vec<u8>,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Found(RawItem),
    /// There is no such item.
    Absent,
    /// Not read, or not readable.
    Left,
}

impl Reads {
    pub(crate) fn total(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn left_count(&self) -> usize {
        self.left().count()
    }

    /// The keys that were not read, and the types of their entities.
    pub(crate) fn left(&self) -> impl Iterator<Item = (TypeId, &[u8])> {
        let left = self.0.iter();
        let left = left.filter(|key| matches!(key.outcome, Outcome::Left));
        left.map(|key| (key.entity, key.key.as_slice()))
    }

    fn found<O: Projection>(&self) -> Vec<(Key<O::Entity>, Option<O>)> {
        let entity = TypeId::of::<O::Entity>();
        let asked = self.0.iter();
        let asked = asked.filter(|k| k.entity == entity && k.attributes == O::ATTRIBUTES);
        asked
            .filter_map(|key| {
                let item = match &key.outcome {
                    // It was tried when the batch failed.
                    Outcome::Found(item) => Some(item.read().ok()?),
                    Outcome::Absent => None,
                    Outcome::Left => return None,
                };
                Some((Key::from_json(key.key.clone()), item))
            })
            .collect()
    }
}

impl Error {
    /// What a batch of reads had found when it failed: the keys that DynamoDB has answered, in the
    /// order asked and each once, with `None` where there is no item. `O` is what the batch reads: the
    /// entity, or what it [selects](crate::BatchGet::select). Empty for other errors.
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
        match self.left() {
            Some(Left::Reads(reads)) => reads.found::<O>(),
            _ => Vec::new(),
        }
    }
}
