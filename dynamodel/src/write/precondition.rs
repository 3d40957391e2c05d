//! Preconditions of writes: existence, versions and tokens, and the meaning of a failed
//! precondition.

use std::borrow::Cow;

use crate::error::{ConditionOutcome, Error, ErrorKind, Limit};
use crate::model::entity::Item;
use crate::model::expr::ast::{Function, Node, Operand, Place, Value};
use crate::model::expr::render::Body;
use crate::model::item_type::ItemType;
use crate::model::schema::EntitySchema;
use crate::transport::{Failure, FailureKind};
use crate::wire::WriteToken;
use crate::wire::{WriteError, Writer};

/// DynamoDB's limit on the size of an item.
const MAX_ITEM_BYTES: usize = 400 * 1024;

/// Precondition of a write on the stored item, beside the user's condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Precondition {
    pub(crate) version: Option<Expected>,
    /// An item with this key has to exist.
    pub(crate) must_exist: bool,
    /// No item with this key may exist.
    pub(crate) must_not_exist: bool,
    /// A missing item is created: everything else is demanded of an existing item only.
    pub(crate) may_create: bool,
    /// The stored item may be of any type: that of a unique item, or a write without conditions.
    pub(crate) any_type: bool,
}

/// The version that a versioned write expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// No item is stored.
    Absent,
    /// The item is stored at this version. Version 0 is that of an item from before the version
    /// field, too: the attribute is 0, NULL or absent.
    At(u64),
    /// No item is stored, or one whose version is 0: a value at version 0 is a new one, or was read
    /// from an item whose versions begin at 0. An item without a version may be anything, so a put
    /// does not overwrite it.
    Unstored,
}

/// Returns the condition that the version attribute holds this version, or nothing.
fn at_version(name: &'static str, version: u64, or_unversioned: bool) -> Node {
    let is = Node::equals(name, Value::write(|w| w.integer(version)));
    if !or_unversioned {
        return is;
    }
    let null = Operand::Value(Value::write(|w| w.string("NULL")));
    let is_null = Node::Call(Function::Type, Place::root(name), Some(null));
    Node::or([is, Node::not_exists(name), is_null])
}

impl Precondition {
    /// `true` if a write that meets the precondition finds an existing item.
    pub(crate) fn proves_existence(&self) -> bool {
        !self.may_create && (self.must_exist || matches!(self.version, Some(Expected::At(1..))))
    }

