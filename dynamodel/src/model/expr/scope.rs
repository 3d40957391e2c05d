//! Places of use of a path, and the attributes that can be used there.

use std::marker::PhantomData;

use super::Token;
use crate::model::entity::Index;
use crate::model::table::HoldsAttribute;
use crate::wire::Attribute;
use crate::wire::kind::Vanishing;

/// A place where paths are used: a condition, a filter, an update or a projection.
pub trait Scope {
    /// The entity, or for a filter and a projection the entity behind the index.
    type Entity;
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<T>(PhantomData<fn() -> T>);
    )*};
}
scopes! {
    /// The condition of a write to entity `T`: every attribute can be tested.
    InCondition;
    /// An update of entity `T`: no key, and no attribute that dynamodel sets by itself.
    InUpdate;
    /// The filter of a query or scan on index `T`: no key of that index, and only attributes that
    /// it holds.
    InFilter;
    /// A projection read from index `T`: attributes that the index holds.
    InProjection;
}

impl<E> Scope for InCondition<E> {
    type Entity = E;
}
impl<E> Scope for InUpdate<E> {
    type Entity = E;
}
impl<I: Index> Scope for InFilter<I> {
    type Entity = I::Entity;
}

/// Places of use in which an item is tested: conditions and filters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` asks nothing",
    label = "not a condition or filter"
)]
pub trait Testable: Scope {}
impl<E> Testable for InCondition<E> {}
impl<I: Index> Testable for InFilter<I> {}

/// Attributes that can be used in scope `Sc`: those whose [`Token::Uses`] say so.
#[diagnostic::on_unimplemented(
    message = "attribute `{Self}` cannot be used in `{Sc}`",
    label = "attribute `{Self}` cannot be used here",
    note = "an update never changes a key, the version, an `immutable` field or what dynamodel keeps by itself (`created_at`, `updated_at`, `write_token`): to change a key, delete the item and create another; to change the variant of an enum, set the whole value",
    note = "a part of an index key template is set as a whole, so that the key stays true: there is no `add`, `increment` or other relative action on it",
    note = "a filter cannot name a key of the index it queries: give the partition key to the constructor and restrict the sort key with `.sort(..)`",
    note = "an index holds its keys, the table's keys and what it projects: add the attribute to the index's `project` list (in a shared table its stored name, on the table) to filter by it or select it, or fetch the whole entities with `.hydrate()`"
)]
pub trait UsableIn<Sc> {}

/// Attributes that can be set or removed in scope `Sc`: those that can be used there, and parts of
/// an index key made by a template whose other parts the update knows.
#[diagnostic::on_unimplemented(
    message = "attribute `{Self}` cannot be set alone in `{Sc}`",
    label = "attribute `{Self}` cannot be set here",
    note = "an update never changes a key, the version, an `immutable` field or what dynamodel keeps by itself (`created_at`, `updated_at`, `write_token`): to change a key, delete the item and create another; to change the variant of an enum, set the whole value",
    note = "the parts of an index key template are set together, by the member of the index: `|s| s.by_status.set(status, priority)`, or `set_assuming(..)` with the values of those that stay"
)]
pub trait SettableIn<Sc> {}

/// Attributes whose inside can be used in scope `Sc`: those that can be used there, and in updates
/// also documents with a part of a key inside. An update that changes that part is checked when it
/// is sent.
#[diagnostic::on_unimplemented(
    message = "attribute `{Self}` cannot be used in `{Sc}`",
    label = "attribute `{Self}` cannot be used here",
    note = "an update never changes a key, the version, an `immutable` field or what dynamodel keeps by itself (`created_at`, `updated_at`, `write_token`): to change a key, delete the item and create another; to change the variant of an enum, set the whole value",
    note = "a filter cannot name a key of the index it queries: give the partition key to the constructor and restrict the sort key with `.sort(..)`",
    note = "an index holds its keys, the table's keys and what it projects: add the attribute to the index's `project` list (in a shared table its stored name, on the table) to filter by it or select it, or fetch the whole entities with `.hydrate()`"
)]
pub trait EnterableIn<Sc> {}

#[diagnostic::do_not_recommend]
impl<K: Token, Sc> EnterableIn<Sc> for K where K::Uses: Enter<Sc> {}

#[diagnostic::do_not_recommend]
impl<K: Token, Sc> UsableIn<Sc> for K where K::Uses: Use<Sc> {}

#[diagnostic::do_not_recommend]
impl<K: Token, Sc> SettableIn<Sc> for K where K::Uses: Assign<Sc> {}

