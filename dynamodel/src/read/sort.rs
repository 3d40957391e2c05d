//! Sort conditions: left to right through the parts of a sort key.

mod templated;

use std::fmt;
use std::marker::PhantomData;

use crate::model::entity::Index;
use crate::model::expr::ast::{Comparator, Function, Node, Operand, Place, Value};
use crate::model::expr::{PrefixOf, Token};
use crate::model::key::{MAX_SORT_BYTES, check_key_value};
use crate::model::schema::{IndexKey, KeySchema, Piece};
use crate::wire::FixedWidth;
use crate::wire::WriteError;
use crate::wire::{KindOf, ValueFor, ValueOf};

/// Restriction of the sort key of index `I`.
#[must_use = "a sort condition does nothing until it is given to `sort`"]
pub struct SortCondition<I> {
    prefix: SortPrefix<I>,
    last: Option<(&'static str, Test)>,
}

/// Leading parts of a sort key that are given by `eq`.
#[doc(hidden)]
pub struct SortPrefix<I> {
    parts: Vec<(&'static str, Value)>,
    _index: PhantomData<fn() -> I>,
}

pub(super) enum Test {
    Compare(Comparator, Value),
    Between(Value, Value),
    BeginsWith(Value),
}

impl<I> fmt::Debug for SortCondition<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.prefix.parts.iter().map(|(name, _)| name);
        f.debug_list()
            .entries(names.chain(self.last.iter().map(|(name, _)| name)))
            .finish()
    }
}

impl<I> fmt::Debug for SortPrefix<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.parts.iter().map(|(name, _)| name))
            .finish()
    }
}

impl<I> SortPrefix<I> {
    pub(crate) fn start() -> Self {
        SortPrefix {
            parts: Vec::new(),
            _index: PhantomData,
        }
    }

    #[doc(hidden)]
    pub fn into_condition(self) -> SortCondition<I> {
        SortCondition {
            prefix: self,
            last: None,
        }
    }
}

impl<I: Index> SortCondition<I> {
    /// Returns the nodes of the key condition.
    pub(crate) fn into_nodes(self) -> Result<Vec<Node>, WriteError> {
        nodes(self.prefix.parts, self.last, &I::KEY, I::TEMPLATES.as_ref())
    }
}

