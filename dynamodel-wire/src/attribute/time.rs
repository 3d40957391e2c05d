//! Types of time fields: `ttl`, `created_at` and `updated_at`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::duration::{NANOS, out_of_range, read_seconds};
use crate::attribute::{Attribute, SetValue, ValueFor, kind};
use crate::{ReadError, Reader, StoredAs, WriteError, Writer};

/// Returns whole seconds since 1970, and 0 for earlier times.
#[doc(hidden)]
pub fn epoch_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// First second of the year 5000. A later Time to Live is one in milliseconds: DynamoDB would never
/// delete the item.
const MAX_TTL: u64 = 95_617_584_000;

/// Types of a `#[dynamo(ttl)]` field: a time, stored as a number of whole seconds since 1970, which is
/// the form that DynamoDB's Time to Live reads.
///
/// A time after the year 5000 is not written: it is one in milliseconds, which DynamoDB would never
/// reach.
///
/// Implemented for `u32`, `u64`, `i64` (seconds since 1970), [`SystemTime`], with their features for
/// the points in time of `chrono`, `time` and `jiff`, and for `Option` of these; `None` never expires.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a time for Time to Live",
    label = "not a time",
    note = "a `ttl` field is an integer of seconds since 1970 (`u64`), a `SystemTime`, or an `Option` of these"
)]
pub trait TtlTime: Sized {
    /// `true` for numbers of seconds.
    #[doc(hidden)]
    const IS_NUMBER: bool = false;

    /// Returns the seconds since 1970, or `None` if no time is set.
    fn epoch_seconds(&self) -> Option<u64>;

    /// Returns the time that is this many seconds after 1970, or `None` if the type cannot hold it.
    fn from_epoch_seconds(seconds: u64) -> Option<Self>;

    /// Returns the value of a missing attribute, or `None` if the attribute has to be there.
    fn absent() -> Option<Self> {
        None
    }
}

macro_rules! ttl_integers {
    ($($t:ty)*) => {$(
        impl TtlTime for $t {
            const IS_NUMBER: bool = true;
            fn epoch_seconds(&self) -> Option<u64> {
                Some(u64::try_from(*self).unwrap_or(0))
            }
            fn from_epoch_seconds(seconds: u64) -> Option<Self> {
                <$t>::try_from(seconds).ok()
            }
        }
    )*};
}
ttl_integers!(u32 u64 i64);

impl TtlTime for SystemTime {
    fn epoch_seconds(&self) -> Option<u64> {
        Some(epoch_seconds(*self))
    }
    fn from_epoch_seconds(seconds: u64) -> Option<Self> {
        UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
    }
}