    /// Returns the condition of the request: the precondition, and the user's own condition.
    pub(crate) fn condition<'n>(
        &self,
        schema: &EntitySchema,
        user: Option<Cow<'n, Node>>,
    ) -> Option<Cow<'n, Node>> {
        // Never empty: every table has a partition key.
        let key = schema.key.partition.first().copied().unwrap_or_default();
        let user = user.filter(|user| !matches!(**user, Node::Const(true)));
        // An absent version counts as 0 in an item only.
        let must_exist = self.must_exist || self.version == Some(Expected::At(0));
        // A condition of a type is one on an item that exists, unless no type is one, too.
        let mut of_type = self.of_type(schema);
        let proves_existence = of_type.is_some_and(|t| !t.untyped);
        let existence = match (must_exist && !self.may_create, self.must_not_exist) {
            (true, true) => Some(Node::Const(false)),
            (true, false) => (!proves_existence).then(|| Node::exists(key)),
            (false, true) => Some(Node::not_exists(key)),
            (false, false) => None,
        };
        if self.must_not_exist {
            of_type = None;
        }
        let mut own_type = of_type.map(|t| t.condition());
        let version = match (self.version, schema.version) {
            (Some(Expected::At(n)), Some(name)) => Some(at_version(name, n, n == 0)),
            (Some(Expected::Unstored), Some(name)) => {
                let at_zero = at_version(name, 0, false);
                let stored = Node::and(own_type.take().into_iter().chain([at_zero]));
                Some(Node::or([Node::not_exists(key), stored]))
            }
            _ => None,
        };
        let is_of_item = must_exist || self.may_create || self.version.is_some();
        if !is_of_item && proves_existence {
            own_type = own_type.map(|own_type| Node::or([Node::not_exists(key), own_type]));
        }
        let existence = match (existence, own_type) {
            (Some(exists), Some(own_type)) => Some(Node::and([exists, own_type])),
            (existence, own_type) => existence.or(own_type),
        };
        let condition = match (existence, version, user) {
            (None, None, user) => return self.or_created(key, user),
            // The condition of nearly all updates: it is rendered from the stack.
            (Some(node), None, None) | (None, Some(node), None) => node,
            (existence, version, user) => {
                let own = existence.into_iter().chain(version);
                Node::and(own.chain(user.map(Cow::into_owned)))
            }
        };
        self.or_created(key, Some(Cow::Owned(condition)))
    }

    /// Returns the type that the stored item has to have, in a table that tells types apart.
    fn of_type(&self, schema: &EntitySchema) -> Option<ItemType> {
        schema.item_type().filter(|_| !self.any_type)
    }

    /// `true` if the stored item is of another entity.
    fn is_other_entity(&self, schema: &EntitySchema, item: Option<&[u8]>) -> bool {
        let of_type = self.of_type(schema).zip(item);
        of_type.is_some_and(|(of_type, item)| !of_type.is_of(item))
    }

    /// Adds the case of a missing item to the condition of a write that creates it.
    fn or_created<'n>(
        &self,
        key: &'static str,
        condition: Option<Cow<'n, Node>>,
    ) -> Option<Cow<'n, Node>> {
        match condition {
            Some(condition) if self.may_create => {
                let created = [Node::not_exists(key), condition.into_owned()];
                Some(Cow::Owned(Node::or(created)))
            }
            condition => condition,
        }
    }

    /// Returns the meaning of a condition that was not met. `has_condition` is `true` if the user's
    /// own condition may be the one.
    pub(crate) fn outcome(
        &self,
        schema: &EntitySchema,
        has_condition: bool,
        failure: &Failure,
    ) -> ConditionOutcome {
        let item = item_of(failure);
        ConditionOutcome {
            kind: self.refusal(schema, has_condition, item.as_deref()),
            ambiguous: failure.uncertain && !self.is_settled(schema, item.as_deref()),
            item,
        }
    }

    /// `true` if the stored item, which does not have this call's token, proves that an earlier
    /// attempt of the call did not write.
    ///
    /// A missing item proves nothing, nor does an item whose version is more than one ahead: one of
    /// the writes in between may be that of this call.
    fn is_settled(&self, schema: &EntitySchema, item: Option<&[u8]>) -> bool {
        let (Some(item), Some(_)) = (item, schema.write_token) else {
            return false;
        };
        let expected = match self.version {
            None => return true,
            Some(Expected::Absent | Expected::Unstored) => 0,
            Some(Expected::At(n)) => n,
        };
        let stored = schema
            .version
            .and_then(|name| crate::wire::number_in(item, name));
        stored.is_some_and(|stored| stored <= expected.saturating_add(1))
    }

    /// Returns the kind of a condition that the stored item does not meet. The precondition counts
    /// before the user's own condition.
    pub(crate) fn refusal(
        &self,
        schema: &EntitySchema,
        has_condition: bool,
        item: Option<&[u8]>,
    ) -> ErrorKind {
        match item {
            _ if self.is_other_entity(schema, item) => ErrorKind::OtherEntity,
            None if self.must_exist => ErrorKind::NotFound,
            // Not every endpoint returns the item that is there.
            None if self.must_not_exist && !has_condition => ErrorKind::AlreadyExists,
            Some(_) if self.must_not_exist => ErrorKind::AlreadyExists,
            _ if self.is_conflict(schema, item) => match self.version {
                Some(Expected::Unstored) => ErrorKind::AlreadyExists,
                _ => ErrorKind::VersionConflict,
            },
            _ => ErrorKind::ConditionFailed,
        }
    }

    /// `true` if the condition failed because the version is not the expected one.
    pub(crate) fn is_conflict(&self, schema: &EntitySchema, item: Option<&[u8]>) -> bool {
        let is_at = |item, n, or_unversioned: bool| {
            let Some(name) = schema.version else {
                return true;
            };
            crate::wire::number_in(item, name) == Some(n)
                || (or_unversioned && is_unversioned(item, name))
        };
        match (self.version, item) {
            (None, _) => false,
            (Some(Expected::Absent), item) => item.is_some(),
            (Some(Expected::Unstored), None) => false,
            (Some(Expected::Unstored), Some(item)) => !is_at(item, 0, false),
            // A write that demands an item reports that it is missing, whatever its version.
            (Some(Expected::At(_)), None) => !self.must_exist && !self.may_create,
            (Some(Expected::At(n)), Some(item)) => !is_at(item, n, n == 0),
        }
    }

    /// `true` if the stored item does not meet the precondition. Ignores the user's condition.
    pub(crate) fn is_unmet(&self, schema: &EntitySchema, item: Option<&[u8]>) -> bool {
        self.is_conflict(schema, item)
            || self.is_other_entity(schema, item)
            || (self.must_exist && item.is_none())
            || (self.must_not_exist && item.is_some())
    }

    /// Returns the error of a failed write, whether its condition or something else failed.
    pub(crate) fn error(
        &self,
        schema: &EntitySchema,
        has_condition: bool,
        failure: Failure,
    ) -> Error {
        if !is_condition_failure(&failure) {
            return Error::failure(failure);
        }
        let outcome = self.outcome(schema, has_condition, &failure);
        let unversioned = match (self.version, outcome.kind, schema.version) {
            (Some(Expected::Unstored), ErrorKind::AlreadyExists, Some(name)) => outcome
                .item
                .as_deref()
                .filter(|item| is_unversioned(item, name))
                .map(|_| name),
            _ => None,
        };
        let error = Error::condition(failure, outcome);
        match unversioned {
            None => error,
            Some(name) => {
                let remedy = "it has no version: `replace` takes it as one at version 0";
                error.refusing(name.to_owned(), remedy.to_owned())
            }
        }
    }
}

