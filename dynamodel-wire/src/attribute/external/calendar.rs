//! Dates and times as text of fixed width, so that the texts sort in the order of the times.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{ReadError, Reader, WriteError, Writer};

/// The forms of RFC 3339, always with nine decimals.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// `2026-01-02`
    Date,
    /// `03:04:05.123456789`
    Time,
    /// `2026-01-02T03:04:05.123456789`
    DateTime,
    /// `2026-01-02T03:04:05.123456789Z`
    Instant,
}

/// The fields of a calendar and a clock. Fields that a form does not have stay at their default.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts {
    pub(super) year: i32,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    /// 60 in a leap second.
    pub(super) second: u8,
    pub(super) nano: u32,
}

/// A type that is stored in one of the forms.
pub(super) trait Calendar: Sized {
    const FORM: Form;
    fn parts(&self) -> Parts;
    /// Creates the value, or returns `None` if there is no such day or time.
    fn from_parts(parts: Parts) -> Option<Self>;
}

pub(super) fn write<T: Calendar>(value: &T, w: &mut Writer) {
    match text(value) {
        Ok(text) => w.string(&text),
        Err(e) => w.fail(e),
    }
}

/// Returns the text of a value in the years 0000 to 9999.
pub(super) fn text<T: Calendar>(value: &T) -> Result<String, WriteError> {
    let parts = value.parts();
    if !(0..=9999).contains(&parts.year) {
        let problem = "a time outside of the years 0000 to 9999 (in UTC) cannot be stored";
        return Err(WriteError::new(problem));
    }
    if parts.nano >= 1_000_000_000 {
        let problem = "a leap second that does not end a minute cannot be stored";
        return Err(WriteError::new(problem));
    }
    Ok(T::FORM.text(parts))
}

/// Returns the value of a text that [`text`] wrote.
pub(super) fn of_text<T: Calendar>(text: &str) -> Option<T> {
    T::FORM.parse(text).and_then(T::from_parts)
}

pub(super) fn read<T: Calendar>(r: &mut Reader<'_>) -> Result<T, ReadError> {
    let text = r.string()?;
    let parts = T::FORM
        .parse(&text)
        .or_else(|| T::FORM.parse_loosely(&text));
    let value = parts.and_then(T::from_parts);
    value.ok_or_else(|| ReadError::new(T::FORM.expected(), "text of another form"))
}

/// Returns the text of a map key. Years outside of 0000 to 9999 get a sign and six digits, as in
/// ISO 8601.
pub(super) fn to_key<T: Calendar>(value: &T) -> Cow<'_, str> {
    Cow::Owned(T::FORM.text(value.parts()))
}

pub(super) fn from_key<T: Calendar>(key: &str) -> Option<T> {
    let parts = match (T::FORM, key.as_bytes().first()?) {
        (Form::Time, _) | (_, b'0'..=b'9') => T::FORM.parse(key),
        _ => T::FORM.parse_extended(key),
    };
    parts.and_then(T::from_parts)
}

impl Form {
    /// Returns the length of a text in bytes.
    pub(super) const fn width(self) -> usize {
        match self {
            Form::Date => 10,
            Form::Time => 18,
            Form::DateTime => 29,
            Form::Instant => 30,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Form::Date => "S in the form 2026-01-02",
            Form::Time => "S in the form 03:04:05.123456789",
            Form::DateTime => "S in the form 2026-01-02T03:04:05.123456789",
            Form::Instant => "S in the form 2026-01-02T03:04:05.123456789Z",
        }
    }

    fn text(self, p: Parts) -> String {
        let mut text = String::with_capacity(32);
        if !matches!(self, Form::Time) {
            if (0..=9999).contains(&p.year) {
                push(&mut text, p.year.unsigned_abs(), 4);
            } else {
                text.push(if p.year < 0 { '-' } else { '+' });
                push(&mut text, p.year.unsigned_abs(), 6);
            }
            text.push('-');
            push(&mut text, p.month.into(), 2);
            text.push('-');
            push(&mut text, p.day.into(), 2);
        }
        if matches!(self, Form::DateTime | Form::Instant) {
            text.push('T');
        }
        if !matches!(self, Form::Date) {
            push(&mut text, p.hour.into(), 2);
            text.push(':');
            push(&mut text, p.minute.into(), 2);
            text.push(':');
            push(&mut text, p.second.into(), 2);
            text.push('.');
            push(&mut text, p.nano, 9);
        }
        if matches!(self, Form::Instant) {
            text.push('Z');
        }
        text
    }

