//! Integers as text of the type's full width.

use super::{FixedWidth, Nature, TemplatePart};
use crate::WriteError;

macro_rules! unsigned {
    ($($t:ty)*) => {$(
        impl TemplatePart for $t {
            const NATURE: Nature = Nature::Integer;
            const WIDTH: Option<usize> = Some(<$t>::MAX.ilog10() as usize + 1);
            fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
                padded(u128::from(*self), digits(<$t>::MAX.ilog10()), out);
                Ok(())
            }
            fn read_part(text: &str) -> Option<Self> {
                Self::try_from(natural(text, digits(<$t>::MAX.ilog10()))?).ok()
            }
            fn write_plain(&self, out: &mut String) -> Result<(), WriteError> {
                out.push_str(itoa::Buffer::new().format(*self));
                Ok(())
            }
            fn read_plain(text: &str) -> Option<Self> {
                let value: Self = text.parse().ok()?;
                // Accepts only the text that the value itself has: no zeros, no sign.
                (itoa::Buffer::new().format(value) == text).then_some(value)
            }
        }
        impl FixedWidth for $t {}
    )*};
}
unsigned!(u8 u16 u32 u64 u128);

/// Writes the distance from the least value, in the unsigned type of the same size.
macro_rules! signed {
    ($($t:ty, $u:ty;)*) => {$(
        impl TemplatePart for $t {
            const NATURE: Nature = Nature::Integer;
            const WIDTH: Option<usize> = <$u>::WIDTH;
            fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
                self.cast_unsigned().wrapping_sub(<$t>::MIN.cast_unsigned()).write_part(out)
            }
            fn read_part(text: &str) -> Option<Self> {
                let distance = <$u>::read_part(text)?;
                Some(distance.wrapping_add(<$t>::MIN.cast_unsigned()).cast_signed())
            }
            fn write_plain(&self, out: &mut String) -> Result<(), WriteError> {
                out.push_str(itoa::Buffer::new().format(*self));
                Ok(())
            }
            fn read_plain(text: &str) -> Option<Self> {
                let value: Self = text.parse().ok()?;
                // Accepts only the text that the value itself has: no zeros, no sign.
                (itoa::Buffer::new().format(value) == text).then_some(value)
            }
        }
        impl FixedWidth for $t {}
    )*};
}
signed! { i8, u8; i16, u16; i32, u32; i64, u64; i128, u128; }

/// Writes 64 bits on every machine, so that keys are the same everywhere.
macro_rules! sized {
    ($($t:ty, $as:ty;)*) => {$(
        impl TemplatePart for $t {
            const NATURE: Nature = Nature::Integer;
            const WIDTH: Option<usize> = <$as>::WIDTH;
            fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
                let value = <$as>::try_from(*self);
                value.map_err(|_| WriteError::new("the number has more than 64 bits").of_key())?.write_part(out)
            }
            fn read_part(text: &str) -> Option<Self> {
                <$as>::read_part(text).and_then(|value| value.try_into().ok())
            }
            fn write_plain(&self, out: &mut String) -> Result<(), WriteError> {
                out.push_str(itoa::Buffer::new().format(*self));
                Ok(())
            }
            fn read_plain(text: &str) -> Option<Self> {
                let value: Self = text.parse().ok()?;
                // Accepts only the text that the value itself has: no zeros, no sign.
                (itoa::Buffer::new().format(value) == text).then_some(value)
            }
        }
        impl FixedWidth for $t {}
    )*};
}
sized! { usize, u64; isize, i64; }

const fn digits(log: u32) -> usize {
    log as usize + 1
}

fn padded(value: u128, width: usize, out: &mut String) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value);
    out.extend(std::iter::repeat_n('0', width.saturating_sub(digits.len())));
    out.push_str(digits);
}

/// Parses a number of exactly `width` digits.
pub(super) fn natural(text: &str, width: usize) -> Option<u128> {
    let plain = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
