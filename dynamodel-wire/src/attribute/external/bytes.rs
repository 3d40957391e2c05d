//! Types of the crate `bytes`.

use bytes::Bytes;

use crate::{Attribute, SetValue, ValueFor, kind};
use crate::{ReadError, Reader, Writer};

/// B. Keys sort in the order of the bytes.
impl Attribute for Bytes {
    type Value = Self;
    type Kind = kind::B;
    const IS_EXACT: bool = true;

    fn write(&self, w: &mut Writer) {
        w.binary(self);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.binary().map(Bytes::from)
    }
}

macro_rules! operands {
    ($([$($gen:tt)*] $operand:ty;)*) => {$(
        impl<$($gen)*> ValueFor<Bytes> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.binary(self.as_ref());
            }
        }
        impl<$($gen)*> SetValue<Bytes> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.binary(self.as_ref());
            }
        }
        impl<$($gen)*> SetValue<Option<Bytes>> for $operand {
            fn write_value(&self, w: &mut Writer) {
                w.binary(self.as_ref());
            }
        }
    )*};
}
operands! {
    [] &[u8];
    [] Vec<u8>;
    [] &Vec<u8>;
    [const N: usize] [u8; N];
    [const N: usize] &[u8; N];
}
