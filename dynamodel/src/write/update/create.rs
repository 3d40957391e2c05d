//! [`Creation`]: the item that an update creates where none is stored, as actions of the same request.

use std::collections::BTreeSet;
use std::time::SystemTime;

use crate::error::Error;
use crate::model::entity::Item;
use crate::model::expr::Actions;
use crate::model::expr::ast::{ActionNode, Place, Source, Step, Value, Verb};
use crate::model::key::Key;
use crate::model::schema::{EntitySchema, Form};
use crate::model::template::distinct;
use crate::model::unique::same_value;
use crate::write::diff::json::{elements, entries, find, inside};
use crate::write::diff::{Fault, Image};

/// An item that is created by an update. Attributes that the actions leave open come from it, and
/// actions that compute with a missing attribute compute with its value.
#[derive(Clone)]
pub(crate) struct Creation {
    /// The whole item, as JSON.
    item: String,
    /// `true` if the time of creation was set before.
    keeps_created_at: bool,
}

impl Creation {
    /// Writes the item that an update of `key` creates.
    pub(super) fn of<E: Item>(mut entity: E, key: &Key<E>) -> Result<Self, Fault> {
        if entity.item_key() != *key {
            return Err(Fault::CreatedUnderOtherKey);
        }
        let before = Image::from_entity(&entity)?.text;
        let Some(name) = E::ITEM_SCHEMA.created_at else {
            return Ok(Creation {
                item: before,
                keeps_created_at: false,
            });
        };
        // Only a time that is not set yet is changed.
        entity.touch(SystemTime::now());
        let after = Image::from_entity(&entity)?.text;
        let step = Step::Attribute(name);
        let keeps_created_at = find(&before, &[&step])? == find(&after, &[&step])?;
        Ok(Creation {
            item: before,
            keeps_created_at,
        })
    }

    /// Returns `true` if the item brings its time of creation along.
    pub(super) fn keeps_created_at(&self) -> bool {
        self.keeps_created_at
    }

    /// Returns the item, as JSON.
    pub(crate) fn item(&self) -> &[u8] {
        self.item.as_bytes()
    }

    fn at(&self, place: &Place) -> Result<Option<Value>, Error> {
        let found = find(&self.item, &place.steps())?;
        Ok(found.map(|json| Value::Json(json.as_bytes().to_vec())))
    }

    /// Returns the actions in the form that they have on an item that may be missing, and the
    /// actions that fill in what they and `own`, the library's actions, leave open.
    ///
    /// # Errors
    /// When one request cannot create the item and do the actions.
    pub(super) fn actions(
        &self,
        schema: &EntitySchema,
        given: &Actions,
        own: &[ActionNode],
    ) -> Result<(Vec<ActionNode>, Vec<ActionNode>), Error> {
        let Actions(given, assumed) = given;
        for assumed in assumed {
            let other = match (self.at(&assumed.place)?, &assumed.value) {
                (Some(Value::Json(a)), Some(Value::Json(b))) => !same_value(Some(&a), Some(b)),
                (a, b) => a.is_some() || b.is_some(),
            };
            if other {
                return Err(Error::invalid_request(format!(
                    "the update assumes another `{}` than the item has that `or_create` creates; give both the same value",
                    assumed.place
                )));
            }
        }
        let rewritten = given.iter().map(|action| self.action(action));
        let rewritten = rewritten.collect::<Result<Vec<_>, _>>()?;
        self.check_index_keys(schema, given, own)?;
        let mut filled = Vec::new();
        for (name, json) in entries(&self.item)? {
            if schema.key.contains(&name) {
                continue;
            }
            let is_set = |a: &ActionNode| match a.place.steps().first() {
                Some(Step::Attribute(set)) => *set == name,
                Some(Step::Entry(set)) => **set == *name,
                Some(Step::Element(_)) | None => false,
            };
            let own_names = [schema.version, schema.updated_at, schema.write_token];
            if given.iter().chain(own).any(is_set) || own_names.contains(&Some(&*name)) {
                continue;
            }
            let place = Place::below(None, Step::Entry((&*name).into()));
            let value = Value::Json(json.as_bytes().to_vec());
            let verb = Verb::Set(Source::or(place.clone(), value));
            filled.push(ActionNode { place, verb });
        }
        Ok((rewritten, filled))
    }

