//! One request and its response, whatever it is read as: the part of an operation that is the same for
//! all entities, and so compiled once, here.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::client::observe::{Observed, Subject, Watch};
use crate::transport::shown::is_request_id;
use crate::transport::{self, Failure, FailureKind, Operation, Tables, Transport};
use crate::wire::ReadError;

/// A request as it is sent.
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) tables: Tables,
    /// The index that it reads.
    pub(crate) index: Option<&'static str>,
    /// Number of its keys or operations, when it can have several.
    pub(crate) batch_size: Option<usize>,
    pub(crate) body: Bytes,
}

/// The outcome of a request, before it is decoded. It is reported to spans and metrics with what the
/// decoder finds in it.
#[must_use = "a response has to be decoded"]
pub(crate) struct Response {
    watch: Watch,
    is_read: bool,
    sent: Result<transport::Response, Failure>,
}

/// A request in flight, or about to be. The transport's box is its only allocation.
pub(crate) struct Sending<'d>(State<'d>);

enum State<'d> {
    /// Neither sent nor measured before it is polled.
    New(&'d Transport, Request),
    InFlight(Watch, bool, transport::Sending<'d>),
    Done,
}

impl<'d> Sending<'d> {
    pub(super) fn new(transport: &'d Transport, request: Request) -> Self {
        Sending(State::New(transport, request))
    }
}

impl Future for Sending<'_> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        if let State::New(..) = self.0
            && let State::New(transport, request) = mem::replace(&mut self.0, State::Done)
        {
            self.0 = start(transport, request);
        }
        let State::InFlight(watch, _, call) = &mut self.0 else {
            // Only a future that was ready is polled again, against the contract of `Future`.
            return Poll::Pending;
        };
        let sent = ready!(watch.span().in_scope(|| call.as_mut().poll(cx)));
        match mem::replace(&mut self.0, State::Done) {
            State::InFlight(watch, is_read, _) => Poll::Ready(Response {
                watch,
                is_read,
                sent,
            }),
            State::New(..) | State::Done => Poll::Pending,
        }
    }
}

fn start(transport: &Transport, request: Request) -> State<'_> {
    let Request {
        operation,
        tables,
        index,
        batch_size,
        body,
    } = request;
    let watch = Watch::begin(
        operation,
        &Subject {
            tables: &tables,
            index,
            batch_size,
        },
    );
    let is_read = operation.is_read();
    State::InFlight(watch, is_read, transport.send(operation, tables, body))
}

impl Response {
    /// `true` for a success after an attempt that ended without a definite response.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.sent.as_ref().is_ok_and(|response| response.uncertain)
    }

    /// Attempts and id of the request, of a success.
    pub(crate) fn attempts(&self) -> (u32, Option<String>) {
        match &self.sent {
            Ok(response) => (response.attempts, response.request_id.clone()),
            Err(failure) => (failure.attempts, failure.request_id.clone()),
        }
    }

    /// The decoder's output for a successful response.
    ///
    /// # Errors
    /// The failure of the request, or of the decoder.
    #[expect(clippy::result_large_err, reason = "a failure is rare, and moved once")]
    pub(crate) fn decode<T: Observed>(
        self,
        decode: impl FnOnce(&[u8]) -> Result<T, ReadError>,
    ) -> Result<T, Failure> {
        self.take(|body| decode(&body))
    }

    /// As [`decode`](Self::decode), where the body is kept.
    ///
    /// # Errors
    /// As there.
    #[expect(clippy::result_large_err, reason = "a failure is rare, and moved once")]
    pub(crate) fn take<T: Observed>(
        self,
        take: impl FnOnce(Bytes) -> Result<T, ReadError>,
    ) -> Result<T, Failure> {
        let Response {
            watch,
            is_read,
            sent,
        } = self;
        let mut response = match sent {
            Ok(response) => response,
            Err(failure) => return Err(failed(watch, is_read, failure)),
        };
        let body = mem::take(&mut response.body);
        let entered = watch.span().enter();
        let taken = take(body);
        drop(entered);
        match taken {
            Ok(mut output) => {
                let id = response.request_id.as_deref();
                watch.answered(response.attempts, id, output.capacity(), output.counts());
                output.came(response);
                Ok(output)
            }
            Err(error) => {
                let failure = unreadable(response, error);
                Err(failed(watch, is_read, failure))
            }
        }
    }
}

#[cold]
fn failed(watch: Watch, is_read: bool, mut failure: Failure) -> Failure {
    if is_read {
        // A read leaves nothing open.
        failure.open = false;
        failure.uncertain = false;
    }
    watch.failed(failure)
}

/// A success whose body cannot be read: whatever sent it, the write may have happened.
#[cold]
fn unreadable(response: transport::Response, error: ReadError) -> Failure {
    Failure {
        attempts: response.attempts,
        uncertain: response.uncertain,
        open: true,
        request_id: response.request_id.filter(|id| is_request_id(id)),
        kind: FailureKind::Decode(error),
    }
}

/// A request body for people to read.
pub(crate) fn text(body: Vec<u8>) -> Result<String, crate::Error> {
    String::from_utf8(body).map_err(|e| crate::Error::construction(e.to_string()))
}
