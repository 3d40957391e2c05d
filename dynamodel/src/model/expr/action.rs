//! Updates: the actions on a path.

use std::collections::HashSet;
use std::marker::PhantomData;

use super::ast::{ActionNode, Source, Value, Verb};
use super::path::Path;
use super::scope::{MayBeAbsent, Scope, SettableIn, UsableIn};
use super::term::{
    AmountOf, AmountOperand, Assigned, Assignment, Countable, Sum, Term, UpdateOperand,
};
use super::{Action, Token};
use crate::wire::container::{ListOf, SetOf};
use crate::wire::{AmountFor, Attribute, KindOf, SetValue, ValueFor, ValueOf, kind};
use crate::wire::{Decimal, ReadError, Reader, Tag, WriteError};

/// Updates. Every action reads the item as it was before the update, so two attributes can be swapped.
impl<K: Token, Sc: Scope> Path<K, Sc> {
    fn action(&self, verb: Verb) -> Action<Sc::Entity> {
        Action::from_node(ActionNode {
            place: self.place(),
            verb,
        })
    }

    fn assign(&self, source: Source) -> Action<Sc::Entity> {
        self.action(Verb::Set(source))
    }

    /// Sets the attribute. `None` and an empty set remove it.
    pub fn set(&self, value: impl SetValue<K::Type>) -> Action<Sc::Entity>
    where
        K: SettableIn<Sc>,
    {
        if value.is_removal() {
            return self.action(Verb::Remove);
        }
        self.assign(Source::Value(Value::write(|w| value.write_value(w))))
    }

