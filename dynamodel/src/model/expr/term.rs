//! Values that an update computes from attributes and values.

use std::fmt;
use std::marker::PhantomData;

use super::Token;
use super::ast::{Source, Value};
use super::operand::{ByPath, ByTerm, ByValue, Use};
use super::path::Path;
use super::scope::UsableIn;
use crate::wire::{AmountFor, Attribute, ValueFor, ValueOf, kind};

/// The source of a SET action.
#[doc(hidden)]
pub struct Assignment(pub(crate) Source);

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assignment")
    }
}

/// An operand of an update with values of type `V`: an attribute with a default, created by
/// [`Path::or`], or a value, created by [`value`].
#[must_use = "a term is given to `set_from`"]
pub struct Term<V, Sc> {
    pub(super) source: Source,
    pub(super) _use: Use<(V, Sc)>,
}

/// A sum, a difference or two joined lists, of type `V`, created by `plus`, `minus` and `concat`.
/// DynamoDB computes only one of them in an assignment, so a `Sum` has no further operations.
#[must_use = "a sum is given to `set_from`"]
pub struct Sum<V, Sc> {
    pub(super) source: Source,
    pub(super) _use: Use<(V, Sc)>,
}

impl<V, Sc> fmt::Debug for Term<V, Sc> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Term({})", super::render::shown_source(&self.source))
    }
}
impl<V, Sc> fmt::Debug for Sum<V, Sc> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sum({})", super::render::shown_source(&self.source))
    }
}

/// Returns a value as an operand, from which others are subtracted or to which lists are joined.
///
/// ```
/// use dynamodel::{Entity, value};
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "budgets")]
/// # struct Budget { #[dynamo(partition)] id: u64, spent: u64, left: u64, log: Vec<String>, header: Vec<String> }
/// let update = Budget::update(1).apply(|b| (
///     b.left.set_from(value(1000).minus(&b.spent)),
///     b.log.set_from(value(["spent"]).concat(&b.header)),
/// ));
/// assert!(update.to_json()?.contains("SET #n0 = :v0 - #n1, #n2 = list_append(:v1,#n3)"));
/// # Ok::<(), dynamodel::Error>(())
/// ```
pub fn value<V, Sc>(value: impl ValueFor<V>) -> Term<V, Sc> {
    Term {
        source: Source::Value(Value::write(|w| value.write_value(w))),
        _use: PhantomData,
    }
}

impl<V: Attribute, Sc> Term<V, Sc> {
    /// Returns the sum of this and a number or attribute.
    pub fn plus<How>(self, other: impl AmountOperand<V, Sc, How>) -> Sum<V, Sc>
    where
        V: Countable,
    {
        Sum {
            source: self.source.plus(other.amount().0),
            _use: self._use,
        }
    }

    /// Returns this less a number or attribute.
    pub fn minus<How>(self, other: impl AmountOperand<V, Sc, How>) -> Sum<V, Sc>
    where
        V: Countable,
    {
        Sum {
            source: self.source.minus(other.amount().0),
            _use: self._use,
        }
    }

    /// Returns the elements of this list, then those of another one. DynamoDB joins two lists in
    /// one action, not more.
    pub fn concat<How>(self, other: impl UpdateOperand<V, Sc, How>) -> Sum<V, Sc>
    where
        V::Kind: kind::List,
    {
        Sum {
            source: self.source.concat(other.assignment().0),
            _use: self._use,
        }
    }
}

/// Values with arithmetic: numbers.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be counted up or down",
    label = "this needs a number",
    note = "`add` on a set is called `insert`, on a list `append`"
)]
pub trait Countable {
    /// The type of the number that is added or subtracted: the same.
    type Amount: Attribute;
}
impl<V: Attribute<Kind: kind::Number>> Countable for V {
    type Amount = V;
}

/// The type of the number that is added to an attribute of type `T`.
pub type AmountOf<T> = <ValueOf<T> as Countable>::Amount;

/// An operand of [`or`](Path::or) and [`concat`](Path::concat): a value of `V`, the path of another
/// attribute of that type, or a [`Term`].
///
/// `How` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no operand of an update of an attribute of type `{V}`",
    label = "neither a `{V}` nor a path of that type",
    note = "an operand is a value, the path of an attribute of the same type, or `path.or(..)`"
)]
pub trait UpdateOperand<V, Sc, How> {
    #[doc(hidden)]
    fn assignment(&self) -> Assignment;
}