    fn parse(self, text: &str) -> Option<Parts> {
        let mut rest = text.as_bytes();
        let mut p = Parts::default();
        if !matches!(self, Form::Time) {
            p.year = i32::try_from(number(&mut rest, 4)?).ok()?;
        }
        self.parse_after_year(rest, p)
    }

    /// Parses a text of another program: with any number of decimals or none, a `t` or a space before the
    /// time, and an offset of zero in place of `Z`. Decimals behind the ninth are dropped.
    #[cold] // rare: only text that other programs wrote
    fn parse_loosely(self, text: &str) -> Option<Parts> {
        if matches!(self, Form::Date) {
            return None;
        }
        let text = match self {
            Form::Instant => ["Z", "z", "+00:00", "-00:00", "+0000", "+00"]
                .into_iter()
                .find_map(|utc| text.strip_suffix(utc))?,
            _ => text,
        };
        let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
        if decimals.is_empty() || !decimals.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut whole = String::with_capacity(30);
        match self {
            Form::Time => whole.push_str(seconds),
            _ => {
                let (date, time) = seconds.split_once(['T', 't', ' '])?;
                whole.push_str(date);
                whole.push('T');
                whole.push_str(time);
            }
        }
        whole.push('.');
        whole.push_str(decimals.get(..9).unwrap_or(decimals));
        for _ in decimals.len()..9 {
            whole.push('0');
        }
        if matches!(self, Form::Instant) {
            whole.push('Z');
        }
        self.parse(&whole)
    }

    /// Parses as [`parse`](Self::parse) does, but expects a year of a sign and at least six digits.
    fn parse_extended(self, text: &str) -> Option<Parts> {
        let (year, rest) = text.split_at(1 + text.get(1..)?.find('-')?);
        let p = Parts {
            year: year.parse().ok()?,
            ..Parts::default()
        };
        let p = self.parse_after_year(rest.as_bytes(), p)?;
        (self.text(p) == text).then_some(p)
    }

    /// Parses everything that follows the year, to the end.
    fn parse_after_year(self, mut rest: &[u8], mut p: Parts) -> Option<Parts> {
        let rest = &mut rest;
        if !matches!(self, Form::Time) {
            literal(rest, b'-')?;
            p.month = two(rest)?;
            literal(rest, b'-')?;
            p.day = two(rest)?;
        }
        if matches!(self, Form::DateTime | Form::Instant) {
            literal(rest, b'T')?;
        }
        if !matches!(self, Form::Date) {
            p.hour = two(rest)?;
            literal(rest, b':')?;
            p.minute = two(rest)?;
            literal(rest, b':')?;
            p.second = two(rest)?;
            literal(rest, b'.')?;
            p.nano = number(rest, 9)?;
        }
        if matches!(self, Form::Instant) {
            literal(rest, b'Z')?;
        }
        rest.is_empty().then_some(p)
    }
}

/// Appends a number with at least `width` digits.
fn push(text: &mut String, value: u32, width: u32) {
    let mut place = 10u32.pow(width - 1);
    while value / place >= 10 {
        place *= 10;
    }
    while place > 0 {
        // The remainder of a division by ten always fits into an `u8`.
        let digit = u8::try_from(value / place % 10).unwrap_or_default();
        text.push(char::from(b'0' + digit));
        place /= 10;
    }
}

fn literal(rest: &mut &[u8], byte: u8) -> Option<()> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    (*first == byte).then_some(())
}

/// Parses a number of exactly `width` digits, at most nine.
fn number(rest: &mut &[u8], width: usize) -> Option<u32> {
    let (digits, after) = rest.split_at_checked(width)?;
    *rest = after;
    digits.iter().try_fold(0, |n, digit| {
        digit
            .is_ascii_digit()
            .then(|| n * 10 + u32::from(digit - b'0'))
    })
}

