//! Operands of conditions: values, other paths, sizes.

use std::fmt;
use std::marker::PhantomData;

use super::ast::{self, Place, Value};
use super::path::Path;
use super::scope::{Testable, UsableIn};
use super::{Size, Token};
use crate::wire::Writer;
use crate::wire::container::{ListOf, SetOf};
use crate::wire::{Attribute, KindOf, ValueFor, kind};

/// One side of a comparison.
#[doc(hidden)]
pub struct Operand(pub(crate) ast::Operand);

impl fmt::Debug for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operand")
    }
}

impl Operand {
    pub(crate) fn path(place: Place) -> Self {
        Operand(ast::Operand::Path(place))
    }

    pub(crate) fn size(place: Place) -> Self {
        Operand(ast::Operand::Size(place))
    }

    pub(crate) fn value(write: impl FnOnce(&mut Writer)) -> Self {
        Operand(ast::Operand::Value(Value::write(write)))
    }
}

/// An operand that an attribute with values of type `V` is compared with, at the place of use `Sc`:
/// a value (see [`ValueFor`]), the path of another attribute of the same DynamoDB type, or a
/// [`Size`].
///
/// `How` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be compared with an attribute of type `{V}`",
    label = "neither a `{V}` nor a path of the same DynamoDB type",
    note = "two attributes are compared when both are of one DynamoDB type: strings, numbers .."
)]
pub trait Comparand<V, Sc, How> {
    #[doc(hidden)]
    fn operand(&self) -> Operand;
}

/// Marker: the operand is a value.
#[derive(Debug)]
pub enum ByValue {}
/// Marker: the operand is another attribute.
#[derive(Debug)]
pub enum ByPath {}
/// Marker: the operand is the size of an attribute.
#[derive(Debug)]
pub enum BySize {}
/// Marker: the operand of an update is made of an attribute by `or`, or of lists by `concat`.
#[derive(Debug)]
pub enum ByTerm {}

impl<V, Sc, T: ValueFor<V>> Comparand<V, Sc, ByValue> for T {
    fn operand(&self) -> Operand {
        Operand::value(|w| self.write_value(w))
    }
}
impl<V, Sc, K> Comparand<V, Sc, ByPath> for Path<K, Sc>
where
    V: Attribute,
    K: Token<Type: Attribute<Value: Attribute<Kind = V::Kind>>> + UsableIn<Sc>,
{
    fn operand(&self) -> Operand {
        Operand::path(self.place())
    }
}
impl<V, Sc, K> Comparand<V, Sc, ByPath> for &Path<K, Sc>
where
    V: Attribute,
    K: Token<Type: Attribute<Value: Attribute<Kind = V::Kind>>> + UsableIn<Sc>,
{
    fn operand(&self) -> Operand {
        Operand::path(self.place())
    }
}
impl<V, Sc: Testable> Comparand<V, Sc, BySize> for Size<Sc>
where
    V: Attribute<Kind: kind::Number>,
{
    fn operand(&self) -> Operand {
        Operand::size(self.place())
    }
}

/// An operand that a [`Size`] is compared with: an integer, another size, or the path of a number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be compared with a size",
    label = "neither an integer nor a size",
    note = "a size is a number: of characters, bytes, elements or entries"
)]
pub trait Length<Sc> {
    #[doc(hidden)]
    fn operand(&self) -> Operand;
}
macro_rules! lengths {
    ($($int:ty)*) => {$(
        impl<Sc> Length<Sc> for $int {
            fn operand(&self) -> Operand {
                Operand::value(|w| w.integer(*self))
            }
        }
    )*};
}
lengths!(u8 u16 u32 u64 usize i8 i16 i32 i64);

impl<Sc> Length<Sc> for Size<Sc> {
    fn operand(&self) -> Operand {
        Operand::size(self.place())
    }
}
impl<Sc, K> Length<Sc> for Path<K, Sc>
where
    K: Token + UsableIn<Sc>,
    KindOf<K::Type>: kind::Number,
{
    fn operand(&self) -> Operand {
        Operand::path(self.place())
    }
}
impl<Sc, K> Length<Sc> for &Path<K, Sc>
where
    K: Token + UsableIn<Sc>,
    KindOf<K::Type>: kind::Number,
{
    fn operand(&self) -> Operand {
        Operand::path(self.place())
    }
}

/// A value that an attribute of kind `K` can begin with.
#[diagnostic::on_unimplemented(
    message = "an attribute of kind `{K}` does not begin with a `{Self}`",
    label = "give text for a string, bytes for binary",
    note = "`begins_with` is for strings and binary; a number is compared with `between`, `ge` or `lt`"
)]
pub trait PrefixOf<K> {
    /// Writes the prefix as an attribute value.
    fn write_prefix(&self, w: &mut Writer);
}
impl<T: AsRef<str>> PrefixOf<kind::S> for T {
    fn write_prefix(&self, w: &mut Writer) {
        w.string(self.as_ref());
    }
}
impl<T: AsRef<[u8]>> PrefixOf<kind::B> for T {
    fn write_prefix(&self, w: &mut Writer) {
        w.binary(self.as_ref());
    }
}

