//! Operations on unique items that follow a transaction's operations, and their conditions.

use std::any::TypeId;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::change::Change;
use super::read::Old;
use crate::error::Error;
use crate::model::canonical_key::identity;
use crate::model::expr::ast::{Assumed, Comparator, Node, Operand, Place, Value};
use crate::model::expr::render::Body;
use crate::model::schema::{EntitySchema, UniqueSchema};
use crate::model::unique::{
    key_json, no_unique_item, owned_by, put_unique_item, same_value, unique_key,
};
use crate::wire::value_in;
use crate::write::precondition::Precondition;
use crate::write::request::{Verb, WriteRequest};
use crate::write::transaction::Step;

/// Unique items that change with a transaction's operations.
pub(super) struct UniquePlan {
    /// Attribute values that each operation relies on, as they were read.
    pins: Vec<Vec<Pin>>,
    unique_items: Vec<UniqueItem>,
}

/// Attribute that must still have the value that was read.
struct Pin {
    name: &'static str,
    value: Option<Vec<u8>>,
}

/// Unique item that changes.
pub(super) struct UniqueItem {
    pub(super) schema: &'static EntitySchema,
    pub(super) unique: &'static UniqueSchema,
    /// Partition key of the unique item.
    pub(super) text: String,
    claim: Option<Claim>,
    /// Operations whose items had the value before.
    releases: Vec<usize>,
}

/// Value that an item gets.
pub(super) struct Claim {
    /// Operation on the item.
    step: usize,
    /// The value, as JSON.
    pub(super) value: Vec<u8>,
    /// `true` if the item had the value before.
    is_kept: bool,
    /// Time to Live of the item.
    ttl: Option<Vec<u8>>,
}