/// Attributes that may be absent: `Option`s, sets, fields with `#[dynamo(default)]`, elements of
/// lists and entries of maps.
#[diagnostic::on_unimplemented(
    message = "attribute `{Self}` is in every item, and cannot be absent",
    label = "an item without `{Self}` could not be read",
    note = "make the field an `Option`, or give it a value for items without the attribute by `#[dynamo(default)]`; a list or map is emptied by `set`",
    note = "the type of a `#[dynamo(serde)]` or `#[dynamo(with = ..)]` field does not tell that it may be absent: set it to `None`, or add `#[dynamo(default)]`"
)]
pub trait MayBeAbsent {}

#[diagnostic::do_not_recommend]
impl<K: Token> MayBeAbsent for K where K::Uses: Absent<<K::Type as Attribute>::Kind> {}

/// Uses of a field of kind `D` that may be absent.
#[doc(hidden)]
pub trait Absent<D> {}
impl<D: Vanishing> Absent<D> for Everywhere {}
impl<D: Vanishing, P> Absent<D> for Limited<Changed, P> {}
impl<D: Vanishing, P> Absent<D> for Limited<Set, P> {}
impl<D: Vanishing, P> Absent<D> for Limited<Once, P> {}
impl<D: Vanishing, P> Absent<D> for Limited<Around, P> {}
impl<D: Vanishing, P> Absent<D> for Limited<SetAround, P> {}
impl<D: Vanishing, const H: u64> Absent<D> for HeldBy<Changed, H> {}
impl<D: Vanishing, const H: u64> Absent<D> for HeldBy<Once, H> {}
impl<D: Vanishing, const H: u64> Absent<D> for HeldBy<Around, H> {}
impl<D: Vanishing, const H: u64> Absent<D> for HeldBy<SetAround, H> {}
impl<D: Vanishing, const H: u64> Absent<D> for HeldBy<Set, H> {}
// No update changes such a field, and one error about it is enough.
impl<D, P> Absent<D> for Limited<Fixed, P> {}
impl<D, const H: u64> Absent<D> for HeldBy<Fixed, H> {}
impl<D> Absent<D> for KeyOnly {}
impl<D, U> Absent<D> for Defaulted<U> {}
impl<D> Absent<D> for Inner {}

/// Uses `U` of a field that has a value when its attribute is absent.
#[doc(hidden)]
#[derive(Debug)]
pub struct Defaulted<U>(PhantomData<fn() -> U>);

impl<U: Use<Sc>, Sc> Use<Sc> for Defaulted<U> {}
impl<U: Assign<Sc>, Sc> Assign<Sc> for Defaulted<U> {}
impl<U: Enter<Sc>, Sc> Enter<Sc> for Defaulted<U> {}

/// Uses `U` of a `ttl` field of type `T`, whose stored form hides that type.
#[doc(hidden)]
#[derive(Debug)]
pub struct Timed<U, T>(PhantomData<fn() -> (U, T)>);

impl<D, U, T: Attribute<Kind: Vanishing>> Absent<D> for Timed<U, T> {}
impl<U: Use<Sc>, T, Sc> Use<Sc> for Timed<U, T> {}
impl<U: Assign<Sc>, T, Sc> Assign<Sc> for Timed<U, T> {}
impl<U: Enter<Sc>, T, Sc> Enter<Sc> for Timed<U, T> {}

/// Uses of an element of a list or an entry of a map.
#[doc(hidden)]
#[derive(Debug)]
pub enum Inner {}

impl<Sc> Use<Sc> for Inner {}
impl<Sc> Assign<Sc> for Inner {}
impl<Sc> Enter<Sc> for Inner {}

/// Uses of a field that include scope `Sc`.
#[doc(hidden)]
pub trait Use<Sc> {}

/// Uses of a field that include those of its inside in scope `Sc`.
#[doc(hidden)]
pub trait Enter<Sc> {}

/// Uses of a field that include setting and removing it in scope `Sc`.
#[doc(hidden)]
pub trait Assign<Sc> {}

/// Uses of a field that nothing restricts.
#[doc(hidden)]
#[derive(Debug)]
pub enum Everywhere {}

impl<Sc> Use<Sc> for Everywhere {}
impl<Sc> Assign<Sc> for Everywhere {}
impl<Sc> Enter<Sc> for Everywhere {}

/// Uses of a field in every condition, in updates as `U` says, and in reads of an index as the element
/// of `P` at the index's [`Position`](crate::model::entity::Index::Position) says.
///
/// `P` is a list: `(InKey, (Hidden, All))` says that the field is a key of the table, is not in the first
/// index, and is in all others.
#[doc(hidden)]
#[derive(Debug)]
pub struct Limited<U, P>(PhantomData<fn() -> (U, P)>);

/// Uses of a field of a shared table, whose indexes say themselves which attributes they hold: by `H`,
/// the FNV-1a hash of the stored name.
#[doc(hidden)]
#[derive(Debug)]
pub struct HeldBy<U, const H: u64>(PhantomData<fn() -> U>);

