//! Types of the crate `time`.

use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};

use super::calendar::{Calendar, Form, Instant, Parts, calendar};
use super::span::{SECOND, Span, span};

calendar! {
    /// S in UTC with nine decimals, `2026-01-02T03:04:05.123456789Z`: text order is time order. Years
    /// 0000 to 9999. The time is kept, its offset is not, and it reads with the offset zero.
    OffsetDateTime, Instant;
    /// S with nine decimals, `2026-01-02T03:04:05.123456789Z`: text order is time order. Years 0000 to
    /// 9999.
    UtcDateTime, MapKey, Instant;
    /// S, `2026-01-02`: text order is time order. Years 0000 to 9999.
    Date, MapKey;
    /// S with nine decimals, `2026-01-02T03:04:05.123456789`: text order is time order. Years 0000 to
    /// 9999.
    PrimitiveDateTime, MapKey;
    /// S with nine decimals, `03:04:05.123456789`: text order is time order.
    Time, MapKey;
}
span! {
    /// N: seconds, with up to nine decimals.
    Duration
}

impl Calendar for OffsetDateTime {
    const FORM: Form = Form::Instant;

    fn parts(&self) -> Parts {
        match self.checked_to_offset(UtcOffset::UTC) {
            Some(utc) => PrimitiveDateTime::new(utc.date(), utc.time()).parts(),
            // The UTC time is outside of the years of the crate, and so of the years that can be
            // stored.
            None => Parts {
                year: i32::MAX,
                ..Parts::default()
            },
        }
    }

    fn from_parts(parts: Parts) -> Option<Self> {
        PrimitiveDateTime::from_parts(parts).map(PrimitiveDateTime::assume_utc)
    }
}

impl Calendar for UtcDateTime {
    const FORM: Form = Form::Instant;

    fn parts(&self) -> Parts {
        PrimitiveDateTime::new(self.date(), self.time()).parts()
    }

    fn from_parts(parts: Parts) -> Option<Self> {
        PrimitiveDateTime::from_parts(parts).map(PrimitiveDateTime::as_utc)
    }
}

impl Calendar for PrimitiveDateTime {
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
        Time::from_parts(parts).map(|time| PrimitiveDateTime::new(date, time))
    }
}

impl Calendar for Date {
    const FORM: Form = Form::Date;

    fn parts(&self) -> Parts {
        Parts {
            year: self.year(),
            month: self.month().into(),
            day: self.day(),
            ..Parts::default()
        }
    }

    fn from_parts(p: Parts) -> Option<Self> {
        Date::from_calendar_date(p.year, p.month.try_into().ok()?, p.day).ok()
    }
}

impl Calendar for Time {
    const FORM: Form = Form::Time;

    fn parts(&self) -> Parts {
        Parts {
            hour: self.hour(),
            minute: self.minute(),
            second: self.second(),
            nano: self.nanosecond(),
            ..Parts::default()
        }
    }

    fn from_parts(p: Parts) -> Option<Self> {
        Time::from_hms_nano(p.hour, p.minute, p.second, p.nano).ok()
    }
}

impl Instant for OffsetDateTime {
    fn unix(&self) -> (i64, u32) {
        (self.unix_timestamp(), self.nanosecond())
    }

    fn from_unix(seconds: i64, nanos: u32) -> Option<Self> {
        let nanos = i128::from(seconds) * SECOND + i128::from(nanos);
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
    }

    fn epoch() -> Self {
        OffsetDateTime::UNIX_EPOCH
    }
}

impl Instant for UtcDateTime {
    fn unix(&self) -> (i64, u32) {
        (self.unix_timestamp(), self.nanosecond())
    }

    fn from_unix(seconds: i64, nanos: u32) -> Option<Self> {
        let nanos = i128::from(seconds) * SECOND + i128::from(nanos);
        UtcDateTime::from_unix_timestamp_nanos(nanos).ok()
    }

    fn epoch() -> Self {
        UtcDateTime::UNIX_EPOCH
    }
}

impl Span for Duration {
    fn nanos(&self) -> i128 {
        self.whole_nanoseconds()
    }

    fn from_nanos(nanos: i128) -> Option<Self> {
        let seconds = (nanos / SECOND).try_into().ok()?;
        Some(Duration::new(seconds, (nanos % SECOND).try_into().ok()?))
    }
}