/// Declared table and key of a unique item, valid beyond one plan.
type UniqueItemId = (&'static str, String);

/// Findings of failed attempts.
#[derive(Default)]
pub(super) struct Known {
    /// Unique items whose owner does not have the value, with the owner's key.
    stale: HashMap<UniqueItemId, Vec<u8>>,
    /// Unique items that do not belong to the item that has the value.
    foreign: HashSet<UniqueItemId>,
}

/// Owner that loses unique items to the transaction, because it does not have their values.
struct Former<'p, 'k> {
    schema: &'static EntitySchema,
    /// Key of the owner, as JSON.
    key: &'k [u8],
    canonical_key: Vec<u8>,
    /// The operation that takes over the first of the unique items.
    follows: usize,
    unique_items: Vec<&'p UniqueItem>,
}

/// Purpose of an operation on unique items.
pub(super) enum Role<'p> {
    /// Writes the unique item of a value that an item gets.
    Claim(&'p UniqueItem),
    /// Deletes the unique item of a value that an item had.
    Release(&'p UniqueItem),
    /// Checks that the owner of unique items that are taken over does not have their values.
    Stale(Vec<&'p UniqueItem>),
}

/// Operation that is added to the transaction.
pub(super) struct Added<'p> {
    pub(super) step: Step,
    pub(super) role: Role<'p>,
    /// The user's operation that caused it.
    pub(super) follows: usize,
}

/// Marker type: unique items never match the type tag of a user's entity.
enum UniqueItemTag {}

impl UniquePlan {
    /// Creates the plan. `olds` holds the items before their operations, where something depends on
    /// them.
    pub(super) fn new(steps: &[Step], olds: &[Option<Old>]) -> Result<Self, Error> {
        let mut plan = UniquePlan {
            pins: Vec::with_capacity(steps.len()),
            unique_items: Vec::new(),
        };
        for (position, (step, old)) in steps.iter().zip(olds).enumerate() {
            let pins = plan
                .follow(position, step, old)
                .map_err(|e| e.of_entity(step.schema.entity))?;
            plan.pins.push(pins);
        }
        Ok(plan)
    }

    fn follow(
        &mut self,
        position: usize,
        step: &Step,
        old: &Option<Old>,
    ) -> Result<Vec<Pin>, Error> {
        let mut pins = Vec::new();
        let (Some(unique_write), Some(old)) = (&step.unique_write, old) else {
            return Ok(pins);
        };
        let (schema, effect) = (step.schema, &unique_write.effect);
        let ttl = effect.ttl.after(old.ttl());
        let ttl_changes = !same_value(ttl, old.ttl());
        let mut has_value = false;
        for (i, (unique, change)) in schema.unique.iter().zip(&effect.values).enumerate() {
            let before = old.value(i);
            // Pin all of them, because another operation that takes over a unique item of this item
            // relies on the value.
            pins.push(Pin::new(unique.attribute, before));
            let rewritten = effect.rewritten == Some(i);
            if *change == Change::Keep && effect.ttl == Change::Keep && !rewritten {
                continue;
            }
            // A value that cannot have a unique item was not written by this library, so it has
            // none.
            let had = unique_key(schema, unique, before).unwrap_or(None);
            let gets = match change {
                Change::Keep => had.clone(),
                Change::Becomes(value) => unique_key(schema, unique, value.as_deref())?,
                Change::Fills(_) if before.is_some() => had.clone(),
                Change::Fills(value) => unique_key(schema, unique, Some(value))?,
            };
            has_value |= gets.is_some();
            let stays = had == gets;
            if !stays && let Some(text) = had {
                self.unique_item(schema, unique, text)
                    .releases
                    .push(position);
            }
            if (!stays || ttl_changes || rewritten)
                && let Some(text) = gets
            {
                let unique_item = self.unique_item(schema, unique, text);
                let claim = Claim {
                    step: position,
                    // Never absent: `gets` comes from a present value.
                    value: change.after(before).unwrap_or_default().to_vec(),
                    is_kept: stays,
                    ttl: ttl.map(<[u8]>::to_vec),
                };
                if unique_item.claim.replace(claim).is_some() {
                    return Err(Error::taken(unique.attribute));
                }
            }
        }
        if let Some(name) = schema.ttl.filter(|_| has_value) {
            pins.push(Pin::new(name, old.ttl()));
        }
        if unique_write.is_new {
            pins.clear();
        }
        Ok(pins)
    }

    /// Returns the unique item with this key, and adds it if it is new.
    fn unique_item(
        &mut self,
        schema: &'static EntitySchema,
        unique: &'static UniqueSchema,
        text: String,
    ) -> &mut UniqueItem {
        let is_it = |u: &UniqueItem| u.schema.table == schema.table && u.text == text;
        let position = self.unique_items.iter().position(is_it).unwrap_or_else(|| {
            self.unique_items.push(UniqueItem {
                schema,
                unique,
                text,
                claim: None,
                releases: Vec::new(),
            });
            self.unique_items.len() - 1
        });
        &mut self.unique_items[position]
    }

    /// Adds the pins to the conditions of the operations.
    pub(super) fn pin(&self, steps: &mut [Step]) -> Result<(), Error> {
        for (step, pins) in steps.iter_mut().zip(&self.pins) {
            step.pin(pins.iter().map(Pin::node).collect())
                .map_err(|e| e.of_entity(step.schema.entity))?;
        }
        Ok(())
    }

    /// `true` if the item of the operation is not as it was read.
    pub(super) fn has_moved(&self, position: usize, item: Option<&[u8]>) -> bool {
        let pins = self.pins.get(position).into_iter().flatten();
        pins.into_iter().any(|pin| !pin.holds(item))
    }

    /// `true` if the item of the operation certainly does not have the value of the unique item.
    fn lacks(&self, steps: &[Step], position: usize, unique_item: &UniqueItem) -> bool {
        let is_new = |step: &Step| step.unique_write.as_ref().is_some_and(|g| g.is_new);
        let mut pins = self.pins.get(position).into_iter().flatten();
        steps.get(position).is_some_and(is_new)
            || pins.any(|pin| {
                pin.name == unique_item.unique.attribute
                    && !same_value(pin.value.as_deref(), unique_item.value())
            })
    }

    /// Returns the operations on the unique items, and the checks of items that lose them.
    pub(super) fn added<'p>(
        &'p self,
        steps: &[Step],
        known: &Known,
    ) -> Result<Vec<Added<'p>>, Error> {
        let mut added = Vec::new();
        let mut formers = Vec::new();
        for unique_item in &self.unique_items {
            let stale = self.stale(unique_item, steps, known, &mut formers);
            let is_foreign = known.foreign.contains(&unique_item.id());
            let step = stale.and_then(|stale| unique_item.added(steps, stale, is_foreign));
            added.push(step.map_err(|e| e.of_entity(unique_item.schema.entity))?);
        }
        // One check for each item, because no transaction has two operations on one item.
        for former in formers {
            let entity = former.schema.entity;
            added.push(former.added().map_err(|e| e.of_entity(entity))?);
        }
        Ok(added)
    }

    /// Returns the key of the owner that the unique item is taken over from. This owner certainly
    /// does not have the value when the transaction is carried out: its own operation or a check in
    /// `formers` ensures it.
    fn stale<'p, 'k>(
        &self,
        unique_item: &'p UniqueItem,
        steps: &[Step],
        known: &'k Known,
        formers: &mut Vec<Former<'p, 'k>>,
    ) -> Result<Option<&'k [u8]>, Error> {
        let (Some(key), Some(claim)) = (known.stale.get(&unique_item.id()), &unique_item.claim)
        else {
            return Ok(None);
        };
        let schema = unique_item.schema;
        let canonical_key = identity(key, &schema.key)?;
        if let Some(step) = steps.iter().position(|s| s.is_on(schema, &canonical_key)) {
            return Ok(self.lacks(steps, step, unique_item).then_some(key));
        }
        let is_it = |f: &&mut Former<'_, '_>| {
            f.schema.table == schema.table && f.canonical_key == canonical_key
        };
        match formers.iter_mut().find(is_it) {
            Some(former) => former.unique_items.push(unique_item),
            None => formers.push(Former {
                schema,
                key,
                canonical_key,
                follows: claim.step,
                unique_items: vec![unique_item],
            }),
        }
        Ok(Some(key))
    }
}

