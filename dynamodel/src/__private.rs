//! What generated code calls. Not part of the public interface, and free to change.

mod field;

pub use self::field::UsableField;
use std::fmt;
pub use std::time::SystemTime;

pub use crate::attribute::{Attribute, KindOf, SetValue, ValueFor, ValueOf, kind};
pub use crate::entity::{
    EntityWithSort, Global, HasSort, HasTtl, Index, Primary, Projection, ProjectsAll, ProjectsSome,
    SelectableFrom, TableOrLocal, Whole,
};
pub use crate::expr::{
    Fields, HasField, InCondition, InFilter, InProjection, InUpdate, Path, Prefix, Token, TokenOf,
    UsableIn,
};
pub use crate::key::KeyBuilder;
pub use crate::op::{SortChain, SortCondition, SortPart, SortPrefix};
pub use crate::time::{Timestamp, Ttl, TtlTime};
pub use crate::version::{TokenValue, VersionNumber};
pub use crate::wire::{MapBody, ReadError, Reader, StoredAs, Writer};

use kind::{IndexKeyKind, KeyKind};

/// The type can be a partition key.
pub const fn partition_key<T: Attribute>()
where
    T::Kind: KeyKind,
{
}

/// The type can be a sort key.
pub const fn sort_key<T: Attribute>()
where
    T::Kind: KeyKind,
{
}

/// The type can be part of the key of an index.
pub const fn index_key<T: Attribute>()
where
    KindOf<T>: IndexKeyKind,
{
}

/// The type can be a Time to Live.
pub const fn ttl<T: TtlTime>() {}

/// The type can be a version.
pub const fn version<T: VersionNumber>() {}

/// The type can be a time of writing.
pub const fn timestamp<T: Timestamp>() {}

/// The type can be a write token.
pub const fn write_token<T: TokenValue>() {}

/// What the field of a projection takes from the stored type of the entity's field.
#[diagnostic::on_unimplemented(
    message = "the entity's field is a `{Stored}`, not a `{Self}`",
    label = "not the type of the entity's field",
    note = "a projection's field has the type of the entity's field, or an `Option` of it"
)]
pub trait ProjectedFrom<Stored>: Sized {
    fn from_stored(stored: Stored) -> Self;
    fn missing() -> Option<Self> {
        None
    }
}
impl<T: Attribute> ProjectedFrom<T> for T {
    fn from_stored(stored: T) -> T {
        stored
    }
    fn missing() -> Option<T> {
        T::absent()
    }
}
impl<T: Attribute> ProjectedFrom<T> for Option<T> {
    fn from_stored(stored: T) -> Self {
        Some(stored)
    }
    fn missing() -> Option<Self> {
        Some(None)
    }
}
impl<T: TtlTime> ProjectedFrom<Ttl<T>> for T {
    fn from_stored(stored: Ttl<T>) -> T {
        stored.0
    }
    fn missing() -> Option<T> {
        T::absent()
    }
}

/// The value of a projection's field from what was read.
///
/// # Errors
/// When the attribute is missing and the field needs it.
pub fn project<K: Token, T: ProjectedFrom<K::Type>>(slot: Option<K::Type>) -> Result<T, ReadError> {
    match slot {
        Some(stored) => Ok(T::from_stored(stored)),
        None => T::missing().ok_or_else(|| ReadError::missing::<K::Type>(K::NAME)),
    }
}

/// `Debug` of several fields, given as references in pairs of pairs. A bound on it can name a lifetime,
/// and is checked only where it is used.
pub trait ShowFields {
    fn show<'n>(self, names: &mut std::slice::Iter<'n, &'n str>, to: &mut fmt::DebugStruct<'_, '_>);
}
impl ShowFields for () {
    fn show<'n>(self, _: &mut std::slice::Iter<'n, &'n str>, _: &mut fmt::DebugStruct<'_, '_>) {}
}
impl<T: fmt::Debug> ShowFields for &T {
    fn show<'n>(
        self,
        names: &mut std::slice::Iter<'n, &'n str>,
        to: &mut fmt::DebugStruct<'_, '_>,
    ) {
        if let Some(name) = names.next() {
            to.field(name, self);
        }
    }
}
impl<A: ShowFields, B: ShowFields> ShowFields for (A, B) {
    fn show<'n>(
        self,
        names: &mut std::slice::Iter<'n, &'n str>,
        to: &mut fmt::DebugStruct<'_, '_>,
    ) {
        self.0.show(names, to);
        self.1.show(names, to);
    }
}

/// The body of `Debug` of a generated struct.
///
/// # Errors
/// When the formatter fails.
pub fn show_fields(
    f: &mut fmt::Formatter<'_>,
    of: &str,
    names: &[&str],
    fields: impl ShowFields,
) -> fmt::Result {
    let mut to = f.debug_struct(of);
    fields.show(&mut names.iter(), &mut to);
    to.finish()
}

/// `Clone` of several fields, as [`ShowFields`].
pub trait CloneFields {
    /// The types behind the references.
    type Owned;
    fn clone_fields(self) -> Self::Owned;
}
impl CloneFields for () {
    type Owned = ();
    fn clone_fields(self) {}
}
impl<T: Clone> CloneFields for &T {
    type Owned = T;
    fn clone_fields(self) -> T {
        self.clone()
    }
}
impl<A: CloneFields, B: CloneFields> CloneFields for (A, B) {
    type Owned = (A::Owned, B::Owned);
    fn clone_fields(self) -> Self::Owned {
        (self.0.clone_fields(), self.1.clone_fields())
    }
}