fn two(rest: &mut &[u8]) -> Option<u8> {
    number(rest, 2).and_then(|n| n.try_into().ok())
}

/// Returns the seconds since 1970, rounded down, and the nanoseconds above them.
pub(super) fn unix_time(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (
            i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            after.subsec_nanos(),
        ),
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => (-seconds, 0),
                nanos => ((-seconds).saturating_sub(1), 1_000_000_000 - nanos),
            }
        }
    }
}

/// Implements `Attribute`, `TemplatePart` and the listed traits for types that implement
/// [`Calendar`].
macro_rules! calendar {
    ($($(#[$doc:meta])* $type:ty $(, $also:ident)*;)*) => {$(
        $(#[$doc])*
        impl $crate::Attribute for $type {
            type Value = Self;
            type Kind = $crate::kind::S;

            fn write(&self, w: &mut $crate::Writer) {
                $crate::attribute::external::calendar::write(self, w);
            }

            fn read(r: &mut $crate::Reader<'_>) -> Result<Self, $crate::ReadError> {
                $crate::attribute::external::calendar::read(r)
            }
        }
        impl $crate::TemplatePart for $type {
            const WIDTH: Option<usize> =
                Some(<$type as $crate::attribute::external::calendar::Calendar>::FORM.width());

            fn write_part(&self, out: &mut String) -> Result<(), $crate::WriteError> {
                out.push_str(&$crate::attribute::external::calendar::text(self)?);
                Ok(())
            }

            fn read_part(text: &str) -> Option<Self> {
                $crate::attribute::external::calendar::of_text(text)
            }
        }
        impl $crate::FixedWidth for $type {}
        $(calendar! { @ $also $type })*
    )*};
    (@ MapKey $type:ty) => {
        impl $crate::MapKey for $type {
            fn to_key(&self) -> std::borrow::Cow<'_, str> {
                $crate::attribute::external::calendar::to_key(self)
            }

            fn from_key(key: std::borrow::Cow<'_, str>) -> Option<Self> {
                $crate::attribute::external::calendar::from_key(&key)
            }
        }
    };
    // For types that implement `Instant`.
    (@ Instant $type:ty) => {
        impl $crate::TtlTime for $type {
            fn epoch_seconds(&self) -> Option<u64> {
                Some(u64::try_from(Instant::unix(self).0).unwrap_or(0))
            }

            fn from_epoch_seconds(seconds: u64) -> Option<Self> {
                Instant::from_unix(seconds.try_into().ok()?, 0)
            }
        }
        impl $crate::millis::Millis for $type {
            fn to_millis(&self) -> Result<Option<i64>, $crate::WriteError> {
                let (seconds, nanos) = Instant::unix(self);
                let millis = seconds.checked_mul(1_000);
                let millis = millis.and_then(|millis| millis.checked_add((nanos / 1_000_000).into()));
                let too_large = || $crate::WriteError::new("the number of milliseconds is too large");
                millis.map(Some).ok_or_else(too_large)
            }

            fn from_millis(millis: Option<i64>) -> Option<Self> {
                let millis = millis?;
                let nanos = u32::try_from(millis.rem_euclid(1_000)).ok()? * 1_000_000;
                Instant::from_unix(millis.div_euclid(1_000), nanos)
            }
        }
        /// Keeps the nanoseconds. A time that the type cannot hold becomes 1970.
        impl $crate::Timestamp for $type {
            fn from_system_time(now: std::time::SystemTime) -> Self {
                let (seconds, nanos) = $crate::attribute::external::calendar::unix_time(now);
                Instant::from_unix(seconds, nanos).unwrap_or_else(Instant::epoch)
            }

            fn is_unset(&self) -> bool {
                Instant::unix(self) == (0, 0)
            }
        }
    };
}
pub(super) use calendar;

/// A point in time.
pub(super) trait Instant: Sized {
    /// Returns the seconds since 1970, rounded down, and the nanoseconds above them.
    fn unix(&self) -> (i64, u32);
    fn from_unix(seconds: i64, nanos: u32) -> Option<Self>;
    fn epoch() -> Self;
}
