//! [`RestMap`]: maps that keep the attributes which a struct does not know.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use super::map::wrong_key;
use crate::{Attribute, MapKey, ReadError, Reader, WriteError, Writer};

/// A map that keeps the attributes which its struct does not know: the type of a field marked
/// `#[dynamo(rest)]`.
///
/// Implemented for `HashMap<String, V>`, `BTreeMap<String, V>` and, with the feature `indexmap`,
/// `IndexMap<String, V>`, of any [`Attribute`] type `V`. With `AttributeValue` of the SDK every
/// attribute is kept as it was; with another type, an attribute of another form is an error of the
/// read. NULL is kept in an `AttributeValue` and, as `None`, in an `Option`.
///
/// ```
/// use std::borrow::Cow;
/// use std::collections::BTreeMap;
/// use dynamodel_wire::RestMap;
///
/// let mut rest = BTreeMap::<String, u32>::default();
/// rest.keep(Cow::Borrowed("points"), 7)?;
/// let entries: Vec<_> = RestMap::entries(&rest).collect();
/// assert_eq!(entries, [(Cow::Borrowed("points"), &7)]);
/// # Ok::<(), dynamodel_wire::ReadError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot keep the attributes that the struct does not know",
    label = "not a map of attributes",
    note = "the `rest` field is a map from names to values of any type: `HashMap<String, AttributeValue>`, with the SDK's `AttributeValue`"
)]
pub trait RestMap: Default {
    /// The type of the values.
    type Value: Attribute;

    /// Adds an attribute. One that is there already is replaced.
    ///
    /// # Errors
    /// When the map has no key for the name.
    fn keep(&mut self, name: Cow<'_, str>, value: Self::Value) -> Result<(), ReadError>;

    /// Returns the attributes, by name.
    fn entries(&self) -> impl Iterator<Item = (Cow<'_, str>, &Self::Value)>;

    /// Reads the attribute whose name was not found among the known ones, and keeps it unless
    /// `is_own` names it: those are written by the library, and skipped.
    ///
    /// # Errors
    /// When the value has another form than the map's values. An unknown name is user data: the path
    /// shows `*`.
    #[doc(hidden)]
    fn keep_unknown(
        &mut self,
        r: &mut Reader<'_>,
        is_own: impl FnOnce(&str) -> bool,
    ) -> Result<(), ReadError> {
        let name = r.unknown_name()?;
        if is_own(&name) {
            return r.skip_value();
        }
        let kept = Self::Value::read(r).and_then(|value| self.keep(name, value));
        kept.map_err(ReadError::in_entry)
    }

    /// Writes the attributes. One whose name `is_own` knows would be written twice: it fails the
    /// item.
    #[doc(hidden)]
    fn write_rest(&self, w: &mut Writer, is_own: impl Fn(&str) -> bool) {
        for (name, value) in self.entries() {
            if is_own(&name) {
                return w.known_in_rest(&name);
            }
            w.entry(&name, value);
        }
    }
}

macro_rules! rest_maps {
    ($($map:ident<K, V $(, $hasher:ident)?> where [$($key:tt)*] $([$($bound:tt)*])?;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<K: MapKey + $($key)*, V: Attribute $(, $hasher: $($bound)*)?> RestMap
            for $map<K, V $(, $hasher)?>
        {
            type Value = V;

            fn keep(&mut self, name: Cow<'_, str>, value: V) -> Result<(), ReadError> {
                self.insert(K::from_key(name).ok_or_else(wrong_key)?, value);
                Ok(())
            }

            fn entries(&self) -> impl Iterator<Item = (Cow<'_, str>, &V)> {
                self.iter().map(|(name, value)| (name.to_key(), value))
            }
        }
    )*};
}
rest_maps! {
    BTreeMap<K, V> where [Ord];
    HashMap<K, V, H> where [Eq + Hash] [BuildHasher + Default];
}
#[cfg(feature = "indexmap")]
use indexmap::IndexMap;
#[cfg(feature = "indexmap")]
rest_maps! {
    IndexMap<K, V, H> where [Eq + Hash] [BuildHasher + Default];
}

impl Writer {
    /// Fails the attribute of this name of the map that is being written. The name is the struct's,
    /// so it is shown.
    #[cold] // error path
    #[inline(never)]
    #[doc(hidden)]
    pub fn known_in_rest(&mut self, name: &str) {
        self.member(name);
        self.fail(WriteError::new(
            "the struct writes this attribute itself, and its `rest` map has an entry of the same name; remove the entry",
        ));
    }
}
