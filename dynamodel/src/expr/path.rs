//! [`Path`]: a typed attribute path, and what can be asked of it and done to it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::ast::{
    ActionNode, Comparator, Function, Node, Operand, Place, Source, Step, Value, Verb,
};
use super::scope::{Scope, SettableIn, UsableIn};
use super::{Action, Condition, Fields, Prefix, Token};
use crate::attribute::{Attribute, KindOf, SetValue, ValueFor, ValueOf, kind};

/// The path of an attribute in an item, typed by the field `K` and the place of use `Sc`.
///
/// The closures of `when`, `filter` and `apply` get the entity's paths as the members of its
/// `…Fields` struct. Methods on a path make a [`Condition`] or an [`Action`]; nothing is sent.
pub struct Path<K, Sc> {
    place: Place,
    _use: PhantomData<fn() -> (K, Sc)>,
}

impl<K, Sc> Clone for Path<K, Sc> {
    fn clone(&self) -> Self {
        Path {
            place: self.place.clone(),
            _use: PhantomData,
        }
    }
}

impl<K, Sc> fmt::Debug for Path<K, Sc> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.place)
    }
}

/// An element of a list or an entry of a map, as the field of a [`Path`].
#[derive(Debug)]
pub struct Inside<T>(PhantomData<fn() -> T>);

impl<T: Attribute> Token for Inside<T> {
    type Type = T;
    const NAME: &'static str = "*";
}
impl<T, Sc> UsableIn<Sc> for Inside<T> {}

/// Lists whose elements have a path.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no elements to index",
    label = "`index` needs a list"
)]
pub trait ListOf {
    /// The type of an element.
    type Element: Attribute;
}
impl<T: Attribute> ListOf for Vec<T> {
    type Element = T;
}
impl<T: Attribute> ListOf for std::collections::VecDeque<T> {
    type Element = T;
}
impl<T: Attribute> ListOf for Box<[T]> {
    type Element = T;
}
impl<T: Attribute, const N: usize> ListOf for [T; N] {
    type Element = T;
}

/// Maps whose entries have a path.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no entries to name",
    label = "`key` needs a map with text keys",
    note = "the fields of a document are reached with `.at(|d| d.field)`"
)]
pub trait MapOf {
    /// The type of an entry's value.
    type Entry: Attribute;
}
impl<K, T: Attribute> MapOf for std::collections::BTreeMap<K, T> {
    type Entry = T;
}
impl<K, T: Attribute, S> MapOf for std::collections::HashMap<K, T, S> {
    type Entry = T;
}

/// Sets, as operands of `insert` and `delete`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set",
    label = "`insert` and `delete` of elements need a set",
    note = "use a `BTreeSet` or `HashSet` field; a list grows by `append`"
)]
pub trait SetOf {
    /// The type of an element.
    type Element: Attribute<Kind: kind::SetElement>;
}
impl<T: Attribute<Kind: kind::SetElement>> SetOf for std::collections::BTreeSet<T> {
    type Element = T;
}
impl<T: Attribute<Kind: kind::SetElement>, S> SetOf for std::collections::HashSet<T, S> {
    type Element = T;
}

/// A prefix that `begins_with` can test for an attribute of kind `K`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a prefix of an attribute of kind `{K}`",
    label = "give text for a string, bytes for binary"
)]
pub trait PrefixOf<K> {
    /// Writes the prefix as an attribute value.
    fn write_prefix(&self, w: &mut crate::wire::Writer);
}
impl<T: AsRef<str>> PrefixOf<kind::S> for T {
    fn write_prefix(&self, w: &mut crate::wire::Writer) {
        w.string(self.as_ref());
    }
}
impl<T: AsRef<[u8]>> PrefixOf<kind::B> for T {
    fn write_prefix(&self, w: &mut crate::wire::Writer) {
        w.binary(self.as_ref());
    }
}

impl<K: Token, Sc> Path<K, Sc> {
    pub(crate) fn new(parent: Option<Arc<Place>>) -> Self {
        Path {
            place: Place {
                parent,
                step: Step::Attribute(K::NAME),
            },
            _use: PhantomData,
        }
    }

    fn inside<T>(&self, step: Step) -> Path<Inside<T>, Sc> {
        Path {
            place: Place {
                parent: Some(Arc::new(self.place.clone())),
                step,
            },
            _use: PhantomData,
        }
    }

    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    /// A path inside a document: the closure gets the document's own paths and chooses one.
    ///
    /// ```text
    /// s.data.at(|d| d.current_page).set("/cart")
    /// ```
    pub fn at<R>(&self, choose: impl FnOnce(<ValueOf<K::Type> as Fields>::Fields<Sc>) -> R) -> R
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: Fields,
    {
        choose(ValueOf::<K::Type>::fields(&Prefix(Some(Arc::new(
            self.place.clone(),
        )))))
    }

