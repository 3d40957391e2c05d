//! Actions that turn one text of an item into another.

use std::collections::BTreeSet;

use super::json::{elements, entries, find, inside, same, with, without, without_entries};
use crate::model::entity::Item;
use crate::model::expr::ast::{ActionNode, Assumed, Place, Source, Step, Value, Verb};
use crate::wire::{ReadError, Reader, Tag, Writer};

/// Finds the changes of one item.
pub(super) struct Differ<'a> {
    /// The item as it was.
    pub(super) before: &'a str,
    /// The item as it is to be.
    pub(super) after: &'a str,
    /// `true` if maps that have parts are replaced whole nevertheless, where they are stored as they
    /// were shown.
    pub(super) by_whole_map: bool,
    /// `true` if lists may be changed by element: the write checks that the item was not changed by
    /// others.
    pub(super) by_element: bool,
    /// Reads an item from its text and writes it again.
    pub(super) round_trip: fn(&str) -> Option<String>,
}

/// Actions of a difference.
#[derive(Default)]
pub(super) struct Found {
    pub(super) actions: Vec<ActionNode>,
    /// Maps that are replaced whole, as they were shown: nothing else in them may be overwritten.
    pub(super) shown: Vec<Assumed>,
}

/// Reads an item of `E` and writes it again; `None` when it cannot be read.
pub(super) fn round_trip<E: Item>(text: &str) -> Option<String> {
    let item = E::read_item(&mut Reader::of_text(text)).ok()?;
    let mut w = Writer::with_capacity(text.len());
    item.write_item(&mut w);
    String::from_utf8(w.finish().ok()?).ok()
}

impl Differ<'_> {
    /// Appends the actions for an attribute; `None` stands for an absent attribute.
    pub(super) fn attribute(
        &self,
        place: Place,
        old: Option<&str>,
        new: Option<&str>,
        out: &mut Found,
    ) -> Result<(), ReadError> {
        match (old, new) {
            (None, None) => {}
            (Some(_), None) => out.actions.push(action(place, Verb::Remove)),
            (None, Some(new)) => out.actions.push(set(place, new)),
            (Some(old), Some(new)) => self.value(place, old, new, out)?,
        }
        Ok(())
    }

    /// Appends the actions for a value that is present before and after. Maps are changed by their
    /// parts, so that what others stored in them is kept; lists and sets if that is smaller.
    fn value(&self, place: Place, old: &str, new: &str, out: &mut Found) -> Result<(), ReadError> {
        if same(old, new)? {
            return Ok(());
        }
        let is_map = inside(old)?.0 == Tag::M && inside(new)?.0 == Tag::M;
        if is_map && self.is_other_variant(&place, old, new)? {
            out.actions.push(set(place, new));
            return Ok(());
        }
        let is_stored = self.is_stored(&place)?;
        if is_map && (self.by_whole_map || !is_stored) {
            out.shown.push(Assumed {
                place: place.clone(),
                value: Some(Value::Json(old.as_bytes().to_vec())),
                or_absent: !is_stored,
            });
            out.actions.push(set(place, new));
            return Ok(());
        }
        let mut parts = Found::default();
        let by_parts = self.parts(&place, old, new, &mut parts)?;
        let whole = set(place, new);
        let is_smaller = || cost(&parts.actions) <= cost(std::slice::from_ref(&whole));
        // Elements that are maps are changed by their parts whatever the lengths of their values.
        let keeps_maps = is_map || old.contains("{\"M\":");
        if by_parts && is_stored && (keeps_maps || is_smaller()) {
            out.actions.append(&mut parts.actions);
            out.shown.append(&mut parts.shown);
        } else {
            out.actions.push(whole);
        }
        Ok(())
    }

    /// Returns `true` if the map changes its shape, as an enum that changes its variant: an entry
    /// goes away without which the old value cannot be read, or one appears without which the new
    /// one cannot. Such a value is replaced whole, because entries of two variants make none.
    fn is_other_variant(&self, place: &Place, old: &str, new: &str) -> Result<bool, ReadError> {
        let needs = |item: &str, map: &str, other: &str| {
            let (map_entries, other) = (entries(inside(map)?.1)?, entries(inside(other)?.1)?);
            let names = map_entries.keys().filter(|name| !other.contains_key(*name));
            let names: Vec<&str> = names.map(|name| &**name).collect();
            if names.is_empty() {
                return Ok(false);
            }
            let rest = without_entries(map, &names)?;
            let item = with(item, &place.steps(), Some(&rest))?;
            Ok::<bool, ReadError>((self.round_trip)(&item).is_none())
        };
        // An element of a list that moves has another place in the new item.
        let has_moved = find(self.after, &place.steps())? != Some(new);
        Ok(needs(self.before, old, new)? || (!has_moved && needs(self.after, new, old)?))
    }

    /// Appends the actions for the parts of a value. Returns `false` if only the whole value can be
    /// set.
    fn parts(
        &self,
        place: &Place,
        old: &str,
        new: &str,
        out: &mut Found,
    ) -> Result<bool, ReadError> {
        let ((old_tag, old), (new_tag, new)) = (inside(old)?, inside(new)?);
        match (old_tag, new_tag) {
            (Tag::M, Tag::M) => self.map(place, old, new, out),
            (Tag::L, Tag::L) if self.by_element => self.list(place, old, new, out),
            (Tag::Ss, Tag::Ss) | (Tag::Ns, Tag::Ns) | (Tag::Bs, Tag::Bs) => {
                set_of(new_tag, place, old, new, &mut out.actions)
            }
            _ => Ok(false),
        }
    }

    fn map(&self, place: &Place, old: &str, new: &str, out: &mut Found) -> Result<bool, ReadError> {
        let (old, new) = (entries(old)?, entries(new)?);
        let parent = place.clone().into_parent(false);
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).map(|name| &**name).collect();
        for name in names {
            let (old, new) = (old.get(name).copied(), new.get(name).copied());
            let place = Place::below(Some(&parent), Step::Entry(name.into()));
            self.attribute(place, old, new, out)?;
        }
        Ok(true)
    }

    fn list(
        &self,
        place: &Place,
        old: &str,
        new: &str,
        out: &mut Found,
    ) -> Result<bool, ReadError> {
        let (old, new) = (elements(old)?, elements(new)?);
        let mut start = 0;
        while let (Some(a), Some(b)) = (old.get(start), new.get(start)) {
            if !same(a, b)? {
                break;
            }
            start += 1;
        }
        let (mut old_end, mut new_end) = (old.len(), new.len());
        while old_end > start && new_end > start && same(old[old_end - 1], new[new_end - 1])? {
            old_end -= 1;
            new_end -= 1;
        }
        let parent = place.clone().into_parent(false);
        let at = |index| Place::below(Some(&parent), Step::Element(index));
        let (old_part, new_part) = (&old[start..old_end], &new[start..new_end]);
        let at_end = old_end == old.len();
        if old_part.is_empty() && (at_end || start == 0) {
            let added = Source::Value(Value::Json(list_of(new_part)));
            let present = Source::Path(place.clone());
            let joined = if at_end {
                present.concat(added)
            } else {
                added.concat(present)
            };
            out.actions.push(action(place.clone(), Verb::Set(joined)));
            return Ok(true);
        }
        let moves = old_part.len() != new_part.len() && !new_part.is_empty();
        if moves && !at_end {
            return Ok(false);
        }
        for (i, (old, new)) in old_part.iter().zip(new_part).enumerate() {
            self.value(at(start + i), old, new, out)?;
        }
        let common = old_part.len().min(new_part.len());
        for (i, new) in new_part.iter().enumerate().skip(common) {
            out.actions.push(set(at(start + i), new));
        }
        for i in common..old_part.len() {
            out.actions.push(action(at(start + i), Verb::Remove));
        }
        Ok(true)
    }

    /// Returns `true` if the value at `place` is certainly in the stored item, so that its parts
    /// have a path. The value may not be stored if a missing attribute is read as the same value,
    /// as with `#[dynamo(default)]`.
    fn is_stored(&self, place: &Place) -> Result<bool, ReadError> {
        let steps = place.steps();
        if let Some(Step::Element(_)) = steps.last() {
            return Ok(true);
        }
        let Some(item) = (self.round_trip)(&without(self.before, &steps)?) else {
            return Ok(true);
        };
        match (find(self.before, &steps)?, find(&item, &steps)?) {
            (Some(before), Some(without)) => Ok(!same(before, without)?),
            _ => Ok(true),
        }
    }
}

