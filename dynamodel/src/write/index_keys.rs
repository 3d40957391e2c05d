//! Actions by which an update keeps the attributes that templates fill consistent with its fields.

use crate::error::Error;
use crate::model::entity::Item;
use crate::model::expr::Actions;
use crate::model::expr::ast::{ActionNode, Place, Source, Step, Value, Verb};
use crate::model::key::{Key, check_key_value};
use crate::model::schema::{PartSchema, Piece, SingleTable};
use crate::model::sharding;
use crate::model::table::KeyAttribute;
use crate::model::template::{compose, distinct};
use crate::wire::WriteError;
use crate::write::diff::json::{find, inside};

/// Returns the actions on the index keys that the update's actions affect. Unless the item
/// certainly exists, also on the attributes that every item of the entity has: its type, and the
/// fields of its key. Sharded index keys are always written, so that items from before the sharding
/// get them.
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
    for part in single.parts.iter().take(single.key_parts) {
        let place = Place::of_names(part.path);
        let mut changed = given.0.iter().filter(|a| match &place {
            Some(place) => a.place.overlaps(place),
            None => false,
        });
        if changed.next().is_some() {
            let field = part.field;
            return Err(Error::invalid_request(format!(
                "the update changes `{field}`, a part of the primary key, which never changes; create the changed item and remove the other"
            )));
        }
    }
    let mut out = Vec::new();
    if !exists {
        if let Some(name) = single.table.discriminator {
            out.push(set(name, Value::write(|w| w.string(single.kind))));
        }
        for (part, value) in single.parts.iter().zip(key.parts()) {
            if let [name] = part.path
                && part.stored
                && !single.table.key.contains(name)
            {
                out.push(set(name, Value::Json(value.clone())));
            }
        }
    }
    for attribute in single.key_attributes() {
        if !single.table.key.contains(attribute.name) && update.touches(&attribute, exists) {
            out.push(update.action(&attribute)?);
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
    /// Values of the parts of the primary key.
    key: &'a [Vec<u8>],
    /// Hash of the primary key.
    hash: &'a dyn Fn() -> Result<u64, Error>,
    given: &'a Actions,
}

/// Knowledge of a part's value after the update.
enum Known<'a> {
    Value(&'a [u8]),
    Absent,
    Unknown,
}

impl Update<'_> {
    /// Returns `true` if the attribute changes. An attribute that the primary key alone makes is
    /// written with a new item.
    fn touches(&self, attribute: &KeyAttribute, exists: bool) -> bool {
        if let [Piece::Value(part)] = attribute.pieces
            && self.single.is_field(*part, attribute.name)
        {
            // The attribute is the field, which the update's own action changes.
            return false;
        }
        let parts = distinct(attribute.pieces);
        if parts.iter().all(|part| *part < self.single.key_parts) {
            return !exists;
        }
        let mut places = parts.into_iter().filter_map(|part| self.place(part));
        places.any(|place| self.given.0.iter().any(|a| a.place.overlaps(&place)))
    }

    fn place(&self, part: usize) -> Option<Place> {
        Place::of_names(self.single.parts.get(part)?.path)
    }

    fn action(&self, attribute: &KeyAttribute) -> Result<ActionNode, Error> {
        if let [Piece::Value(part)] = *attribute.pieces {
            return self.value_action(part, attribute.name);
        }
        let mut missing = None;
        let text = compose(attribute.pieces, self.single.parts, |part, form, out| {
            let Some(schema) = self.single.parts.get(part) else {
                return Ok(false);
            };
            match self.known(part)? {
                Known::Value(json) => {
                    (schema.text)(json, form, out).map_err(|e| e.in_attribute(schema.field))
                }
                Known::Absent => Ok(false),
                Known::Unknown => {
                    missing = Some(schema);
                    Ok(false)
                }
            }
        });
        if let Some(part) = missing {
            return Err(unknown(part, attribute.name));
        }
        let name = attribute.name;
        let text = text.map_err(|e| Error::invalid_key(e.in_attribute(name)))?;
        let Some(mut text) = text else {
            return Ok(ActionNode {
                place: Place::root(name),
                verb: Verb::Remove,
            });
        };
        if let Some(shards) = attribute.shards {
            text.push_str(&sharding::suffix(shards.of((self.hash)()?)));
        }
        let value = Value::write(|w| w.string(&text));
        let json = check_key_value(name, value, attribute.limit).map_err(Error::invalid_key)?;
        Ok(set(name, Value::Json(json)))
    }

    /// Returns the action on a key attribute that is the value of a part.
    fn value_action(&self, part: usize, name: &'static str) -> Result<ActionNode, Error> {
        let known = self.known(part);
        match known.map_err(|e| Error::invalid_key(e.in_attribute(name)))? {
            Known::Value(json) if !is_null(json) => Ok(set(name, Value::Json(json.to_vec()))),
            Known::Value(_) | Known::Absent => Ok(ActionNode {
                place: Place::root(name),
                verb: Verb::Remove,
            }),
            Known::Unknown => match self.single.parts.get(part) {
                Some(part) => Err(unknown(part, name)),
                None => Err(Error::construction("a template without its part")),
            },
        }
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
                // A whole document around the part.
                Verb::Set(Source::Value(Value::Json(json))) => {
                    let inside = steps.get(action.place.steps().len()..).unwrap_or_default();
                    Ok(inside_of(json, inside))
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

/// Returns the value at a path of a document.
fn inside_of<'j>(document: &'j [u8], path: &[&Step]) -> Known<'j> {
    let text = std::str::from_utf8(document).ok();
    let body = text.and_then(|text| inside(text).ok());
    match body.map(|(_, body)| find(body, path)) {
        Some(Ok(Some(json))) if !path.is_empty() => Known::Value(json.as_bytes()),
        Some(Ok(None)) => Known::Absent,
        _ => Known::Unknown,
    }
}

fn is_null(json: &[u8]) -> bool {
    json.starts_with(b"{\"NULL\"")
}

fn unknown(part: &PartSchema, name: &str) -> Error {
    let field = part.field;
    Error::invalid_request(format!(
        "the update changes the key attribute `{name}`, and the value of its part `{field}` is not known; set the parts together, by the member of the index"
    ))
}
