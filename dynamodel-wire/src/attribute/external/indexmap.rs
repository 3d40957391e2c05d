//! Types of the crate `indexmap`.

use std::hash::{BuildHasher, Hash};

use indexmap::{IndexMap, IndexSet};

use crate::attribute::container::{MapOf, SetOf};
use crate::attribute::map::wrong_key;
use crate::kind::SetElement;
use crate::{Attribute, MapKey, SetValue, ValueFor, kind};
use crate::{ReadError, Reader, Writer};

/// M. DynamoDB does not keep the order of entries, so the order on read is another one.
impl<K: MapKey + Eq + Hash, V: Attribute, H: BuildHasher + Default> Attribute
    for IndexMap<K, V, H>
{
    type Value = Self;
    type Kind = kind::M;

    fn write(&self, w: &mut Writer) {
        w.map(|w| {
            self.iter()
                .for_each(|(key, value)| w.entry(&key.to_key(), value));
        });
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

/// SS, NS or BS; the empty set is absent. DynamoDB does not keep the order of elements, so the
/// order on read is another one.
impl<T: Attribute + Eq + Hash, H: BuildHasher + Default> Attribute for IndexSet<T, H>
where
    T::Kind: SetElement,
{
    type Value = Self;
    type Kind = <T::Kind as SetElement>::Set;

    fn write(&self, w: &mut Writer) {
        w.set(self);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut set = Self::default();
        r.set(|element| {
            set.insert(element);
        })?;
        Ok(set)
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

impl<K: MapKey, V: Attribute, H> MapOf for IndexMap<K, V, H> {
    type Key = K;
    type Entry = V;
}

impl<T: Attribute<Kind: SetElement>, H> SetOf for IndexSet<T, H> {
    type Element = T;
}

macro_rules! map_operands {
    ($([$($gen:tt)*] $operand:ty;)*) => {$(
        impl<K: MapKey, V: Attribute, Q: AsRef<str>, X: ValueFor<V>, H, $($gen)*>
            ValueFor<IndexMap<K, V, H>> for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                w.map(|w| {
                    for (key, value) in self {
                        w.entry_with(key.as_ref(), |w| value.write_value(w));
                    }
                });
            }
        }
        impl<K: MapKey, V: Attribute, Q: AsRef<str>, X: ValueFor<V>, H, $($gen)*>
            SetValue<IndexMap<K, V, H>> for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<IndexMap<K, V, H>>::write_value(self, w);
            }
        }
        impl<K: MapKey, V: Attribute, Q: AsRef<str>, X: ValueFor<V>, H, $($gen)*>
            SetValue<Option<IndexMap<K, V, H>>> for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<IndexMap<K, V, H>>::write_value(self, w);
            }
        }
    )*};
}
map_operands! {
    [const N: usize] [(Q, X); N];
    [] Vec<(Q, X)>;
}

macro_rules! set_operands {
    ($([$($gen:tt)*] $operand:ty;)*) => {$(
        impl<T: Attribute<Kind: SetElement>, X: ValueFor<T>, H, $($gen)*> ValueFor<IndexSet<T, H>>
            for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                w.set_with::<T::Kind, _>(self.iter(), |w, x| x.write_value(w));
            }
        }
        impl<T: Attribute<Kind: SetElement>, X: ValueFor<T>, H, $($gen)*> SetValue<IndexSet<T, H>>
            for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<IndexSet<T, H>>::write_value(self, w);
            }
            fn is_removal(&self) -> bool {
                self.is_empty()
            }
        }
        impl<T: Attribute<Kind: SetElement>, X: ValueFor<T>, H, $($gen)*>
            SetValue<Option<IndexSet<T, H>>> for $operand
        {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<IndexSet<T, H>>::write_value(self, w);
            }
            fn is_removal(&self) -> bool {
                self.is_empty()
            }
        }
    )*};
}
set_operands! {
    [const N: usize] [X; N];
    [const N: usize] &[X; N];
    [] &[X];
    [] Vec<X>;
    [] &Vec<X>;
}