    fn action(&self, action: &ActionNode) -> Result<ActionNode, Error> {
        let place = &action.place;
        if place.is_nested() {
            let top = place.top();
            return Err(Error::invalid_request(format!(
                "one request cannot create the item with `{top}` and change `{place}` in it; set `{top}` as a whole, or change the item by `modify(..).or_create(..)`"
            )));
        }
        let held = self.at(place)?;
        let verb = match (&action.verb, held) {
            (Verb::Set(source), _) => Verb::Set(self.source(source, place)?),
            (Verb::Add(amount), Some(held)) if is_number(amount) => {
                let start = Source::or(place.clone(), held);
                Verb::Set(start.plus(Source::Value(amount.clone())))
            }
            (Verb::Add(of) | Verb::Delete(of), Some(held)) if !is_within(&held, of)? => {
                return Err(Error::invalid_request(format!(
                    "one request cannot create the set `{place}` with the elements that `or_create` gives it and then change it; leave the set of the created item empty, or set it as a whole"
                )));
            }
            (verb, _) => verb.clone(),
        };
        Ok(ActionNode {
            place: place.clone(),
            verb,
        })
    }

    /// Returns the source with the created item's values for missing attributes. `target` is the
    /// attribute that is set.
    fn source(&self, source: &Source, target: &Place) -> Result<Source, Error> {
        let inner = |source: &Source| self.source(source, target).map(Box::new);
        Ok(match source {
            Source::Value(value) => Source::Value(value.clone()),
            Source::Path(place) => match self.at(place)? {
                Some(value) => Source::or(place.clone(), value),
                None => Source::Path(place.clone()),
            },
            Source::IfAbsent(place, otherwise) => {
                let is_target = place.overlaps(target);
                let is_empty = matches!(&**otherwise, Source::Value(Value::Json(json)) if json == b"{\"L\":[]}");
                match self.at(place)? {
                    // The action itself says what a missing attribute is set to.
                    Some(_) if is_target && !is_empty => {
                        Source::IfAbsent(place.clone(), inner(otherwise)?)
                    }
                    Some(value) => Source::or(place.clone(), value),
                    None => Source::IfAbsent(place.clone(), inner(otherwise)?),
                }
            }
            Source::Plus(a, b) => Source::Plus(inner(a)?, inner(b)?),
            Source::Minus(a, b) => Source::Minus(inner(a)?, inner(b)?),
            Source::Concat(a, b) => Source::Concat(inner(a)?, inner(b)?),
        })
    }

    /// Refuses to fill in a part of an index key that an existing item may have other parts of:
    /// neither the stored nor the created key would be that of the parts.
    fn check_index_keys(
        &self,
        schema: &EntitySchema,
        given: &[ActionNode],
        own: &[ActionNode],
    ) -> Result<(), Error> {
        let Some(single) = schema.single_table else {
            return Ok(());
        };
        for attribute in single.key_attributes() {
            let is_set = |a: &ActionNode| a.place.top() == attribute.name;
            if schema.key.contains(attribute.name) || given.iter().chain(own).any(is_set) {
                continue;
            }
            let parts = distinct(attribute.pieces).into_iter();
            let parts: Vec<_> = parts
                .filter(|part| *part >= single.key_parts)
                .filter_map(|part| single.parts.get(part))
                .collect();
            for part in &parts {
                // A part that reads NULL may be absent, and so may a document around a part.
                let may_be_absent =
                    matches!(part.text_of(b"{\"NULL\":true}", Form::Sorted), Ok(None));
                let is_nested = part.path.len() > 1;
                let is_mixed = match parts.len() {
                    1 => is_nested && may_be_absent,
                    _ => is_nested || may_be_absent,
                };
                let place = Place::of_names(part.path);
                let held = place.as_ref().map(|place| self.at(place)).transpose()?;
                if is_mixed && held.flatten().is_some() {
                    let (field, name) = (part.field, attribute.name);
                    return Err(Error::invalid_request(format!(
                        "one request cannot fill in `{field}` and keep the key attribute `{name}` that it is a part of; set the parts together, by the member of the index, or leave `{field}` of the created item empty"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Json(json) if json.starts_with(b"{\"N\""))
}

/// Returns `true` if all elements of one set are in another.
fn is_within(set: &Value, other: &Value) -> Result<bool, Error> {
    let (Value::Json(set), Value::Json(other)) = (set, other) else {
        // An invalid value fails the request by itself.
        return Ok(true);
    };
    let (set, other) = (text(set)?, text(other)?);
    let other: BTreeSet<&str> = elements(inside(other)?.1)?.into_iter().collect();
    let set = elements(inside(set)?.1)?;
    Ok(set.iter().all(|element| other.contains(element)))
}

fn text(json: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(json).map_err(|_| Fault::Read.error())
}
