//! Lists, tuples and maps.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::sync::Arc;

use crate::{Attribute, SetValue, ValueFor, kind};
use crate::{ReadError, Reader, Writer};

macro_rules! lists {
    ($($list:ty: $push:ident;)*) => {$(
        impl<T: Attribute> Attribute for $list {
            type Value = Self;
            type Kind = kind::L;

            #[inline]
            fn write(&self, w: &mut Writer) {
                w.list(|w| self.iter().for_each(|element| w.element(element)));
            }

            #[inline]
            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                let mut list = Self::new();
                r.list(|r| T::read(r).map(|element| list.$push(element)))?;
                Ok(list)
            }
        }
    )*};
}
lists! {
    Vec<T>: push;
    VecDeque<T>: push_back;
}

impl<T: Attribute> Attribute for Box<[T]> {
    type Value = Self;
    type Kind = kind::L;

    fn write(&self, w: &mut Writer) {
        w.list(|w| self.iter().for_each(|element| w.element(element)));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        Vec::read(r).map(Vec::into_boxed_slice)
    }
}

impl<T: Attribute, const N: usize> Attribute for [T; N] {
    type Value = Self;
    type Kind = kind::L;

    fn write(&self, w: &mut Writer) {
        w.list(|w| self.iter().for_each(|element| w.element(element)));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        Vec::read(r)?.try_into().map_err(|_| wrong_length(N))
    }
}

#[cold] // error path
fn wrong_length(expected: usize) -> ReadError {
    ReadError::new(format!("L of {expected} elements"), "another length")
}

/// Implements the operand traits of lists for arrays, slices and vectors.
macro_rules! list_operands {
    ($($list:ty: [$($gen:tt)*] $operand:ty;)*) => {$(
        impl<V: Attribute, X: ValueFor<V>, $($gen)*> ValueFor<$list> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.list(|w| self.iter().for_each(|x| w.element_with(|w| x.write_value(w))));
            }
        }
        impl<V: Attribute, X: ValueFor<V>, $($gen)*> SetValue<$list> for $operand {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<$list>::write_value(self, w);
            }
        }
        impl<V: Attribute, X: ValueFor<V>, $($gen)*> SetValue<Option<$list>> for $operand {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<$list>::write_value(self, w);
            }
        }
    )*};
}
list_operands! {
    VecDeque<V>: [const N: usize] [X; N];
    VecDeque<V>: [const N: usize] &[X; N];
    VecDeque<V>: [] &[X];
    VecDeque<V>: [] Vec<X>;
    Box<[V]>: [const N: usize] [X; N];
    Box<[V]>: [const N: usize] &[X; N];
    Box<[V]>: [] &[X];
    Box<[V]>: [] Vec<X>;
}

macro_rules! tuples {
    ($($len:literal: $($name:ident $at:tt)*;)*) => {$(
        impl<$($name: Attribute),*> Attribute for ($($name,)*) {
            type Value = Self;
            type Kind = kind::L;

            fn write(&self, w: &mut Writer) {
                w.list(|w| {
                    $(w.element(&self.$at);)*
                });
            }

            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                let mut slots = ($(None::<$name>,)*);
                let mut len = 0;
                r.list(|r| {
                    match len {
                        $($at => slots.$at = Some($name::read(r)?),)*
                        _ => return Err(wrong_length($len)),
                    }
                    len += 1;
                    Ok(())
                })?;
                Ok(($(slots.$at.ok_or_else(|| wrong_length($len))?,)*))
            }
        }
    )*};
}
tuples! {
    1: A 0;
    2: A 0 B 1;
    3: A 0 B 1 C 2;
    4: A 0 B 1 C 2 D 3;
    5: A 0 B 1 C 2 D 3 E 4;
    6: A 0 B 1 C 2 D 3 E 4 F 5;
    7: A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    8: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
    9: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8;
    10: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9;
    11: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10;
    12: A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11;
}

