//! Times as signatures have them, and how far the service's clock is from ours.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use dynamodel_wire::attribute::time::civil;

/// A round trip longer than this says nothing about the clocks; as in the SDK.
const LONGEST_MEASURED: Duration = Duration::from_secs(15 * 60);

/// A time in the form of the `x-amz-date` header: `20260131T235959Z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp(String);

impl Stamp {
    /// `None` before 1970 and after 9999.
    pub(super) fn of(time: SystemTime) -> Option<Stamp> {
        let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let (year, month, day) = date(seconds / 86_400)?;
        let second = seconds % 86_400;
        let mut text = String::with_capacity(16);
        push_two(&mut text, year / 100);
        push_two(&mut text, year % 100);
        push_two(&mut text, month);
        push_two(&mut text, day);
        text.push('T');
        push_two(&mut text, second / 3_600);
        push_two(&mut text, second / 60 % 60);
        push_two(&mut text, second % 60);
        text.push('Z');
        Some(Stamp(text))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    /// `true` if both are on the same day, in UTC.
    pub(super) fn is_on_day_of(&self, scope: &str) -> bool {
        self.0.get(..8) == scope.get(..8)
    }
}

fn push_two(text: &mut String, number: u64) {
    for digit in [number / 10 % 10, number % 10] {
        text.push(char::from(b'0' + digit as u8));
    }
}

/// The date of a day, counted from 1970-01-01, in years of four digits.
fn date(days: u64) -> Option<(u64, u64, u64)> {
    let (year, month, day) = civil(i64::try_from(days).ok()?);
    let number = |n: i64| u64::try_from(n).ok();
    Some((number(year)?, number(month)?, number(day)?)).filter(|(year, ..)| *year <= 9_999)
}

/// By how many milliseconds the service's clock is ahead of ours, as its last response told.
///
/// The SDK keeps the same number for what it sends itself, out of reach; both follow every response.
#[derive(Debug, Default)]
pub(super) struct Skew(AtomicI64);

impl Skew {
    /// The service's time.
    pub(super) fn correct(&self, time: SystemTime) -> SystemTime {
        let skew = self.0.load(Ordering::Relaxed);
        let distance = Duration::from_millis(skew.unsigned_abs());
        let corrected = match skew {
            0.. => time.checked_add(distance),
            _ => time.checked_sub(distance),
        };
        corrected.unwrap_or(time)
    }

    /// Takes note of the `Date` of a response that was not cached on its way.
    pub(super) fn measure(
        &self,
        headers: &Headers,
        sent: SystemTime,
        received: impl FnOnce() -> SystemTime,
    ) {
        let Some(date) = headers.get("date") else {
            return;
        };
        let service = DateTime::from_str(date, Format::HttpDate);
        let service = service
            .ok()
            .and_then(|date| SystemTime::try_from(date).ok());
        let (Some(service), false) = (service, headers.contains_key("age")) else {
            return;
        };
        let elapsed = received().duration_since(sent).unwrap_or_default();
        if elapsed <= LONGEST_MEASURED {
            self.set(sent + elapsed / 2, service);
        }
    }

    /// Takes note of what the service's time is when it is `ours` here.
    pub(super) fn set(&self, ours: SystemTime, service: SystemTime) {
        let milliseconds = |distance: Duration| distance.as_millis() as i64;
        let skew = match service.duration_since(ours) {
            Ok(ahead) => milliseconds(ahead),
            Err(behind) => -milliseconds(behind.duration()),
        };
        self.0.store(skew, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(seconds: u64) -> Option<String> {
        Stamp::of(UNIX_EPOCH + Duration::from_secs(seconds)).map(Stamp::into_string)
    }

    #[test]
    fn times_are_written_as_signatures_have_them() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_767_225_599, "20251231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
            (253_402_300_799, "99991231T235959Z"),
        ] {
            assert_eq!(stamp(seconds).as_deref(), Some(text));
        }
        assert_eq!(stamp(253_402_300_800), None);
        assert_eq!(Stamp::of(UNIX_EPOCH - Duration::from_secs(1)), None);
    }

    #[test]
    fn days_are_those_of_the_sdk() {
        for day in (0..60_000).step_by(13) {
            let seconds = day * 86_400 + 11 * 3_600;
            let sdk = DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap();
            let sdk: String = sdk.chars().filter(|c| !"-:".contains(*c)).collect();
            assert_eq!(stamp(seconds as u64), Some(sdk));
        }
    }

    #[test]
    fn the_clock_follows_every_answer_that_tells_the_time() {
        let sent = UNIX_EPOCH + Duration::from_secs(1_760_000_000);
        let measured = |pairs: &[(&'static str, &'static str)], seconds| {
            let skew = Skew::default();
            let mut headers = Headers::new();
            for (name, value) in pairs {
                headers.insert(*name, *value);
            }
            skew.measure(&headers, sent, || sent + Duration::from_secs(seconds));
            skew.0.load(Ordering::Relaxed)
        };
        let date = ("date", "Thu, 09 Oct 2025 09:03:20 GMT"); // 10 minutes later
        assert_eq!(measured(&[date], 2), 599_000);
        assert_eq!(
            measured(&[("date", "Thu, 09 Oct 2025 08:43:20 GMT")], 2),
            -601_000
        );
        assert_eq!(measured(&[date, ("age", "1")], 2), 0);
        assert_eq!(measured(&[("date", "yesterday")], 2), 0);
        assert_eq!(measured(&[], 2), 0);
        assert_eq!(measured(&[date], 901), 0);
    }
}
