//! Signed durations: seconds as N, with as many decimals as are needed to be exact.

use std::time::Duration;

use crate::attribute::duration::{NANOS, out_of_range, read_seconds, write_seconds};
use crate::{ReadError, Reader, Writer};

/// Nanoseconds in a second.
pub(super) const SECOND: i128 = NANOS.cast_signed();

const EXPECTED: &str = "N of seconds";

/// A signed duration whose seconds fit into 64 bits.
pub(super) trait Span: Sized {
    fn nanos(&self) -> i128;
    fn from_nanos(nanos: i128) -> Option<Self>;
}

pub(super) fn write(value: &impl Span, w: &mut Writer) {
    let nanos = value.nanos();
    let distance = nanos.unsigned_abs();
    // Neither conversion fails: the seconds fit into 64 bits, the remainder is below 10^9.
    let seconds = u64::try_from(distance / NANOS).unwrap_or(u64::MAX);
    let rest = u32::try_from(distance % NANOS).unwrap_or_default();
    write_seconds(nanos < 0, Duration::new(seconds, rest), w);
}

pub(super) fn read<T: Span>(r: &mut Reader<'_>) -> Result<T, ReadError> {
    let (negative, nanos) = read_seconds(r, EXPECTED)?;
    let nanos = i128::try_from(nanos).ok();
    let value = nanos.and_then(|n| T::from_nanos(if negative { -n } else { n }));
    value.ok_or_else(|| out_of_range(EXPECTED))
}

/// Implements `Attribute` for types that implement [`Span`].
macro_rules! span {
    ($(#[$doc:meta])* $type:ty) => {
        $(#[$doc])*
        impl $crate::Attribute for $type {
            type Value = Self;
            type Kind = $crate::kind::N;

            fn write(&self, w: &mut $crate::Writer) {
                $crate::attribute::external::span::write(self, w);
            }

            fn read(r: &mut $crate::Reader<'_>) -> Result<Self, $crate::ReadError> {
                $crate::attribute::external::span::read(r)
            }
        }
    };
}
pub(super) use span;
