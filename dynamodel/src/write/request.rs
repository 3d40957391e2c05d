//! [`WriteRequest`]: one write without its types. Put, update, delete and check build one; it is
//! sent alone, becomes a step of a transaction, or is shown as JSON, by the same code for all of
//! them.

use std::any::TypeId;
use std::borrow::Cow;
use std::sync::Arc;

use super::precondition::{Expected, Precondition, add_condition, own_write};
use super::return_values::Returned;
use super::transaction::Step;
use super::unique::{Draft, Effect};
use crate::client::capacity::Measured;
use crate::client::db::Db;
use crate::client::request::{Response, Sending, text};
use crate::client::response::{Single, attributes};
use crate::error::{Error, UnreadableItem};
use crate::model::entity::Item;
use crate::model::expr::ast::Node;
use crate::model::expr::render::Body;
use crate::model::schema::EntitySchema;
use crate::transport::{self, Failure, FailureKind};
use crate::wire::{ReadError, WriteToken};

/// Kinds of writes. A check occurs in transactions only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Put,
    Update,
    Delete,
    ConditionCheck,
}

impl Verb {
    /// Returns the name of the member in a transaction's request.
    pub(crate) fn in_transaction(self) -> &'static str {
        match self {
            Verb::Put => "Put",
            Verb::Update => "Update",
            Verb::Delete => "Delete",
            Verb::ConditionCheck => "ConditionCheck",
        }
    }

    /// Returns the API operation of the write when it is sent alone.
    fn operation(self) -> &'static str {
        match self {
            Verb::Put => "PutItem",
            Verb::Update => "UpdateItem",
            Verb::Delete => "DeleteItem",
            Verb::ConditionCheck => "TransactWriteItems",
        }
    }
}

/// A write, independent of whether it is sent alone or in a transaction.
pub(crate) struct WriteRequest<'r> {
    pub(crate) verb: Verb,
    pub(crate) schema: &'static EntitySchema,
    /// Table, item or key, and actions.
    pub(crate) body: Body,
    /// Condition of the user and of the actions.
    pub(crate) condition: Option<Cow<'r, Node>>,
    pub(crate) precondition: Precondition,
    /// Token that the item gets.
    pub(crate) token: Option<u128>,
    pub(crate) return_values: Option<&'static str>,
}

impl<'r> WriteRequest<'r> {
    /// Creates a request on the item with this key, which is JSON. Its body has no action.
    pub(crate) fn on_key(
        verb: Verb,
        schema: &'static EntitySchema,
        table: &str,
        key: &[u8],
        condition: Option<&'r Node>,
        precondition: Precondition,
    ) -> Self {
        let mut body = Body::new(table, key.len() + 256);
        body.member("Key", key);
        WriteRequest {
            verb,
            schema,
            body,
            condition: condition.map(Cow::Borrowed),
            precondition,
            token: None,
            return_values: None,
        }
    }

    /// Renders the body of the write alone.
    ///
    /// # Errors
    /// When a value is invalid, or an expression is over a limit.
    pub(crate) fn render(self, measure: bool) -> Result<Vec<u8>, Error> {
        let mut body = self.body;
        let condition = self.precondition.condition(self.schema, self.condition);
        add_condition(&mut body, condition.as_deref());
        if let Some(parameter) = self.return_values {
            body.word("ReturnValues", parameter);
        }
        if measure {
            body.word("ReturnConsumedCapacity", "INDEXES");
        }
        body.finish()
    }

    /// Renders the body as text for people.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub(crate) fn into_json(self) -> Result<String, Error> {
        text(self.render(false)?)
    }

    /// Starts the write alone: one round trip. The body already names `table`.
    ///
    /// # Errors
    /// As [`render`](Self::render), with the entity and the operation.
    pub(crate) fn start(
        self,
        db: &Db,
        table: Arc<str>,
        measure: bool,
    ) -> Result<Started<'_>, Error> {
        let context = WriteContext {
            verb: self.verb,
            schema: self.schema,
            precondition: self.precondition,
            has_condition: self.condition.is_some(),
            token: self.token,
            return_values: self.return_values,
        };
        let body = self.render(measure).map_err(|e| context.named(e))?;
        let sending = match context.verb {
            Verb::Put => db.ask(transport::Operation::PutItem, table, None, body),
            Verb::Update => db.ask(transport::Operation::UpdateItem, table, None, body),
            Verb::Delete => db.ask(transport::Operation::DeleteItem, table, None, body),
            Verb::ConditionCheck => {
                let problem = "a check is sent in a transaction only";
                return Err(context.named(Error::construction(problem)));
            }
        };
        Ok(Started { context, sending })
    }

    /// Makes the write a step of a transaction. The body names the table `""`, which the connection
    /// resolves; `key` is JSON. With an effect on unique values, their items follow the step.
    ///
    /// # Errors
    /// As [`render`](Self::render).
    pub(crate) fn into_step(
        self,
        entity: TypeId,
        key: &[u8],
        effect: Option<Effect>,
    ) -> Result<Step, Error> {
        let (verb, schema, precondition) = (self.verb, self.schema, self.precondition);
        let has_condition = self.condition.is_some();
        let Some(effect) = effect else {
            let body = self.render(false)?;
            let step = Step::from_body(verb, schema, entity, precondition, key, body)?;
            return Ok(step.with_condition(has_condition));
        };
        let condition = precondition.condition(schema, self.condition);
        let mut draft = Draft::new(self.body, condition.map(Cow::into_owned));
        let body = draft.finish(Vec::new())?;
        let step = Step::from_body(verb, schema, entity, precondition, key, body)?;
        let step = step.with_condition(has_condition);
        Ok(step.followed_by_unique_items(key, draft, effect))
    }
}

