//! The field types of structs that borrow from a page.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use crate::container::{ListOf, MapOf, SetOf};
use crate::token::Fetched;
use crate::{Attribute, Binary, ReadError, Reader, ValueOf, kind};

/// A field that borrows for `'a`. The documentation of `dynamodel::BorrowedProjection` lists the
/// types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be borrowed from a page",
    label = "not a type that borrows",
    note = "text is borrowed as `&'a str` or `Cow<'a, str>`, alone or in an `Option`, `Vec`, set or map, a document as a struct that derives `Projection` of it; binary is base64 in the page, so it is owned: `Binary`"
)]
pub trait BorrowedField<'a>: Sized {
    /// The parts of a document that are fetched; empty for the whole value.
    #[doc(hidden)]
    const PARTS: &'static [Fetched] = &[];

    /// Reads the attribute value.
    ///
    /// # Errors
    /// When the stored value is of another kind or out of range.
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError>;

    /// Returns the value of a missing attribute, or `None` if the attribute has to be there.
    #[inline(always)] // a constant: the check for missing fields disappears
    fn absent() -> Option<Self> {
        None
    }

    /// Returns the value of a text that stands in a key, or `None` if the type borrows no text.
    #[doc(hidden)]
    fn from_key(_text: Cow<'a, str>) -> Option<Self> {
        None
    }
}

/// Types that a field of a borrowing struct can have if the entity's field is stored as `Stored`.
#[diagnostic::on_unimplemented(
    message = "the entity's field is a `{Stored}`, which cannot be borrowed as `{Self}`",
    label = "not a borrowed form of the entity's field",
    note = "what is stored as S is borrowed as `&'a str`, what may be missing as an `Option`, lists, sets and maps with their elements borrowed; any other field has the entity's own type"
)]
pub trait BorrowedFrom<Stored> {}

/// Kinds that are borrowed as text: `S`.
#[diagnostic::on_unimplemented(
    message = "an attribute of kind `{Self}` cannot be borrowed as text",
    label = "the entity's field is not text that is always there",
    note = "a field that may be missing is borrowed as `Option<&'a str>`; numbers, booleans and binary have the entity's own type"
)]
pub trait BorrowedText: kind::Kind {}
impl BorrowedText for kind::S {}

impl<'a> BorrowedField<'a> for &'a str {
    #[inline(always)] // part of the loop over an item's attributes
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        match r.string()? {
            Cow::Borrowed(text) => Ok(text),
            Cow::Owned(_) => Err(unescaped()),
        }
    }

    fn from_key(text: Cow<'a, str>) -> Option<Self> {
        match text {
            Cow::Borrowed(text) => Some(text),
            Cow::Owned(_) => None,
        }
    }
}
impl<T: Attribute> BorrowedFrom<T> for &str where T::Kind: BorrowedText {}

/// The error of text that cannot be borrowed: it holds escapes, and only a page keeps unescaped
/// text.
#[cold] // error path
fn unescaped() -> ReadError {
    ReadError::expected("text without escapes, or of a page")
}

impl<'a> BorrowedField<'a> for Cow<'a, str> {
    #[inline(always)] // part of the loop over an item's attributes
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        r.string()
    }

    fn from_key(text: Cow<'a, str>) -> Option<Self> {
        Some(text)
    }
}
impl<T: Attribute> BorrowedFrom<T> for Cow<'_, str> where T::Kind: BorrowedText {}

impl<'a, V: BorrowedField<'a>> BorrowedField<'a> for Option<V> {
    const PARTS: &'static [Fetched] = V::PARTS;

    #[inline(always)] // part of the loop over an item's attributes
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        if r.is_null() {
            r.null()?;
            return Ok(None);
        }
        V::read(r).map(Some)
    }

    #[inline(always)] // a constant: the check for missing fields disappears
    fn absent() -> Option<Self> {
        Some(None)
    }

    fn from_key(text: Cow<'a, str>) -> Option<Self> {
        V::from_key(text).map(Some)
    }
}
impl<T: Attribute, V: BorrowedFrom<ValueOf<T>>> BorrowedFrom<T> for Option<V> {}

