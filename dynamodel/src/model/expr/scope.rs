//! Places of use of a path, and the attributes that can be used there.

use std::marker::PhantomData;

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
impl<I: crate::model::entity::Index> Scope for InFilter<I> {
    type Entity = I::Entity;
}

/// Places of use in which an item is tested: conditions and filters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` asks nothing",
    label = "not a condition or filter"
)]
pub trait Testable: Scope {}
impl<E> Testable for InCondition<E> {}
impl<I: crate::model::entity::Index> Testable for InFilter<I> {}

/// Attributes that can be used in scope `Sc`. The derive implements it for each such attribute.
#[diagnostic::on_unimplemented(
    message = "attribute `{Self}` cannot be used in `{Sc}`",
    label = "attribute `{Self}` cannot be used here",
    note = "an update never changes a key, the version or what dynamodel keeps by itself (`created_at`, `updated_at`, `write_token`): to change a key, delete the item and create another; to change the variant of an enum, set the whole value",
    note = "a part of an index key template is set as a whole, so that the key stays true: there is no `add`, `increment` or other relative action on it",
    note = "a filter cannot name a key of the index it queries: give the partition key to the constructor and restrict the sort key with `.sort(..)`",
    note = "an index holds its keys, the table's keys and what it projects: add the attribute to the index's `project` list to filter by it or select it"
)]
pub trait UsableIn<Sc> {}

/// Attributes that can be set or removed in scope `Sc`: those that can be used there, and parts of
/// an index key made by a template whose other parts the update knows.
#[diagnostic::on_unimplemented(
    message = "attribute `{Self}` cannot be set alone in `{Sc}`",
    label = "attribute `{Self}` cannot be set here",
    note = "an update never changes a key, the version or what dynamodel keeps by itself (`created_at`, `updated_at`, `write_token`): to change a key, delete the item and create another; to change the variant of an enum, set the whole value",
    note = "the parts of an index key template are set together, by the member of the index: `|s| s.by_status.set(status, priority)`, or `set_assuming(..)` with the values of those that stay"
)]
pub trait SettableIn<Sc> {}

#[diagnostic::do_not_recommend]
impl<K: UsableIn<Sc>, Sc> SettableIn<Sc> for K {}