/// Builds an operation on a unique item or its owner with this condition.
fn conditional(
    verb: Verb,
    schema: &'static EntitySchema,
    key: &[u8],
    body: Body,
    condition: &Node,
) -> Result<Step, Error> {
    let request = WriteRequest {
        verb,
        schema,
        body,
        condition: Some(Cow::Borrowed(condition)),
        precondition: Precondition {
            any_type: true,
            ..Precondition::default()
        },
        token: None,
        return_values: None,
    };
    request.into_step(TypeId::of::<UniqueItemTag>(), key, None)
}

impl<'p> Former<'p, '_> {
    fn added(self) -> Result<Added<'p>, Error> {
        let lacks = self
            .unique_items
            .iter()
            .map(|unique_item| unique_item.lacking());
        let condition = Node::and(lacks);
        let mut body = Body::new("", 256);
        body.member("Key", self.key);
        Ok(Added {
            step: conditional(
                Verb::ConditionCheck,
                self.schema,
                self.key,
                body,
                &condition,
            )?,
            role: Role::Stale(self.unique_items),
            follows: self.follows,
        })
    }
}

impl Pin {
    fn new(name: &'static str, value: Option<&[u8]>) -> Self {
        Pin {
            name,
            value: value.map(<[u8]>::to_vec),
        }
    }

    fn node(&self) -> Node {
        let assumed = Assumed {
            place: Place::root(self.name),
            value: self.value.clone().map(Value::Json),
            or_absent: false,
        };
        assumed.node()
    }

