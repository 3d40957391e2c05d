//! Parents of nested attributes, which an item may be without: the error of a missing one, and the
//! requests that create it.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;

use crate::client::capacity::Measured;
use crate::client::db::Db;
use crate::client::retry::Backoff;
use crate::error::Error;
use crate::model::entity::Item;
use crate::model::expr::ast::{ActionNode, Function, Node, Place, Source, Step, Value, Verb};
use crate::model::expr::{Actions, Condition, Fields, InCondition, InUpdate, IntoActions, Prefix};
use crate::wire::{Decimal, ReadError, Tag, Writer};
use crate::write::diff::json::{elements, entries, inside};
use crate::write::diff::value_at;
use crate::write::request::{self, Verb as WriteVerb};
use crate::write::return_values::{New, Old, Returned};

use super::Update;

/// DynamoDB's text for an action below a parent that is missing, or is no document.
const INVALID_PATH: &str = "document path provided in the update expression is invalid";

/// Nested attributes that an update changes, with the parents that may be missing.
#[derive(Clone)]
pub(crate) struct Nested {
    path: String,
    remedy: String,
}

impl Nested {
    /// Returns the nested attributes of these actions; `None` if there are none.
    pub(crate) fn of(actions: &[ActionNode]) -> Option<Box<Self>> {
        let nested = || actions.iter().map(|a| &a.place).filter(|p| p.is_nested());
        nested().next()?;
        Some(Box::new(Self::described(nested)))
    }

    fn described<'p, I: Iterator<Item = &'p Place>>(nested: impl Fn() -> I) -> Self {
        let absent = |place: &&'p Place| place.parents().any(|parent| parent.may_be_absent);
        let of_type = nested().any(|place| absent(&place));
        let (mut paths, mut parents) = (Vec::new(), Vec::new());
        for place in nested().filter(|place| !of_type || absent(place)) {
            let missing = place.parents().filter(|p| p.may_be_absent || !of_type);
            let missing = missing.take(if of_type { usize::MAX } else { 1 });
            for name in missing.map(|parent| format!("`{}`", **parent)) {
                if !parents.contains(&name) {
                    parents.push(name);
                }
            }
            let name = place.to_string();
            if !paths.contains(&name) {
                paths.push(name);
            }
        }
        let parents = parents.join(" or ");
        let changed: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
        Nested {
            remedy: format!(
                "the item has no {parents}, in which the update changes {}; set the missing parent as a whole, or give it to `or_create_parent`",
                changed.join(", ")
            ),
            path: paths.into_iter().next().unwrap_or_default(),
        }
    }

    /// Adds the attribute and the remedy to an error that says that a parent is missing.
    pub(crate) fn explain(&self, error: Error) -> Error {
        Self::explain_one_of(std::iter::once(self), error)
    }

    /// Adds the attributes that may be the ones to an error that says that a parent is missing.
    pub(crate) fn explain_one_of<'n>(
        nested: impl Iterator<Item = &'n Nested>,
        error: Error,
    ) -> Error {
        if !Self::is_cause(error.service_text()) {
            return error;
        }
        let nested: Vec<_> = nested.collect();
        let remedies: Vec<_> = nested.iter().map(|nested| &*nested.remedy).collect();
        match nested.first() {
            Some(first) => error.refusing(first.path.clone(), remedies.join("; or ")),
            None => error,
        }
    }

    /// Returns `true` if this is the text of a missing parent.
    pub(crate) fn is_cause(message: Option<&str>) -> bool {
        message.is_some_and(|message| message.contains(INVALID_PATH))
    }

    /// Adds the attribute and the remedy to the error of a transaction.
    pub(crate) fn explain_canceled(&self, error: Error) -> Error {
        error.refusing(self.path.clone(), self.remedy.clone())
    }
}

/// Documents, lists and maps that an update creates where they are missing.
#[derive(Clone, Default)]
pub(super) struct Parents(Vec<Parent>);

#[derive(Clone)]
struct Parent {
    place: Place,
    json: Vec<u8>,
}

