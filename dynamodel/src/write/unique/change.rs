//! What an operation does to the unique attributes of its item.

use crate::error::Error;
use crate::model::expr::ast::{ActionNode, Source, Value, Verb};
use crate::model::schema::EntitySchema;
use crate::wire::ReadError;
use crate::wire::value_in;

/// What becomes of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// It stays as it is.
    Keep,
    /// It gets this value, as JSON; `None`: it will be absent.
    Becomes(Option<Vec<u8>>),
}

impl Change {
    /// The value after the change of one that was `old`.
    pub(super) fn after<'a>(&'a self, old: Option<&'a [u8]>) -> Option<&'a [u8]> {
        match self {
            Change::Keep => old,
            Change::Becomes(value) => value.as_deref(),
        }
    }
}

/// What an operation does to the attributes that guards are about.
pub(crate) struct Effect {
    /// One for each unique attribute of the schema.
    pub(super) values: Vec<Change>,
    /// The Time to Live, which the guards carry too.
    pub(super) ttl: Change,
    /// The position of an attribute whose guard is written although the value stays.
    pub(super) anew: Option<usize>,
}

impl Effect {
    /// The whole item is written.
    pub(crate) fn of_item(schema: &EntitySchema, item: &[u8]) -> Result<Self, ReadError> {
        let value = |name| Ok(Change::Becomes(value_in(item, name)?.map(<[u8]>::to_vec)));
        let values = schema.unique.iter().map(|u| value(u.attribute));
        Ok(Effect {
            values: values.collect::<Result<_, ReadError>>()?,
            ttl: schema.ttl.map_or(Ok(Change::Keep), value)?,
            anew: None,
        })
    }

    /// Nothing, but the value of the attribute at this position of the schema gets its guard.
    pub(super) fn of_backfill(schema: &EntitySchema, position: usize) -> Self {
        Effect {
            anew: Some(position),
            ..Self::none(schema)
        }
    }

    /// Nothing.
    pub(crate) fn none(schema: &EntitySchema) -> Self {
        Effect {
            values: vec![Change::Keep; schema.unique.len()],
            ttl: Change::Keep,
            anew: None,
        }
    }

    /// Whether guards have to follow it.
    pub(crate) fn moves_guards(&self) -> bool {
        let changes = |change: &Change| *change != Change::Keep;
        self.anew.is_some() || self.values.iter().any(changes) || changes(&self.ttl)
    }

    /// The item is deleted.
    pub(crate) fn of_delete(schema: &EntitySchema) -> Self {
        Effect {
            values: schema
                .unique
                .iter()
                .map(|_| Change::Becomes(None))
                .collect(),
            ttl: Change::Keep,
            anew: None,
        }
    }

    /// What the actions of an update do. `None` when no guard has to follow.
    ///
    /// # Errors
    /// When the value that an attribute gets is not known before the update.
    pub(crate) fn of_actions(
        schema: &EntitySchema,
        actions: &[ActionNode],
    ) -> Result<Option<Self>, Error> {
        if schema.unique.is_empty() {
            return Ok(None);
        }
        let values = schema.unique.iter().map(|u| change(actions, u.attribute));
        let effect = Effect {
            values: values.collect::<Result<_, Error>>()?,
            ttl: schema
                .ttl
                .map_or(Ok(Change::Keep), |ttl| change(actions, ttl))?,
            anew: None,
        };
        Ok(effect.moves_guards().then_some(effect))
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
            "the update changes `{name}` by something else than a known value, and the guard items of the unique attributes have to follow it; `set` it to a value, `remove` it, or read the item and write what changed by `diff` or `modify`"
        ))),
    }
}