macro_rules! markers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[doc(hidden)]
        #[derive(Debug)]
        pub enum $name {}
    )*};
}
markers! {
    /// No update changes the field.
    Fixed;
    /// Updates set the field, without relative actions such as `add`.
    Set;
    /// No update changes the field, which a new item is written with.
    Once;
    /// Updates change what is inside of the field, a document with a part of a key.
    Around;
    /// Updates set the field, and change what is inside of it.
    SetAround;
    /// Updates change the field in every way.
    Changed;
    /// The field stands in the key of the table alone: it is no attribute.
    KeyOnly;
    /// The index does not hold the field.
    Hidden;
    /// The field is in the key of the index.
    InKey;
    /// The index holds the field beside the key.
    Held;
    /// The field is held beside the key by this index and all further ones.
    All;
    /// The position of the table in the list of a field.
    First;
    /// The position of what holds every field, and is not listed.
    Anywhere;
}

/// The position behind `N`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Next<N>(PhantomData<fn() -> N>);

/// Lists with a field that a filter can name at position `N`.
#[doc(hidden)]
pub trait Filtered<N> {}
impl<P> Filtered<First> for (Held, P) {}
impl<H, P: Filtered<N>, N> Filtered<Next<N>> for (H, P) {}
impl<H, P> Filtered<Anywhere> for (H, P) {}
impl<N> Filtered<N> for All {}

/// Lists with a field that a projection can have at position `N`.
#[doc(hidden)]
pub trait Selected<N> {}
impl<P> Selected<First> for (Held, P) {}
impl<P> Selected<First> for (InKey, P) {}
impl<H, P: Selected<N>, N> Selected<Next<N>> for (H, P) {}
impl<H, P> Selected<Anywhere> for (H, P) {}
impl<N> Selected<N> for All {}

impl<E, U, P> Use<InCondition<E>> for Limited<U, P> {}
impl<E, P> Use<InUpdate<E>> for Limited<Changed, P> {}
impl<I: Index, U, P: Filtered<I::Position>> Use<InFilter<I>> for Limited<U, P> {}
impl<I: Index, U, P: Selected<I::Position>> Use<InProjection<I>> for Limited<U, P> {}

impl<E, U, const H: u64> Use<InCondition<E>> for HeldBy<U, H> {}
impl<E, const H: u64> Use<InUpdate<E>> for HeldBy<Changed, H> {}
impl<I: HoldsAttribute<H>, U, const H: u64> Use<InFilter<I>> for HeldBy<U, H> {}
impl<I: HoldsAttribute<H>, U, const H: u64> Use<InProjection<I>> for HeldBy<U, H> {}

impl<E, U, P> Enter<InCondition<E>> for Limited<U, P> {}
impl<E, P> Enter<InUpdate<E>> for Limited<Changed, P> {}
impl<E, P> Enter<InUpdate<E>> for Limited<Around, P> {}
impl<E, P> Enter<InUpdate<E>> for Limited<SetAround, P> {}
impl<I: Index, U, P: Filtered<I::Position>> Enter<InFilter<I>> for Limited<U, P> {}
impl<I: Index, U, P: Selected<I::Position>> Enter<InProjection<I>> for Limited<U, P> {}

impl<E, U, const H: u64> Enter<InCondition<E>> for HeldBy<U, H> {}
impl<E, const H: u64> Enter<InUpdate<E>> for HeldBy<Changed, H> {}
impl<E, const H: u64> Enter<InUpdate<E>> for HeldBy<Around, H> {}
impl<E, const H: u64> Enter<InUpdate<E>> for HeldBy<SetAround, H> {}
impl<I: HoldsAttribute<H>, U, const H: u64> Enter<InFilter<I>> for HeldBy<U, H> {}
impl<I: HoldsAttribute<H>, U, const H: u64> Enter<InProjection<I>> for HeldBy<U, H> {}

// Every index holds the keys of the table.
impl<I: Index> Use<InProjection<I>> for KeyOnly {}

// Outside of updates, an action is refused for what it is, not for its field.
impl<E, U, P> Assign<InCondition<E>> for Limited<U, P> {}
impl<I, U, P> Assign<InFilter<I>> for Limited<U, P> {}
impl<E, P> Assign<InUpdate<E>> for Limited<Changed, P> {}
impl<E, P> Assign<InUpdate<E>> for Limited<Set, P> {}
impl<E, P> Assign<InUpdate<E>> for Limited<SetAround, P> {}
impl<E, U, const H: u64> Assign<InCondition<E>> for HeldBy<U, H> {}
impl<I, U, const H: u64> Assign<InFilter<I>> for HeldBy<U, H> {}
impl<E, const H: u64> Assign<InUpdate<E>> for HeldBy<Changed, H> {}
impl<E, const H: u64> Assign<InUpdate<E>> for HeldBy<Set, H> {}
impl<E, const H: u64> Assign<InUpdate<E>> for HeldBy<SetAround, H> {}
