//! Operands: the Rust values that may stand for an attribute value.

use std::borrow::Cow;

use super::Attribute;
use crate::Writer;

/// A value that a condition, filter or key compares an attribute of type `V` with.
///
/// `V` itself and `&V` always implement it; text may also be given as `&str`, `&String`, `Cow<str>`
/// or `Box<str>`, a list as an array or slice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of an attribute of type `{V}`",
    label = "expected a `{V}`",
    note = "an `Option` is compared by its inner value; whether it is there is asked with `exists()` and `not_exists()`"
)]
pub trait ValueFor<V> {
    /// Writes the attribute value.
    fn write_value(&self, w: &mut Writer);
}

/// A value that an update sets an attribute of type `T` to.
///
/// Every [`ValueFor`] type is one, and for an optional attribute also an `Option`: `None` removes
/// it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of an attribute of type `{T}`",
    label = "expected a `{T}`",
    note = "only an optional attribute can be set to `None`; `set_from` takes the path of another attribute"
)]
pub trait SetValue<T> {
    /// Writes the attribute value.
    fn write_value(&self, w: &mut Writer);

    /// Returns `true` if setting the value removes the attribute.
    fn is_removal(&self) -> bool {
        false
    }
}

/// A number by which an attribute of type `V` changes: every [`ValueFor`] type, and for an unsigned
/// `V` also signed integers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of an attribute of type `{V}`",
    label = "expected a `{V}`",
    note = "an unsigned number is also changed by a signed integer; an `Option` is given by its inner value"
)]
pub trait AmountFor<V> {
    /// Writes the attribute value.
    fn write_amount(&self, w: &mut Writer);
}

impl<V: Attribute, T: ValueFor<V>> AmountFor<V> for T {
    fn write_amount(&self, w: &mut Writer) {
        self.write_value(w);
    }
}

// An integer literal without a suffix becomes an `i32` where several types would do.
macro_rules! signed_amounts {
    ($($signed:ty => $unsigned:tt;)*) => {$(signed_amounts!(@ $signed => $unsigned);)*};
    (@ $signed:ty => ($($unsigned:ty)*)) => {$(
        impl AmountFor<$unsigned> for $signed {
            fn write_amount(&self, w: &mut Writer) {
                self.write(w);
            }
        }
    )*};
}
signed_amounts! {
    i8 => (u8 u16 u32 u64 u128 usize);
    i16 => (u8 u16 u32 u64 u128 usize);
    i32 => (u8 u16 u32 u64 u128 usize);
    i64 => (u8 u16 u32 u64 u128 usize);
    i128 => (u8 u16 u32 u64 u128 usize);
    isize => (u8 u16 u32 u64 u128 usize);
}

impl<V: Attribute> ValueFor<V> for V {
    fn write_value(&self, w: &mut Writer) {
        self.write(w);
    }
}
impl<V: Attribute> ValueFor<V> for &V {
    fn write_value(&self, w: &mut Writer) {
        (*self).write(w);
    }
}
impl<V: Attribute> SetValue<V> for V {
    fn write_value(&self, w: &mut Writer) {
        self.write(w);
    }
    fn is_removal(&self) -> bool {
        self.is_absent()
    }
}
impl<V: Attribute> SetValue<V> for &V {
    fn write_value(&self, w: &mut Writer) {
        (*self).write(w);
    }
    fn is_removal(&self) -> bool {
        self.is_absent()
    }
}
impl<V: Attribute> SetValue<Option<V>> for V {
    fn write_value(&self, w: &mut Writer) {
        self.write(w);
    }
    fn is_removal(&self) -> bool {
        self.is_absent()
    }
}
impl<V: Attribute> SetValue<Option<V>> for &V {
    fn write_value(&self, w: &mut Writer) {
        (*self).write(w);
    }
    fn is_removal(&self) -> bool {
        self.is_absent()
    }
}

/// Implements the operand traits for text in its usual forms.
macro_rules! text_operands {
    ($($operand:ty => $($stored:ty),*;)*) => {$($(
        impl ValueFor<$stored> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.string(self);
            }
        }
        impl SetValue<$stored> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.string(self);
            }
        }
        impl SetValue<Option<$stored>> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.string(self);
            }
        }
    )*)*};
}
text_operands! {
    &str => String, Box<str>, std::sync::Arc<str>, std::rc::Rc<str>, Cow<'static, str>;
    String => Box<str>, std::sync::Arc<str>, std::rc::Rc<str>, Cow<'static, str>;
    &String => Box<str>, std::sync::Arc<str>, std::rc::Rc<str>, Cow<'static, str>;
    Box<str> => String, std::sync::Arc<str>, Cow<'static, str>;
    Cow<'_, str> => String;
    &Cow<'_, str> => String;
    std::sync::Arc<str> => String;
    &std::sync::Arc<str> => String;
}

/// Implements the operand traits for lists and binaries given as arrays and slices.
macro_rules! list_operands {
    ($([$($gen:tt)*] $operand:ty;)*) => {$(
        impl<V: Attribute, X: ValueFor<V>, $($gen)*> ValueFor<Vec<V>> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.list(|w| self.iter().for_each(|x| w.element_with(|w| x.write_value(w))));
            }
        }
        impl<V: Attribute, X: ValueFor<V>, $($gen)*> SetValue<Vec<V>> for $operand {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<Vec<V>>::write_value(self, w);
            }
        }
        impl<V: Attribute, X: ValueFor<V>, $($gen)*> SetValue<Option<Vec<V>>> for $operand {
            fn write_value(&self, w: &mut Writer) {
                ValueFor::<Vec<V>>::write_value(self, w);
            }
        }
    )*};
}
list_operands! {
    [const N: usize] [X; N];
    [const N: usize] &[X; N];
    [] &[X];
}