    /// The element of a list at `index`, from 0.
    pub fn index(&self, index: usize) -> Path<Inside<<ValueOf<K::Type> as ListOf>::Element>, Sc>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: ListOf,
    {
        self.inside(Step::Element(index))
    }

    /// The entry of a map with this key.
    pub fn key(
        &self,
        key: impl Into<Arc<str>>,
    ) -> Path<Inside<<ValueOf<K::Type> as MapOf>::Entry>, Sc>
    where
        K: UsableIn<Sc>,
        ValueOf<K::Type>: MapOf,
    {
        self.inside(Step::Entry(key.into()))
    }
}

/// Conditions and filters.
impl<K: Token, Sc: Scope> Path<K, Sc> {
    fn compare(
        &self,
        comparator: Comparator,
        value: &impl ValueFor<ValueOf<K::Type>>,
    ) -> Condition<Sc::Entity> {
        Condition::from_node(Node::Compare(
            Operand::Path(self.place()),
            comparator,
            Operand::Value(Value::write(|w| value.write_value(w))),
        ))
    }

    fn call(&self, function: Function, argument: Option<Value>) -> Condition<Sc::Entity> {
        Condition::from_node(Node::Call(
            function,
            self.place(),
            argument.map(Operand::Value),
        ))
    }

    /// The attribute equals the value.
    pub fn eq(&self, value: impl ValueFor<ValueOf<K::Type>>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.compare(Comparator::Eq, &value)
    }

    /// The attribute differs from the value, or is missing.
    pub fn ne(&self, value: impl ValueFor<ValueOf<K::Type>>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.compare(Comparator::Ne, &value)
    }

    /// The attribute is less than the value.
    pub fn lt(&self, value: impl ValueFor<ValueOf<K::Type>>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        self.compare(Comparator::Lt, &value)
    }

    /// The attribute is less than the value or equal to it.
    pub fn le(&self, value: impl ValueFor<ValueOf<K::Type>>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        self.compare(Comparator::Le, &value)
    }

    /// The attribute is greater than the value.
    pub fn gt(&self, value: impl ValueFor<ValueOf<K::Type>>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        self.compare(Comparator::Gt, &value)
    }

    /// The attribute is greater than the value or equal to it.
    pub fn ge(&self, value: impl ValueFor<ValueOf<K::Type>>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        self.compare(Comparator::Ge, &value)
    }

    /// The attribute is at least `low` and at most `high`.
    pub fn between(
        &self,
        low: impl ValueFor<ValueOf<K::Type>>,
        high: impl ValueFor<ValueOf<K::Type>>,
    ) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        Condition::from_node(Node::Between(
            Operand::Path(self.place()),
            Operand::Value(Value::write(|w| low.write_value(w))),
            Operand::Value(Value::write(|w| high.write_value(w))),
        ))
    }

    /// The attribute equals one of the values, of which there can be 1 to 100.
    pub fn in_<V: ValueFor<ValueOf<K::Type>>>(
        &self,
        values: impl IntoIterator<Item = V>,
    ) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        let values = values.into_iter();
        Condition::from_node(Node::In(
            Operand::Path(self.place()),
            values
                .map(|v| Operand::Value(Value::write(|w| v.write_value(w))))
                .collect(),
        ))
    }

    /// The attribute, a string or binary, begins with the prefix.
    pub fn begins_with(&self, prefix: impl PrefixOf<KindOf<K::Type>>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::BeginsWith,
    {
        self.call(
            Function::BeginsWith,
            Some(Value::write(|w| prefix.write_prefix(w))),
        )
    }

    /// The attribute is there. A stored NULL counts as there, although it reads as `None`.
    pub fn exists(&self) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.call(Function::Exists, None)
    }

    /// The attribute is missing.
    pub fn not_exists(&self) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.call(Function::NotExists, None)
    }
}

/// Updates.
impl<K: Token, Sc: Scope> Path<K, Sc> {
    fn action(&self, verb: Verb) -> Action<Sc::Entity> {
        Action::from_node(ActionNode {
            place: self.place(),
            verb,
        })
    }

