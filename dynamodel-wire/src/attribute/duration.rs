//! `Duration` and `SystemTime`: seconds, with as many decimals as are needed to be exact.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Attribute, kind};
use crate::{Decimal, ReadError, Reader, WriteError, Writer};

pub(super) const NANOS: u128 = 1_000_000_000;

/// First second after the year 9999. A larger number of seconds since 1970 is one of milliseconds.
const END_OF_DATES: u64 = 253_402_300_800;
/// End of the spans that are more likely milliseconds: those of 30,000 years.
const END_OF_MILLIS: u64 = 1_000_000_000_000_000;

const MILLIS: &str = "the time has more seconds than dates have: these are milliseconds; give seconds, or ask for \
     milliseconds with `#[dynamo(with = dynamodel::wire::millis)]`";
const NOT_MILLIS: &str =
    "N of seconds, not of milliseconds, which `#[dynamo(with = dynamodel::wire::millis)]` reads";

/// `true` if a span of this many seconds is more likely one of milliseconds.
fn is_span_in_millis(seconds: u64) -> bool {
    (END_OF_DATES..END_OF_MILLIS).contains(&seconds)
}

/// Seconds as N, written with up to nine decimals, and read with any number of them. Spans between 8,000 and 30 million years are refused: they
/// are milliseconds that were taken for seconds.
impl Attribute for Duration {
    type Value = Self;
    type Kind = kind::N;

    fn write(&self, w: &mut Writer) {
        if is_span_in_millis(self.as_secs()) {
            return w.fail(WriteError::new(MILLIS));
        }
        write_seconds(false, *self, w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let expected = "N of seconds, not negative";
        match read_seconds(r, expected)? {
            (true, nanos) if nanos > 0 => Err(out_of_range(expected)),
            (_, nanos) => match duration(nanos) {
                Some(span) if is_span_in_millis(span.as_secs()) => Err(out_of_range(NOT_MILLIS)),
                span => span.ok_or_else(|| out_of_range(expected)),
            },
        }
    }
}

/// Seconds since 1970 as N, written with up to nine decimals, and read with any number of them; negative
/// before. Times after the year 9999 are
/// refused: they are milliseconds that were taken for seconds.
impl Attribute for SystemTime {
    type Value = Self;
    type Kind = kind::N;

    fn write(&self, w: &mut Writer) {
        match self.duration_since(UNIX_EPOCH) {
            Ok(after) if after.as_secs() >= END_OF_DATES => w.fail(WriteError::new(MILLIS)),
            Ok(after) => write_seconds(false, after, w),
            Err(before) => write_seconds(true, before.duration(), w),
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let expected = "N of seconds since 1970";
        let (negative, nanos) = read_seconds(r, expected)?;
        let distance = duration(nanos).ok_or_else(|| out_of_range(expected))?;
        if distance.as_secs() >= END_OF_DATES {
            return Err(out_of_range(NOT_MILLIS));
        }
        let time = Some(distance).and_then(|distance| match negative {
            true => UNIX_EPOCH.checked_sub(distance),
            false => UNIX_EPOCH.checked_add(distance),
        });
        time.ok_or_else(|| out_of_range(expected))
    }
}

pub(super) fn write_seconds(negative: bool, time: Duration, w: &mut Writer) {
    let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
    let sign = if negative { "-" } else { "" };
    if nanos == 0 {
        w.number_text(&format!("{sign}{seconds}"));
    } else {
        let text = format!("{sign}{seconds}.{nanos:09}");
        w.number_text(text.trim_end_matches('0'));
    }
}

/// Reads the sign and the nanoseconds.
pub(super) fn read_seconds(
    r: &mut Reader<'_>,
    expected: &'static str,
) -> Result<(bool, u128), ReadError> {
    let value = Decimal::parse(whole_nanos(r.number()?)).map_err(|_| out_of_range(expected))?;
    let nanos = value.scaled(9).ok_or_else(|| out_of_range(expected))?;
    Ok((value.negative, nanos))
}

/// Returns the text of a number without decimals behind the ninth, which other programs may store.
fn whole_nanos(text: &str) -> &str {
    let decimals = text.find('.').filter(|_| !text.contains(['e', 'E']));
    let end = decimals.map_or(text.len(), |point| text.len().min(point + 10));
    text.get(..end).unwrap_or(text)
}

fn duration(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / NANOS).ok()?;
    let rest = u32::try_from(nanos % NANOS).ok()?;
    Some(Duration::new(seconds, rest))
}

#[cold] // error path
pub(super) fn out_of_range(expected: &'static str) -> ReadError {
    ReadError::new(expected, "a number out of range")
}