impl<T: TtlTime> TtlTime for Option<T> {
    const IS_NUMBER: bool = T::IS_NUMBER;
    fn epoch_seconds(&self) -> Option<u64> {
        self.as_ref().and_then(T::epoch_seconds)
    }
    fn from_epoch_seconds(seconds: u64) -> Option<Self> {
        T::from_epoch_seconds(seconds).map(Some)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// The stored form of a `ttl` field.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl<T>(pub T);

impl<T: TtlTime> Attribute for Ttl<T> {
    type Value = Self;
    type Kind = kind::N;
    fn write(&self, w: &mut Writer) {
        Self::write_stored(&self.0, w);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        if r.is_null() {
            r.null()?;
            return T::absent()
                .map(Ttl)
                .ok_or_else(|| ReadError::expected("a time, not NULL"));
        }
        // Other writers may have left a fraction; DynamoDB reads the whole seconds.
        let expected = "N of seconds since 1970";
        let (is_negative, nanos) = read_seconds(r, expected)?;
        let seconds = u64::try_from(nanos / NANOS).map_err(|_| out_of_range(expected))?;
        let seconds = if is_negative { 0 } else { seconds };
        // Numbers are read as they are, so that items of another unit can be put right.
        if seconds >= MAX_TTL && !T::IS_NUMBER {
            return Err(out_of_range("N of seconds since 1970, not of milliseconds"));
        }
        T::from_epoch_seconds(seconds)
            .map(Ttl)
            .ok_or_else(|| ReadError::expected("a time in seconds that the field can hold"))
    }
    fn is_absent(&self) -> bool {
        Self::stored_is_absent(&self.0)
    }
    fn absent() -> Option<Self> {
        T::absent().map(Ttl)
    }
}

impl<T: TtlTime> StoredAs<T> for Ttl<T> {
    fn write_stored(value: &T, w: &mut Writer) {
        match value.epoch_seconds() {
            Some(seconds) if seconds >= MAX_TTL => w.fail(WriteError::new(
                "a Time to Live after the year 5000 is one in milliseconds; give seconds since 1970",
            )),
            Some(seconds) => w.integer(seconds),
            None => w.null(),
        }
    }
    fn stored_is_absent(value: &T) -> bool {
        value.epoch_seconds().is_none()
    }
    fn into_value(self) -> T {
        self.0
    }
}

impl<T: TtlTime> ValueFor<Ttl<T>> for T {
    fn write_value(&self, w: &mut Writer) {
        Ttl::write_stored(self, w);
    }
}
impl<T: TtlTime> SetValue<Ttl<T>> for T {
    fn write_value(&self, w: &mut Writer) {
        Ttl::write_stored(self, w);
    }
    fn is_removal(&self) -> bool {
        Ttl::stored_is_absent(self)
    }
}
impl<T: TtlTime> ValueFor<Ttl<Option<T>>> for T {
    fn write_value(&self, w: &mut Writer) {
        Ttl::write_stored(self, w);
    }
}
impl<T: TtlTime> SetValue<Ttl<Option<T>>> for T {
    fn write_value(&self, w: &mut Writer) {
        Ttl::write_stored(self, w);
    }
}

/// Types of a `#[dynamo(created_at)]` or `#[dynamo(updated_at)]` field. Writes set such a field to
/// the time of this machine's clock.
///
/// Implemented for [`SystemTime`], for `u64` and `i64` (seconds since 1970), with their features for the
/// points in time of `chrono`, `time` and `jiff`, and for `Option` of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a time of writing",
    label = "not a time",
    note = "a `created_at` or `updated_at` field is a `SystemTime`, an integer of seconds since 1970 (`u64`), or an `Option` of these"
)]
pub trait Timestamp: Attribute {
    /// Converts the time to this type.
    fn from_system_time(now: SystemTime) -> Self;

    /// Returns `true` if no time was set yet: `None`, 0 or 1970-01-01.
    fn is_unset(&self) -> bool;

    /// Returns the value of a time that is not set yet.
    #[doc(hidden)]
    fn unset() -> Self {
        Self::from_system_time(UNIX_EPOCH)
    }

    #[doc(hidden)]
    fn touch_created(at: &mut Self, now: SystemTime) {
        if at.is_unset() {
            *at = Self::from_system_time(now);
        }
    }

    #[doc(hidden)]
    fn touch_updated(at: &mut Self, now: SystemTime) {
        *at = Self::from_system_time(now);
    }

    #[doc(hidden)]
    fn write_now(now: SystemTime, w: &mut Writer) {
        Self::from_system_time(now).write(w);
    }
}

impl Timestamp for SystemTime {
    fn from_system_time(now: SystemTime) -> Self {
        now
    }
    fn is_unset(&self) -> bool {
        *self == UNIX_EPOCH
    }
}
impl Timestamp for u64 {
    fn from_system_time(now: SystemTime) -> Self {
        epoch_seconds(now)
    }
    fn is_unset(&self) -> bool {
        *self == 0
    }
}
impl Timestamp for i64 {
    fn from_system_time(now: SystemTime) -> Self {
        i64::try_from(epoch_seconds(now)).unwrap_or(i64::MAX)
    }
    fn is_unset(&self) -> bool {
        *self == 0
    }
}
impl<T: Timestamp> Timestamp for Option<T> {
    fn from_system_time(now: SystemTime) -> Self {
        Some(T::from_system_time(now))
    }
    fn unset() -> Self {
        None
    }
    fn is_unset(&self) -> bool {
        self.as_ref().is_none_or(T::is_unset)
    }
}

/// Returns the date of a day that is counted from 1970-01-01, in the Gregorian calendar. Eras of
/// 400 years begin on March 1st, so that the leap day is the last day of its year.
#[doc(hidden)]
pub fn civil(day: i64) -> (i64, i64, i64) {
    let day = day.saturating_add(719_468);
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, date)
}
