//! The condition check of a transaction.

use std::borrow::Cow;
use std::fmt;

use super::precondition::{Demand, Expected, add_condition};
use super::transaction::Step;
use super::unique::{Draft, Effect};
use crate::error::Error;
use crate::model::entity::{IsVersioned, Item};
use crate::model::expr::ast::Node;
use crate::model::expr::render::Body;
use crate::model::expr::{Condition, Fields, InCondition, Prefix};
use crate::model::key::Key;

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
        crate::client::request::text(self.body(E::ITEM_SCHEMA.table)?)
    }

    /// For a transaction.
    pub(crate) fn into_step(self) -> Result<Step, Error> {
        let verb = "ConditionCheck";
        if E::ITEM_SCHEMA.unique.is_empty() {
            return Step::new(verb, &self.key, self.demand, self.body("")?);
        }
        let (body, condition) = self.parts("")?;
        let draft = Draft::new(body, condition.map(Cow::into_owned));
        let effect = Effect::none(E::ITEM_SCHEMA);
        Step::guarded(verb, &self.key, self.demand, draft, effect)
    }

    fn body(&self, table: &str) -> Result<Vec<u8>, Error> {
        let (mut body, condition) = self.parts(table)?;
        add_condition(&mut body, condition.as_deref());
        body.finish()
    }

    /// The body before its condition, and the condition.
    fn parts(&self, table: &str) -> Result<(Body, Option<Cow<'_, Node>>), Error> {
        let key = self.key.json()?;
        let mut body = Body::new(table, key.len() + 256);
        body.member("Key", key);
        let user = self.condition.as_ref().map(Cow::Borrowed);
        Ok((body, self.demand.node(E::ITEM_SCHEMA, user)))
    }
}