impl Parents {
    /// Adds the parents that these actions set.
    ///
    /// # Errors
    /// When an action does something else.
    pub(super) fn add(&mut self, actions: Actions) -> Result<(), Error> {
        for ActionNode { place, verb } in actions.0 {
            match verb {
                Verb::Set(Source::Value(Value::Json(json))) => {
                    self.0.push(Parent { place, json });
                }
                Verb::Set(Source::Value(Value::Invalid(e))) => {
                    return Err(Error::write(e.under(place.to_string())));
                }
                _ => {
                    return Err(Error::invalid_request(format!(
                        "`or_create_parent` sets `{place}` to something else than a value; give it the whole document, list or map by `set`"
                    )));
                }
            }
        }
        // A parent comes before what is in it.
        self.0.sort_by_key(|parent| parent.place.steps().len());
        Ok(())
    }

    /// Returns the parents that the item lacks, without those in another missing one.
    fn missing(&self, item: &[u8]) -> Result<Vec<usize>, ReadError> {
        let mut missing: Vec<usize> = Vec::new();
        for (i, parent) in self.0.iter().enumerate() {
            let is_below = |m: &usize| is_within(&parent.place, &self.0[*m].place);
            if value_at(item, &parent.place)?.is_none() && !missing.iter().any(is_below) {
                missing.push(i);
            }
        }
        Ok(missing)
    }

    /// Returns the condition that these parents are missing, and the other ones are there.
    fn condition(&self, missing: &[usize]) -> Vec<Node> {
        let top = |parent: &Parent| {
            let mut missing = missing.iter().map(|m| &self.0[*m].place);
            !missing.any(|m| is_within(&parent.place, m) && m.steps() != parent.place.steps())
        };
        let parents = self.0.iter().enumerate().filter(|(_, parent)| top(parent));
        parents
            .map(|(i, parent)| {
                let function = match missing.contains(&i) {
                    true => Function::NotExists,
                    false => Function::Exists,
                };
                Node::Call(function, parent.place.clone(), None)
            })
            .collect()
    }

    /// Returns the actions with the missing parents set as a whole.
    ///
    /// # Errors
    /// When an action inside of a missing parent cannot be applied to the value that is given.
    fn actions(&self, given: &[ActionNode], missing: &[usize]) -> Result<Vec<ActionNode>, Error> {
        let mut out = given.to_vec();
        for m in missing {
            let root = &self.0[*m].place;
            let depth = root.steps().len();
            let mut tree = Tree::parse(text(&self.0[*m].json)?)?;
            for parent in self.0.iter().filter(|p| is_within(&p.place, root)) {
                let steps = parent.place.steps();
                let steps = steps.get(depth..).unwrap_or_default();
                if !steps.is_empty() && tree.at(steps).is_none() {
                    let value = Tree::parse(text(&parent.json)?)?;
                    tree.set(steps, value)
                        .ok_or_else(|| unable(&parent.place))?;
                }
            }
            let (inner, outer): (Vec<_>, Vec<_>) =
                out.into_iter().partition(|a| is_within(&a.place, root));
            let before = tree.clone();
            for action in inner {
                let steps = action.place.steps();
                let steps = steps.get(depth..).unwrap_or_default();
                let applied = tree.apply(steps, &action.verb, &before, root);
                applied?.ok_or_else(|| unable(&action.place))?;
            }
            let value = Value::write(|w| tree.write(w));
            out = outer;
            out.push(ActionNode {
                place: root.clone(),
                verb: Verb::Set(Source::Value(value)),
            });
        }
        Ok(out)
    }
}

fn is_within(place: &Place, parent: &Place) -> bool {
    place.overlaps(parent) && place.steps().len() >= parent.steps().len()
}

fn unable(place: &Place) -> Error {
    Error::invalid_request(format!(
        "the action on `{place}` cannot be applied to the value that `or_create_parent` is given; give it a value that has what the action needs"
    ))
}

fn text(json: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(json).map_err(|_| Error::construction("a value that is no text"))
}

/// A value that actions are applied to.
#[derive(Clone)]
enum Tree {
    Map(BTreeMap<String, Tree>),
    List(Vec<Tree>),
    /// Any other value, as JSON.
    Leaf(String),
}

