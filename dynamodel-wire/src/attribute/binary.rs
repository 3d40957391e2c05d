//! [`Binary`]: bytes as one attribute.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::{Attribute, SetValue, ValueFor, kind};
use crate::{ReadError, Reader, Writer};

/// Bytes, stored as B. A `Vec<u8>` is a list of numbers.
///
/// ```
/// use dynamodel_wire::{self as wire, Binary};
///
/// let thumbnail = Binary::from(vec![1, 2, 3]);
/// assert_eq!(wire::to_vec(&thumbnail)?, br#"{"B":"AQID"}"#);
/// assert_eq!(format!("{thumbnail:?}"), "Binary(3 bytes)");
/// # Ok::<(), wire::WriteError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binary(Vec<u8>);

impl Binary {
    /// Creates binary from these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Binary(bytes.into())
    }

    /// Returns the bytes.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }

    /// Returns the bytes as a slice.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary({} bytes)", self.0.len())
    }
}

impl Deref for Binary {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Binary {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Binary(bytes)
    }
}

impl From<&[u8]> for Binary {
    fn from(bytes: &[u8]) -> Self {
        Binary(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Binary {
    fn from(bytes: [u8; N]) -> Self {
        Binary(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Binary {
    fn from(bytes: &[u8; N]) -> Self {
        Binary(bytes.to_vec())
    }
}

impl From<Binary> for Vec<u8> {
    fn from(binary: Binary) -> Self {
        binary.0
    }
}

impl FromIterator<u8> for Binary {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        Binary(bytes.into_iter().collect())
    }
}

impl Attribute for Binary {
    type Value = Self;
    type Kind = kind::B;
    const IS_EXACT: bool = true;

    fn write(&self, w: &mut Writer) {
        w.binary(&self.0);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.binary().map(Binary)
    }
}

macro_rules! binary_operands {
    ($([$($gen:tt)*] $operand:ty;)*) => {$(
        impl<$($gen)*> ValueFor<Binary> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.binary(self.as_ref());
            }
        }
        impl<$($gen)*> SetValue<Binary> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.binary(self.as_ref());
            }
        }
        impl<$($gen)*> SetValue<Option<Binary>> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.binary(self.as_ref());
            }
        }
    )*};
}
binary_operands! {
    [] &[u8];
    [] Vec<u8>;
    [] &Vec<u8>;
    [const N: usize] [u8; N];
    [const N: usize] &[u8; N];
}