/// Facts about a write that its response is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteContext {
    verb: Verb,
    schema: &'static EntitySchema,
    precondition: Precondition,
    /// The user, or an action, adds a condition.
    has_condition: bool,
    token: Option<u128>,
    return_values: Option<&'static str>,
}

/// A write in flight.
pub(crate) struct Started<'d> {
    pub(crate) context: WriteContext,
    pub(crate) sending: Sending<'d>,
}

/// A write that failed.
pub(crate) struct Failed {
    /// The stored item, if an earlier attempt of this very call wrote it.
    pub(crate) own_write: Option<Vec<u8>>,
    pub(crate) error: Error,
}

impl WriteContext {
    /// Adds entity and operation to an error.
    pub(crate) fn named(&self, error: Error) -> Error {
        named(self.schema, self.verb, error)
    }

    /// Decodes what the write returns. Not async: a future that waits for the response itself would
    /// hold it twice.
    ///
    /// # Errors
    /// The failure as the write sees it.
    pub(crate) fn output<E: Item, R: Returned<E>>(
        &self,
        response: Response,
    ) -> Result<Measured<R::Output>, Error> {
        let failed = match self.single(response, R::decode) {
            Ok(Single { item, capacity }) => {
                return Ok(Measured {
                    output: item,
                    consumed_capacity: capacity,
                });
            }
            Err(failed) => failed,
        };
        let Failed { own_write, error } = *failed;
        let Some(item) = own_write else {
            return Err(error);
        };
        match R::of_own_write(&item) {
            None => Err(error),
            Some(Err(e)) => Err(self.named(Error::returned(UnreadableItem::new(e, &item)))),
            Some(Ok(output)) => Ok(Measured {
                output,
                consumed_capacity: None,
            }),
        }
    }

    /// Decodes the response to the write.
    ///
    /// # Errors
    /// The failure as the write sees it. A write that is done says so.
    pub(crate) fn single<T>(
        &self,
        response: Response,
        decode: fn(&[u8]) -> Result<Single<T>, ReadError>,
    ) -> Result<Single<T>, Box<Failed>> {
        let is_uncertain = response.is_uncertain()
            && matches!(self.return_values, Some("ALL_OLD" | "UPDATED_OLD"));
        // Only what has old values to doubt needs these.
        let attempts = is_uncertain.then(|| response.attempts());
        let mut kept = None;
        let single = response.take(|body| {
            let single = decode(&body);
            if single.is_err() || is_uncertain {
                kept = Some(body);
            }
            single
        });
        match (single, kept) {
            (Ok(single), None) => Ok(single),
            (Ok(single), Some(body)) => match self.are_old_values(&body) {
                true => Ok(single),
                false => {
                    let (attempts, request_id) = attempts.unwrap_or_default();
                    let error = Error::lost_values().of_attempts(attempts, request_id);
                    Err(Box::new(Failed {
                        own_write: None,
                        error: self.named(error),
                    }))
                }
            },
            (Err(failure), body) => Err(Box::new(self.failed_with(failure, body.as_deref()))),
        }
    }

    /// `true` if the old values in a response are those before the call, although an earlier attempt
    /// of it may have been carried out.
    #[cold]
    fn are_old_values(&self, body: &[u8]) -> bool {
        let Ok(Single { item, .. }) = attributes(body) else {
            return false;
        };
        match (self.verb, item) {
            // There was an item to delete, or the earlier attempt has deleted it.
            (Verb::Delete, item) => item.is_some(),
            // The earlier attempt would have left an item.
            (_, None) => true,
            (_, Some(item)) => match (self.token, self.schema.write_token) {
                (Some(token), Some(name)) if self.return_values == Some("ALL_OLD") => {
                    crate::wire::text_in(item, name).as_deref() != Some(&*WriteToken::text(token))
                }
                // This write would have left another version than the one that the condition has met.
                _ => matches!(self.precondition.version, Some(Expected::At(_))),
            },
        }
    }

    /// Judges a failure, and keeps the item of a success that cannot be decoded.
    #[cold]
    fn failed_with(&self, failure: Failure, body: Option<&[u8]>) -> Failed {
        let Failure {
            kind: FailureKind::Decode(error),
            attempts,
            request_id,
            ..
        } = failure
        else {
            return self.failed(failure);
        };
        let item = body.and_then(|body| attributes(body).ok()?.item);
        let error = match item {
            Some(item) => Error::returned(UnreadableItem::new(error, item)),
            None => {
                return self.failed(Failure {
                    attempts,
                    uncertain: false,
                    open: true,
                    request_id,
                    kind: FailureKind::Decode(error),
                });
            }
        };
        Failed {
            own_write: None,
            error: self.named(error.of_attempts(attempts, request_id)),
        }
    }

    /// Judges a failure. Out of line, because nearly all writes succeed.
    #[cold]
    pub(crate) fn failed(&self, failure: Failure) -> Failed {
        let own_write = own_write(self.schema, &failure, self.token);
        let mut error = self
            .precondition
            .error(self.schema, self.has_condition, failure);
        if own_write.is_some() {
            error = error.of_own_write();
        }
        Failed {
            own_write,
            error: self.named(error),
        }
    }
}

/// Adds entity and operation to an error.
pub(crate) fn named(schema: &EntitySchema, verb: Verb, error: Error) -> Error {
    error
        .of_entity(schema.entity)
        .in_operation(verb.operation())
}