impl<'a, V: BorrowedField<'a>> BorrowedField<'a> for Vec<V> {
    #[inline]
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        let mut list = Vec::new();
        r.list(|r| V::read(r).map(|element| list.push(element)))?;
        Ok(list)
    }
}
impl<T: ListOf, V: BorrowedFrom<T::Element>> BorrowedFrom<T> for Vec<V> {}

impl<'a, V: BorrowedField<'a> + Ord> BorrowedField<'a> for BTreeSet<V> {
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        let mut set = BTreeSet::new();
        r.borrowed_set(|element| {
            set.insert(element);
        })?;
        Ok(set)
    }

    fn absent() -> Option<Self> {
        Some(BTreeSet::new())
    }
}
impl<T: SetOf, V: BorrowedFrom<T::Element>> BorrowedFrom<T> for BTreeSet<V> {}

impl<'a, V: BorrowedField<'a> + Eq + Hash, H: BuildHasher + Default> BorrowedField<'a>
    for HashSet<V, H>
{
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        let mut set = HashSet::default();
        r.borrowed_set(|element| {
            set.insert(element);
        })?;
        Ok(set)
    }

    fn absent() -> Option<Self> {
        Some(HashSet::default())
    }
}
impl<T: SetOf, V: BorrowedFrom<T::Element>, H> BorrowedFrom<T> for HashSet<V, H> {}

impl<'a, V: BorrowedField<'a>> BorrowedField<'a> for BTreeMap<&'a str, V> {
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        let mut map = BTreeMap::new();
        r.borrowed_map(|key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
}
impl<T: MapOf<Key = String>, V: BorrowedFrom<T::Entry>> BorrowedFrom<T> for BTreeMap<&str, V> {}

impl<'a, V: BorrowedField<'a>, H: BuildHasher + Default> BorrowedField<'a>
    for HashMap<&'a str, V, H>
{
    fn read(r: &mut Reader<'a>) -> Result<Self, ReadError> {
        let mut map = HashMap::default();
        r.borrowed_map(|key, value| {
            map.insert(key, value);
        })?;
        Ok(map)
    }
}
impl<T: MapOf<Key = String>, V: BorrowedFrom<T::Entry>, H> BorrowedFrom<T> for HashMap<&str, V, H> {}

/// Implements the traits for owned types, which occur in lists and maps beside text and documents.
macro_rules! owned {
    ($($owned:ty)*) => {$(
        impl BorrowedField<'_> for $owned {
            #[inline(always)] // forwards to a function that is inlined itself
            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                <$owned as Attribute>::read(r)
            }
        }
        impl BorrowedFrom<$owned> for $owned {}
    )*};
}
owned! {
    u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char String Binary
}

impl<'a> Reader<'a> {
    fn borrowed_set<V: BorrowedField<'a>>(
        &mut self,
        mut insert: impl FnMut(V),
    ) -> Result<(), ReadError> {
        if self.is_null() {
            return self.null();
        }
        let set = self.kind()?.as_str();
        if !matches!(set, "SS" | "NS" | "BS") {
            return Err(ReadError::new("SS", set));
        }
        self.elements(set, |r| V::read(r).map(&mut insert))
    }

    fn borrowed_map<V: BorrowedField<'a>>(
        &mut self,
        mut insert: impl FnMut(&'a str, V),
    ) -> Result<(), ReadError> {
        self.map(|key, r| match key {
            Cow::Borrowed(key) => V::read(r).map(|value| insert(key, value)),
            Cow::Owned(_) => Err(unescaped()),
        })
    }

    /// Reads the attribute `name` of a borrowing struct into `slot`.
    ///
    /// # Errors
    /// The error of the attribute's type, with the name in the path.
    #[doc(hidden)]
    #[inline(always)] // part of the loop over an item's attributes
    pub fn borrow<V: BorrowedField<'a>>(
        &mut self,
        name: &'static str,
        slot: &mut Option<V>,
    ) -> Result<(), ReadError> {
        match V::read(self) {
            Ok(value) => {
                *slot = Some(value);
                Ok(())
            }
            Err(e) => Err(e.in_field(name)),
        }
    }
}
