//! Items for generated code. Not part of the public interface, and free to change.

mod conversion;
mod field;

pub use self::conversion::{
    AttributeMap, Document, EmbeddedItem, PartOf, WithoutSchema, borrowed_of_json,
    projection_of_item, projection_of_json,
};
pub use self::field::{Embedded, Late, UsableField, keeps_rest, read_body, write_body};
pub use std::string::String;
pub use std::time::SystemTime;
pub use std::vec::Vec;

pub use crate::error::Error;
pub use crate::model::entity::{
    EntityWithSort, Global, Guarded, HasPartial, HasSort, HasTtl, Index, Item, MapBody, Primary,
    Projection, ProjectsAll, ProjectsSome, SelectableFrom, Sharded, TableOrLocal, Unguarded,
    Unversioned, Versioned, Whole,
};
pub use crate::model::expr::scope::{
    All, Anywhere, Around, Changed, Defaulted, Everywhere, First, Fixed, Held, HeldBy, Hidden,
    InKey, KeyOnly, Limited, Next, Once, Set, SetAround, Timed,
};
pub use crate::model::expr::{
    Fields, HasField, InCondition, InFilter, InProjection, InUpdate, IndexAction, Part, Path,
    Prefix, SettableIn, Token, TokenOf, UsableIn,
};
pub use crate::model::item_type::{
    check_type, found_type, is_of_type, is_own_item, type_attribute,
};
pub use crate::model::key::{Key, KeyBuilder, StoredKey};
pub use crate::model::rest::is_own_attribute;
pub use crate::model::schema::{self, IndexKey, Shards};
pub use crate::model::sharding::write_shards;
pub use crate::model::table::{
    GlobalIndexOf, HasTable, HoldsAttribute, IndexOfTable, LocalIndexOf, OfTable, PartitionOf,
    Table, TableIndex, TableWithSort, Templated, WithSort, WithoutSort, agree, distinct_members,
    global_index, key_types, local_index, same_members, shared_attributes, with_sort, without_sort,
    write_templates,
};
pub use crate::model::template::{
    PartBehind, ProjectedKey, check_stored_key, fetched_with_key, join, key_attribute, key_place,
    own_key_part, read_in_key, read_stored_key, split, value_or_text, wire_text,
};
pub use crate::read::borrowed::{BorrowedField, BorrowedFrom, BorrowedProjection};
pub use crate::read::sort::AnyPart;
pub use crate::read::sort::FixedPart;
pub use crate::read::sort::SortChain;
pub use crate::read::sort::SortCondition;
pub use crate::read::sort::SortPart;
pub use crate::read::sort::SortPrefix;
pub use crate::read::sort::TemplateEnd;
pub use crate::read::sort::Unordered;
pub use crate::read::{Get, Query};
pub use crate::single_table::collection::{kind_of, unknown_kind};
pub use crate::single_table::partition::same_partition;
pub use crate::single_table::{Collection, Gather, GatherField};
pub use crate::wire::attribute::template_part::{
    FixedWidth, Form, IndexPart, Nature, TemplatePart, is_number, read_word, width,
    write_part_text, write_word,
};
pub use crate::wire::attribute::time::{Timestamp, Ttl, TtlTime};
pub use crate::wire::serde_bridge::{
    SerdeField, serde_is_absent, serde_missing, serde_read, serde_write,
};
pub use crate::wire::{Attribute, Fetched, KeyPlace, KindOf, SetValue, ValueFor, ValueOf, kind};
pub use crate::wire::{Name, ReadError, Reader, RestMap, StoredAs, WriteError, Writer};
pub use crate::wire::{TokenValue, VersionNumber};
pub use crate::write::{Check, Delete, GetUnique, Update};

pub use crate::model::entity::Patch;

use crate::read::page::OwnedPage;
use crate::wire::MapKey;
use kind::{GuardKeyKind, IndexKeyKind, KeyKind, UniqueKind};

/// Makes an id that is not set yet, a UUID of version 7.
///
/// # Errors
/// When the system has no random numbers.
pub fn fill_uuid7<T: crate::wire::IdValue>(id: &mut T, now: SystemTime) -> Result<(), Error> {
    crate::wire::attribute::generated_id::fill_uuid7(id, now)
        .map_err(|e| Error::construction(e.to_string()))
}

/// Makes an id that is not set yet, a ULID.
///
/// # Errors
/// When the system has no random numbers.
pub fn fill_ulid<T: crate::wire::IdValue>(id: &mut T, now: SystemTime) -> Result<(), Error> {
    crate::wire::attribute::generated_id::fill_ulid(id, now)
        .map_err(|e| Error::construction(e.to_string()))
}

