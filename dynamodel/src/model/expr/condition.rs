//! Conditions and filters: the tests of a path.

use std::fmt;
use std::marker::PhantomData;

use super::ast::{self, Comparator, Function, Node, Place};
use super::operand::{Comparand, Length, Operand, PartOperand, PrefixOperand, Use};
use super::path::Path;
use super::scope::{Scope, UsableIn};
use super::{Condition, Token};
use crate::wire::Tag;
use crate::wire::{KindOf, ValueFor, ValueOf, kind};

/// Conditions and filters. DynamoDB compares values of one type. For a missing attribute, and for
/// one that is stored with another type than the field's, only `ne`, `not_exists` and a negated
/// condition are true.
impl<K: Token, Sc: Scope> Path<K, Sc> {
    fn compare(&self, comparator: Comparator, operand: Operand) -> Condition<Sc::Entity> {
        compare(Operand::path(self.place()), comparator, operand)
    }

    fn call(&self, function: Function, argument: Option<Operand>) -> Condition<Sc::Entity> {
        Condition::from_node(Node::Call(
            function,
            self.place(),
            argument.map(|operand| operand.0),
        ))
    }

    /// Holds if the attribute equals the value or the other attribute.
    ///
    /// ```
    /// # use dynamodel::Entity;
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "posts")]
    /// # struct Post { #[dynamo(partition)] id: u64, author: String, editor: Option<String>, likes: u32, views: u64, tags: Vec<String> }
    /// let own = Post::scan().filter(|p| p.editor.eq("ann") & p.author.eq(&p.editor));
    /// let loved = Post::scan().filter(|p| p.views.lt(&p.likes) | p.likes.gt(p.tags.size()));
    /// # drop((own, loved));
    /// ```
    pub fn eq<How>(&self, other: impl Comparand<ValueOf<K::Type>, Sc, How>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.compare(Comparator::Eq, other.operand())
    }

    /// Holds if the attribute differs from the value or the other attribute, or is missing.
    pub fn ne<How>(&self, other: impl Comparand<ValueOf<K::Type>, Sc, How>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.compare(Comparator::Ne, other.operand())
    }

    /// Holds if the attribute is less than the value or the other attribute.
    pub fn lt<How>(&self, other: impl Comparand<ValueOf<K::Type>, Sc, How>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        self.compare(Comparator::Lt, other.operand())
    }

    /// Holds if the attribute is less than the value or the other attribute, or equal to it.
    pub fn le<How>(&self, other: impl Comparand<ValueOf<K::Type>, Sc, How>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        self.compare(Comparator::Le, other.operand())
    }

    /// Holds if the attribute is greater than the value or the other attribute.
    pub fn gt<How>(&self, other: impl Comparand<ValueOf<K::Type>, Sc, How>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        self.compare(Comparator::Gt, other.operand())
    }

    /// Holds if the attribute is greater than the value or the other attribute, or equal to it.
    pub fn ge<How>(&self, other: impl Comparand<ValueOf<K::Type>, Sc, How>) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        self.compare(Comparator::Ge, other.operand())
    }

    /// Holds if the attribute is at least `low` and at most `high`. DynamoDB refuses two values of
    /// which the first is greater.
    pub fn between<How, How2>(
        &self,
        low: impl Comparand<ValueOf<K::Type>, Sc, How>,
        high: impl Comparand<ValueOf<K::Type>, Sc, How2>,
    ) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Ordered,
    {
        between(Operand::path(self.place()), low.operand(), high.operand())
    }

    /// Holds if the attribute equals one of the values, of which there can be 100. Without any, the
    /// condition never holds.
    pub fn in_<V: ValueFor<ValueOf<K::Type>>>(
        &self,
        values: impl IntoIterator<Item = V>,
    ) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        let operands = values.into_iter();
        let operands = operands.map(|v| Operand::value(|w| v.write_value(w)));
        one_of(Operand::path(self.place()), operands)
    }

    /// Holds if the attribute, a string or binary, begins with the prefix or with the value of
    /// another attribute.
    ///
    /// ```
    /// # use dynamodel::Entity;
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "posts")]
    /// # struct Post { #[dynamo(partition)] id: u64, path: String, folder: String }
    /// let posts = Post::scan().filter(|p| p.path.begins_with("/en/") & p.path.begins_with(&p.folder));
    /// # drop(posts);
    /// ```
    pub fn begins_with<How>(
        &self,
        prefix: impl PrefixOperand<KindOf<K::Type>, Sc, How>,
    ) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.call(Function::BeginsWith, Some(prefix.operand()))
    }

    /// Holds if the attribute contains a piece of text (a string), some bytes (binary) or an
    /// element (a set or list), which is a value or the value of another attribute.
    ///
    /// ```
    /// # use dynamodel::Entity;
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "posts")]
    /// # struct Post { #[dynamo(partition)] id: u64, title: String, author: String, scores: Vec<u32>, best: u32 }
    /// let posts = Post::scan().filter(|p| p.title.contains("rust") & p.scores.contains(5));
    /// let vain = Post::scan().filter(|p| p.title.contains(&p.author) | !p.scores.contains(&p.best));
    /// # drop((posts, vain));
    /// ```
    pub fn contains<How>(
        &self,
        part: impl PartOperand<ValueOf<K::Type>, Sc, How>,
    ) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.call(Function::Contains, Some(part.operand()))
    }

    /// Returns the size of the attribute, to compare with: characters (UTF-16 code units) of a
    /// string, bytes of binary, elements of a list or set, entries of a map.
    ///
    /// ```
    /// # use dynamodel::Entity;
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "posts")]
    /// # struct Post { #[dynamo(partition)] id: u64, title: String, tags: Vec<String> }
    /// let posts = Post::scan().filter(|p| p.tags.size().gt(3) & p.title.size().between(1, 80));
    /// # drop(posts);
    /// ```
    pub fn size(&self) -> Size<Sc>
    where
        K: UsableIn<Sc>,
        KindOf<K::Type>: kind::Measured,
    {
        Size {
            place: self.place(),
            _use: PhantomData,
        }
    }

    /// Holds if the attribute exists. A stored NULL counts as existing, although it reads as
    /// `None`.
    pub fn exists(&self) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.call(Function::Exists, None)
    }

    /// Holds if the attribute is missing.
    pub fn not_exists(&self) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        self.call(Function::NotExists, None)
    }

    /// Holds if the attribute is stored with this DynamoDB type, whatever type the field has.
    ///
    /// ```
    /// # use dynamodel::{AttributeType, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "posts")]
    /// # struct Post { #[dynamo(partition)] id: u64, note: Option<String> }
    /// let nulls = Post::scan().filter(|p| p.note.is_type(AttributeType::Null));
    /// # drop(nulls);
    /// ```
    pub fn is_type(&self, of: Tag) -> Condition<Sc::Entity>
    where
        K: UsableIn<Sc>,
    {
        let of = Operand::value(|w| w.string(of.as_str()));
        self.call(Function::Type, Some(of))
    }
}