/// An operand of `begins_with` for an attribute of kind `K`, at the place of use `Sc`: text or
/// bytes (see [`PrefixOf`]), or the path of another attribute of that kind.
///
/// `How` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "an attribute of kind `{K}` does not begin with a `{Self}`",
    label = "give text for a string, bytes for binary, or the path of such an attribute",
    note = "`begins_with` is for strings and binary; a number is compared with `between`, `ge` or `lt`"
)]
pub trait PrefixOperand<K, Sc, How> {
    #[doc(hidden)]
    fn operand(&self) -> Operand;
}
impl<K, Sc, T: PrefixOf<K>> PrefixOperand<K, Sc, ByValue> for T {
    fn operand(&self) -> Operand {
        Operand::value(|w| self.write_prefix(w))
    }
}
impl<Kind, Sc, K> PrefixOperand<Kind, Sc, ByPath> for Path<K, Sc>
where
    Kind: kind::BeginsWith,
    K: Token<Type: Attribute<Value: Attribute<Kind = Kind>>> + UsableIn<Sc>,
{
    fn operand(&self) -> Operand {
        Operand::path(self.place())
    }
}
impl<Kind, Sc, K> PrefixOperand<Kind, Sc, ByPath> for &Path<K, Sc>
where
    Kind: kind::BeginsWith,
    K: Token<Type: Attribute<Value: Attribute<Kind = Kind>>> + UsableIn<Sc>,
{
    fn operand(&self) -> Operand {
        Operand::path(self.place())
    }
}

/// An operand of `contains` for an attribute with values of type `V`, at the place of use `Sc`: a
/// part (see [`PartOf`]), or the path of an attribute that holds one.
///
/// `How` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`contains` cannot look for a `{Self}` in a `{V}`",
    label = "not a part of a `{V}`",
    note = "a string contains text, binary contains bytes, a set or list contains its elements"
)]
pub trait PartOperand<V, Sc, How> {
    #[doc(hidden)]
    fn operand(&self) -> Operand;
}
impl<V: Attribute, Sc, T: PartOf<V::Kind, V>> PartOperand<V, Sc, ByValue> for T {
    fn operand(&self) -> Operand {
        Operand::value(|w| self.write_part(w))
    }
}
impl<V, Sc, K> PartOperand<V, Sc, ByPath> for Path<K, Sc>
where
    V: Attribute,
    K: Token<Type: Attribute<Value: PartIn<V::Kind, V>>> + UsableIn<Sc>,
{
    fn operand(&self) -> Operand {
        Operand::path(self.place())
    }
}
impl<V, Sc, K> PartOperand<V, Sc, ByPath> for &Path<K, Sc>
where
    V: Attribute,
    K: Token<Type: Attribute<Value: PartIn<V::Kind, V>>> + UsableIn<Sc>,
{
    fn operand(&self) -> Operand {
        Operand::path(self.place())
    }
}

/// A type of attribute that holds a part of an attribute with values of type `V`, which are of kind
/// `K`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is not a part of a `{V}`",
    label = "not of the DynamoDB type of a part",
    note = "a string contains text, binary contains bytes, a set or list contains its elements"
)]
pub trait PartIn<K, V> {}
impl<T: Attribute<Kind = kind::S>, V> PartIn<kind::S, V> for T {}
impl<T: Attribute<Kind = kind::B>, V> PartIn<kind::B, V> for T {}

/// A value that `contains` looks for in an attribute with values of type `V`, which are of kind `K`: a
/// piece of a string or binary, or an element of a set or list.
#[diagnostic::on_unimplemented(
    message = "`contains` cannot look for a `{Self}` in a `{V}`",
    label = "not a part of a `{V}`",
    note = "a string contains text, binary contains bytes, a set or list contains its elements"
)]
pub trait PartOf<K, V> {
    /// Writes the part as an attribute value.
    fn write_part(&self, w: &mut Writer);
}
impl<T: AsRef<str>, V> PartOf<kind::S, V> for T {
    fn write_part(&self, w: &mut Writer) {
        w.string(self.as_ref());
    }
}
impl<T: AsRef<[u8]>, V> PartOf<kind::B, V> for T {
    fn write_part(&self, w: &mut Writer) {
        w.binary(self.as_ref());
    }
}
macro_rules! elements {
    ($($kind:ident: $of:ident)*) => {$(
        impl<T: ValueFor<V::Element>, V: $of> PartOf<kind::$kind, V> for T {
            fn write_part(&self, w: &mut Writer) {
                self.write_value(w);
            }
        }
        impl<T, V: $of> PartIn<kind::$kind, V> for T
        where
            T: Attribute<Kind = KindOf<V::Element>>,
        {
        }
    )*};
}
elements!(Ss: SetOf Ns: SetOf Bs: SetOf L: ListOf);

/// Names the place of use in types that hold no value of it.
pub(super) type Use<T> = PhantomData<fn() -> T>;
