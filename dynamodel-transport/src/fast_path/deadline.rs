//! Deadlines of the fast path.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use tokio::time::Instant;

use super::send::patience;

/// The time that a call has, where the client limits it. It is taken with the clock of the timers: the
/// client's own may be set while the call is in flight.
#[derive(Clone, Copy)]
pub(super) struct Budget(Option<(Instant, Duration)>);

impl Budget {
    /// Starts the time budget of one call.
    pub(super) fn start(limit: Option<Duration>) -> Self {
        Budget(limit.map(|limit| (Instant::now(), limit)))
    }

    /// Time that has passed; zero without a limit, because nothing depends on it then.
    pub(super) fn spent(self) -> Duration {
        self.0
            .map_or(Duration::ZERO, |(started, _)| started.elapsed())
    }

    /// Time that is left, where it is limited.
    pub(super) fn left(self) -> Option<Duration> {
        let (started, limit) = self.0?;
        Some(limit.saturating_sub(started.elapsed()))
    }
}

/// Limit of a wait, which follows the number of attempts in flight. The timer is set once there is
/// something to wait for.
pub(super) struct Deadline<'a> {
    sleep: &'a SharedAsyncSleep,
    in_flight: Option<&'a AtomicU32>,
    /// Time that the call has left, and that has been waited for.
    left: Option<Duration>,
    waited: Duration,
    timer: Option<(Sleep, Duration)>,
}

impl<'a> Deadline<'a> {
    /// Waits for a response within the budget.
    pub(super) fn new(
        sleep: &'a SharedAsyncSleep,
        in_flight: &'a AtomicU32,
        budget: Budget,
    ) -> Self {
        Deadline {
            sleep,
            in_flight: Some(in_flight),
            left: budget.left(),
            waited: Duration::ZERO,
            timer: None,
        }
    }

    /// Waits for this time alone.
    pub(super) fn of(sleep: &'a SharedAsyncSleep, limit: Duration) -> Self {
        Deadline {
            sleep,
            in_flight: None,
            left: Some(limit),
            waited: Duration::ZERO,
            timer: None,
        }
    }

    /// The timers that measure it.
    pub(super) fn sleep(&self) -> &'a SharedAsyncSleep {
        self.sleep
    }

    /// Time that may still be waited for.
    fn rest(&self) -> Duration {
        let load = self
            .in_flight
            .map(|count| patience(count.load(Ordering::Relaxed)));
        let limit = load.into_iter().chain(self.left).min();
        limit.unwrap_or_default().saturating_sub(self.waited)
    }

    /// The future's output, unless the deadline passes first.
    pub(super) async fn wait<F: Future + Unpin>(&mut self, future: &mut F) -> Option<F::Output> {
        poll_fn(|cx| {
            if let Poll::Ready(output) = Pin::new(&mut *future).poll(cx) {
                return Poll::Ready(Some(output));
            }
            loop {
                let rest = match &mut self.timer {
                    None => self.rest(),
                    Some((timer, time)) => {
                        if Pin::new(timer).poll(cx).is_pending() {
                            return Poll::Pending;
                        }
                        self.waited += *time;
                        // More may be in flight by now than when the timer was set.
                        let rest = self.rest();
                        if rest.is_zero() {
                            self.timer = Some((self.sleep.sleep(Duration::ZERO), Duration::ZERO));
                            return Poll::Ready(None);
                        }
                        rest
                    }
                };
                self.timer = Some((self.sleep.sleep(rest), rest));
            }
        })
        .await
    }
}
