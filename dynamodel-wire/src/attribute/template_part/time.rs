//! Times as text of fixed width, in UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::number::natural;
use super::{FixedWidth, TemplatePart};
use crate::WriteError;
use crate::attribute::time::civil;

const DAY: i64 = 86_400;

/// `2026-01-31T08:15:00.000000000Z`; the years 0 to 9999.
impl TemplatePart for SystemTime {
    const WIDTH: Option<usize> = Some(30);

    fn write_part(&self, out: &mut String) -> Result<(), WriteError> {
        let (seconds, nanos) = since_epoch(*self).ok_or_else(out_of_range)?;
        let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, date) = civil(day);
        if !(0..=9999).contains(&year) {
            return Err(out_of_range());
        }
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        out.push_str(&format!(
            "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z"
        ));
        Ok(())
    }

    fn read_part(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| {
            let number = natural(text.get(from..to)?, to - from)?;
            i64::try_from(number).ok()
        };
        let (year, month, date) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let nanos = u32::try_from(number(20, 29)?).ok()?;
        let seconds = days(year, month, date) * DAY + hour * 3600 + minute * 60 + second;
        let time = match u64::try_from(seconds) {
            Ok(after) => UNIX_EPOCH.checked_add(Duration::from_secs(after)),
            Err(_) => UNIX_EPOCH.checked_sub(Duration::from_secs(seconds.unsigned_abs())),
        }?
        .checked_add(Duration::from_nanos(nanos.into()))?;
        // Accepts only the text that the value itself has: no February 30th, no other punctuation.
        let mut again = String::with_capacity(text.len());
        time.write_part(&mut again).ok()?;
        (again == text).then_some(time)
    }
}
impl FixedWidth for SystemTime {}

/// Returns whole seconds before or after 1970, and the nanoseconds after that second.
fn since_epoch(time: SystemTime) -> Option<(i64, u32)> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Some((i64::try_from(after.as_secs()).ok()?, after.subsec_nanos())),
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).ok()?.checked_neg()?;
            match before.subsec_nanos() {
                0 => Some((seconds, 0)),
                nanos => Some((seconds.checked_sub(1)?, 1_000_000_000 - nanos)),
            }
        }
    }
}

/// Returns the day of a date, counted from 1970-01-01: the inverse of [`civil`].
fn days(year: i64, month: i64, date: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * from_march + 2) / 5 + date - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

fn out_of_range() -> WriteError {
    WriteError::new("a time in a key is between the years 0 and 9999").of_key()
}
