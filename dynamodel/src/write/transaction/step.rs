//! One operation of a transaction, rendered.

use std::any::{Any, TypeId};

use crate::client::transact::{after_table, write_operation};
use crate::error::Error;
use crate::model::canonical_key::identity;
use crate::model::entity::Item;
use crate::model::expr::ast::Node;
use crate::model::schema::EntitySchema;
use crate::wire::Writer;
use crate::write::precondition::Precondition;
use crate::write::request::Verb;
use crate::write::unique::{Draft, Effect, Guarded};

/// The entity that a put stores, for when the transaction is through.
pub(crate) type StoredEntity = Option<Box<dyn Any + Send + Sync>>;

/// An operation with everything but the name of its table, which the connection decides.
pub(crate) struct Step {
    pub(crate) verb: &'static str,
    pub(crate) schema: &'static EntitySchema,
    pub(crate) entity: TypeId,
    pub(crate) precondition: Precondition,
    /// Which item it is about.
    pub(crate) identity: Vec<u8>,
    /// The body of the single operation, after the table's name.
    pub(crate) rest: Vec<u8>,
    pub(crate) stored: StoredEntity,
    /// What it does to guards, for an entity that has them.
    pub(crate) guarded: Option<Box<Guarded>>,
}

impl Step {
    /// `body` is that of the single operation, for the table `""`; `key` is JSON.
    pub(crate) fn from_body(
        verb: Verb,
        schema: &'static EntitySchema,
        entity: TypeId,
        precondition: Precondition,
        key: &[u8],
        body: Vec<u8>,
    ) -> Result<Self, Error> {
        Ok(Step {
            verb: verb.in_transaction(),
            schema,
            entity,
            precondition,
            identity: identity(key, &schema.key)?,
            rest: after_table(body)?,
            stored: None,
            guarded: None,
        })
    }

    /// Adds the effect on unique values, whose items follow this step.
    pub(crate) fn followed_by_unique_items(
        mut self,
        key: &[u8],
        draft: Draft,
        effect: Effect,
    ) -> Self {
        self.guarded = Some(Box::new(Guarded {
            key: key.to_vec(),
            draft,
            effect,
            is_new: self.precondition.must_not_exist,
        }));
        self
    }

    /// Whether guards have to follow it.
    pub(crate) fn moves_guards(&self) -> bool {
        self.guarded
            .as_ref()
            .is_some_and(|g| g.effect.moves_guards())
    }

    /// Whether it is about this item.
    pub(crate) fn is_on(&self, schema: &EntitySchema, identity: &[u8]) -> bool {
        self.schema.table == schema.table && self.identity == identity
    }

    /// The key of the item, as JSON, of an operation on an entity that has guards.
    pub(crate) fn guarded_key(&self) -> Option<&[u8]> {
        self.guarded.as_ref().map(|g| g.key.as_slice())
    }

    /// Makes the operation depend on the pins, and on no others.
    pub(crate) fn pin(&mut self, pins: Vec<Node>) -> Result<(), Error> {
        if let Some(guarded) = &mut self.guarded {
            self.rest = after_table(guarded.draft.finish(pins)?)?;
        }
        Ok(())
    }

    pub(crate) fn storing<E: Item>(mut self, entity: E) -> Self {
        self.stored = Some(Box::new(entity));
        self
    }

    /// Writes `{"Put":{..}}`.
    pub(crate) fn write(&self, table: &str, w: &mut Writer) {
        write_operation(self.verb, table, &self.rest, w);
    }

    /// The size of the item that it carries, as DynamoDB counts.
    pub(crate) fn item_size(&self) -> usize {
        let body = [b"{", self.rest.get(1..).unwrap_or_default()].concat();
        let mut size = 0;
        let read = crate::wire::read_item(&body, |r| {
            r.members(|name, r| {
                if name == "Item" || name == "Key" {
                    size += crate::wire::item_size(r.raw_value()?)?;
                    Ok(())
                } else {
                    r.skip_value()
                }
            })
        });
        if read.is_ok() { size } else { self.rest.len() }
    }
}
