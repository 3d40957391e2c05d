//! Retries and the waits between them: [`Backoff`].

use std::time::Duration;

use tokio::time::Instant;

/// Limits of the tries after a conflict or throttling, and the waits between them: exponential
/// backoff with full jitter, a random time between 0 and `base` doubled at each try, at most `cap`.
///
/// ```
/// use std::time::Duration;
/// use dynamodel::Backoff;
///
/// let patient = Backoff::new(Duration::from_millis(5), Duration::from_secs(1), 100)
///     .within(Duration::from_secs(30));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    attempts: u32,
    within: Option<Duration>,
}

impl Default for Backoff {
    /// 10 ms doubled up to 1 second, at most 50 attempts.
    ///
    /// The first wait is about as long as the read and the write of one try, so that the writers
    /// that lost let the next winner finish; later waits follow the number of losses.
    fn default() -> Self {
        Backoff::new(Duration::from_millis(10), Duration::from_secs(1), 50)
    }
}

impl Backoff {
    /// Creates a backoff. `attempts` includes the first try; at least one is made.
    pub const fn new(base: Duration, cap: Duration, attempts: u32) -> Self {
        Backoff {
            base,
            cap,
            attempts,
            within: None,
        }
    }

    /// Starts no further try once this much time has passed since the first.
    pub const fn within(mut self, total: Duration) -> Self {
        self.within = Some(total);
        self
    }

    /// Starts to count tries.
    pub(crate) fn start(self) -> Retry {
        Retry {
            backoff: self,
            failed: 0,
            deadline: self.within.and_then(|d| Instant::now().checked_add(d)),
        }
    }

    /// Returns the wait after `failed` failed tries.
    fn pause(&self, failed: u32) -> Duration {
        let most = self
            .base
            .saturating_mul(1_u32 << failed.saturating_sub(1).min(20))
            .min(self.cap);
        most.mul_f64(fastrand::f64())
    }
}

/// The tries of one call.
#[derive(Debug)]
pub(crate) struct Retry {
    backoff: Backoff,
    failed: u32,
    deadline: Option<Instant>,
}

impl Retry {
    /// Returns the number of failed tries.
    pub(crate) fn failed(&self) -> u32 {
        self.failed
    }

    /// Restarts the count of tries, because the last one did a part of the work. The time limit
    /// stays.
    pub(crate) fn progressed(&mut self) {
        self.failed = 0;
    }

    /// Waits after a failed try. Returns `false`, without waiting, when no further try is allowed.
    pub(crate) async fn again(&mut self) -> bool {
        self.failed = self.failed.saturating_add(1);
        if self.failed >= self.backoff.attempts {
            return false;
        }
        let pause = self.backoff.pause(self.failed);
        let next = Instant::now().checked_add(pause);
        if let (Some(deadline), Some(next)) = (self.deadline, next)
            && next > deadline
        {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_jittered_and_capped() {
        let backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(80), 9);
        for (failed, most) in [(1, 10), (2, 20), (4, 80), (30, 80), (u32::MAX, 80)] {
            let pauses: Vec<_> = (0..50).map(|_| backoff.pause(failed)).collect();
            assert!(pauses.iter().all(|p| *p <= Duration::from_millis(most)));
            assert!(pauses.iter().any(|p| *p != pauses[0]), "no jitter");
        }
    }

    #[tokio::test]
    async fn tries_are_counted_and_timed() {
        let none = Duration::ZERO;
        let mut retry = Backoff::new(none, none, 3).start();
        assert!(retry.again().await);
        assert!(retry.again().await);
        assert!(!retry.again().await);
        assert_eq!(retry.failed(), 3);
        retry.progressed();
        assert!(retry.again().await);

        assert!(!Backoff::new(none, none, 0).start().again().await);
        let mut late = Backoff::new(none, none, 9).within(none).start();
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert!(!late.again().await);
    }
}
