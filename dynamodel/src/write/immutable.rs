//! `#[dynamo(immutable)]`: whole items are written on condition that these attributes stay.

use std::any::TypeId;
use std::borrow::Cow;

use crate::error::Error;
use crate::model::expr::ast::{Node, Value};
use crate::model::unique::same_value;
use crate::wire::value_in;

/// Adds the condition that a stored item has none of these attributes, or the values of `item`.
pub(super) fn with_kept<'n>(
    condition: Option<Cow<'n, Node>>,
    names: &[&'static str],
    item: &[u8],
) -> Result<Option<Cow<'n, Node>>, Error> {
    let kept = names.iter().map(|name| {
        let value = value_in(item, name)?.map(<[u8]>::to_vec);
        let same = value.map(|json| Node::equals(name, Value::Json(json)));
        Ok(Node::or(
            [Some(Node::not_exists(name)), same].into_iter().flatten(),
        ))
    });
    let kept = kept.collect::<Result<Vec<_>, Error>>()?;
    if kept.is_empty() {
        return Ok(condition);
    }
    let own = condition.map(Cow::into_owned).into_iter();
    Ok(Node::all(own.chain(kept).collect()).map(Cow::Owned))
}

/// Names the immutable attribute for which the condition failed, if it is one.
pub(super) fn explained(
    error: Error,
    entity: TypeId,
    names: &[&'static str],
    item: &[u8],
) -> Error {
    if !error.is_condition_failed() || error.is_conflict() {
        return error;
    }
    let changed = error.stored_items(entity).first().and_then(|stored| {
        names.iter().find(|name| {
            let stored = value_in(stored, name).ok().flatten();
            stored.is_some() && !same_value(stored, value_in(item, name).ok().flatten())
        })
    });
    match changed {
        Some(name) => {
            let remedy = format!(
                "`{name}` is immutable, and the stored item has another value of it; keep the stored one, or create another item"
            );
            error.refusing((*name).to_owned(), remedy)
        }
        None => error,
    }
}
