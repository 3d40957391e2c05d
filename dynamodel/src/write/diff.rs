//! Differences between two values of an entity, as the actions of an update.

pub(super) mod json;
mod parts;

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::error::{Error, Limit};
use crate::model::entity::{Item, Lock};
use crate::model::expr::ast::{ActionNode, Assumed, Place, Step, Value};
use crate::model::expr::render;
use crate::model::template::distinct;
use crate::wire::{ReadError, WriteError, Writer};
use json::{Entries, entries, same};
use parts::{Differ, Found};

/// Value of an entity as it was read, to compare a changed value with.
pub(crate) struct Image {
    pub(super) text: String,
    version: u64,
}

/// Changes that turn the stored item into the changed value.
#[derive(Clone)]
pub(crate) struct Changes {
    pub(crate) actions: Vec<ActionNode>,
    /// The actions without those on elements of lists, if they differ: the position of an element
    /// is only certain while the version is checked.
    pub(crate) without_elements: Option<Vec<ActionNode>>,
    /// Parts of the index keys among the actions that did not change, and that the update relies
    /// on.
    pub(crate) assumed: Vec<Assumed>,
    /// Maps that are replaced whole, as they were shown: the write ends as a conflict where
    /// something else is in them.
    pub(crate) shown: Vec<Assumed>,
}

/// Reasons why an update cannot be made of a value, or of the difference of two.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The changed value has another primary key.
    OtherKey,
    /// The changed value has another value of this immutable attribute.
    Immutable(&'static str),
    /// The item that an update creates has another primary key than the update.
    CreatedUnderOtherKey,
    Write(WriteError),
    Limit(Limit),
    Read,
}

impl From<WriteError> for Fault {
    fn from(error: WriteError) -> Self {
        Fault::Write(error)
    }
}

impl From<ReadError> for Fault {
    fn from(_: ReadError) -> Self {
        Fault::Read
    }
}

impl Fault {
    pub(crate) fn error(&self) -> Error {
        match self {
            Fault::OtherKey => Error::invalid_request(
                "the primary key changed: an update cannot change it; create the changed item and remove the other",
            ),
            Fault::Immutable(name) => {
                let remedy = format!("`{name}` is immutable, and keeps the value that it has");
                Error::invalid_request("the changed value cannot be saved")
                    .refusing((*name).to_owned(), remedy)
            }
            Fault::CreatedUnderOtherKey => Error::invalid_request(
                "the item that `or_create` creates has another primary key than the one that is updated; give it the same key",
            ),
            Fault::Write(e) => Error::write(e.clone()),
            Fault::Limit(limit) => Error::limit(*limit),
            Fault::Read => Error::construction("an item that was written cannot be read again"),
        }
    }
}

impl Image {
    pub(crate) fn from_entity<E: Item>(entity: &E) -> Result<Self, Fault> {
        let mut w = Writer::new();
        crate::write::precondition::write_item(&mut w, entity).map_err(Fault::Limit)?;
        let bytes = w.finish()?;
        Ok(Image {
            text: String::from_utf8(bytes).map_err(|_| Fault::Read)?,
            version: entity.item_version(),
        })
    }

    /// Returns the item, as JSON.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Returns the changes from this value to another.
    pub(crate) fn changes<E: Item>(&self, changed: &E) -> Result<Changes, Fault> {
        let new = Image::from_entity(changed)?;
        let mut differ = Differ {
            before: &self.text,
            after: &new.text,
            by_whole_map: false,
            by_element: E::Lock::VERSIONED,
            round_trip: parts::round_trip::<E>,
        };
        let pair = Pair::of::<E>(&self.text, &new.text)?;
        for name in E::IMMUTABLE {
            let is_kept = match pair.values(name) {
                (Some(old), Some(new)) => same(old, new)?,
                (old, _) => old.is_none(),
            };
            if !is_kept {
                return Err(Fault::Immutable(name));
            }
        }
        let Found { actions, mut shown } = pair.found(&differ)?;
        let mut without_elements = None;
        if actions.iter().any(is_on_element) {
            differ.by_element = false;
            let found = pair.found(&differ)?;
            for assumed in found.shown {
                if !shown.iter().any(|s| s.place.overlaps(&assumed.place)) {
                    shown.push(assumed);
                }
            }
            without_elements = Some(found.actions);
        }
        Ok(Changes {
            shown,
            assumed: assumed::<E>(&self.text, &new.text)?,
            actions,
            without_elements,
        })
    }
}