/// `true` if the item has no version: the attribute is absent or NULL.
fn is_unversioned(item: &[u8], name: &str) -> bool {
    let stored = crate::wire::value_in(item, name);
    matches!(stored, Ok(None | Some(b"{\"NULL\":true}")))
}

pub(crate) fn is_condition_failure(failure: &Failure) -> bool {
    matches!(&failure.kind, FailureKind::Service { code: Some(code), .. } if code == "ConditionalCheckFailedException")
}

/// Returns the item that came with a failed condition.
pub(crate) fn item_of(failure: &Failure) -> Option<Vec<u8>> {
    match &failure.kind {
        FailureKind::Service { body, .. } => crate::client::response::condition_item(body),
        _ => None,
    }
}

/// Sets the version that the item gets by a write.
pub(crate) fn raise_version<E: Item>(item: &mut E, version: u64) -> Result<(), Error> {
    item.set_version(version);
    // Check that the field holds the new version: an unchanged version would let every later write
    // pass.
    match E::ITEM_SCHEMA.version {
        Some(name) if item.item_version() != version => {
            let problem = "the type of the version field cannot hold the next version";
            Err(Error::write(WriteError::new(problem).in_attribute(name)))
        }
        _ => Ok(()),
    }
}

/// Creates a new token for an entity that keeps one.
pub(crate) fn fresh_token(schema: &EntitySchema) -> Result<Option<u128>, Error> {
    if schema.write_token.is_none() {
        return Ok(None);
    }
    WriteToken::random()
        .map(Some)
        .map_err(|e| Error::construction(e.to_string()))
}

/// Returns the item that a failed condition found, if an earlier attempt of this call wrote it.
pub(crate) fn own_write(
    schema: &EntitySchema,
    failure: &Failure,
    token: Option<u128>,
) -> Option<Vec<u8>> {
    let (token, name) = (token?, schema.write_token?);
    if !is_condition_failure(failure) {
        return None;
    }
    let item = item_of(failure)?;
    let stored = crate::wire::text_in(&item, name)?;
    (stored == WriteToken::text(token)).then_some(item)
}

/// Adds the condition, and the member that every conditional write has.
pub(crate) fn add_condition(body: &mut Body, condition: Option<&Node>) {
    if condition.is_some() {
        body.condition("ConditionExpression", condition);
        // The stored item comes with a failure at no cost.
        body.word("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
    }
}

/// Writes the item and checks its size. The JSON is hardly ever shorter than DynamoDB's count, so
/// only a long JSON is counted.
pub(crate) fn write_item<E: Item>(w: &mut Writer, entity: &E) -> Result<(), Limit> {
    let start = w.len();
    entity.write_item(w);
    if w.len() - start > MAX_ITEM_BYTES {
        // In range: the writer only grows.
        return check_size(w.as_slice().get(start..).unwrap_or_default());
    }
    Ok(())
}

/// Counts the item as DynamoDB does. Out of line, because nearly all items are far below the limit.
#[cold]
#[inline(never)]
fn check_size(item: &[u8]) -> Result<(), Limit> {
    let bytes = crate::wire::item_size(item).unwrap_or(0);
    match bytes > MAX_ITEM_BYTES {
        true => Err(Limit::ItemSize { bytes }),
        false => Ok(()),
    }
}
