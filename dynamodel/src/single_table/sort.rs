//! Conditions on the text of a sort key, across the kinds of a collection.

use std::fmt;

use crate::model::expr::ast::{Comparator, Function, Node, Operand, Place, Value};
use crate::model::key::{MAX_SORT_BYTES, check_key_value};
use crate::wire::WriteError;

/// The text of the sort key of a collection's items, as the templates make it: numbers are padded
/// to their width.
pub struct SortKey(());

/// Restriction of the sort key's text. Made by the methods of [`SortKey`].
#[must_use = "a sort condition does nothing until it is given to `sort`"]
pub struct SortRange(Test);

enum Test {
    Compare(Comparator, String),
    Between(String, String),
    BeginsWith(String),
}

impl fmt::Debug for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SortKey")
    }
}

impl fmt::Debug for SortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SortRange(_)")
    }
}

impl SortKey {
    pub(super) fn new() -> Self {
        SortKey(())
    }

    fn compare(comparator: Comparator, text: impl Into<String>) -> SortRange {
        SortRange(Test::Compare(comparator, text.into()))
    }

    /// Requires the sort key to equal this text.
    pub fn eq(self, text: impl Into<String>) -> SortRange {
        Self::compare(Comparator::Eq, text)
    }

    /// Requires the sort key to be less than the text.
    pub fn lt(self, text: impl Into<String>) -> SortRange {
        Self::compare(Comparator::Lt, text)
    }

    /// Requires the sort key to be the text or less.
    pub fn le(self, text: impl Into<String>) -> SortRange {
        Self::compare(Comparator::Le, text)
    }

    /// Requires the sort key to be greater than the text.
    pub fn gt(self, text: impl Into<String>) -> SortRange {
        Self::compare(Comparator::Gt, text)
    }

    /// Requires the sort key to be the text or greater.
    pub fn ge(self, text: impl Into<String>) -> SortRange {
        Self::compare(Comparator::Ge, text)
    }

    /// Requires the sort key to be at least `low` and at most `high`.
    pub fn between(self, low: impl Into<String>, high: impl Into<String>) -> SortRange {
        SortRange(Test::Between(low.into(), high.into()))
    }

    /// Requires the sort key to begin with the text.
    pub fn begins_with(self, text: impl Into<String>) -> SortRange {
        SortRange(Test::BeginsWith(text.into()))
    }
}

impl SortRange {
    /// Returns the condition on the attribute.
    pub(super) fn into_node(self, name: &'static str) -> Result<Node, WriteError> {
        let path = Place::root(name);
        let value = |text: String| {
            let value = Value::write(|w| w.string(&text));
            check_key_value(name, value, MAX_SORT_BYTES)
                .map(|json| Operand::Value(Value::Json(json)))
        };
        Ok(match self.0 {
            Test::Compare(comparator, text) => {
                Node::Compare(Operand::Path(path), comparator, value(text)?)
            }
            Test::Between(low, high) => {
                Node::Between(Operand::Path(path), value(low)?, value(high)?)
            }
            Test::BeginsWith(text) => Node::Call(Function::BeginsWith, path, Some(value(text)?)),
        })
    }
}
