//! [`InFlight`]: a request that is sent before its response is needed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Request in flight, and its response until it is taken. The request is polled only after its own
/// wake-up, so that advancing it for each item of a page costs nothing.
pub(crate) struct InFlight<T> {
    request: FuturesUnordered<Pending<T>>,
    response: Option<T>,
}

impl<T> InFlight<T> {
    pub(crate) fn new(request: impl Future<Output = T> + Send + 'static) -> Self {
        let in_flight = FuturesUnordered::<Pending<T>>::new();
        in_flight.push(Box::pin(request));
        InFlight {
            request: in_flight,
            response: None,
        }
    }

    /// Sends the request, or receives what has arrived of the response.
    pub(crate) fn advance(&mut self, cx: &mut Context<'_>) {
        if self.response.is_none()
            && let Poll::Ready(response) = self.request.poll_next_unpin(cx)
        {
            self.response = response;
        }
    }

    /// Returns the response, once.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.advance(cx);
        match self.response.take() {
            Some(response) => Poll::Ready(response),
            None => Poll::Pending,
        }
    }

    /// Waits for the response.
    pub(crate) async fn response(mut self) -> T {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }
}