    fn holds(&self, item: Option<&[u8]>) -> bool {
        let stored = item.and_then(|item| value_in(item, self.name).ok().flatten());
        same_value(stored, self.value.as_deref())
    }
}

impl UniqueItem {
    fn id(&self) -> UniqueItemId {
        (self.schema.table, self.text.clone())
    }

    /// Returns the operation on the unique item. `stale` is the key of an owner that does not have
    /// the value.
    fn added(
        &self,
        steps: &[Step],
        stale: Option<&[u8]>,
        is_foreign: bool,
    ) -> Result<Added<'_>, Error> {
        let schema = self.schema;
        let key = key_json(schema, &self.text)?;
        let owner = |position: usize| {
            let step = steps.get(position);
            // Never absent: only operations on entities with unique attributes are in the plan.
            step.and_then(Step::owner_key).unwrap_or_default()
        };
        let mut body = Body::new("", 256);
        let former = self
            .releases
            .iter()
            .map(|position| owned_by(owner(*position)));
        let Some(Claim { step, ttl, .. }) = &self.claim else {
            body.member("Key", &key);
            let mine = Node::or(former);
            let (verb, condition) = match is_foreign {
                // Another item's unique item is not deleted, and must not become this item's until
                // the transaction is carried out.
                true => (Verb::ConditionCheck, mine.negated()),
                false => (Verb::Delete, mine),
            };
            let condition = Node::or([no_unique_item(schema), condition]);
            return Ok(Added {
                step: conditional(verb, schema, &key, body, &condition)?,
                role: Role::Release(self),
                // Never empty: a unique item without a claim was added for a release.
                follows: self.releases.first().copied().unwrap_or_default(),
            });
        };
        let owners = [no_unique_item(schema), owned_by(owner(*step))];
        let condition = Node::or(owners.into_iter().chain(former).chain(stale.map(owned_by)));
        put_unique_item(schema, &self.text, owner(*step), ttl.as_deref(), &mut body);
        Ok(Added {
            step: conditional(Verb::Put, schema, &key, body, &condition)?,
            role: Role::Claim(self),
            follows: *step,
        })
    }

    /// Returns the condition that an item does not have the claimed value.
    fn lacking(&self) -> Node {
        let name = self.unique.attribute;
        // Never absent: only unique items with a claim are taken over.
        let value = self.value().unwrap_or_default().to_vec();
        let other = Node::Compare(
            Operand::Path(Place::root(name)),
            Comparator::Ne,
            Operand::Value(Value::Json(value)),
        );
        Node::or([Node::not_exists(name), other])
    }

    /// `true` if the unique item is written only because the item was read to have the value.
    pub(super) fn is_of_kept_value(&self) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.is_kept)
    }

    /// Returns the value that an item gets, as JSON.
    pub(super) fn value(&self) -> Option<&[u8]> {
        self.claim.as_ref().map(|claim| claim.value.as_slice())
    }
}

impl Known {
    /// `true` if a finding is about the operation's item, so that its values have to be read.
    pub(super) fn relies_on(&self, step: &Step) -> bool {
        self.stale.iter().any(|((table, _), owner)| {
            *table == step.schema.table
                && identity(owner, &step.schema.key).is_ok_and(|i| i == step.canonical_key)
        })
    }

    /// Notes that the unique item's owner does not have the value.
    pub(super) fn stale(&mut self, unique_item: &UniqueItem, owner: Vec<u8>) {
        self.stale.insert(unique_item.id(), owner);
    }

    /// Drops the note on the unique item's owner, which has changed.
    pub(super) fn forget(&mut self, unique_item: &UniqueItem) {
        self.stale.remove(&unique_item.id());
    }

    /// Flips the note on whether the unique item belongs to another item than assumed.
    pub(super) fn turn(&mut self, unique_item: &UniqueItem) {
        let id = unique_item.id();
        if !self.foreign.remove(&id) {
            self.foreign.insert(id);
        }
    }
}