/// A type that can be the key of a map: text, and types with exactly one text for each value.
///
/// ```
/// use std::borrow::Cow;
/// use std::collections::BTreeMap;
/// use dynamodel_wire::{self as wire, MapKey};
///
/// #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
/// enum Unit { Metre, Second }
///
/// impl MapKey for Unit {
///     fn to_key(&self) -> Cow<'_, str> {
///         match self {
///             Unit::Metre => "m".into(),
///             Unit::Second => "s".into(),
///         }
///     }
///     fn from_key(key: Cow<'_, str>) -> Option<Self> {
///         match &*key {
///             "m" => Some(Unit::Metre),
///             "s" => Some(Unit::Second),
///             _ => None,
///         }
///     }
/// }
///
/// let lengths = BTreeMap::from([(Unit::Metre, 12)]);
/// assert_eq!(wire::to_vec(&lengths)?, br#"{"M":{"m":{"N":"12"}}}"#);
/// # Ok::<(), wire::WriteError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a DynamoDB map",
    label = "not a key of a map",
    note = "keys of a map are text; implement `MapKey` for a type of your own, or store a `Vec` of pairs"
)]
pub trait MapKey: Sized {
    /// Returns the key as text. Different keys have different texts.
    fn to_key(&self) -> Cow<'_, str>;

    /// Returns the key of this text, or `None` if no key has it.
    fn from_key(key: Cow<'_, str>) -> Option<Self>;
}

macro_rules! text_keys {
    ($($text:ty),*) => {$(
        impl MapKey for $text {
            #[inline]
            fn to_key(&self) -> Cow<'_, str> {
                Cow::Borrowed(self)
            }

            #[inline]
            fn from_key(key: Cow<'_, str>) -> Option<Self> {
                Some(key.into_owned().into())
            }
        }
    )*};
}
text_keys!(String, Box<str>, Arc<str>, Rc<str>, Cow<'static, str>);

macro_rules! parsed_keys {
    ($($key:ty),*) => {$(
        impl MapKey for $key {
            fn to_key(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }

            fn from_key(key: Cow<'_, str>) -> Option<Self> {
                key.parse().ok()
            }
        }
    )*};
}
parsed_keys!(
    char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
);

macro_rules! maps {
    ($($map:ident<K, V $(, $hasher:ident)?> where [$($key:tt)*] $([$($bound:tt)*])?;)*) => {$(
        impl<K: MapKey + $($key)*, V: Attribute $(, $hasher: $($bound)*)?> Attribute
            for $map<K, V $(, $hasher)?>
        {
            type Value = Self;
            type Kind = kind::M;

            fn write(&self, w: &mut Writer) {
                w.map(|w| self.iter().for_each(|(key, value)| w.entry(&key.to_key(), value)));
            }

            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                let mut map = Self::default();
                r.map(|key, r| {
                    let key = K::from_key(key).ok_or_else(wrong_key)?;
                    map.insert(key, V::read(r)?);
                    Ok(())
                })?;
                Ok(map)
            }
        }

        maps! { @operands $map<K, V $(, $hasher)?>: [const N: usize] [(Q, X); N]; }
        maps! { @operands $map<K, V $(, $hasher)?>: [] Vec<(Q, X)>; }
    )*};
    (@operands $map:ident<K, V $(, $hasher:ident)?>: [$($gen:tt)*] $operand:ty;) => {
        impl<K: MapKey, V: Attribute, Q: AsRef<str>, X: ValueFor<V> $(, $hasher)?, $($gen)*>
            ValueFor<$map<K, V $(, $hasher)?>> for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                w.map(|w| {
                    for (key, value) in self {
                        w.entry_with(key.as_ref(), |w| value.write_value(w));
                    }
                });
            }
        }
        impl<K: MapKey, V: Attribute, Q: AsRef<str>, X: ValueFor<V> $(, $hasher)?, $($gen)*>
            SetValue<$map<K, V $(, $hasher)?>> for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<$map<K, V $(, $hasher)?>>::write_value(self, w);
            }
        }
        impl<K: MapKey, V: Attribute, Q: AsRef<str>, X: ValueFor<V> $(, $hasher)?, $($gen)*>
            SetValue<Option<$map<K, V $(, $hasher)?>>> for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<$map<K, V $(, $hasher)?>>::write_value(self, w);
            }
        }
    };
}
maps! {
    BTreeMap<K, V> where [Ord];
    HashMap<K, V, H> where [Eq + Hash] [BuildHasher + Default];
}

#[cold] // error path
pub(super) fn wrong_key() -> ReadError {
    ReadError::new("another key of the map", "a key of another form")
}
