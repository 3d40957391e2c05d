//! Types of the crate `jiff`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::calendar::{Calendar, Form, Instant, Parts, calendar};
use super::span::{SECOND, Span, span};

calendar! {
    /// S in UTC with nine decimals, `2026-01-02T03:04:05.123456789Z`: text order is time order. Years
    /// 0000 to 9999.
    Timestamp, MapKey, Instant;
    /// S, `2026-01-02`: text order is time order. Years 0000 to 9999.
    Date, MapKey;
    /// S with nine decimals, `2026-01-02T03:04:05.123456789`: text order is time order. Years 0000 to
    /// 9999.
    DateTime, MapKey;
    /// S with nine decimals, `03:04:05.123456789`: text order is time order.
    Time, MapKey;
}
span! {
    /// N: seconds, with up to nine decimals.
    SignedDuration
}

impl Calendar for Timestamp {
    const FORM: Form = Form::Instant;

    fn parts(&self) -> Parts {
        Offset::UTC.to_datetime(*self).parts()
    }

    fn from_parts(parts: Parts) -> Option<Self> {
        let utc = <DateTime as Calendar>::from_parts(parts)?;
        Offset::UTC.to_timestamp(utc).ok()
    }
}

impl Calendar for DateTime {
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
        let date = Date::from_parts(parts)?;
        Time::from_parts(parts).map(|time| DateTime::from_parts(date, time))
    }
}

impl Calendar for Date {
    const FORM: Form = Form::Date;

    fn parts(&self) -> Parts {
        Parts {
            year: self.year().into(),
            month: self.month().unsigned_abs(),
            day: self.day().unsigned_abs(),
            ..Parts::default()
        }
    }

    fn from_parts(p: Parts) -> Option<Self> {
        let year = p.year.try_into().ok()?;
        Date::new(year, p.month.try_into().ok()?, p.day.try_into().ok()?).ok()
    }
}

impl Calendar for Time {
    const FORM: Form = Form::Time;

    fn parts(&self) -> Parts {
        Parts {
            hour: self.hour().unsigned_abs(),
            minute: self.minute().unsigned_abs(),
            second: self.second().unsigned_abs(),
            nano: self.subsec_nanosecond().unsigned_abs(),
            ..Parts::default()
        }
    }

    fn from_parts(p: Parts) -> Option<Self> {
        let (hour, minute) = (p.hour.try_into().ok()?, p.minute.try_into().ok()?);
        let nano = p.nano.try_into().ok()?;
        Time::new(hour, minute, p.second.try_into().ok()?, nano).ok()
    }
}

impl Instant for Timestamp {
    fn unix(&self) -> (i64, u32) {
        let nanos = self.as_nanosecond();
        // Neither conversion fails: the type holds some ten thousand years.
        let seconds = i64::try_from(nanos.div_euclid(SECOND)).unwrap_or_default();
        let rest = u32::try_from(nanos.rem_euclid(SECOND)).unwrap_or_default();
        (seconds, rest)
    }

    fn from_unix(seconds: i64, nanos: u32) -> Option<Self> {
        Timestamp::new(seconds, nanos.try_into().ok()?).ok()
    }

    fn epoch() -> Self {
        Timestamp::UNIX_EPOCH
    }
}

impl Span for SignedDuration {
    fn nanos(&self) -> i128 {
        self.as_nanos()
    }

    fn from_nanos(nanos: i128) -> Option<Self> {
        SignedDuration::try_from_nanos_i128(nanos)
    }
}