/// Returns the nodes of the key condition on the sort key of an index.
pub(super) fn nodes(
    parts: Vec<(&'static str, Value)>,
    last: Option<(&'static str, Test)>,
    key: &KeySchema,
    templates: Option<&IndexKey>,
) -> Result<Vec<Node>, WriteError> {
    if let Some(templates) = templates {
        let Some(name) = key.sort.first() else {
            return Ok(Vec::new());
        };
        if let [Piece::Value(_)] = templates.key.sort {
            let own = |(_, value)| (*name, value);
            let last = last.map(|(_, test)| (*name, test));
            return plain_nodes(parts.into_iter().map(own).collect(), last);
        }
        let last = last.map(|(_, test)| test);
        let node = templated::node(name, templates, &parts, last)?;
        return Ok(node.into_iter().collect());
    }
    plain_nodes(parts, last)
}

/// Returns the nodes of the key condition on sort keys that are attributes of their own.
fn plain_nodes(
    parts: Vec<(&'static str, Value)>,
    last: Option<(&'static str, Test)>,
) -> Result<Vec<Node>, WriteError> {
    let checked = |name, value| check_key_value(name, value, MAX_SORT_BYTES).map(Value::Json);
    let mut nodes = Vec::with_capacity(parts.len() + 1);
    for (name, value) in parts {
        nodes.push(Node::equals(name, checked(name, value)?));
    }
    let Some((name, test)) = last else {
        return Ok(nodes);
    };
    let path = Operand::Path(Place::root(name));
    nodes.push(match test {
        Test::BeginsWith(prefix) if is_empty(&prefix) => return Err(no_prefix(name)),
        Test::Compare(Comparator::Lt, value) if is_empty(&value) => {
            return Err(nothing_below(name));
        }
        Test::Compare(comparator, value) => {
            Node::Compare(path, comparator, Operand::Value(checked(name, value)?))
        }
        Test::Between(low, high) => Node::Between(
            path,
            Operand::Value(checked(name, low)?),
            Operand::Value(checked(name, high)?),
        ),
        Test::BeginsWith(prefix) => Node::Call(
            Function::BeginsWith,
            Place::root(name),
            Some(Operand::Value(checked(name, prefix)?)),
        ),
    });
    Ok(nodes)
}

/// `true` for a text or binary without content.
fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Json(json) if json == br#"{"S":""}"# || json == br#"{"B":""}"#)
}

/// Returns the error of an empty prefix, which DynamoDB refuses for a key.
fn no_prefix(name: &'static str) -> WriteError {
    let problem = "a prefix of a key is not empty; leave the sort condition out to find all";
    WriteError::new(problem).of_key().in_attribute(name)
}

/// Returns the error of a range below the empty text, which nothing is in.
fn nothing_below(name: &'static str) -> WriteError {
    let problem = "the range is empty: nothing is less than the empty text";
    WriteError::new(problem).of_key().in_attribute(name)
}

/// One part of the sort key of index `I`: the field `K`, and the part `Next` after it.
///
/// `eq` continues with the next part; every other test ends the condition.
pub struct SortPart<K, I, Next, O = InOrder> {
    prefix: SortPrefix<I>,
    _part: Types<K, Next, O>,
}

/// Types that a part has at compile time: the field, the part after it, and its order.
type Types<K, Next, O> = PhantomData<fn() -> (K, Next, O)>;

impl<K: Token, I, Next, O> fmt::Debug for SortPart<K, I, Next, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SortPart({})", K::NAME)
    }
}

/// State of a sort condition after a part that is given by `eq`.
#[doc(hidden)]
pub trait SortChain<I> {
    /// Parts that can be compared with a range: [`AnyPart`] or [`FixedPart`].
    type Ranges;
    fn from_prefix(prefix: SortPrefix<I>) -> Self;
    fn into_condition(self) -> SortCondition<I>;
}

impl<I> SortChain<I> for SortCondition<I> {
    type Ranges = AnyPart;
    fn from_prefix(prefix: SortPrefix<I>) -> Self {
        prefix.into_condition()
    }
    fn into_condition(self) -> SortCondition<I> {
        self
    }
}

/// State after the last part of a template that ends with a literal.
#[doc(hidden)]
pub struct TemplateEnd<I>(SortCondition<I>);

impl<I> SortChain<I> for TemplateEnd<I> {
    type Ranges = FixedPart;
    fn from_prefix(prefix: SortPrefix<I>) -> Self {
        TemplateEnd(prefix.into_condition())
    }
    fn into_condition(self) -> SortCondition<I> {
        self.0
    }
}

impl<I> fmt::Debug for TemplateEnd<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Marker: every part has ranges, because it is an attribute or the end of a template.
#[doc(hidden)]
#[derive(Debug)]
pub enum AnyPart {}

/// Marker: more text of the template follows the part, so ranges need a fixed width to keep the
/// order.
#[doc(hidden)]
#[derive(Debug)]
pub enum FixedPart {}

/// Parts of type `V` that can be compared with a range here.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a `{V}` in the middle of a key template has no ranges",
    label = "more of the template follows this part, and its text has no fixed width",
    note = "test it with `eq` or `begins_with`, or make it the last part of the template"
)]
pub trait RangesOf<V> {}
impl<V> RangesOf<V> for AnyPart {}
impl<V: FixedWidth> RangesOf<V> for FixedPart {}

/// Marker: the part sorts as its values do.
#[doc(hidden)]
#[derive(Debug)]
pub enum InOrder {}

/// Marker: the part is a number without zeros before it, so that 10 sorts before 9.
#[doc(hidden)]
#[derive(Debug)]
pub enum Unordered {}

