//! The condition check of a transaction.

use std::borrow::Cow;
use std::fmt;

use super::write::{Demand, Expected, add_condition};
use crate::entity::{Entity, IsVersioned};
use crate::error::Error;
use crate::expr::ast::Node;
use crate::expr::render::Body;
use crate::expr::{Condition, Fields, InCondition, Prefix};
use crate::key::Key;

/// Demands something of an item without changing it: ConditionCheck, an operation of transactions.
/// Made by the entity's `check` constructor.
///
/// Source: [ConditionCheck](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConditionCheck.html).
#[must_use = "a check does nothing until it is part of a transaction"]
pub struct Check<E> {
    key: Key<E>,
    condition: Option<Node>,
    demand: Demand,
}

impl<E> Clone for Check<E> {
    fn clone(&self) -> Self {
        Check {
            key: self.key.clone(),
            condition: self.condition.clone(),
            demand: self.demand,
        }
    }
}

impl<E: Entity> fmt::Debug for Check<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("key", &self.key)
            .field("when", &super::shown(self.condition.as_ref()))
            .finish()
    }
}

impl<E: Entity> Check<E> {
    #[doc(hidden)]
    pub fn new(key: Key<E>) -> Self {
        Check {
            key,
            condition: None,
            demand: Demand {
                must_exist: true,
                ..Demand::default()
            },
        }
    }

    /// What has to hold of the item. Without it, the item has to exist.
    pub fn when(
        mut self,
        condition: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Condition<E>,
    ) -> Self {
        let node = condition(E::fields(&Prefix::ROOT)).into_node();
        self.condition = Node::also(self.condition, node);
        self.demand.must_exist = false;
        self
    }

    /// The item has to be at this version.
    pub fn at_version(mut self, version: u64) -> Self
    where
        E::Lock: IsVersioned,
    {
        self.demand.version = Some(Expected::At(version));
        self
    }

    /// The condition check as it stands in a transaction's request, as JSON, with the table's name as
    /// the code declares it.
    ///
    /// # Errors
    /// When the key or a value is invalid, or the condition is over a limit.
    pub fn to_json(&self) -> Result<String, Error> {
        super::text(self.body(E::SCHEMA.table)?)
    }

    /// For a transaction: the key, what is demanded, and the body.
    pub(crate) fn into_part(self) -> Result<(Key<E>, Demand, Vec<u8>), Error> {
        let body = self.body("")?;
        Ok((self.key, self.demand, body))
    }

    fn body(&self, table: &str) -> Result<Vec<u8>, Error> {
        let key = self.key.json()?;
        let mut body = Body::new(table, key.len() + 256);
        body.member("Key", key);
        let user = self.condition.as_ref().map(Cow::Borrowed);
        add_condition(&mut body, self.demand.node(E::SCHEMA, user).as_deref());
        body.finish()
    }
}
