//! Types of the crate `chrono`.

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc,
};

use super::calendar::{Calendar, Form, Instant, Parts, calendar};
use super::span::{SECOND, Span, span};

calendar! {
    /// S in UTC with nine decimals, `2026-01-02T03:04:05.123456789Z`: text order is time order. Years
    /// 0000 to 9999. A leap second is `23:59:60`.
    DateTime<Utc>, MapKey, Instant;
    /// Stored as [`DateTime<Utc>`] is: the time is kept, its offset is not, and it reads with the
    /// offset zero.
    DateTime<FixedOffset>, Instant;
    /// S, `2026-01-02`: text order is time order. Years 0000 to 9999.
    NaiveDate, MapKey;
    /// S with nine decimals, `2026-01-02T03:04:05.123456789`: text order is time order. Years 0000 to
    /// 9999.
    NaiveDateTime, MapKey;
    /// S with nine decimals, `03:04:05.123456789`: text order is time order.
    NaiveTime, MapKey;
}
span! {
    /// N: seconds, with up to nine decimals.
    TimeDelta
}

impl Calendar for DateTime<Utc> {
    const FORM: Form = Form::Instant;

    fn parts(&self) -> Parts {
        self.naive_utc().parts()
    }

    fn from_parts(parts: Parts) -> Option<Self> {
        NaiveDateTime::from_parts(parts).map(|utc| utc.and_utc())
    }
}

impl Calendar for DateTime<FixedOffset> {
    const FORM: Form = Form::Instant;

    fn parts(&self) -> Parts {
        self.naive_utc().parts()
    }

    fn from_parts(parts: Parts) -> Option<Self> {
        DateTime::<Utc>::from_parts(parts).map(Into::into)
    }
}

impl Calendar for NaiveDateTime {
    const FORM: Form = Form::DateTime;

    fn parts(&self) -> Parts {
        let Parts {
            year, month, day, ..
        } = self.date().parts();
        Parts {
            year,
            month,
            day,
            ..self.time().parts()
        }
    }

    fn from_parts(parts: Parts) -> Option<Self> {
        let date = NaiveDate::from_parts(parts)?;
        NaiveTime::from_parts(parts).map(|time| date.and_time(time))
    }
}

impl Calendar for NaiveDate {
    const FORM: Form = Form::Date;

    fn parts(&self) -> Parts {
        Parts {
            year: self.year(),
            month: small(self.month()),
            day: small(self.day()),
            ..Parts::default()
        }
    }

    fn from_parts(p: Parts) -> Option<Self> {
        NaiveDate::from_ymd_opt(p.year, p.month.into(), p.day.into())
    }
}

/// The nanosecond from which on `chrono` means a leap second: 10^9 and more in second 59, which is
/// stored as second 60.
const LEAP: u32 = 1_000_000_000;

impl Calendar for NaiveTime {
    const FORM: Form = Form::Time;

    fn parts(&self) -> Parts {
        let leap = self.second() == 59 && self.nanosecond() >= LEAP;
        Parts {
            hour: small(self.hour()),
            minute: small(self.minute()),
            second: small(self.second()) + u8::from(leap),
            nano: self.nanosecond() - if leap { LEAP } else { 0 },
            ..Parts::default()
        }
    }

    fn from_parts(p: Parts) -> Option<Self> {
        let (second, nano) = match p.second {
            60 => (59, p.nano + LEAP),
            second => (second.into(), p.nano),
        };
        NaiveTime::from_hms_nano_opt(p.hour.into(), p.minute.into(), second, nano)
    }
}

/// Converts a month, day, hour, minute or second, all of which fit.
fn small(value: u32) -> u8 {
    value.try_into().unwrap_or(u8::MAX)
}

impl Instant for DateTime<Utc> {
    fn unix(&self) -> (i64, u32) {
        (self.timestamp(), self.timestamp_subsec_nanos())
    }

    fn from_unix(seconds: i64, nanos: u32) -> Option<Self> {
        DateTime::from_timestamp(seconds, nanos)
    }

    fn epoch() -> Self {
        DateTime::UNIX_EPOCH
    }
}

impl Instant for DateTime<FixedOffset> {
    fn unix(&self) -> (i64, u32) {
        (self.timestamp(), self.timestamp_subsec_nanos())
    }

    fn from_unix(seconds: i64, nanos: u32) -> Option<Self> {
        DateTime::from_timestamp(seconds, nanos).map(Into::into)
    }

    fn epoch() -> Self {
        DateTime::UNIX_EPOCH.into()
    }
}

impl Span for TimeDelta {
    fn nanos(&self) -> i128 {
        i128::from(self.num_seconds()) * SECOND + i128::from(self.subsec_nanos())
    }

    fn from_nanos(nanos: i128) -> Option<Self> {
        let seconds = nanos.div_euclid(SECOND).try_into().ok()?;
        TimeDelta::new(seconds, nanos.rem_euclid(SECOND).try_into().ok()?)
    }
}
