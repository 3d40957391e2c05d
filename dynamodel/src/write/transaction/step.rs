//! One operation of a transaction, rendered.

use std::any::{Any, TypeId};

use crate::client::transact::{after_table, write_operation};
use crate::error::{Error, ErrorKind};
use crate::model::canonical_key::identity;
use crate::model::entity::Item;
use crate::model::expr::ast::Node;
use crate::model::schema::EntitySchema;
use crate::wire::Writer;
use crate::write::precondition::Precondition;
use crate::write::request::Verb;
use crate::write::unique::{Draft, Effect, UniqueWrite};
use crate::write::update::Nested;

/// Entity that a put stores, returned once the transaction is carried out.
pub(crate) type StoredEntity = Option<Box<dyn Any + Send + Sync>>;

/// Operation with everything but the name of its table, which the connection resolves.
pub(crate) struct Step {
    pub(crate) verb: &'static str,
    pub(crate) schema: &'static EntitySchema,
    pub(crate) entity: TypeId,
    pub(crate) precondition: Precondition,
    /// The user, or an action, adds a condition.
    pub(crate) has_condition: bool,
    /// Canonical key of the item.
    pub(crate) canonical_key: Vec<u8>,
    /// Body of the single operation, after the table's name.
    pub(crate) rest: Vec<u8>,
    pub(crate) stored: StoredEntity,
    /// Effect on unique items, for an entity that has them.
    pub(crate) unique_write: Option<Box<UniqueWrite>>,
    /// Nested attributes that the operation changes, whose parents may be missing.
    pub(crate) nested: Option<Box<Nested>>,
}

impl Step {
    /// Creates a step. `body` is that of the single operation, for the table `""`; `key` is JSON.
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
            has_condition: false,
            canonical_key: identity(key, &schema.key)?,
            rest: after_table(body)?,
            stored: None,
            unique_write: None,
            nested: None,
        })
    }

    /// States that the operation has a condition beside its precondition.
    pub(crate) fn with_condition(mut self, has_condition: bool) -> Self {
        self.has_condition = has_condition;
        self
    }

    /// Returns the kind of the operation's condition, which the item does not meet.
    pub(crate) fn refusal(&self, item: Option<&[u8]>) -> ErrorKind {
        self.precondition
            .refusal(self.schema, self.has_condition, item)
    }

    pub(crate) fn changing_inside(mut self, nested: Option<Box<Nested>>) -> Self {
        self.nested = nested;
        self
    }

    /// Adds the effect on unique values, whose items follow this step.
    pub(crate) fn followed_by_unique_items(
        mut self,
        key: &[u8],
        draft: Draft,
        effect: Effect,
    ) -> Self {
        self.unique_write = Some(Box::new(UniqueWrite {
            key: key.to_vec(),
            draft,
            effect,
            is_new: self.precondition.must_not_exist,
        }));
        self
    }

    /// `true` if the operation changes unique items.
    pub(crate) fn changes_unique_items(&self) -> bool {
        self.unique_write
            .as_ref()
            .is_some_and(|g| g.effect.changes_unique_items())
    }

    /// `true` if the operation is on this item.
    pub(crate) fn is_on(&self, schema: &EntitySchema, canonical_key: &[u8]) -> bool {
        self.schema.table == schema.table && self.canonical_key == canonical_key
    }

    /// Returns the key of the item, as JSON, if the entity has unique attributes.
    pub(crate) fn owner_key(&self) -> Option<&[u8]> {
        self.unique_write.as_ref().map(|g| g.key.as_slice())
    }

    /// Makes the operation depend on these pins, which replace any earlier ones.
    pub(crate) fn pin(&mut self, pins: Vec<Node>) -> Result<(), Error> {
        if let Some(unique_write) = &mut self.unique_write {
            self.rest = after_table(unique_write.draft.finish(pins)?)?;
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

    /// Returns the size of the item that the operation carries, as DynamoDB counts it.
    pub(crate) fn item_size(&self) -> usize {
        // Never empty: a step's body goes on with a comma after the table's name.
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
