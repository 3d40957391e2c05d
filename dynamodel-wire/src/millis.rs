//! Times and spans in milliseconds, for fields that say so: `#[dynamo(with = dynamodel::wire::millis)]`.
//!
//! Without it, [`SystemTime`] and [`Duration`] are stored in seconds, and numbers that can only be
//! milliseconds are refused.
//!
//! ```
//! use std::time::{Duration, SystemTime, UNIX_EPOCH};
//! use dynamodel_wire::{Reader, Writer, millis};
//!
//! let mut w = Writer::new();
//! millis::write(&Duration::from_millis(1_500), &mut w);
//! assert_eq!(w.finish()?, br#"{"N":"1500"}"#);
//!
//! let mut r = Reader::new(br#"{"N":"1796050957396"}"#)?;
//! let time: SystemTime = millis::read(&mut r)?;
//! assert_eq!(UNIX_EPOCH + Duration::from_millis(1_796_050_957_396), time);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Attribute, ReadError, Reader, WriteError, Writer};

/// Types that have a number of milliseconds: [`SystemTime`] since 1970, [`Duration`], with their features
/// the points in time of `chrono`, `time` and `jiff`, and `Option` of these, where NULL is `None`.
pub trait Millis: Sized {
    /// Returns the number, `None` if there is none.
    ///
    /// # Errors
    /// When it does not fit 64 bits with a sign.
    fn to_millis(&self) -> Result<Option<i64>, WriteError>;

    /// Returns the value of a number; `None` if it has none.
    fn from_millis(millis: Option<i64>) -> Option<Self>;
}

fn millis_of(span: Duration) -> Result<i64, WriteError> {
    let millis = i64::try_from(span.as_millis());
    millis.map_err(|_| WriteError::new("the number of milliseconds is too large"))
}

impl Millis for Duration {
    fn to_millis(&self) -> Result<Option<i64>, WriteError> {
        millis_of(*self).map(Some)
    }
    fn from_millis(millis: Option<i64>) -> Option<Self> {
        millis?.try_into().ok().map(Duration::from_millis)
    }
}

impl Millis for SystemTime {
    fn to_millis(&self) -> Result<Option<i64>, WriteError> {
        match self.duration_since(UNIX_EPOCH) {
            Ok(after) => millis_of(after),
            Err(before) => millis_of(before.duration()).map(|millis| -millis),
        }
        .map(Some)
    }
    fn from_millis(millis: Option<i64>) -> Option<Self> {
        let millis = millis?;
        let distance = Duration::from_millis(millis.unsigned_abs());
        match millis < 0 {
            true => UNIX_EPOCH.checked_sub(distance),
            false => UNIX_EPOCH.checked_add(distance),
        }
    }
}

impl<T: Millis> Millis for Option<T> {
    fn to_millis(&self) -> Result<Option<i64>, WriteError> {
        self.as_ref().map_or(Ok(None), T::to_millis)
    }
    fn from_millis(millis: Option<i64>) -> Option<Self> {
        match millis {
            None => Some(None),
            millis => T::from_millis(millis).map(Some),
        }
    }
}

/// Writes whole milliseconds as N.
pub fn write<T: Millis>(value: &T, w: &mut Writer) {
    match value.to_millis() {
        Ok(Some(millis)) => w.integer(millis),
        Ok(None) => w.null(),
        Err(error) => w.fail(error),
    }
}

/// Reads milliseconds.
///
/// # Errors
/// When the attribute is not a whole number, or none that the type can hold.
pub fn read<T: Millis>(r: &mut Reader<'_>) -> Result<T, ReadError> {
    let millis = Option::<i64>::read(r)?;
    let out_of_range = || ReadError::expected("N of milliseconds that the field can hold");
    T::from_millis(millis).ok_or_else(out_of_range)
}