/// Appends the elements that were added to a set or removed from it, but not both, because one
/// expression takes one action on a set.
fn set_of(
    tag: Tag,
    place: &Place,
    old: &str,
    new: &str,
    out: &mut Vec<ActionNode>,
) -> Result<bool, ReadError> {
    if place.is_nested() {
        return Ok(false);
    }
    let old: BTreeSet<&str> = elements(old)?.into_iter().collect();
    let new: BTreeSet<&str> = elements(new)?.into_iter().collect();
    let added: Vec<&str> = new.difference(&old).copied().collect();
    let taken: Vec<&str> = old.difference(&new).copied().collect();
    let (elements, verb): (_, fn(Value) -> Verb) = match (added.is_empty(), taken.is_empty()) {
        (false, true) => (added, Verb::Add),
        (true, false) => (taken, Verb::Delete),
        _ => return Ok(false),
    };
    let json = format!("{{\"{}\":[{}]}}", tag.as_str(), elements.join(","));
    let value = Value::Json(json.into_bytes());
    out.push(action(place.clone(), verb(value)));
    Ok(true)
}

fn list_of(elements: &[&str]) -> Vec<u8> {
    format!("{{\"L\":[{}]}}", elements.join(",")).into_bytes()
}

fn action(place: Place, verb: Verb) -> ActionNode {
    ActionNode { place, verb }
}

pub(super) fn set(place: Place, value: &str) -> ActionNode {
    let value = Value::Json(value.as_bytes().to_vec());
    action(place, Verb::Set(Source::Value(value)))
}

/// Returns the approximate number of bytes that the actions take in a request.
pub(super) fn cost(actions: &[ActionNode]) -> usize {
    /// Bytes of an action without its names and values: placeholders and punctuation.
    const ACTION: usize = 20;
    /// Bytes of a step of a path without its name.
    const STEP: usize = 14;
    fn of_value(value: &Value) -> usize {
        match value {
            Value::Json(json) => json.len(),
            Value::Invalid(_) => 0,
        }
    }
    fn of_source(source: &Source) -> usize {
        match source {
            Source::Value(value) => of_value(value),
            Source::Path(_) => 0,
            Source::IfAbsent(_, other) => of_source(other),
            Source::Plus(a, b) | Source::Minus(a, b) | Source::Concat(a, b) => {
                ACTION + of_source(a) + of_source(b)
            }
        }
    }
    let of_action = |action: &ActionNode| {
        let place = action.place.steps();
        let steps = place.iter().skip(1).map(|step| match step {
            Step::Attribute(name) => STEP + name.len(),
            Step::Entry(name) => STEP + name.len(),
            Step::Element(_) => 4,
        });
        let value = match &action.verb {
            Verb::Set(source) => of_source(source),
            Verb::Remove => 0,
            Verb::Add(value) | Verb::Delete(value) => of_value(value),
        };
        ACTION + steps.sum::<usize>() + value
    };
    actions.iter().map(of_action).sum()
}
