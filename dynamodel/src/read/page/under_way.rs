//! [`UnderWay`]: a request that is sent before its answer is needed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A request under way, and its answer until somebody asks for it. The request is polled only when
/// something has happened to it, so asking for each item of a page costs nothing.
pub(crate) struct UnderWay<T> {
    request: FuturesUnordered<Pending<T>>,
    answer: Option<T>,
}

impl<T> UnderWay<T> {
    pub(crate) fn new(request: impl Future<Output = T> + Send + 'static) -> Self {
        let under_way = FuturesUnordered::<Pending<T>>::new();
        under_way.push(Box::pin(request));
        UnderWay {
            request: under_way,
            answer: None,
        }
    }

    /// Sends the request, or takes in what has arrived of the answer.
    pub(crate) fn advance(&mut self, cx: &mut Context<'_>) {
        if self.answer.is_none()
            && let Poll::Ready(answer) = self.request.poll_next_unpin(cx)
        {
            self.answer = answer;
        }
    }

    /// The answer, once.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.advance(cx);
        match self.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    }

    /// Sends the request.
    pub(crate) async fn sent(mut self) -> Self {
        std::future::poll_fn(|cx| {
            self.advance(cx);
            Poll::Ready(())
        })
        .await;
        self
    }

    /// Waits for the answer.
    pub(crate) async fn answer(mut self) -> T {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }
}
