//! Sets, and the operands that stand for a set.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, Hash};

use crate::kind::SetElement;
use crate::{Attribute, SetValue, ValueFor};
use crate::{ReadError, Reader, Writer};

macro_rules! sets {
    ($($set:ident<T $(, $hasher:ident)?> where [$($element:tt)*] $([$($bound:tt)*])?;)*) => {$(
        impl<T: Attribute + $($element)* $(, $hasher: $($bound)*)?> Attribute for $set<T $(, $hasher)?>
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

        sets! { @operands $set<T $(, $hasher)?>: [const N: usize] [X; N]; }
        sets! { @operands $set<T $(, $hasher)?>: [const N: usize] &[X; N]; }
        sets! { @operands $set<T $(, $hasher)?>: [] &[X]; }
        sets! { @operands $set<T $(, $hasher)?>: [] Vec<X>; }
        sets! { @operands $set<T $(, $hasher)?>: [] &Vec<X>; }
    )*};
    (@operands $set:ident<T $(, $hasher:ident)?>: [$($gen:tt)*] $operand:ty;) => {
        impl<T: Attribute, X: ValueFor<T> $(, $hasher)?, $($gen)*> ValueFor<$set<T $(, $hasher)?>> for $operand
        where
            T::Kind: SetElement,
        {
            fn write_value(&self, w: &mut Writer) {
                w.set_with::<T::Kind, _>(self.iter(), |w, x| x.write_value(w));
            }
        }
        impl<T: Attribute, X: ValueFor<T> $(, $hasher)?, $($gen)*> SetValue<$set<T $(, $hasher)?>> for $operand
        where
            T::Kind: SetElement,
        {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<$set<T $(, $hasher)?>>::write_value(self, w);
            }
            fn is_removal(&self) -> bool {
                self.is_empty()
            }
        }
        impl<T: Attribute, X: ValueFor<T> $(, $hasher)?, $($gen)*> SetValue<Option<$set<T $(, $hasher)?>>> for $operand
        where
            T::Kind: SetElement,
        {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<$set<T $(, $hasher)?>>::write_value(self, w);
            }
            fn is_removal(&self) -> bool {
                self.is_empty()
            }
        }
    };
}
sets! {
    BTreeSet<T> where [Ord];
    HashSet<T, H> where [Eq + Hash] [BuildHasher + Default];
}
