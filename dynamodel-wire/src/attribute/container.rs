//! Traits of lists, maps and sets that name their element types, for paths and operands.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use crate::attribute::{Attribute, MapKey, kind};

/// Lists: their elements have a path, and they grow by `append` and `prepend`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list",
    label = "this needs a list",
    note = "`index`, `append` and `prepend` are for a `Vec` or another list; a set grows by `insert`, and an entry of a map is named by `key`"
)]
pub trait ListOf {
    /// The type of an element.
    type Element: Attribute;
}
impl<T: Attribute> ListOf for Vec<T> {
    type Element = T;
}
impl<T: Attribute> ListOf for VecDeque<T> {
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
    label = "`key` needs a map",
    note = "the fields of a document are reached with `.at(|d| d.field)`"
)]
pub trait MapOf {
    /// The type of the keys.
    type Key: MapKey;
    /// The type of an entry's value.
    type Entry: Attribute;
}
impl<K: MapKey, T: Attribute> MapOf for BTreeMap<K, T> {
    type Key = K;
    type Entry = T;
}
impl<K: MapKey, T: Attribute, S> MapOf for HashMap<K, T, S> {
    type Key = K;
    type Entry = T;
}

/// A key of a map with keys of type `K`, as `Path::key` of dynamodel takes it: `K`, `&K`, and
/// for text keys also `&str`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of a map with keys of type `{K}`",
    label = "expected a `{K}`"
)]
pub trait EntryKey<K> {
    /// The key as text.
    fn entry_key(&self) -> Arc<str>;
}
impl<K: MapKey> EntryKey<K> for K {
    fn entry_key(&self) -> Arc<str> {
        self.to_key().into()
    }
}
impl<K: MapKey> EntryKey<K> for &K {
    fn entry_key(&self) -> Arc<str> {
        self.to_key().into()
    }
}
macro_rules! text_keys {
    ($($key:ty: $($operand:ty),*;)*) => {$($(
        impl EntryKey<$key> for $operand {
            fn entry_key(&self) -> Arc<str> {
                let text: &str = self.as_ref();
                text.into()
            }
        }
    )*)*};
}
text_keys! {
    String: &str;
    Box<str>: &str, String, &String;
    Arc<str>: &str, String, &String;
    Rc<str>: &str, String, &String;
    Cow<'static, str>: &str, String, &String;
}

/// Sets, as operands of `insert` and `delete`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set",
    label = "this needs a set",
    note = "`insert` and `delete` of elements are for a `BTreeSet` or `HashSet`; a list grows by `append`, and an attribute as a whole is taken away by `remove`"
)]
pub trait SetOf {
    /// The type of an element.
    type Element: Attribute<Kind: kind::SetElement>;
}
impl<T: Attribute<Kind: kind::SetElement>> SetOf for BTreeSet<T> {
    type Element = T;
}
impl<T: Attribute<Kind: kind::SetElement>, S> SetOf for HashSet<T, S> {
    type Element = T;
}
