//! Deadlines of the fast path.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use tokio::time::Instant;

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

/// Limit of a wait. The timer is set once there is something to wait for.
pub(super) struct Deadline<'a> {
    sleep: &'a SharedAsyncSleep,
    limit: Duration,
    timer: Option<Sleep>,
}

impl<'a> Deadline<'a> {
    pub(super) fn new(sleep: &'a SharedAsyncSleep, limit: Duration) -> Self {
        Deadline {
            sleep,
            limit,
            timer: None,
        }
    }

    /// The timers that measure it.
    pub(super) fn sleep(&self) -> &'a SharedAsyncSleep {
        self.sleep
    }

    /// The future's output, unless the deadline passes first.
    pub(super) async fn wait<F: Future + Unpin>(&mut self, future: &mut F) -> Option<F::Output> {
        poll_fn(|cx| {
            if let Poll::Ready(output) = Pin::new(&mut *future).poll(cx) {
                return Poll::Ready(Some(output));
            }
            let (sleep, limit) = (self.sleep, self.limit);
            let timer = self.timer.get_or_insert_with(|| sleep.sleep(limit));
            Pin::new(timer).poll(cx).map(|()| None)
        })
        .await
    }
}