    /// Sets the attribute to the value of another attribute, or to a value computed from others by
    /// [`or`](Self::or), [`plus`](Self::plus), [`minus`](Self::minus) and [`concat`](Self::concat).
    /// Attributes that are named without `or` must exist.
    ///
    /// ```
    /// # use dynamodel::Entity;
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "orders")]
    /// # struct Order { #[dynamo(partition)] id: u64, net: u64, tax: Option<u64>, total: u64, first: String, last: String }
    /// let update = Order::update(1).apply(|o| (
    ///     o.total.set_from(o.net.plus(o.tax.or(0))),
    ///     o.first.set_from(&o.last),
    ///     o.last.set_from(&o.first),
    /// ));
    /// assert!(update.to_json()?.contains("SET #n0 = #n1 + if_not_exists(#n2,:v0), #n3 = #n4, #n4 = #n3"));
    /// # Ok::<(), dynamodel::Error>(())
    /// ```
    pub fn set_from(&self, source: impl Assigned<ValueOf<K::Type>, Sc>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.assign(source.assignment().0)
    }

    /// Sets the attribute if it is missing, otherwise leaves it as it is.
    pub fn set_if_absent(&self, value: impl SetValue<K::Type>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        if value.is_removal() {
            return Action::nothing();
        }
        let value = Value::write(|w| value.write_value(w));
        self.assign(Source::or(self.place(), value))
    }

    /// Removes the attribute, the element of a list or the entry of a map.
    ///
    /// Only for what an item can be read without: an `Option`, a set, a field with
    /// `#[dynamo(default)]`, an element or an entry. A list or map of its own field is emptied by
    /// [`set`](Self::set).
    pub fn remove(&self) -> Action<Sc::Entity>
    where
        K: SettableIn<Sc> + MayBeAbsent,
    {
        self.action(Verb::Remove)
    }

    /// Adds a number atomically; a missing attribute counts as zero. The opposite is
    /// [`subtract`](Self::subtract).
    ///
    /// This is an ADD action. Inside a document, where ADD is not documented to work, it is a SET
    /// action with the same effect.
    ///
    /// An unsigned number is also changed by a signed integer, and can become negative by it, as by
    /// [`subtract`](Self::subtract). A literal above `i32::MAX` then needs its type: `add(n_u64)`.
    pub fn add(&self, amount: impl AmountFor<AmountOf<K::Type>>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Countable,
    {
        let amount = Value::write(|w| amount.write_amount(w));
        if self.place().is_nested() {
            let zero = Value::write(|w| w.integer(0_u8));
            return self.assign(Source::or(self.place(), zero).plus(Source::Value(amount)));
        }
        self.action(Verb::Add(amount))
    }

    /// Subtracts a number, or the value of another attribute, atomically. The attribute must exist.
    /// It may become negative, so protect an unsigned one with a condition such as
    /// `.when(|s| s.stock.ge(2))`: a negative number could not be read any more.
    pub fn subtract<How>(
        &self,
        amount: impl AmountOperand<AmountOf<K::Type>, Sc, How>,
    ) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Countable,
    {
        self.decrement(amount)
    }

    /// Adds a number, or the value of another attribute, atomically, by the SET action: the
    /// attribute must exist.
    pub fn increment<How>(
        &self,
        amount: impl AmountOperand<AmountOf<K::Type>, Sc, How>,
    ) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Countable,
    {
        self.assign(Source::Path(self.place()).plus(amount.amount().0))
    }

    /// Subtracts a number, or the value of another attribute, atomically, by the SET action: the
    /// attribute must exist. See [`subtract`](Self::subtract) for unsigned numbers.
    pub fn decrement<How>(
        &self,
        amount: impl AmountOperand<AmountOf<K::Type>, Sc, How>,
    ) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Countable,
    {
        self.assign(Source::Path(self.place()).minus(amount.amount().0))
    }

    /// Adds a number atomically; a missing attribute counts as `start`.
    pub fn increment_from(
        &self,
        start: impl ValueFor<AmountOf<K::Type>>,
        amount: impl AmountFor<AmountOf<K::Type>>,
    ) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Countable,
    {
        let start = Source::or(self.place(), Value::write(|w| start.write_value(w)));
        let amount = Source::Value(Value::write(|w| amount.write_amount(w)));
        self.assign(start.plus(amount))
    }

    /// Subtracts a number atomically; a missing attribute counts as `start`.
    pub fn decrement_from(
        &self,
        start: impl ValueFor<AmountOf<K::Type>>,
        amount: impl AmountFor<AmountOf<K::Type>>,
    ) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Countable,
    {
        let start = Source::or(self.place(), Value::write(|w| start.write_value(w)));
        let amount = Source::Value(Value::write(|w| amount.write_amount(w)));
        self.assign(start.minus(amount))
    }

    /// Appends elements to the end of an existing list.
    pub fn append<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: ListOf,
        V: ValueFor<<ValueOf<K::Type> as ListOf>::Element>,
    {
        self.assign(Source::Path(self.place()).concat(list(elements)))
    }

    /// Puts elements before the first one of an existing list.
    pub fn prepend<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: ListOf,
        V: ValueFor<<ValueOf<K::Type> as ListOf>::Element>,
    {
        self.assign(list(elements).concat(Source::Path(self.place())))
    }

    /// Appends elements to the end of a list; a missing attribute counts as the empty list.
    pub fn append_or_create<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: ListOf,
        V: ValueFor<<ValueOf<K::Type> as ListOf>::Element>,
    {
        let present = Source::or(self.place(), empty_list());
        self.assign(present.concat(list(elements)))
    }

    /// Puts elements before the first one of a list; a missing attribute counts as the empty list.
    pub fn prepend_or_create<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: ListOf,
        V: ValueFor<<ValueOf<K::Type> as ListOf>::Element>,
    {
        let present = Source::or(self.place(), empty_list());
        self.assign(list(elements).concat(present))
    }

    /// Adds elements to a set, atomically, by the ADD action; a missing attribute counts as the empty
    /// set. The elements differ from each other: DynamoDB refuses one that is given twice, and so
    /// does sending.
    ///
    /// AWS documents ADD and DELETE for top-level attributes; the service accepts them inside
    /// documents too.
    pub fn insert<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: SetOf,
        V: ValueFor<<ValueOf<K::Type> as SetOf>::Element>,
    {
        set_of(elements).map_or_else(Action::nothing, |set| self.action(Verb::Add(set)))
    }

    /// Removes elements from a set, atomically, by the DELETE action. Removing the last one removes
    /// the attribute.
    pub fn delete<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: SetOf,
        V: ValueFor<<ValueOf<K::Type> as SetOf>::Element>,
    {
        set_of(elements).map_or_else(Action::nothing, |set| self.action(Verb::Delete(set)))
    }
}

