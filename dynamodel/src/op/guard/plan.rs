//! Which guards follow a transaction's operations, and what has to hold for that.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};

use super::change::Change;
use super::item::{guard_key, key_json, owned_by, put_guard, same_value, unguarded};
use super::read::Old;
use crate::error::Error;
use crate::expr::ast::{Assumed, Comparator, Node, Operand, Place, Value};
use crate::expr::render::Body;
use crate::op::identity::identity;
use crate::op::response::value_in;
use crate::op::transaction::Step;
use crate::op::write::add_condition;
use crate::schema::{EntitySchema, UniqueSchema};

/// The guards that follow a transaction's operations.
pub(super) struct Plan {
    /// What each operation takes for granted of its item.
    pins: Vec<Vec<Pin>>,
    guards: Vec<Guard>,
}

/// An attribute that was read, and is as it was.
struct Pin {
    name: &'static str,
    value: Option<Vec<u8>>,
}

/// A guard that changes.
pub(super) struct Guard {
    pub(super) schema: &'static EntitySchema,
    pub(super) unique: &'static UniqueSchema,
    /// Its partition key.
    pub(super) text: String,
    claim: Option<Claim>,
    /// The operations whose items had the value.
    releases: Vec<usize>,
}

/// An item gets a value.
pub(super) struct Claim {
    /// The operation on the item.
    step: usize,
    /// The value, as JSON.
    pub(super) value: Vec<u8>,
    /// The item has had the value before.
    is_kept: bool,
    /// The item's Time to Live.
    ttl: Option<Vec<u8>>,
}

/// Which guard, beyond one plan: its declared table and key.
type GuardId = (&'static str, String);

/// What failed tries have found.
#[derive(Default)]
pub(super) struct Known {
    /// Guards of items that do not have the value: their owners' keys.
    stale: HashMap<GuardId, Vec<u8>>,
    /// Guards that are not of the item that has the value.
    foreign: HashSet<GuardId>,
}

/// The owner of a guard, which does not have the value.
struct Stale<'a> {
    /// Its key, as JSON.
    owner: &'a [u8],
    /// The operation on it, when there is one.
    step: Option<usize>,
}

/// What an operation on guards is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Writes the guard of an item that gets the value.
    Claim,
    /// Deletes the guard of an item that had it.
    Release,
    /// Demands that the owner of a guard that is taken over does not have the value.
    Stale,
}

/// An operation that is added to the transaction.
pub(super) struct Added {
    pub(super) step: Step,
    pub(super) role: Role,
    /// Which guard it is about.
    pub(super) guard: usize,
    /// The operation that it follows.
    pub(super) follows: usize,
}

/// The type of the items, so that nobody reads them as entities.
enum GuardItem {}

impl Plan {
    /// `olds` are the items of the operations before; without meaning where nothing is guarded.
    pub(super) fn new(steps: &[Step], olds: &[Old]) -> Result<Self, Error> {
        let mut plan = Plan {
            pins: Vec::with_capacity(steps.len()),
            guards: Vec::new(),
        };
        for (position, (step, old)) in steps.iter().zip(olds).enumerate() {
            let pins = plan
                .follow(position, step, old)
                .map_err(|e| e.of_entity(step.schema.entity))?;
            plan.pins.push(pins);
        }
        Ok(plan)
    }