/// Returns the value at a place of an item.
pub(crate) fn value_at<'a>(item: &'a [u8], place: &Place) -> Result<Option<&'a str>, ReadError> {
    let text = std::str::from_utf8(item).map_err(|_| ReadError::expected("UTF-8"))?;
    json::find(text, &place.steps())
}

/// Returns the unchanged parts of the index keys that change.
fn assumed<E: Item>(old: &str, new: &str) -> Result<Vec<Assumed>, ReadError> {
    let mut assumed: Vec<Assumed> = Vec::new();
    let Some(single) = E::ITEM_SCHEMA.single_table else {
        return Ok(assumed);
    };
    for attribute in single.key_attributes() {
        let mut kept = Vec::new();
        let mut is_changed = false;
        for part in distinct(attribute.pieces) {
            let schema = single.parts.get(part).filter(|_| part >= single.key_parts);
            let Some(place) = schema.and_then(|part| Place::of_names(part.path)) else {
                continue;
            };
            let value = |text| json::find(text, &place.steps());
            let (old, new) = (value(old)?, value(new)?);
            let is_kept = match (old, new) {
                (Some(old), Some(new)) => same(old, new)?,
                (old, new) => old == new,
            };
            is_changed |= !is_kept;
            if is_kept && !assumed.iter().any(|a| a.place.overlaps(&place)) {
                let value = old.map(|json| Value::Json(json.as_bytes().to_vec()));
                kept.push(Assumed {
                    place,
                    value,
                    or_absent: false,
                });
            }
        }
        if is_changed {
            assumed.append(&mut kept);
        }
    }
    Ok(assumed)
}

/// `true` if the action relies on the positions of a list's elements.
fn is_on_element(action: &ActionNode) -> bool {
    let is_element = |step: &&Step| matches!(step, Step::Element(_));
    action.verb.joins_lists() || action.place.steps().iter().any(is_element)
}

/// Attributes of two items.
struct Pair<'a> {
    schema: &'static crate::model::schema::EntitySchema,
    old: Entries<'a>,
    new: Entries<'a>,
}

impl<'a> Pair<'a> {
    fn of<E: Item>(old: &'a str, new: &'a str) -> Result<Self, Fault> {
        let pair = Pair {
            schema: E::ITEM_SCHEMA,
            old: entries(old)?,
            new: entries(new)?,
        };
        for name in pair.schema.key.attributes() {
            let is_kept = match pair.values(name) {
                (Some(old), Some(new)) => same(old, new)?,
                (old, new) => old == new,
            };
            if !is_kept {
                return Err(Fault::OtherKey);
            }
        }
        Ok(pair)
    }

    fn values(&self, name: &str) -> (Option<&'a str>, Option<&'a str>) {
        (self.old.get(name).copied(), self.new.get(name).copied())
    }

    /// Returns the names of the attributes that can differ, without those that every update writes
    /// itself.
    fn names(&self) -> impl Iterator<Item = &str> {
        let schema = self.schema;
        let own = [schema.version, schema.updated_at, schema.write_token];
        let names: BTreeSet<&Cow<'a, str>> = self.old.keys().chain(self.new.keys()).collect();
        names
            .into_iter()
            .map(|name| &**name)
            .filter(move |name| !own.contains(&Some(name)))
    }

    fn place(&self, name: &str) -> Place {
        let single = self.schema.single_table;
        let mut keys = single.into_iter().flat_map(|s| s.key_attributes());
        let key = keys.find(|key| key.name == name).map(|key| key.name);
        match self.schema.attribute(name).map(|a| a.name).or(key) {
            Some(name) => Place::root(name),
            None => Place::below(None, Step::Entry(name.into())),
        }
    }

    /// Returns the actions, by the smallest parts of maps that DynamoDB takes in one expression.
    fn found(&self, differ: &Differ<'_>) -> Result<Found, Fault> {
        let found = self.found_by(differ)?;
        if render::fits(&found.actions) {
            return Ok(found);
        }
        // Elements of lists first, which are not kept for others anyway.
        let found = self.found_by(&Differ {
            by_element: false,
            ..*differ
        })?;
        if render::fits(&found.actions) {
            return Ok(found);
        }
        self.found_by(&Differ {
            by_element: false,
            by_whole_map: true,
            ..*differ
        })
    }

    fn found_by(&self, differ: &Differ<'_>) -> Result<Found, Fault> {
        let mut found = Found::default();
        for name in self.names() {
            let (old, new) = self.values(name);
            differ.attribute(self.place(name), old, new, &mut found)?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