/// Values that the field of a constructor takes: of the field's type `T`, text for a `String`, and
/// the inner value of an `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of a field of type `{T}`",
    label = "expected a `{T}`"
)]
pub trait FieldValue<T> {
    fn into_field(self) -> T;
}
impl<T> FieldValue<T> for T {
    fn into_field(self) -> T {
        self
    }
}
impl<T> FieldValue<Option<T>> for T {
    fn into_field(self) -> Option<T> {
        Some(self)
    }
}
impl FieldValue<String> for &str {
    fn into_field(self) -> String {
        self.to_owned()
    }
}
impl FieldValue<Option<String>> for &str {
    fn into_field(self) -> Option<String> {
        Some(self.to_owned())
    }
}

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

/// The type can be unique.
pub const fn unique_value<T: Attribute>()
where
    KindOf<T>: UniqueKind,
{
}

/// The type can be the partition key of a table with unique items.
pub const fn guarded_partition<T: Attribute>()
where
    T::Kind: GuardKeyKind,
{
}

/// Types of fields that keep the key of an item.
#[diagnostic::on_unimplemented(
    message = "a field marked `keep_key` is a `StoredKey`, not a `{Self}`",
    label = "not a `StoredKey`",
    note = "write `#[dynamo(keep_key)] key: dynamodel::StoredKey`"
)]
pub trait KeepsKey {
    fn stored(&self) -> &StoredKey;
    fn from_stored(key: StoredKey) -> Self;
}
impl KeepsKey for StoredKey {
    fn stored(&self) -> &StoredKey {
        self
    }
    fn from_stored(key: StoredKey) -> Self {
        key
    }
}

/// The type can be part of the template of a primary key.
pub const fn key_part<T: TemplatePart>() {}

/// The type can be part of the template of an index key.
pub const fn index_part<T: IndexPart>() {}

/// Checks that a part has a form. Evaluated at compile time.
pub const fn check_form<T: IndexPart>(form: Form, message: &str) {
    if !crate::wire::attribute::template_part::has_form::<T>(form) {
        panic!("{}", message);
    }
}

/// The type can stand directly before another part of a template.
pub const fn fixed_width<T: FixedWidth>() {}

/// Types that the field of a projection can take from the stored type of the entity's field.
#[diagnostic::on_unimplemented(
    message = "the entity's field is a `{Stored}`, not a `{Self}`",
    label = "not the type of the entity's field",
    note = "a projection's field has the type of the entity's field, or an `Option` of it; of a document it can be a struct that derives `Projection` of the document"
)]
pub trait ProjectedFrom<Stored, How>: Sized {
    /// The type that is read from the item.
    type Read: Attribute;
    /// The parts of a document that are fetched; empty for the whole value.
    const PARTS: &'static [Fetched] = &[];
    fn from_read(read: Self::Read) -> Self;
    fn missing() -> Option<Self> {
        None
    }
}

/// Ways in which a projection's field takes its value, so that the compiler tells them apart.
pub mod how {
    #[derive(Debug)]
    pub enum Same {}
    #[derive(Debug)]
    pub enum Optional {}
    #[derive(Debug)]
    pub enum Time {}
    #[derive(Debug)]
    pub enum Stored {}
    #[derive(Debug)]
    pub enum OptionalStored {}
    #[derive(Debug)]
    pub enum InPart {}
    #[derive(Debug)]
    pub enum OptionalInPart {}
    /// In a container of parts, each of which has its number.
    #[derive(Debug)]
    pub enum Inside<const N: usize> {}
}

impl<T: Attribute> ProjectedFrom<T, how::Same> for T {
    type Read = T;
    fn from_read(read: T) -> T {
        read
    }
    fn missing() -> Option<T> {
        T::absent()
    }
}
impl<T: Attribute> ProjectedFrom<T, how::Optional> for Option<T> {
    type Read = T;
    fn from_read(read: T) -> Self {
        Some(read)
    }
    fn missing() -> Option<Self> {
        Some(None)
    }
}
impl<T: TtlTime> ProjectedFrom<Ttl<T>, how::Time> for T {
    type Read = Ttl<T>;
    fn from_read(read: Ttl<T>) -> T {
        read.0
    }
    fn missing() -> Option<T> {
        T::absent()
    }
}

