//! Integers and floating-point numbers.

use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
};

use crate::{Attribute, kind};
use crate::{ReadError, Reader, Writer};

macro_rules! integers {
    ($($int:ident $non_zero:ident,)*) => {$(
        impl Attribute for $int {
            type Value = Self;
            type Kind = kind::N;
            const IS_EXACT: bool = true;

            #[inline(always)] // part of the loop over an item's attributes
            fn write(&self, w: &mut Writer) {
                w.integer(*self);
            }

            #[inline(always)] // part of the loop over an item's attributes
            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                r.integer()
            }
        }

        impl Attribute for $non_zero {
            type Value = Self;
            type Kind = kind::N;
            const IS_EXACT: bool = true;

            #[inline(always)] // part of the loop over an item's attributes
            fn write(&self, w: &mut Writer) {
                w.integer(self.get());
            }

            #[inline(always)] // part of the loop over an item's attributes
            fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
                $non_zero::new(r.integer()?).ok_or_else(zero)
            }
        }
    )*};
}
integers! {
    u8 NonZeroU8,
    u16 NonZeroU16,
    u32 NonZeroU32,
    u64 NonZeroU64,
    u128 NonZeroU128,
    usize NonZeroUsize,
    i8 NonZeroI8,
    i16 NonZeroI16,
    i32 NonZeroI32,
    i64 NonZeroI64,
    i128 NonZeroI128,
    isize NonZeroIsize,
}

#[cold] // error path
fn zero() -> ReadError {
    ReadError::new("N other than zero", "zero")
}

impl Attribute for f64 {
    type Value = Self;
    type Kind = kind::Float;

    #[inline]
    fn write(&self, w: &mut Writer) {
        w.float(*self);
    }

    #[inline]
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.float()
    }
}

impl Attribute for f32 {
    type Value = Self;
    type Kind = kind::Float;

    #[inline]
    fn write(&self, w: &mut Writer) {
        w.float32(*self);
    }

    #[inline]
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.float32()
    }
}
