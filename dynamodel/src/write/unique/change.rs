//! Effect of an operation on the unique attributes of its item.

use crate::error::Error;
use crate::model::expr::ast::{ActionNode, Source, Value, Verb};
use crate::model::schema::EntitySchema;
use crate::wire::ReadError;
use crate::wire::value_in;

/// Change of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// The attribute stays unchanged.
    Keep,
    /// The attribute gets this value, as JSON; with `None` it will be absent.
    Becomes(Option<Vec<u8>>),
    /// The attribute gets this value, as JSON, if it is absent.
    Fills(Vec<u8>),
}

impl Change {
    /// Returns the value after the change, given the value before.
    pub(super) fn after<'a>(&'a self, old: Option<&'a [u8]>) -> Option<&'a [u8]> {
        match self {
            Change::Keep => old,
            Change::Becomes(value) => value.as_deref(),
            Change::Fills(value) => old.or(Some(value)),
        }
    }
}

/// Effect of an operation on the unique attributes and the Time to Live of its item.
pub(crate) struct Effect {
    /// Changes of the unique attributes, in the order of the schema.
    pub(super) values: Vec<Change>,
    /// Change of the Time to Live, which the unique items carry too.
    pub(super) ttl: Change,
    /// Position of an attribute whose unique item is written although the value stays.
    pub(super) rewritten: Option<usize>,
}

impl Effect {
    /// Returns the effect of writing the whole item.
    pub(crate) fn from_item(schema: &EntitySchema, item: &[u8]) -> Result<Self, ReadError> {
        let value = |name| Ok(Change::Becomes(value_in(item, name)?.map(<[u8]>::to_vec)));
        let values = schema.unique.iter().map(|u| value(u.attribute));
        Ok(Effect {
            values: values.collect::<Result<_, ReadError>>()?,
            ttl: schema.ttl.map_or(Ok(Change::Keep), value)?,
            rewritten: None,
        })
    }

    /// Returns the effect of writing the unique item of the attribute at this position of the
    /// schema, without any change of the item.
    pub(super) fn from_backfill(schema: &EntitySchema, position: usize) -> Self {
        Effect {
            rewritten: Some(position),
            ..Self::none(schema)
        }
    }

    /// Returns the effect of an operation that changes nothing.
    pub(crate) fn none(schema: &EntitySchema) -> Self {
        Effect {
            values: vec![Change::Keep; schema.unique.len()],
            ttl: Change::Keep,
            rewritten: None,
        }
    }

    /// `true` if the operation changes unique items.
    pub(crate) fn changes_unique_items(&self) -> bool {
        let changes = |change: &Change| *change != Change::Keep;
        self.rewritten.is_some() || self.values.iter().any(changes) || changes(&self.ttl)
    }

    /// Returns the effect of deleting the item.
    pub(crate) fn from_delete(schema: &EntitySchema) -> Self {
        Effect {
            values: schema
                .unique
                .iter()
                .map(|_| Change::Becomes(None))
                .collect(),
            ttl: Change::Keep,
            rewritten: None,
        }
    }

    /// Returns the effect of an update's actions, or `None` if they change no unique item.
    /// `created` is the item that the update creates where none is stored.
    ///
    /// # Errors
    /// When the value that an attribute gets is not known before the update.
    pub(crate) fn from_actions(
        schema: &EntitySchema,
        actions: &[ActionNode],
        created: Option<&[u8]>,
    ) -> Result<Option<Self>, Error> {
        if schema.unique.is_empty() {
            return Ok(None);
        }
        let change = |name| {
            let held = created.map(|item| value_in(item, name)).transpose()?;
            Ok(match (change(actions, name)?, held.flatten()) {
                (Change::Keep, Some(value)) => Change::Fills(value.to_vec()),
                (change, _) => change,
            })
        };
        let values = schema.unique.iter().map(|u| change(u.attribute));
        let effect = Effect {
            values: values.collect::<Result<_, Error>>()?,
            ttl: schema.ttl.map_or(Ok(Change::Keep), change)?,
            rewritten: None,
        };
        Ok(effect.changes_unique_items().then_some(effect))
    }
}

fn change(actions: &[ActionNode], name: &str) -> Result<Change, Error> {
    let Some(action) = actions.iter().find(|a| a.place.top() == name) else {
        return Ok(Change::Keep);
    };
    match &action.verb {
        Verb::Set(Source::Value(Value::Json(json))) if !action.place.is_nested() => {
            Ok(Change::Becomes(Some(json.clone())))
        }
        Verb::Set(Source::Value(Value::Invalid(e))) => {
            Err(Error::write(e.clone().under(name.to_owned())))
        }
        Verb::Remove if !action.place.is_nested() => Ok(Change::Becomes(None)),
        _ => Err(Error::invalid_request(format!(
            "the update changes `{name}` by something else than a known value, and the unique items of the unique attributes have to follow it; `set` it to a value, `remove` it, or read the item and write what changed by `diff` or `modify`"
        ))),
    }
}
