//! The condition check of a transaction.

use std::any::TypeId;
use std::fmt;

use super::precondition::{Expected, Precondition};
use super::request::{Verb, WriteRequest};
use super::transaction::Step;
use super::unique::Effect;
use crate::error::Error;
use crate::model::entity::{IsVersioned, Item};
use crate::model::expr::ast::Node;
use crate::model::expr::{Condition, Fields, InCondition, Prefix};
use crate::model::key::Key;

/// Condition on an item that is not changed: ConditionCheck, an operation of transactions. Made by
/// the entity's `check` constructor.
///
/// The item has to exist, with or without a condition on it.
///
/// Source: [ConditionCheck](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConditionCheck.html).
#[must_use = "a check does nothing until it is part of a transaction"]
pub struct Check<E> {
    key: Key<E>,
    condition: Option<Node>,
    precondition: Precondition,
}

impl<E> Clone for Check<E> {
    fn clone(&self) -> Self {
        Check {
            key: self.key.clone(),
            condition: self.condition.clone(),
            precondition: self.precondition,
        }
    }
}

impl<E: Item> fmt::Debug for Check<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("key", &self.key)
            .field(
                "when",
                &crate::model::expr::render::debug_node(self.condition.as_ref()),
            )
            .finish()
    }
}

impl<E: Item> Check<E> {
    #[doc(hidden)]
    pub fn new(key: Key<E>) -> Self {
        Check {
            key,
            condition: None,
            precondition: Precondition {
                must_exist: true,
                ..Precondition::default()
            },
        }
    }

    /// Requires the condition to hold for the item, which has to exist. Called twice, both have to
    /// hold.
    pub fn when(
        mut self,
        condition: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Condition<E>,
    ) -> Self {
        let node = condition(E::fields(&Prefix::ROOT)).into_node();
        self.condition = Node::also(self.condition, node);
        self
    }

    /// Requires that no item has the key.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity, Transaction};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "rooms")]
    /// # struct Room { #[dynamo(partition)] number: u32, guest: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Room>().await?;
    /// let mut tx = Transaction::new();
    /// tx.put(Room { number: 1, guest: "Ann".into() }.create());
    /// tx.check(Room::check(2).must_not_exist());
    /// tx.send(&db).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn must_not_exist(mut self) -> Self {
        self.precondition.must_exist = false;
        self.precondition.must_not_exist = true;
        self
    }

    /// Requires the item to be at this version.
    pub fn at_version(mut self, version: u64) -> Self
    where
        E::Lock: IsVersioned,
    {
        self.precondition.version = Some(Expected::At(version));
        self
    }

    /// Returns the condition check as it stands in a transaction's request, as JSON, with the
    /// table's name as the code declares it.
    ///
    /// # Errors
    /// When the key or a value is invalid, or the condition is over a limit.
    pub fn to_json(&self) -> Result<String, Error> {
        self.request(E::ITEM_SCHEMA.table)?.into_json()
    }

    /// Makes the check a step of a transaction.
    pub(crate) fn into_step(self) -> Result<Step, Error> {
        let has_unique = !E::ITEM_SCHEMA.unique.is_empty();
        let effect = has_unique.then(|| Effect::none(E::ITEM_SCHEMA));
        let request = self.request("")?;
        request.into_step(TypeId::of::<E>(), self.key.json()?, effect)
    }

    fn request(&self, table: &str) -> Result<WriteRequest<'_>, Error> {
        Ok(WriteRequest::on_key(
            Verb::ConditionCheck,
            E::ITEM_SCHEMA,
            table,
            self.key.json()?,
            self.condition.as_ref(),
            self.precondition,
        ))
    }
}
