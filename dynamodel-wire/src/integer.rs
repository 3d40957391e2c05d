//! [`Integer`]: the integer types that are numbers of DynamoDB.

use super::error::WriteError;

/// The integer types: `u8` .. `u128`, `i8` .. `i128`, `usize` and `isize`.
///
/// Sealed: the set of types is fixed. A 128-bit integer of more than 38 significant digits cannot be
/// stored.
pub trait Integer: Copy + private::Digits {}

pub(crate) mod private {
    use super::WriteError;

    pub trait Digits: Sized {
        /// The expected form in the reader's errors.
        const EXPECTED: &'static str;
        fn from_parts(negative: bool, magnitude: u64) -> Option<Self>;
        fn from_wide(negative: bool, magnitude: u128) -> Option<Self>;
        /// Formats the decimal digits.
        fn digits(self, out: &mut itoa::Buffer) -> Result<&str, WriteError>;
    }
}
use private::Digits;

macro_rules! integers {
    ($($int:ident: $parts:ident, $wide:ident, $check:ident;)*) => {$(
        impl Integer for $int {}
        impl Digits for $int {
            const EXPECTED: &'static str = concat!("N in the range of ", stringify!($int));

            #[inline(always)] // part of reading and writing each number
            fn from_parts(negative: bool, magnitude: u64) -> Option<Self> {
                if negative { $parts(magnitude)?.try_into().ok() } else { magnitude.try_into().ok() }
            }

            fn from_wide(negative: bool, magnitude: u128) -> Option<Self> {
                if negative { $wide(magnitude)?.try_into().ok() } else { magnitude.try_into().ok() }
            }

            #[inline(always)] // part of reading and writing each number
            fn digits(self, out: &mut itoa::Buffer) -> Result<&str, WriteError> {
                $check(self)?;
                Ok(out.format(self))
            }
        }
    )*};
}
integers! {
    u8: zero, wide_zero, fits;
    u16: zero, wide_zero, fits;
    u32: zero, wide_zero, fits;
    u64: zero, wide_zero, fits;
    usize: zero, wide_zero, fits;
    u128: zero, wide_zero, check_unsigned;
    i8: negated, wide_negated, fits;
    i16: negated, wide_negated, fits;
    i32: negated, wide_negated, fits;
    i64: negated, wide_negated, fits;
    isize: negated, wide_negated, fits;
    i128: negated, wide_negated, check_signed;
}

/// Converts the magnitude of a negative number to an unsigned integer: only `-0` is one.
#[inline(always)] // part of reading each number
fn zero(magnitude: u64) -> Option<u64> {
    (magnitude == 0).then_some(0)
}
fn wide_zero(magnitude: u128) -> Option<u128> {
    (magnitude == 0).then_some(0)
}
#[inline(always)] // part of reading each number
fn negated(magnitude: u64) -> Option<i64> {
    0i64.checked_sub_unsigned(magnitude)
}
fn wide_negated(magnitude: u128) -> Option<i128> {
    0i128.checked_sub_unsigned(magnitude)
}

#[inline(always)] // empty: the check disappears
fn fits<I>(_: I) -> Result<(), WriteError> {
    Ok(())
}
fn check_signed(value: i128) -> Result<(), WriteError> {
    check_unsigned(value.unsigned_abs())
}
fn check_unsigned(mut value: u128) -> Result<(), WriteError> {
    const LIMIT: u128 = 10u128.pow(38);
    while value >= LIMIT && value.is_multiple_of(10) {
        value /= 10;
    }
    if value < LIMIT {
        Ok(())
    } else {
        Err(too_many_digits())
    }
}

/// The error of a number whose last digits DynamoDB would drop.
#[cold] // error path
pub(crate) fn too_many_digits() -> WriteError {
    WriteError::over_limit(
        "a number of more than 38 significant digits cannot be stored",
        38,
    )
}
