//! Typed expressions: [`Path`], [`Condition`] and [`Action`] over one untyped tree.

mod action;
pub(crate) mod ast;
mod condition;
mod index;
mod join;
mod operand;
mod path;
pub(crate) mod render;
pub(crate) mod scope;
mod term;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

pub use crate::wire::Token;
pub use crate::wire::container::{EntryKey, ListOf, MapOf, SetOf};
pub use condition::Size;
pub use index::{IndexAction, Part};
pub use join::{all_of, any_of, maybe};
pub use operand::{
    ByPath, BySize, ByTerm, ByValue, Comparand, Length, Operand, PartIn, PartOf, PartOperand,
    PrefixOf, PrefixOperand,
};
pub use path::{Inside, Path};
pub use scope::{
    EnterableIn, InCondition, InFilter, InProjection, InUpdate, MayBeAbsent, Scope, SettableIn,
    Testable, UsableIn,
};
pub use term::{
    AmountOf, AmountOperand, Assigned, Assignment, Countable, Same, Sum, Term, UpdateOperand, value,
};

use crate::model::entity::Item;
use ast::{ActionNode, Assumed, Node, Parent};

/// The token of the field whose name has the FNV-1a hash `H`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no such field",
    label = "not a field of `{Self}`",
    note = "a projection has fields of its entity, by the same names"
)]
pub trait HasField<const H: u64> {
    /// The field's token.
    type Token: Token;
}

/// The token of a field, by the hash of its name.
pub type TokenOf<E, const H: u64> = <E as HasField<H>>::Token;

/// Types with paths: entities and documents.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no fields to choose from",
    label = "`at` needs a document",
    note = "derive `Document` for a nested struct; a list is entered with `index(i)`, a map with `key(name)`"
)]
pub trait Fields {
    /// The struct of paths, at the place of use `Sc`.
    type Fields<Sc>;
    /// Creates the paths, each below `at`.
    fn fields<Sc>(at: &Prefix) -> Self::Fields<Sc>;
}

/// The part of a path before the fields of a nested document.
#[derive(Clone)]
pub struct Prefix(pub(crate) Option<Arc<Parent>>);

impl Prefix {
    /// The empty prefix: the paths are top-level attributes.
    pub const ROOT: Prefix = Prefix(None);

    /// Returns the path of a field below this prefix.
    pub fn path<K: Token, Sc>(&self) -> Path<K, Sc> {
        Path::new(self.0.as_ref())
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(parent) => write!(f, "Prefix({})", ***parent),
            None => f.write_str("Prefix"),
        }
    }
}

/// A condition on an item of entity `E`, for a write or as a filter.
///
/// Created by the methods of [`Path`]; joined with `&`, `|` and `!`.
#[must_use = "a condition does nothing until it is given to `when` or `filter`"]
pub struct Condition<E> {
    node: Node,
    _entity: PhantomData<fn() -> E>,
}

impl<E: Item> Condition<E> {
    /// Creates a condition outside of a `when` or `filter`, to be kept, returned from a function
    /// and used in several places.
    ///
    /// The entity is named at `Condition`, so that the closure's paths are known. A filter still
    /// refuses the keys of its table or index, when the query is sent.
    ///
    /// ```
    /// use dynamodel::{Condition, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "posts")]
    /// # struct Post { #[dynamo(partition)] id: u64, draft: bool, likes: u32 }
    /// fn popular(likes: u32) -> Condition<Post> {
    ///     Condition::<Post>::of(|p| p.draft.eq(false) & p.likes.ge(likes))
    /// }
    /// let read = Post::scan().filter(|_| popular(100));
    /// let write = Post::delete(7).when(|p| !popular(3) & p.draft.exists());
    /// # drop((read, write));
    /// ```
    pub fn of(
        condition: impl FnOnce(<E as Fields>::Fields<InCondition<E>>) -> Condition<E>,
    ) -> Self {
        condition(E::fields(&Prefix::ROOT))
    }
}

impl<E> Condition<E> {
    pub(crate) fn from_node(node: Node) -> Self {
        Condition {
            node,
            _entity: PhantomData,
        }
    }

    pub(crate) fn into_node(self) -> Node {
        self.node
    }
}

impl<E> Clone for Condition<E> {
    fn clone(&self) -> Self {
        Condition::from_node(self.node.clone())
    }
}

/// Prints the expression with attribute names and placeholders; values are not shown.
impl<E> fmt::Debug for Condition<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({})", render::shown(&self.node))
    }
}