impl Tree {
    fn parse(json: &str) -> Result<Self, ReadError> {
        let (tag, body) = inside(json)?;
        Ok(match tag {
            Tag::M => {
                let entries = entries(body)?.into_iter();
                let entries = entries.map(|(name, value)| {
                    Ok::<_, ReadError>((name.into_owned(), Tree::parse(value)?))
                });
                Tree::Map(entries.collect::<Result<_, _>>()?)
            }
            Tag::L => {
                let elements = elements(body)?.into_iter().map(Tree::parse);
                Tree::List(elements.collect::<Result<_, _>>()?)
            }
            _ => Tree::Leaf(json.to_owned()),
        })
    }

    fn write(&self, w: &mut Writer) {
        match self {
            Tree::Leaf(json) => w.raw(json.as_bytes()),
            Tree::Map(entries) => {
                w.raw(b"{\"M\":{");
                for (name, value) in entries {
                    w.member(name);
                    value.write(w);
                }
                w.raw(b"}}");
            }
            Tree::List(elements) => {
                w.raw(b"{\"L\":[");
                for element in elements {
                    w.comma();
                    element.write(w);
                }
                w.raw(b"]}");
            }
        }
    }

    fn at(&self, steps: &[&Step]) -> Option<&Tree> {
        let Some((first, rest)) = steps.split_first() else {
            return Some(self);
        };
        match (self, first) {
            (Tree::Map(entries), Step::Attribute(name)) => entries.get(*name)?.at(rest),
            (Tree::Map(entries), Step::Entry(name)) => entries.get(&**name)?.at(rest),
            (Tree::List(elements), Step::Element(index)) => elements.get(*index)?.at(rest),
            _ => None,
        }
    }

    /// Calls the function with the map or list that holds the last step.
    fn change(&mut self, steps: &[&Step], value: Option<Tree>) -> Option<()> {
        let (first, rest) = steps.split_first()?;
        let name = match first {
            Step::Attribute(name) => name,
            Step::Entry(name) => &**name,
            Step::Element(index) => {
                let Tree::List(elements) = self else {
                    return None;
                };
                match (rest, value) {
                    ([], Some(value)) => match elements.get_mut(*index) {
                        Some(element) => *element = value,
                        None => elements.push(value),
                    },
                    ([], None) if *index < elements.len() => drop(elements.remove(*index)),
                    ([], None) => {}
                    (rest, value) => return elements.get_mut(*index)?.change(rest, value),
                }
                return Some(());
            }
        };
        let Tree::Map(entries) = self else {
            return None;
        };
        match (rest, value) {
            ([], Some(value)) => drop(entries.insert(name.to_owned(), value)),
            ([], None) => drop(entries.remove(name)),
            (rest, value) => return entries.get_mut(name)?.change(rest, value),
        }
        Some(())
    }

    fn set(&mut self, steps: &[&Step], value: Tree) -> Option<()> {
        self.change(steps, Some(value))
    }

    /// Applies an action, which reads the values of `before`. Returns `None` if it does not fit.
    fn apply(
        &mut self,
        steps: &[&Step],
        verb: &Verb,
        before: &Tree,
        root: &Place,
    ) -> Result<Option<()>, Error> {
        let value = match verb {
            Verb::Remove => return Ok(self.change(steps, None)),
            Verb::Set(source) => source_value(source, before, root)?,
            Verb::Add(added) => match (before.at(steps), value_tree(added)?) {
                (None, added) => Some(added),
                (Some(Tree::Leaf(held)), Tree::Leaf(added)) => sum(held, &added, false)?
                    .or(united(held, &added)?)
                    .map(Tree::Leaf),
                _ => None,
            },
            Verb::Delete(taken) => match (before.at(steps), value_tree(taken)?) {
                (None, _) => return Ok(Some(())),
                (Some(Tree::Leaf(held)), Tree::Leaf(taken)) => match without(held, &taken)? {
                    None => return Ok(self.change(steps, None)),
                    Some(rest) => Some(Tree::Leaf(rest)),
                },
                _ => None,
            },
        };
        Ok(value.and_then(|value| self.set(steps, value)))
    }
}