/// Operands of [`set_from`](Path::set_from) and the arithmetic of updates.
impl<K: Token, Sc: Scope> Path<K, Sc> {
    /// Returns the value of the attribute or, while it is missing, the given value or other
    /// attribute.
    pub fn or<How>(
        &self,
        other: impl UpdateOperand<ValueOf<K::Type>, Sc, How>,
    ) -> Term<ValueOf<K::Type>, Sc>
    where
        K: UsableIn<Sc>,
    {
        Term {
            source: Source::IfAbsent(self.place(), Box::new(other.assignment().0)),
            _use: PhantomData,
        }
    }

    /// Returns the sum of this attribute and a number or another attribute.
    pub fn plus<How>(
        &self,
        other: impl AmountOperand<AmountOf<K::Type>, Sc, How>,
    ) -> Sum<ValueOf<K::Type>, Sc>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Countable,
    {
        Sum {
            source: Source::Path(self.place()).plus(other.amount().0),
            _use: PhantomData,
        }
    }

    /// Returns this attribute less a number or another attribute.
    pub fn minus<How>(
        &self,
        other: impl AmountOperand<AmountOf<K::Type>, Sc, How>,
    ) -> Sum<ValueOf<K::Type>, Sc>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Countable,
    {
        Sum {
            source: Source::Path(self.place()).minus(other.amount().0),
            _use: PhantomData,
        }
    }

    /// Returns the elements of this list, then those of another one. DynamoDB joins two lists in
    /// one action, not more.
    pub fn concat<How>(
        &self,
        other: impl UpdateOperand<ValueOf<K::Type>, Sc, How>,
    ) -> Sum<ValueOf<K::Type>, Sc>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::List,
    {
        Sum {
            source: Source::Path(self.place()).concat(other.assignment().0),
            _use: PhantomData,
        }
    }
}

impl Assignment {
    pub(super) fn value(write: impl FnOnce(&mut crate::wire::Writer)) -> Self {
        Assignment(Source::Value(Value::write(write)))
    }
}

fn list<V, T: Attribute>(elements: impl IntoIterator<Item = V>) -> Source
where
    V: ValueFor<T>,
{
    let elements = elements.into_iter();
    Source::Value(Value::write(|w| {
        w.list(|w| elements.for_each(|e| w.element_with(|w| e.write_value(w))));
    }))
}

fn empty_list() -> Value {
    Value::write(|w| w.list(|_| {}))
}

/// Returns `None` for no elements: DynamoDB has no empty set, and the action would do nothing.
fn set_of<V, T: Attribute<Kind: kind::SetElement>>(
    elements: impl IntoIterator<Item = V>,
) -> Option<Value>
where
    V: ValueFor<T>,
{
    let mut elements = elements.into_iter().peekable();
    elements.peek()?;
    Some(distinct(Value::write(|w| {
        w.set_with::<T::Kind, _>(elements, |w, e| e.write_value(w))
    })))
}

/// Refuses a set with an element twice, as DynamoDB would.
fn distinct(set: Value) -> Value {
    match &set {
        Value::Json(json) if has_duplicates(json).unwrap_or(false) => {
            let problem = "an element is given twice, and a set holds each element once";
            Value::Invalid(WriteError::new(problem))
        }
        _ => set,
    }
}

fn has_duplicates(set: &[u8]) -> Result<bool, ReadError> {
    let mut r = Reader::new(set)?;
    let tag = r.kind()?;
    let mut seen = HashSet::new();
    let mut twice = false;
    r.members(|_, r| {
        r.json_list(|r| {
            let text = r.json_string()?;
            let text = match tag {
                Tag::Ns => match Decimal::parse(&text) {
                    Ok(number) => number.canonical_text(),
                    Err(_) => text.into_owned(),
                },
                _ => text.into_owned(),
            };
            twice |= !seen.insert(text);
            Ok(())
        })
    })?;
    Ok(twice)
}