    /// Sets the attribute. `None` and an empty set remove it.
    pub fn set(&self, value: impl SetValue<K::Type>) -> Action<Sc::Entity>
    where
        K: SettableIn<Sc>,
    {
        if value.is_removal() {
            return self.action(Verb::Remove);
        }
        self.action(Verb::Set(Source::Value(Value::write(|w| {
            value.write_value(w)
        }))))
    }

    /// Removes the attribute, or the element of a list, or the entry of a map.
    pub fn remove(&self) -> Action<Sc::Entity>
    where
        K: SettableIn<Sc>,
    {
        self.action(Verb::Remove)
    }

    /// Sets the attribute when it is missing, else leaves it as it is.
    pub fn set_if_absent(&self, value: impl ValueFor<ValueOf<K::Type>>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        let value = Value::write(|w| value.write_value(w));
        self.action(Verb::Set(Source::IfAbsent(self.place(), value)))
    }

    /// Sets the attribute to what another attribute of the same type holds before this update.
    pub fn set_from<K2: Token<Type = K::Type> + UsableIn<Sc>>(
        &self,
        other: &Path<K2, Sc>,
    ) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.action(Verb::Set(Source::Path(other.place())))
    }

    /// Adds a number atomically, by the ADD action: a missing attribute counts as zero.
    pub fn add(&self, amount: impl ValueFor<ValueOf<K::Type>>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Number,
    {
        self.action(Verb::Add(Value::write(|w| amount.write_value(w))))
    }

    /// Subtracts a number atomically. The attribute must be there; it may become negative, so guard
    /// an unsigned one with a condition such as `.when(|s| s.stock.ge(2))`.
    pub fn subtract(&self, amount: impl ValueFor<ValueOf<K::Type>>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Number,
    {
        self.decrement(amount)
    }

    /// Adds a number atomically, by the SET action: the attribute must be there. Works inside
    /// documents, where ADD does not.
    pub fn increment(&self, amount: impl ValueFor<ValueOf<K::Type>>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Number,
    {
        let amount = Value::write(|w| amount.write_value(w));
        self.action(Verb::Set(Source::Plus(self.place(), amount)))
    }

    /// Subtracts a number atomically, by the SET action: the attribute must be there.
    pub fn decrement(&self, amount: impl ValueFor<ValueOf<K::Type>>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Number,
    {
        let amount = Value::write(|w| amount.write_value(w));
        self.action(Verb::Set(Source::Minus(self.place(), amount)))
    }

    /// Appends elements to the end of a list that is there.
    pub fn append<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::List,
        ValueOf<K::Type>: ListOf,
        V: ValueFor<<ValueOf<K::Type> as ListOf>::Element>,
    {
        self.action(Verb::Set(Source::Append(self.place(), list(elements))))
    }

    /// Puts elements before the first of a list that is there.
    pub fn prepend<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::List,
        ValueOf<K::Type>: ListOf,
        V: ValueFor<<ValueOf<K::Type> as ListOf>::Element>,
    {
        self.action(Verb::Set(Source::Prepend(list(elements), self.place())))
    }

    /// Adds elements to a set, atomically; a missing attribute counts as the empty set.
    pub fn insert<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Set,
        ValueOf<K::Type>: SetOf,
        V: ValueFor<<ValueOf<K::Type> as SetOf>::Element>,
    {
        set_of(elements).map_or_else(Action::nothing, |set| self.action(Verb::Add(set)))
    }

    /// Takes elements out of a set, atomically. Taking out the last one removes the attribute.
    pub fn delete<V>(&self, elements: impl IntoIterator<Item = V>) -> Action<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Set,
        ValueOf<K::Type>: SetOf,
        V: ValueFor<<ValueOf<K::Type> as SetOf>::Element>,
    {
        set_of(elements).map_or_else(Action::nothing, |set| self.action(Verb::Delete(set)))
    }
}

fn list<V, T: Attribute>(elements: impl IntoIterator<Item = V>) -> Value
where
    V: ValueFor<T>,
{
    Value::write(|w| {
        w.list(|w| {
            elements
                .into_iter()
                .for_each(|e| w.element_with(|w| e.write_value(w)))
        });
    })
}

/// `None` for no elements: DynamoDB has no empty set, and there is nothing to do.
fn set_of<V, T: Attribute<Kind: kind::SetElement>>(
    elements: impl IntoIterator<Item = V>,
) -> Option<Value>
where
    V: ValueFor<T>,
{
    let mut elements = elements.into_iter().peekable();
    elements.peek()?;
    Some(Value::write(|w| {
        w.set_with::<T::Kind, _>(elements, |w, e| e.write_value(w))
    }))
}
