//! How long the lane waits.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};

/// How long something is waited for. The timer is only set when it has to be waited for at all.
pub(super) struct Patience<'a> {
    sleep: &'a SharedAsyncSleep,
    limit: Duration,
    timer: Option<Sleep>,
    is_over: bool,
}

impl<'a> Patience<'a> {
    pub(super) fn new(sleep: &'a SharedAsyncSleep, limit: Duration) -> Self {
        Patience {
            sleep,
            limit,
            timer: None,
            is_over: false,
        }
    }

    /// What it is measured with.
    pub(super) fn sleep(&self) -> &'a SharedAsyncSleep {
        self.sleep
    }

    /// How much time has certainly passed, whatever the clock says.
    pub(super) fn spent(&self) -> Duration {
        match self.is_over {
            true => self.limit,
            false => Duration::ZERO,
        }
    }

    /// What the future ends with, unless the time is up before.
    pub(super) async fn wait<F: Future + Unpin>(&mut self, future: &mut F) -> Option<F::Output> {
        poll_fn(|cx| {
            if let Poll::Ready(output) = Pin::new(&mut *future).poll(cx) {
                return Poll::Ready(Some(output));
            }
            let (sleep, limit) = (self.sleep, self.limit);
            let timer = self.timer.get_or_insert_with(|| sleep.sleep(limit));
            let timer = Pin::new(timer).poll(cx);
            self.is_over = timer.is_ready();
            timer.map(|()| None)
        })
        .await
    }
}
