//! Times and spans in whole seconds, for fields that say so: `#[dynamo(with = dynamodel::wire::seconds)]`.
//!
//! The points in time of `chrono`, `time` and `jiff` are stored as text without it, and
//! [`SystemTime`](std::time::SystemTime) with decimals. Many other programs store whole seconds since
//! 1970. What is below a second is dropped.
//!
//! ```
//! use std::time::{Duration, SystemTime, UNIX_EPOCH};
//! use dynamodel_wire::{Reader, Writer, seconds};
//!
//! let mut w = Writer::new();
//! seconds::write(&(UNIX_EPOCH + Duration::from_millis(1_500)), &mut w);
//! assert_eq!(w.finish()?, br#"{"N":"1"}"#);
//!
//! let mut r = Reader::new(br#"{"N":"1796050957"}"#)?;
//! let time: SystemTime = seconds::read(&mut r)?;
//! assert_eq!(UNIX_EPOCH + Duration::from_secs(1_796_050_957), time);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::millis::Millis;
use crate::{Attribute, ReadError, Reader, Writer};

/// Writes whole seconds as N.
pub fn write<T: Millis>(value: &T, w: &mut Writer) {
    match value.to_millis() {
        Ok(Some(millis)) => w.integer(millis.div_euclid(1_000)),
        Ok(None) => w.null(),
        Err(error) => w.fail(error),
    }
}

/// Reads seconds.
///
/// # Errors
/// When the attribute is not a whole number, or none that the type can hold.
pub fn read<T: Millis>(r: &mut Reader<'_>) -> Result<T, ReadError> {
    let out_of_range = || ReadError::expected("N of seconds that the field can hold");
    let millis = match Option::<i64>::read(r)? {
        None => None,
        Some(seconds) => Some(seconds.checked_mul(1_000).ok_or_else(out_of_range)?),
    };
    T::from_millis(millis).ok_or_else(out_of_range)
}