fn compare<E>(a: Operand, comparator: Comparator, b: Operand) -> Condition<E> {
    Condition::from_node(Node::Compare(a.0, comparator, b.0))
}

fn between<E>(value: Operand, low: Operand, high: Operand) -> Condition<E> {
    Condition::from_node(Node::Between(value.0, low.0, high.0))
}

fn one_of<E>(value: Operand, list: impl Iterator<Item = Operand>) -> Condition<E> {
    let list: Vec<ast::Operand> = list.map(|o| o.0).collect();
    Condition::from_node(if list.is_empty() {
        Node::Const(false)
    } else {
        Node::In(value.0, list)
    })
}

/// The size of an attribute, to compare with; created by [`Path::size`].
#[must_use = "a size is compared with something: `.size().gt(3)`"]
pub struct Size<Sc> {
    place: Place,
    _use: Use<Sc>,
}

impl<Sc> fmt::Debug for Size<Sc> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Size({})", self.place)
    }
}

impl<Sc> Size<Sc> {
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident: $comparator:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self, other: impl Length<Sc>) -> Condition<Sc::Entity> {
            compare(Operand::size(self.place()), Comparator::$comparator, other.operand())
        }
    )*};
}
/// Comparisons. All but `ne` are false for a missing attribute.
impl<Sc: Scope> Size<Sc> {
    comparisons! {
        /// Holds if the size equals this one.
        eq: Eq;
        /// Holds if the size is another one, or the attribute is missing.
        ne: Ne;
        /// Holds if the size is less.
        lt: Lt;
        /// Holds if the size is less or equal.
        le: Le;
        /// Holds if the size is greater.
        gt: Gt;
        /// Holds if the size is greater or equal.
        ge: Ge;
    }

    /// Holds if the size is at least `low` and at most `high`.
    pub fn between(&self, low: impl Length<Sc>, high: impl Length<Sc>) -> Condition<Sc::Entity> {
        between(Operand::size(self.place()), low.operand(), high.operand())
    }

    /// Holds if the size is one of these, of which there can be 100. Without any, the condition
    /// never holds.
    pub fn in_<L: Length<Sc>>(&self, sizes: impl IntoIterator<Item = L>) -> Condition<Sc::Entity> {
        let operands = sizes.into_iter().map(|s| s.operand());
        one_of(Operand::size(self.place()), operands)
    }
}