/// Parts that sort as their values do.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a part in the form `plain` has no ranges",
    label = "the key does not sort as these numbers do: 10 stands before 9",
    note = "test it with `eq`; a part such as `{{n:05}}` has zeros before the number, and ranges"
)]
pub trait KeepsOrder {}
impl KeepsOrder for InOrder {}

/// Argument of `sort`: a finished condition, or one that could continue.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a sort condition",
    label = "expected a test of the sort key",
    note = "test a part of the key: `|k| k.placed_at.ge(day)`"
)]
pub trait IntoSort<I> {
    #[doc(hidden)]
    fn into_sort(self) -> SortCondition<I>;
}
impl<I, T: SortChain<I>> IntoSort<I> for T {
    fn into_sort(self) -> SortCondition<I> {
        self.into_condition()
    }
}

impl<K: Token, I, Next: SortChain<I>, O> SortPart<K, I, Next, O> {
    #[doc(hidden)]
    pub fn start() -> Self {
        Self::after(SortPrefix::start())
    }

    #[doc(hidden)]
    pub fn after(prefix: SortPrefix<I>) -> Self {
        SortPart {
            prefix,
            _part: PhantomData,
        }
    }

    #[doc(hidden)]
    pub fn into_prefix(self) -> SortPrefix<I> {
        self.prefix
    }

    fn end(self, test: Test) -> SortCondition<I> {
        SortCondition {
            prefix: self.prefix,
            last: Some((K::NAME, test)),
        }
    }

    fn compare(
        self,
        comparator: Comparator,
        value: &impl ValueFor<ValueOf<K::Type>>,
    ) -> SortCondition<I> {
        self.end(Test::Compare(
            comparator,
            Value::write(|w| value.write_value(w)),
        ))
    }

    /// Requires this part to equal the value. The result leads to the next part, if there is one.
    pub fn eq(mut self, value: impl ValueFor<ValueOf<K::Type>>) -> Next {
        self.prefix
            .parts
            .push((K::NAME, Value::write(|w| value.write_value(w))));
        Next::from_prefix(self.prefix)
    }

    /// Requires this part to be less than the value.
    pub fn lt(self, value: impl ValueFor<ValueOf<K::Type>>) -> SortCondition<I>
    where
        Next::Ranges: RangesOf<ValueOf<K::Type>>,
        O: KeepsOrder,
    {
        self.compare(Comparator::Lt, &value)
    }

    /// Requires this part to be the value or less.
    pub fn le(self, value: impl ValueFor<ValueOf<K::Type>>) -> SortCondition<I>
    where
        Next::Ranges: RangesOf<ValueOf<K::Type>>,
        O: KeepsOrder,
    {
        self.compare(Comparator::Le, &value)
    }

    /// Requires this part to be greater than the value.
    pub fn gt(self, value: impl ValueFor<ValueOf<K::Type>>) -> SortCondition<I>
    where
        Next::Ranges: RangesOf<ValueOf<K::Type>>,
        O: KeepsOrder,
    {
        self.compare(Comparator::Gt, &value)
    }

    /// Requires this part to be the value or greater.
    pub fn ge(self, value: impl ValueFor<ValueOf<K::Type>>) -> SortCondition<I>
    where
        Next::Ranges: RangesOf<ValueOf<K::Type>>,
        O: KeepsOrder,
    {
        self.compare(Comparator::Ge, &value)
    }

    /// Requires this part to be at least `low` and at most `high`.
    pub fn between(
        self,
        low: impl ValueFor<ValueOf<K::Type>>,
        high: impl ValueFor<ValueOf<K::Type>>,
    ) -> SortCondition<I>
    where
        Next::Ranges: RangesOf<ValueOf<K::Type>>,
        O: KeepsOrder,
    {
        self.end(Test::Between(
            Value::write(|w| low.write_value(w)),
            Value::write(|w| high.write_value(w)),
        ))
    }

    /// Requires this part, a string or binary, to begin with the prefix, which is not empty.
    pub fn begins_with(self, prefix: impl PrefixOf<KindOf<K::Type>>) -> SortCondition<I> {
        self.end(Test::BeginsWith(Value::write(|w| prefix.write_prefix(w))))
    }
}