fn value_tree(value: &Value) -> Result<Tree, Error> {
    match value {
        Value::Json(json) => Ok(Tree::parse(text(json)?)?),
        Value::Invalid(e) => Err(Error::write(e.clone())),
    }
}

/// Returns the value of a source, which may read other places of the same parent.
fn source_value(source: &Source, before: &Tree, root: &Place) -> Result<Option<Tree>, Error> {
    let read = |place: &Place| {
        let steps = place.steps();
        let steps = steps
            .get(root.steps().len()..)
            .filter(|_| is_within(place, root));
        steps.and_then(|steps| before.at(steps).cloned())
    };
    let leaves = |a: &Source, b: &Source| {
        let pair = (
            source_value(a, before, root)?,
            source_value(b, before, root)?,
        );
        Ok::<_, Error>(match pair {
            (Some(Tree::Leaf(a)), Some(Tree::Leaf(b))) => Some((a, b)),
            _ => None,
        })
    };
    Ok(match source {
        Source::Value(value) => Some(value_tree(value)?),
        Source::Path(place) => read(place),
        Source::IfAbsent(place, otherwise) => match read(place) {
            Some(value) => Some(value),
            None => source_value(otherwise, before, root)?,
        },
        Source::Plus(a, b) | Source::Minus(a, b) => {
            let is_minus = matches!(source, Source::Minus(..));
            let sum = leaves(a, b)?
                .map(|(a, b)| sum(&a, &b, is_minus))
                .transpose()?;
            sum.flatten().map(Tree::Leaf)
        }
        Source::Concat(a, b) => {
            let pair = (
                source_value(a, before, root)?,
                source_value(b, before, root)?,
            );
            match pair {
                (Some(Tree::List(a)), Some(Tree::List(b))) => {
                    Some(Tree::List(a.into_iter().chain(b).collect()))
                }
                _ => None,
            }
        }
    })
}

/// Returns the sum or difference of two whole numbers; `None` for other values.
fn sum(a: &str, b: &str, is_minus: bool) -> Result<Option<String>, ReadError> {
    let whole = |json: &str| {
        let (tag, body) = inside(json)?;
        let text = body.trim_matches('"');
        let is_number = tag == Tag::N && Decimal::parse(text).is_ok();
        Ok::<_, ReadError>(text.parse::<i128>().ok().filter(|_| is_number))
    };
    let (Some(a), Some(b)) = (whole(a)?, whole(b)?) else {
        return Ok(None);
    };
    let sum = match is_minus {
        true => a.checked_sub(b),
        false => a.checked_add(b),
    };
    Ok(sum.map(|sum| format!("{{\"N\":\"{sum}\"}}")))
}

/// Returns both sets as one; `None` for other values.
fn united(a: &str, b: &str) -> Result<Option<String>, ReadError> {
    let ((tag, a), (other, b)) = (inside(a)?, inside(b)?);
    if tag != other || !matches!(tag, Tag::Ss | Tag::Ns | Tag::Bs) {
        return Ok(None);
    }
    let mut all = elements(a)?;
    for element in elements(b)? {
        if !all.contains(&element) {
            all.push(element);
        }
    }
    Ok(Some(format!(
        "{{\"{}\":[{}]}}",
        tag.as_str(),
        all.join(",")
    )))
}

/// Returns the elements of one set that are not in the other; `None` if there are none.
fn without(a: &str, b: &str) -> Result<Option<String>, ReadError> {
    let ((tag, a), (_, b)) = (inside(a)?, inside(b)?);
    let taken = elements(b)?;
    let mut rest = elements(a)?;
    rest.retain(|element| !taken.contains(element));
    let set = format!("{{\"{}\":[{}]}}", tag.as_str(), rest.join(","));
    Ok((!rest.is_empty()).then_some(set))
}

/// An update that creates the parents of nested attributes where they are missing. Made by
/// [`or_create_parent`](Update::or_create_parent).
#[must_use = "an operation does nothing until it is sent"]
pub struct UpdateWithParents<E, R = ()> {
    update: Update<E, R>,
    parents: Parents,
    /// The first problem with a parent, reported when the update is sent.
    problem: Option<Error>,
}

