//! What an update writes so that the attributes that templates make stay true.

use crate::error::Error;
use crate::model::entity::Item;
use crate::model::expr::Actions;
use crate::model::expr::ast::{ActionNode, Place, Source, Value, Verb};
use crate::model::key::{Key, check_key_value};
use crate::model::schema::{PartSchema, SingleTable};
use crate::model::sharding;
use crate::model::table::Derived;
use crate::model::template::{compose, distinct};
use crate::wire::WriteError;

/// The derived attributes that the actions touch; and, unless the item surely exists, what every item
/// of the entity has: its type, and the fields of its key. The attributes of shards always, so that an
/// item from before there were any gets them.
pub(super) fn actions<E: Item>(
    key: &Key<E>,
    given: &Actions,
    exists: bool,
) -> Result<Vec<ActionNode>, Error> {
    let Some(single) = E::ITEM_SCHEMA.single_table else {
        return sharding::actions(key);
    };
    key.json()?;
    let update = Update {
        single,
        key: key.parts(),
        hash: &|| sharding::key_hash(key),
        given,
    };
    let mut out = Vec::new();
    if !exists {
        if let Some(name) = single.table.discriminator {
            out.push(set(name, Value::write(|w| w.string(single.kind))));
        }
        for (part, value) in single.parts.iter().zip(key.parts()) {
            if let [name] = part.path {
                out.push(set(name, Value::Json(value.clone())));
            }
        }
    }
    for derived in single.derived() {
        if !single.table.key.contains(derived.name) && update.touches(&derived, exists) {
            out.push(update.action(&derived)?);
        }
    }
    Ok(out)
}

fn set(name: &'static str, value: Value) -> ActionNode {
    ActionNode {
        place: Place::root(name),
        verb: Verb::Set(Source::Value(value)),
    }
}

struct Update<'a> {
    single: &'static SingleTable,
    /// The values of the parts of the primary key.
    key: &'a [Vec<u8>],
    /// The hash of the primary key.
    hash: &'a dyn Fn() -> Result<u64, Error>,
    given: &'a Actions,
}

/// What is known of a part after the update.
enum Known<'a> {
    Value(&'a [u8]),
    Absent,
    Unknown,
}

impl Update<'_> {
    /// Whether the attribute changes; one that the key alone makes is written with a new item.
    fn touches(&self, derived: &Derived, exists: bool) -> bool {
        let parts = distinct(derived.pieces);
        if parts.iter().all(|part| *part < self.single.key_parts) {
            return !exists;
        }
        let mut places = parts.into_iter().filter_map(|part| self.place(part));
        places.any(|place| self.given.0.iter().any(|a| a.place.overlaps(&place)))
    }

    fn place(&self, part: usize) -> Option<Place> {
        Place::of_names(self.single.parts.get(part)?.path)
    }

    fn action(&self, derived: &Derived) -> Result<ActionNode, Error> {
        let mut missing = None;
        let text = compose(derived.pieces, self.single.parts, |part| {
            let Some(schema) = self.single.parts.get(part) else {
                return Ok(None);
            };
            match self.known(part)? {
                Known::Value(json) => (schema.text)(json).map_err(|e| e.in_attribute(schema.field)),
                Known::Absent => Ok(None),
                Known::Unknown => {
                    missing = Some(schema);
                    Ok(None)
                }
            }
        });
        if let Some(part) = missing {
            return Err(unknown(part, derived.name));
        }
        let name = derived.name;
        let text = text.map_err(|e| Error::invalid_key(e.in_attribute(name)))?;
        let Some(mut text) = text else {
            return Ok(ActionNode {
                place: Place::root(name),
                verb: Verb::Remove,
            });
        };
        if let Some(shards) = derived.shards {
            text.push_str(&sharding::suffix(shards.of((self.hash)()?)));
        }
        let value = Value::write(|w| w.string(&text));
        let json = check_key_value(name, value, derived.limit).map_err(Error::invalid_key)?;
        Ok(set(name, Value::Json(json)))
    }

    fn known(&self, part: usize) -> Result<Known<'_>, WriteError> {
        if part < self.single.key_parts {
            return Ok(self
                .key
                .get(part)
                .map_or(Known::Unknown, |v| Known::Value(v)));
        }
        let Some(place) = self.place(part) else {
            return Ok(Known::Unknown);
        };
        let steps = place.steps();
        let at = |other: &Place| other.steps() == steps;
        if let Some(action) = self.given.0.iter().find(|a| a.place.overlaps(&place)) {
            return match &action.verb {
                Verb::Set(Source::Value(Value::Json(json))) if at(&action.place) => {
                    Ok(Known::Value(json))
                }
                Verb::Set(Source::Value(Value::Invalid(e))) => Err(e.clone()),
                Verb::Remove => Ok(Known::Absent),
                _ => Ok(Known::Unknown),
            };
        }
        match self.given.1.iter().find(|a| at(&a.place)) {
            Some(assumed) => match &assumed.value {
                Some(Value::Json(json)) => Ok(Known::Value(json)),
                Some(Value::Invalid(e)) => Err(e.clone()),
                None => Ok(Known::Absent),
            },
            None => Ok(Known::Unknown),
        }
    }
}

fn unknown(part: &PartSchema, name: &str) -> Error {
    let field = part.field;
    Error::invalid_request(format!(
        "the update changes the key attribute `{name}`, and the value of its part `{field}` is not known; set the parts together, by the member of the index"
    ))
}