    fn follow(&mut self, position: usize, step: &Step, old: &Old) -> Result<Vec<Pin>, Error> {
        let mut pins = Vec::new();
        let Some(guarded) = &step.guarded else {
            return Ok(pins);
        };
        let (schema, effect) = (step.schema, &guarded.effect);
        let ttl = effect.ttl.after(old.ttl());
        let ttl_changes = !same_value(ttl, old.ttl());
        let mut has_value = false;
        for (i, (unique, change)) in schema.unique.iter().zip(&effect.values).enumerate() {
            let before = old.value(i);
            // All of them: who takes a guard over from this item relies on what it has.
            pins.push(Pin::new(unique.attribute, before));
            let anew = effect.anew == Some(i);
            if *change == Change::Keep && effect.ttl == Change::Keep && !anew {
                continue;
            }
            // A value that cannot be guarded was not written by this library.
            let had = guard_key(schema, unique, before).unwrap_or(None);
            let gets = match change {
                Change::Keep => had.clone(),
                Change::Becomes(value) => guard_key(schema, unique, value.as_deref())?,
            };
            has_value |= gets.is_some();
            let stays = had == gets;
            if !stays && let Some(text) = had {
                self.guard(schema, unique, text).releases.push(position);
            }
            if (!stays || ttl_changes || anew)
                && let Some(text) = gets
            {
                let guard = self.guard(schema, unique, text);
                let claim = Claim {
                    step: position,
                    value: change.after(before).unwrap_or_default().to_vec(),
                    is_kept: stays,
                    ttl: ttl.map(<[u8]>::to_vec),
                };
                if guard.claim.replace(claim).is_some() {
                    return Err(Error::taken(unique.attribute));
                }
            }
        }
        if let Some(name) = schema.ttl.filter(|_| has_value) {
            pins.push(Pin::new(name, old.ttl()));
        }
        if guarded.is_new {
            pins.clear();
        }
        Ok(pins)
    }

    /// The guard with this key.
    fn guard(
        &mut self,
        schema: &'static EntitySchema,
        unique: &'static UniqueSchema,
        text: String,
    ) -> &mut Guard {
        let is_it = |g: &Guard| g.schema.table == schema.table && g.text == text;
        let position = self.guards.iter().position(is_it).unwrap_or_else(|| {
            self.guards.push(Guard {
                schema,
                unique,
                text,
                claim: None,
                releases: Vec::new(),
            });
            self.guards.len() - 1
        });
        &mut self.guards[position]
    }

    pub(super) fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// Puts the pins into the conditions of the operations.
    pub(super) fn pin(&self, steps: &mut [Step]) -> Result<(), Error> {
        for (step, pins) in steps.iter_mut().zip(&self.pins) {
            step.pin(pins.iter().map(Pin::node).collect())
                .map_err(|e| e.of_entity(step.schema.entity))?;
        }
        Ok(())
    }

    /// Whether the item of the operation is not as it was read.
    pub(super) fn has_moved(&self, position: usize, item: Option<&[u8]>) -> bool {
        let pins = self.pins.get(position).into_iter().flatten();
        pins.into_iter().any(|pin| !pin.holds(item))
    }

    /// Whether the item of the operation surely does not have the guarded value.
    fn lacks(&self, steps: &[Step], position: usize, guard: &Guard) -> bool {
        let is_new = |step: &Step| step.guarded.as_ref().is_some_and(|g| g.is_new);
        let mut pins = self.pins.get(position).into_iter().flatten();
        steps.get(position).is_some_and(is_new)
            || pins.any(|pin| {
                pin.name == guard.unique.attribute
                    && !same_value(pin.value.as_deref(), guard.value())
            })
    }

    /// The operations on the guards.
    pub(super) fn added(&self, steps: &[Step], known: &Known) -> Result<Vec<Added>, Error> {
        let mut added = Vec::new();
        for (position, guard) in self.guards.iter().enumerate() {
            let stale = known.stale.get(&guard.id()).map(|owner| Stale {
                owner,
                step: guard.step_on(owner, steps),
            });
            // What is known of an owner that is among the operations, they rely on too.
            let stale = stale.filter(|s| s.step.is_none_or(|step| self.lacks(steps, step, guard)));
            let is_foreign = known.foreign.contains(&guard.id());
            guard
                .add(position, steps, stale, is_foreign, &mut added)
                .map_err(|e| e.of_entity(guard.schema.entity))?;
        }
        Ok(added)
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
        };
        assumed.node()
    }

    fn holds(&self, item: Option<&[u8]>) -> bool {
        let stored = item.and_then(|item| value_in(item, self.name).ok().flatten());
        same_value(stored, self.value.as_deref())
    }
}