impl<E> std::ops::BitAnd for Condition<E> {
    type Output = Condition<E>;
    fn bitand(self, other: Self) -> Self {
        Condition::from_node(Node::and([self.node, other.node]))
    }
}

impl<E> std::ops::BitOr for Condition<E> {
    type Output = Condition<E>;
    fn bitor(self, other: Self) -> Self {
        Condition::from_node(Node::or([self.node, other.node]))
    }
}

impl<E> std::ops::Not for Condition<E> {
    type Output = Condition<E>;
    fn not(self) -> Self {
        Condition::from_node(self.node.negated())
    }
}

/// One action of an update of entity `E`: SET, REMOVE, ADD or DELETE on a path.
#[must_use = "an action does nothing until it is given to `apply`"]
pub struct Action<E> {
    node: Option<ActionNode>,
    _entity: PhantomData<fn() -> E>,
}

impl<E> Action<E> {
    pub(crate) fn from_node(node: ActionNode) -> Self {
        Action {
            node: Some(node),
            _entity: PhantomData,
        }
    }

    /// Creates an action that leaves the item as it is, for instance `insert` of no elements.
    pub(crate) fn nothing() -> Self {
        Action {
            node: None,
            _entity: PhantomData,
        }
    }
}

impl<E> Clone for Action<E> {
    fn clone(&self) -> Self {
        Action {
            node: self.node.clone(),
            _entity: PhantomData,
        }
    }
}

/// Prints the action with attribute names and placeholders; values are not shown.
impl<E> fmt::Debug for Action<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "Action({})", render::shown_action(node)),
            None => f.write_str("Action()"),
        }
    }
}

/// The argument of `apply`: one [`Action`], a tuple of up to 24, also of tuples, a `Vec`, an array or
/// an `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an update of `{E}`",
    label = "expected an action, a tuple of up to 24 actions, a `Vec` or an `Option`",
    note = "actions are made by paths: `|s| (s.views.add(1), s.note.remove())`; more than 24 are given as tuples in a tuple, `((a, b), (c, d))`, or as a `Vec`"
)]
pub trait IntoActions<E> {
    #[doc(hidden)]
    fn collect_into(self, actions: &mut Actions);
}

/// The actions of an update, in order.
#[doc(hidden)]
#[derive(Default, Clone)]
pub struct Actions(pub(crate) Vec<ActionNode>, pub(crate) Vec<Assumed>);

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(render::shown_action))
            .finish()
    }
}

impl<E> IntoActions<E> for Action<E> {
    fn collect_into(self, actions: &mut Actions) {
        actions.0.extend(self.node);
    }
}
impl<E> IntoActions<E> for () {
    fn collect_into(self, _: &mut Actions) {}
}
impl<E, A: IntoActions<E>> IntoActions<E> for Option<A> {
    fn collect_into(self, actions: &mut Actions) {
        if let Some(a) = self {
            a.collect_into(actions);
        }
    }
}
impl<E, A: IntoActions<E>> IntoActions<E> for Vec<A> {
    fn collect_into(self, actions: &mut Actions) {
        self.into_iter().for_each(|a| a.collect_into(actions));
    }
}
impl<E, A: IntoActions<E>, const N: usize> IntoActions<E> for [A; N] {
    fn collect_into(self, actions: &mut Actions) {
        self.into_iter().for_each(|a| a.collect_into(actions));
    }
}

macro_rules! tuples {
    ($(($($t:ident)*))*) => {$(
        #[diagnostic::do_not_recommend]
        impl<En, $($t: IntoActions<En>),*> IntoActions<En> for ($($t,)*) {
            #[allow(non_snake_case, reason = "type parameters name the elements")]
            fn collect_into(self, actions: &mut Actions) {
                let ($($t,)*) = self;
                $($t.collect_into(actions);)*
            }
        }
    )*};
}
tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
    (A B C D E F G H I J K L M) (A B C D E F G H I J K L M N) (A B C D E F G H I J K L M N O)
    (A B C D E F G H I J K L M N O P) (A B C D E F G H I J K L M N O P Q)
    (A B C D E F G H I J K L M N O P Q R) (A B C D E F G H I J K L M N O P Q R S)
    (A B C D E F G H I J K L M N O P Q R S T) (A B C D E F G H I J K L M N O P Q R S T U)
    (A B C D E F G H I J K L M N O P Q R S T U V)
    (A B C D E F G H I J K L M N O P Q R S T U V W)
    (A B C D E F G H I J K L M N O P Q R S T U V W X)
}