/// The attributes of a projection, of an entity or of a document. The derive implements it.
pub trait ProjectionBody: Sized {
    const ATTRIBUTES: &'static [&'static str];
    const FETCHED: &'static [Fetched];
    /// The places of the fields in the key of a shared table.
    const PLACES: &'static [Option<KeyPlace>];
    /// Reads the attributes, with their braces.
    ///
    /// # Errors
    /// When an attribute is missing or of another kind.
    #[doc(hidden)]
    fn read_body(r: &mut Reader<'_>) -> Result<Self, ReadError>;

    /// Reads the attribute value of a document.
    ///
    /// # Errors
    /// As [`read_body`](Self::read_body), and when the value is no map.
    fn read_value(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.begin_map_value()?;
        let value = Self::read_body(r)?;
        r.end_map_value()?;
        Ok(value)
    }
}

/// A struct with some attributes of a document. The derive of `Projection` implements it.
pub trait DocumentPart: Attribute + ProjectionBody {
    /// The document.
    type Of: Attribute;
}

/// A part of a document has no value to write.
pub fn write_part(w: &mut Writer) {
    w.fail(WriteError::new(
        "a projection of a document is read, not written",
    ));
}

/// A document none of whose fetched attributes is stored does not come with the item.
fn empty_part<P: DocumentPart>() -> Option<P> {
    P::read(&mut Reader::of_text("{\"M\":{}}")).ok()
}

impl<P: DocumentPart> ProjectedFrom<P::Of, how::InPart> for P {
    type Read = P;
    const PARTS: &'static [Fetched] = P::FETCHED;
    fn from_read(read: P) -> P {
        read
    }
    fn missing() -> Option<P> {
        empty_part()
    }
}
impl<P: DocumentPart> ProjectedFrom<P::Of, how::OptionalInPart> for Option<P> {
    type Read = P;
    const PARTS: &'static [Fetched] = P::FETCHED;
    fn from_read(read: P) -> Self {
        Some(read)
    }
    fn missing() -> Option<Self> {
        Some(None)
    }
}

/// Parts of documents in a container: with the paths of the parts where DynamoDB has paths for them.
macro_rules! parts_in {
    ($($n:literal ($($param:ident: $bound:path),*) $of:ty, $part:ty, $parts:expr;)*) => {$(
        impl<P: DocumentPart $(, $param: $bound)*> ProjectedFrom<$of, how::Inside<$n>> for $part
        where
            $part: Attribute,
        {
            type Read = $part;
            const PARTS: &'static [Fetched] = $parts;
            fn from_read(read: $part) -> $part {
                read
            }
            fn missing() -> Option<$part> {
                <$part>::absent()
            }
        }
    )*};
}
parts_in! {
    1 () Option<P::Of>, Option<P>, P::FETCHED;
    2 () Box<P::Of>, Box<P>, P::FETCHED;
    3 () Option<Box<P::Of>>, Option<Box<P>>, P::FETCHED;
    4 () Vec<P::Of>, Vec<P>, &[];
    5 () Option<Vec<P::Of>>, Option<Vec<P>>, &[];
    6 (K: MapKey) std::collections::BTreeMap<K, P::Of>, std::collections::BTreeMap<K, P>, &[];
    7 (K: MapKey) std::collections::HashMap<K, P::Of>, std::collections::HashMap<K, P>, &[];
}

/// The attribute of a projection's field, with its parts if the field's type is a part of a document.
pub const fn fetched<K: Token, T: ProjectedFrom<K::Type, How>, How>() -> Fetched {
    Fetched {
        name: K::NAME,
        parts: T::PARTS,
    }
}

/// The attribute of a borrowing field, with its parts if the field's type borrows from a document.
pub const fn fetched_borrowed<'a, K: Token, V: BorrowedField<'a>>() -> Fetched {
    Fetched {
        name: K::NAME,
        parts: V::PARTS,
    }
}

/// Reads a field of a projection into its slot.
///
/// # Errors
/// The error of the field's type, with the name in the path.
#[inline(always)] // part of the loop over an item's attributes
pub fn read_projected<K: Token, T: ProjectedFrom<K::Type, How>, How>(
    r: &mut Reader<'_>,
    slot: &mut Option<T::Read>,
) -> Result<(), ReadError> {
    r.get_as::<K, T::Read>(slot)
}

/// Reads a projection's field as [`read_projected`] does, but leaves the slot as it is for a NULL.
pub fn read_projected_unless_null<K: Token, T: ProjectedFrom<K::Type, How>, How>(
    r: &mut Reader<'_>,
    slot: &mut Option<T::Read>,
) -> Result<(), ReadError> {
    r.get_as_unless_null::<K, T::Read>(slot)
}