impl Guard {
    fn id(&self) -> GuardId {
        (self.schema.table, self.text.clone())
    }

    fn add(
        &self,
        position: usize,
        steps: &[Step],
        stale: Option<Stale<'_>>,
        is_foreign: bool,
        added: &mut Vec<Added>,
    ) -> Result<(), Error> {
        let schema = self.schema;
        let key = key_json(schema, &self.text)?;
        let owner = |position: usize| {
            steps
                .get(position)
                .and_then(Step::guarded_key)
                .unwrap_or_default()
        };
        let mut body = Body::new("", 256);
        let mut add = |follows, role, verb, key: &[u8], mut body: Body, condition: Node| {
            add_condition(&mut body, Some(&condition));
            let (entity, body) = (TypeId::of::<GuardItem>(), body.finish()?);
            let step = Step::of_body(verb, schema, entity, key, body)?;
            added.push(Added {
                step,
                role,
                guard: position,
                follows,
            });
            Ok::<_, Error>(())
        };
        let former = self
            .releases
            .iter()
            .map(|position| owned_by(owner(*position)));
        let Some(Claim {
            step, value, ttl, ..
        }) = &self.claim
        else {
            let follows = self.releases.first().copied().unwrap_or_default();
            body.member("Key", &key);
            let mine = Node::or(former);
            return match is_foreign {
                // What is not the item's is not deleted with it, and has to stay so until then.
                true => {
                    let condition = Node::or([unguarded(schema), mine.negated()]);
                    add(
                        follows,
                        Role::Release,
                        "ConditionCheck",
                        &key,
                        body,
                        condition,
                    )
                }
                false => {
                    let condition = Node::or([unguarded(schema), mine]);
                    add(follows, Role::Release, "Delete", &key, body, condition)
                }
            };
        };
        let owners = [unguarded(schema), owned_by(owner(*step))];
        let stale_owner = stale.as_ref().map(|stale| owned_by(stale.owner));
        let condition = Node::or(owners.into_iter().chain(former).chain(stale_owner));
        put_guard(schema, &self.text, owner(*step), ttl.as_deref(), &mut body);
        add(*step, Role::Claim, "Put", &key, body, condition)?;
        if let Some(Stale { owner, step: None }) = stale {
            let place = || Place::root(self.unique.attribute);
            let other = Node::Compare(
                Operand::Path(place()),
                Comparator::Ne,
                Operand::Value(Value::Json(value.clone())),
            );
            let condition = Node::or([Node::not_exists(self.unique.attribute), other]);
            let mut body = Body::new("", 256);
            body.member("Key", owner);
            add(*step, Role::Stale, "ConditionCheck", owner, body, condition)?;
        }
        Ok(())
    }

    /// The operation on the item with this key that guards follow, when there is one.
    fn step_on(&self, key: &[u8], steps: &[Step]) -> Option<usize> {
        let identity = identity(key, &self.schema.key).ok()?;
        steps.iter().position(|s| {
            s.guarded.is_some() && s.schema.table == self.schema.table && s.identity == identity
        })
    }

    /// Whether it is written only because the item was read to have the value.
    pub(super) fn is_of_kept_value(&self) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.is_kept)
    }

    /// The value that an item gets, as JSON.
    pub(super) fn value(&self) -> Option<&[u8]> {
        self.claim.as_ref().map(|claim| claim.value.as_slice())
    }
}

impl Known {
    /// The guard's owner does not have the value.
    pub(super) fn stale(&mut self, guard: &Guard, owner: Vec<u8>) {
        self.stale.insert(guard.id(), owner);
    }

    /// The guard is not as it was found.
    pub(super) fn forget(&mut self, guard: &Guard) {
        self.stale.remove(&guard.id());
    }

    /// The guard was thought to be the item's, and is not; or the other way round.
    pub(super) fn turn(&mut self, guard: &Guard) {
        let id = guard.id();
        if !self.foreign.remove(&id) {
            self.foreign.insert(id);
        }
    }
}