impl<V, Sc, T: ValueFor<V>> UpdateOperand<V, Sc, ByValue> for T {
    fn assignment(&self) -> Assignment {
        Assignment::value(|w| self.write_value(w))
    }
}
impl<V, Sc, K> UpdateOperand<V, Sc, ByPath> for Path<K, Sc>
where
    K: Token<Type: Attribute<Value: Same<V>>> + UsableIn<Sc>,
{
    fn assignment(&self) -> Assignment {
        Assignment(Source::Path(self.place()))
    }
}
impl<V, Sc, K> UpdateOperand<V, Sc, ByPath> for &Path<K, Sc>
where
    K: Token<Type: Attribute<Value: Same<V>>> + UsableIn<Sc>,
{
    fn assignment(&self) -> Assignment {
        Assignment(Source::Path(self.place()))
    }
}
impl<V, Sc> UpdateOperand<V, Sc, ByTerm> for Term<V, Sc> {
    fn assignment(&self) -> Assignment {
        Assignment(self.source.clone())
    }
}

/// An operand of the arithmetic of updates: a number that an attribute of type `V` changes by (see
/// [`AmountFor`]), the path of another attribute of that type, or a [`Term`].
///
/// `How` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no operand of an update of an attribute of type `{V}`",
    label = "neither a `{V}` nor a path of that type",
    note = "an operand is a value, the path of an attribute of the same type, or `path.or(..)`; an unsigned number is also changed by a signed integer"
)]
pub trait AmountOperand<V, Sc, How> {
    #[doc(hidden)]
    fn amount(&self) -> Assignment;
}

impl<V, Sc, T: AmountFor<V>> AmountOperand<V, Sc, ByValue> for T {
    fn amount(&self) -> Assignment {
        Assignment::value(|w| self.write_amount(w))
    }
}
impl<V, Sc, K> AmountOperand<V, Sc, ByPath> for Path<K, Sc>
where
    K: Token<Type: Attribute<Value: Same<V>>> + UsableIn<Sc>,
{
    fn amount(&self) -> Assignment {
        Assignment(Source::Path(self.place()))
    }
}
impl<V, Sc, K> AmountOperand<V, Sc, ByPath> for &Path<K, Sc>
where
    K: Token<Type: Attribute<Value: Same<V>>> + UsableIn<Sc>,
{
    fn amount(&self) -> Assignment {
        Assignment(Source::Path(self.place()))
    }
}
impl<V, Sc> AmountOperand<V, Sc, ByTerm> for Term<V, Sc> {
    fn amount(&self) -> Assignment {
        Assignment(self.source.clone())
    }
}

/// Types that equal `V`.
#[diagnostic::on_unimplemented(
    message = "an attribute of type `{V}` is not set from one of type `{Self}`",
    label = "another type than `{V}`"
)]
pub trait Same<V> {}
impl<V> Same<V> for V {}

/// A source that an attribute with values of type `V` can be set from: the path of another
/// attribute of that type, or a value computed from such attributes.
#[diagnostic::on_unimplemented(
    message = "an attribute of type `{V}` cannot be set from `{Self}`",
    label = "not an attribute of type `{V}`",
    note = "a value is set by `set`; `set_from` takes another path, or `path.or(..)`, `path.plus(..)`, `path.minus(..)`, `path.concat(..)` and `value(..).minus(path)`"
)]
pub trait Assigned<V, Sc> {
    #[doc(hidden)]
    fn assignment(&self) -> Assignment;
}
impl<V, Sc, K> Assigned<V, Sc> for Path<K, Sc>
where
    K: Token<Type: Attribute<Value: Same<V>>> + UsableIn<Sc>,
{
    fn assignment(&self) -> Assignment {
        Assignment(Source::Path(self.place()))
    }
}
impl<V, Sc, K> Assigned<V, Sc> for &Path<K, Sc>
where
    K: Token<Type: Attribute<Value: Same<V>>> + UsableIn<Sc>,
{
    fn assignment(&self) -> Assignment {
        Assignment(Source::Path(self.place()))
    }
}
impl<V, Sc> Assigned<V, Sc> for Term<V, Sc> {
    fn assignment(&self) -> Assignment {
        Assignment(self.source.clone())
    }
}
impl<V, Sc> Assigned<V, Sc> for Sum<V, Sc> {
    fn assignment(&self) -> Assignment {
        Assignment(self.source.clone())
    }
}