impl<E: Item, R> fmt::Debug for UpdateWithParents<E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parents = self.parents.0.iter().map(|parent| parent.place.to_string());
        f.debug_struct("UpdateWithParents")
            .field("update", &self.update)
            .field("parents", &parents.collect::<Vec<_>>())
            .finish()
    }
}

impl<E: Item, R: Returned<E>> UpdateWithParents<E, R> {
    pub(super) fn new(update: Update<E, R>) -> Self {
        UpdateWithParents {
            update,
            parents: Parents::default(),
            problem: None,
        }
    }

    pub(super) fn with(mut self, actions: Actions) -> Self {
        if let Err(problem) = self.parents.add(actions) {
            self.problem.get_or_insert(problem);
        }
        self
    }

    /// Creates another parent where it is missing, as [`Update::or_create_parent`] does.
    pub fn or_create_parent<A: IntoActions<E>>(
        self,
        parent: impl FnOnce(<E as Fields>::Fields<InUpdate<E>>) -> A,
    ) -> Self {
        let mut actions = Actions::default();
        parent(E::fields(&Prefix::ROOT)).collect_into(&mut actions);
        self.with(actions)
    }

    /// Updates only if the condition holds, as [`Update::when`] does.
    pub fn when(
        mut self,
        condition: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Condition<E>,
    ) -> Self {
        self.update = self.update.when(condition);
        self
    }

    fn returning<R2>(self) -> UpdateWithParents<E, R2> {
        UpdateWithParents {
            update: self.update.returning(),
            parents: self.parents,
            problem: self.problem,
        }
    }

    /// Returns the item as it is after the update.
    pub fn returning_new(self) -> UpdateWithParents<E, New> {
        self.returning()
    }

    /// Returns the item as it was before the update.
    pub fn returning_old(self) -> UpdateWithParents<E, Old> {
        self.returning()
    }

    /// Sends the update: one request where the parents are there, and a second one where they are
    /// missing.
    ///
    /// # Errors
    /// As [`Update::send`]; and [`is_invalid_request`](Error::is_invalid_request) when a parent is
    /// given by something else than `set`, or an action in it does not fit the value that is given.
    pub async fn send(self, db: &Db) -> Result<R::Output, Error> {
        Ok(self.call(db, false).await?.output)
    }

    /// Sends the update as [`send`](Self::send) does, and returns the consumed capacity of the
    /// request that did it, too.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_measured(self, db: &Db) -> Result<Measured<R::Output>, Error> {
        self.call(db, true).await
    }

    async fn call(self, db: &Db, measure: bool) -> Result<Measured<R::Output>, Error> {
        let named = |e: Error| request::named(E::ITEM_SCHEMA, WriteVerb::Update, e);
        let UpdateWithParents {
            update,
            parents,
            problem,
        } = self;
        if let Some(problem) = problem {
            return Err(named(problem));
        }
        let mut retry = Backoff::default().start();
        let (mut missing, mut is_first) = (Vec::new(), true);
        loop {
            let mut attempt = update.clone();
            let actions = parents
                .actions(&update.actions.0, &missing)
                .map_err(named)?;
            attempt.actions.0 = actions;
            let nested = Nested::of(&attempt.actions.0);
            let condition = parents.condition(&missing).into_iter();
            let condition = update.condition.iter().cloned().chain(condition);
            attempt.condition = Node::all(condition.collect());
            let error = match attempt.call(db, measure)?.output::<E, R>().await {
                Ok(output) => return Ok(output),
                Err(error) => explained(nested, error),
            };
            let lacks = match error.stored_items(TypeId::of::<E>()).first() {
                Some(item) if error.is_condition_failed() && !error.is_conflict() => {
                    parents.missing(item).map_err(|e| named(Error::read(e)))?
                }
                _ => return Err(error),
            };
            // The parents are as the request demanded, so another condition is not met.
            if lacks == missing || !(is_first || retry.again().await) {
                return Err(error);
            }
            (missing, is_first) = (lacks, false);
        }
    }
}

/// Adds the attribute and the remedy to the error of a missing parent.
pub(super) fn explained(nested: Option<Box<Nested>>, error: Error) -> Error {
    match nested {
        Some(nested) => nested.explain(error),
        None => error,
    }
}
