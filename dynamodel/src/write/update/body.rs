//! The request of an update.

use std::borrow::Cow;
use std::time::SystemTime;

use super::{Creation, Update};
use crate::error::Error;
use crate::model::entity::Item;
use crate::model::expr::ast::{ActionNode, Assumed, Node, Place, Source, Value, Verb as Action};
use crate::model::expr::render::Body;
use crate::model::key::{MAX_PARTITION_BYTES, MAX_SORT_BYTES};
use crate::model::schema::{EntitySchema, KeySchema};
use crate::wire::Writer;
use crate::wire::{WriteToken, key_problem};
use crate::write::index_keys;
use crate::write::precondition::{Expected, Precondition};
use crate::write::request::{Verb, WriteRequest};
use crate::write::return_values::Returned;

impl<E: Item, R: Returned<E>> Update<E, R> {
    /// Builds the request. The diff of two equal values has no action.
    pub(super) fn request(
        &self,
        now: SystemTime,
        table: &str,
        token: Option<u128>,
    ) -> Result<WriteRequest<'_>, Error> {
        if let Some(fault) = self.diff.as_ref().and_then(|d| d.fault.as_ref()) {
            return Err(fault.error());
        }
        let creation = self.creation()?;
        let key = self.key.json()?;
        let mut body = Body::new(table, key.len() + 512);
        body.member("Key", key);
        let actions = &self.actions.0;
        check_values(E::ITEM_SCHEMA, actions)?;
        let mut own = Vec::new();
        if !self.is_unchanged() {
            let created = E::ITEM_SCHEMA.created_at.map(Place::root);
            let sets_created =
                |a: &ActionNode| created.as_ref().is_some_and(|c| a.place.overlaps(c));
            let brings_created = creation.is_some_and(Creation::keeps_created_at);
            let keep_created = !actions.iter().any(sets_created) && !brings_created;
            own = kept::<E>(token, now, keep_created, &self.precondition);
        }
        // The attributes of a new item come from `creation`, if there is one.
        let exists = self.precondition.proves_existence() || creation.is_some();
        let index_actions = match &self.diff {
            // Nothing is written, so no action is needed.
            Some(_) if self.is_unchanged() => Vec::new(),
            None => index_keys::actions(&self.key, &self.actions, exists)?,
            // A diff contains the index keys among its changes; the actions added to it do not.
            Some(diff) => {
                let mut added = self.actions.clone();
                added.0.drain(..diff.actions.min(added.0.len()));
                index_keys::actions(&self.key, &added, exists)?
            }
        };
        own.extend(index_actions);
        match creation {
            None => body.update(actions, &own),
            Some(creation) => {
                let (given, filled) = creation.actions(E::ITEM_SCHEMA, &self.actions, &own)?;
                own.extend(filled);
                body.update(&given, &own);
            }
        }
        let own = token.and_then(|t| Some(not_yet(E::ITEM_SCHEMA.write_token?, t)));
        let of_diff = self
            .diff
            .iter()
            .filter(|_| self.precondition.version.is_none());
        let of_diff = of_diff.flat_map(|diff| &diff.assumed);
        // No version tells of entries that another program's write left in a map.
        let shown = self.diff.iter().flat_map(|diff| &diff.shown);
        let of_diff = of_diff.chain(shown);
        let assumed = self.actions.1.iter().chain(of_diff).map(Assumed::node);
        let mut beside = assumed.chain(own).peekable();
        let user = match beside.peek() {
            None => self.condition.as_ref().map(Cow::Borrowed),
            Some(_) => {
                Node::all(self.condition.iter().cloned().chain(beside).collect()).map(Cow::Owned)
            }
        };
        Ok(WriteRequest {
            verb: Verb::Update,
            schema: E::ITEM_SCHEMA,
            body,
            condition: user,
            precondition: self.precondition,
            token,
            return_values: R::PARAMETER,
        })
    }
}

/// Returns the actions of every update: on the version, the times and the token.
pub(super) fn kept<E: Item>(
    token: Option<u128>,
    now: SystemTime,
    keep_created: bool,
    precondition: &Precondition,
) -> Vec<ActionNode> {
    let schema = E::ITEM_SCHEMA;
    let action = |name, verb| ActionNode {
        place: Place::root(name),
        verb,
    };
    let value = |write: &dyn Fn(&mut Writer)| Value::write(|w| write(w));
    let mut actions = Vec::new();
    if let Some(name) = schema.version {
        let one = value(&|w| w.integer(1_u8));
        // NULL, which is version 0 too, cannot be added to.
        let is_at_zero = precondition.version == Some(Expected::At(0)) && !precondition.may_create;
        actions.push(match is_at_zero {
            true => action(name, Action::Set(Source::Value(one))),
            false => action(name, Action::Add(one)),
        });
    }
    if let Some(name) = schema.created_at.filter(|_| keep_created) {
        let now = value(&|w| E::write_created_at(now, w));
        actions.push(action(
            name,
            Action::Set(Source::or(Place::root(name), now)),
        ));
    }
    if let Some(name) = schema.updated_at {
        actions.push(action(
            name,
            Action::Set(Source::Value(value(&|w| E::write_updated_at(now, w)))),
        ));
    }
    if let (Some(name), Some(token)) = (schema.write_token, token) {
        actions.push(action(name, Action::Set(Source::Value(token_value(token)))));
    }
    actions
}

/// Refuses a value that DynamoDB cannot hold, or not as the key of an index.
fn check_values(schema: &EntitySchema, actions: &[ActionNode]) -> Result<(), Error> {
    for action in actions.iter().filter(|a| !a.place.is_nested()) {
        let value = match &action.verb {
            // Reported before an overlap with the library's own actions.
            Action::Set(Source::Value(Value::Invalid(e))) => {
                return Err(Error::write(e.clone().under(action.place.top())));
            }
            Action::Set(Source::Value(Value::Json(json))) => json,
            Action::Set(Source::IfAbsent(_, otherwise)) => match &**otherwise {
                Source::Value(Value::Json(json)) => json,
                _ => continue,
            },
            _ => continue,
        };
        let name = action.place.top();
        let keys = schema.indexes.iter().flat_map(|index| {
            let KeySchema { partition, sort } = index.key;
            [(partition, MAX_PARTITION_BYTES), (sort, MAX_SORT_BYTES)]
        });
        for (_, limit) in keys.filter(|(names, _)| names.contains(&name)) {
            if let Some(problem) = key_problem(value, limit) {
                return Err(Error::invalid_key(problem.in_attribute(name)));
            }
        }
    }
    Ok(())
}

/// Returns the condition that the update with this token has not been applied, so that a retry does
/// not apply it twice.
fn not_yet(name: &'static str, token: u128) -> Node {
    Node::Not(Box::new(Node::equals(name, token_value(token))))
}

fn token_value(token: u128) -> Value {
    Value::write(|w| w.string(&WriteToken::text(token)))
}
