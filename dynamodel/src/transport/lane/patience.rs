//! How long the lane waits.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use tokio::time::Instant;

/// The time that a call has, where the client limits it. It is taken with the clock of the timers: the
/// client's own may be set while the call is under way.
#[derive(Clone, Copy)]
pub(super) struct Budget(Option<(Instant, Duration)>);

impl Budget {
    /// It begins to run.
    pub(super) fn begin(limit: Option<Duration>) -> Self {
        Budget(limit.map(|limit| (Instant::now(), limit)))
    }

    /// How much has passed. Without a limit nobody asks.
    pub(super) fn spent(self) -> Duration {
        self.0.map_or(Duration::ZERO, |(begun, _)| begun.elapsed())
    }

    /// How much is left, where it is limited.
    pub(super) fn left(self) -> Option<Duration> {
        let (begun, limit) = self.0?;
        Some(limit.saturating_sub(begun.elapsed()))
    }
}

/// How long something is waited for. The timer is only set when it has to be waited for at all.
pub(super) struct Patience<'a> {
    sleep: &'a SharedAsyncSleep,
    limit: Duration,
    timer: Option<Sleep>,
}

impl<'a> Patience<'a> {
    pub(super) fn new(sleep: &'a SharedAsyncSleep, limit: Duration) -> Self {
        Patience {
            sleep,
            limit,
            timer: None,
        }
    }

    /// What it is measured with.
    pub(super) fn sleep(&self) -> &'a SharedAsyncSleep {
        self.sleep
    }

    /// What the future ends with, unless the time is up before.
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
