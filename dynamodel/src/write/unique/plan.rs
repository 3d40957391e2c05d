//! Which guards follow a transaction's operations, and what has to hold for that.

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
use crate::model::unique::{guard_key, key_json, owned_by, put_guard, same_value, unguarded};
use crate::wire::value_in;
use crate::write::precondition::Precondition;
use crate::write::request::{Verb, WriteRequest};
use crate::write::transaction::Step;

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

/// An item of which guards are taken over, because it does not have their values.
struct Former<'p, 'k> {
    schema: &'static EntitySchema,
    /// Its key, as JSON.
    key: &'k [u8],
    identity: Vec<u8>,
    /// The operation that takes the first guard over.
    follows: usize,
    guards: Vec<&'p Guard>,
}

/// What an operation on guards is for.
pub(super) enum Role<'p> {
    /// Writes the guard of an item that gets the value.
    Claim(&'p Guard),
    /// Deletes the guard of an item that had it.
    Release(&'p Guard),
    /// Preconditions that the owner of guards that are taken over does not have their values.
    Stale(Vec<&'p Guard>),
}

/// An operation that is added to the transaction.
pub(super) struct Added<'p> {
    pub(super) step: Step,
    pub(super) role: Role<'p>,
    /// The operation that it follows.
    pub(super) follows: usize,
}

/// The type of the items, so that nobody reads them as entities.
enum GuardItem {}

impl Plan {
    /// `olds` are the items of the operations before, of those that something depends on.
    pub(super) fn new(steps: &[Step], olds: &[Option<Old>]) -> Result<Self, Error> {
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

    fn follow(
        &mut self,
        position: usize,
        step: &Step,
        old: &Option<Old>,
    ) -> Result<Vec<Pin>, Error> {
        let mut pins = Vec::new();
        let (Some(guarded), Some(old)) = (&step.guarded, old) else {
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

    /// The operations on the guards, and on items that lose them.
    pub(super) fn added<'p>(
        &'p self,
        steps: &[Step],
        known: &Known,
    ) -> Result<Vec<Added<'p>>, Error> {
        let mut added = Vec::new();
        let mut formers = Vec::new();
        for guard in &self.guards {
            let stale = self.stale(guard, steps, known, &mut formers);
            let is_foreign = known.foreign.contains(&guard.id());
            let step = stale.and_then(|stale| guard.added(steps, stale, is_foreign));
            added.push(step.map_err(|e| e.of_entity(guard.schema.entity))?);
        }
        // One for each item: no transaction has two operations on one.
        for former in formers {
            let entity = former.schema.entity;
            added.push(former.added().map_err(|e| e.of_entity(entity))?);
        }
        Ok(added)
    }

    /// The key of the owner that the guard is taken over from, which surely does not have the value
    /// when the transaction is carried out: its own operation or a check by `formers` demands that.
    fn stale<'p, 'k>(
        &self,
        guard: &'p Guard,
        steps: &[Step],
        known: &'k Known,
        formers: &mut Vec<Former<'p, 'k>>,
    ) -> Result<Option<&'k [u8]>, Error> {
        let (Some(key), Some(claim)) = (known.stale.get(&guard.id()), &guard.claim) else {
            return Ok(None);
        };
        let schema = guard.schema;
        let identity = identity(key, &schema.key)?;
        if let Some(step) = steps.iter().position(|s| s.is_on(schema, &identity)) {
            return Ok(self.lacks(steps, step, guard).then_some(key));
        }
        let is_it =
            |f: &&mut Former<'_, '_>| f.schema.table == schema.table && f.identity == identity;
        match formers.iter_mut().find(is_it) {
            Some(former) => former.guards.push(guard),
            None => formers.push(Former {
                schema,
                key,
                identity,
                follows: claim.step,
                guards: vec![guard],
            }),
        }
        Ok(Some(key))
    }
}

/// Builds an operation with this condition.
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
        precondition: Precondition::default(),
        token: None,
        return_values: None,
    };
    request.into_step(TypeId::of::<GuardItem>(), key, None)
}

impl<'p> Former<'p, '_> {
    fn added(self) -> Result<Added<'p>, Error> {
        let lacks = self.guards.iter().map(|guard| guard.lacking());
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
            role: Role::Stale(self.guards),
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

    /// The operation on it. `stale` is the key of an owner that does not have the value.
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
            step.and_then(Step::guarded_key).unwrap_or_default()
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
                // What is not the item's is not deleted with it, and has to stay so until then.
                true => (Verb::ConditionCheck, mine.negated()),
                false => (Verb::Delete, mine),
            };
            let condition = Node::or([unguarded(schema), condition]);
            return Ok(Added {
                step: conditional(verb, schema, &key, body, &condition)?,
                role: Role::Release(self),
                follows: self.releases.first().copied().unwrap_or_default(),
            });
        };
        let owners = [unguarded(schema), owned_by(owner(*step))];
        let condition = Node::or(owners.into_iter().chain(former).chain(stale.map(owned_by)));
        put_guard(schema, &self.text, owner(*step), ttl.as_deref(), &mut body);
        Ok(Added {
            step: conditional(Verb::Put, schema, &key, body, &condition)?,
            role: Role::Claim(self),
            follows: *step,
        })
    }

    /// An item does not have the value that is claimed.
    fn lacking(&self) -> Node {
        let name = self.unique.attribute;
        let value = self.value().unwrap_or_default().to_vec();
        let other = Node::Compare(
            Operand::Path(Place::root(name)),
            Comparator::Ne,
            Operand::Value(Value::Json(value)),
        );
        Node::or([Node::not_exists(name), other])
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
    /// Whether something depends on what the operation's item has.
    pub(super) fn relies_on(&self, step: &Step) -> bool {
        self.stale.iter().any(|((table, _), owner)| {
            *table == step.schema.table
                && identity(owner, &step.schema.key).is_ok_and(|i| i == step.identity)
        })
    }

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