/// The value of a projection's field from what was read.
///
/// # Errors
/// When the attribute is missing and the field needs it.
pub fn project<K: Token, T: ProjectedFrom<K::Type, How>, How>(
    slot: Option<T::Read>,
    r: &Reader<'_>,
) -> Result<T, ReadError> {
    if let Some(place @ KeyPlace { in_key: true, .. }) = &K::KEY_PLACE {
        return from_key::<T::Read>(r, place).map(T::from_read);
    }
    match slot {
        Some(read) => Ok(T::from_read(read)),
        None if K::IS_VERSION => crate::wire::version_zero().map(T::from_read),
        None => T::missing().ok_or_else(|| ReadError::missing::<K::Type>(K::NAME)),
    }
}

/// Reads a part of an entity's item.
///
/// # Errors
/// When the item is one of another entity of its table, or a value has another type.
pub fn read_part_of<E: Item, P: ProjectionBody>(r: &mut Reader<'_>) -> Result<P, ReadError> {
    if E::ITEM_SCHEMA.single_table.is_some() {
        crate::model::item_type::check_part(E::ITEM_SCHEMA, r)?;
    }
    P::read_body(r)
}

/// The value of a field that stands in the key alone.
#[cold] // rare: kept out of the code of each projection
fn from_key<T: Attribute>(r: &Reader<'_>, place: &KeyPlace) -> Result<T, ReadError> {
    let mut w = Writer::with_capacity(64);
    (place.write)(r, place.part, &mut w)?;
    let json = w.finish().map_err(|_| ReadError::expected("a key"))?;
    crate::wire::read_item(&json, T::read)
}

/// Checks that the key that was read is the one of the fields, which start at these positions.
///
/// # Errors
/// When the key differs.
pub fn compare_key(
    r: &Reader<'_>,
    places: &[Option<KeyPlace>],
    starts: &[usize],
) -> Result<(), ReadError> {
    match places.iter().flatten().next() {
        Some(place) => (place.compare)(r, places, starts),
        None => Ok(()),
    }
}

/// Returns `true` for a field that stands in the key alone.
pub const fn is_in_key<K: Token>() -> bool {
    matches!(K::KEY_PLACE, Some(KeyPlace { in_key: true, .. }))
}

/// The value of a borrowing field from what was read.
///
/// # Errors
/// When the attribute is missing and the field needs it.
pub fn borrowed<'a, K: Token, V: BorrowedField<'a> + BorrowedFrom<K::Type>>(
    slot: Option<V>,
    r: &Reader<'a>,
) -> Result<V, ReadError> {
    if let Some(place @ KeyPlace { in_key: true, .. }) = &K::KEY_PLACE {
        let text = (place.text)(r, place.part)?;
        let escaped = || ReadError::expected("text without escapes, or a `Cow`");
        return V::from_key(text).ok_or_else(|| escaped().in_field(K::NAME));
    }
    match slot {
        Some(value) => Ok(value),
        None => V::absent().ok_or_else(|| ReadError::missing::<K::Type>(K::NAME)),
    }
}

/// `Debug`, `Clone` and `PartialEq` of field `N` through a reference: a generated bound can so name a
/// lifetime and is checked only where it is used, and the bounds of two fields are never the same.
pub trait DebugField<const N: usize> {
    fn debug_field(&self) -> &dyn std::fmt::Debug;
}
impl<T: std::fmt::Debug, const N: usize> DebugField<N> for &T {
    fn debug_field(&self) -> &dyn std::fmt::Debug {
        self
    }
}

/// See [`DebugField`].
pub trait CloneField<const N: usize> {
    /// The type behind the reference.
    type Owned;
    fn clone_field(self) -> Self::Owned;
}
impl<T: Clone, const N: usize> CloneField<N> for &T {
    type Owned = T;
    fn clone_field(self) -> T {
        self.clone()
    }
}

/// See [`DebugField`].
pub trait EqField<const N: usize> {
    fn eq_field(&self, other: &Self) -> bool;
}
impl<T: PartialEq, const N: usize> EqField<N> for &T {
    fn eq_field(&self, other: &Self) -> bool {
        self == other
    }
}

/// Reads the items of a response to Query or Scan, for benchmarks of decoding without sending.
///
/// # Errors
/// When the response or an item of it cannot be read.
pub fn decode_page<P: Projection>(body: &[u8]) -> Result<Vec<P>, ReadError> {
    let page = OwnedPage::<P>::read_text(Reader::new(body)?.whole_text())?;
    match page.rest.into_iter().find_map(Result::err) {
        None => Ok(page.items),
        Some(error) => Err(error),
    }
}
