//! One attempt, from the moment it is given to the HTTP client until its response is read, failed or
//! has taken too long.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime::client::http::body::minimum_throughput::MinimumThroughputDownloadBody;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::HttpConnectorFuture;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_types::request_id::RequestId;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::deadline::Deadline;
use crate::Response;
use crate::call::has_its_checksum;

/// Codes of refusals that are final responses.
pub(super) const FINAL: [&str; 2] = [
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
];

/// Progress of an attempt when the fast path ends it. Boxed where it is rare: the value is moved with
/// every response.
pub(super) enum Progress {
    /// A success with its whole body, which has the checksum of its headers.
    Response(Response),
    /// A refusal with its whole body, which the service does not take back: a condition that is not met,
    /// or a canceled transaction.
    Refused(Box<HttpResponse>),
    /// Anything else that came: an error, or a success whose body could not be read (whole).
    Ended(Box<Result<HttpResponse, ConnectorError>>),
    /// The attempt is in flight.
    Pending,
}

/// Deadline, clock and protection of an attempt.
pub(super) struct Watch<'a> {
    pub(super) deadline: Deadline<'a>,
    pub(super) clock: &'a SharedTimeSource,
    /// The protection against responses that stall.
    pub(super) stalls: Option<&'a StalledStreamProtectionConfig>,
}

/// Waits for the response and reads it. `at_response` sees it before its body is read.
pub(super) async fn run(
    pending: &mut HttpConnectorFuture,
    watch: &mut Watch<'_>,
    at_response: impl FnOnce(&HttpResponse),
) -> Progress {
    let Some(outcome) = watch.deadline.wait(pending).await else {
        return Progress::Pending;
    };
    let mut response = match outcome {
        Ok(response) => response,
        Err(error) => return Progress::Ended(Box::new(Err(error))),
    };
    at_response(&response);
    let is_success = response.status().is_success();
    if !is_success && response.status().as_u16() != 400 {
        return Progress::Ended(Box::new(Ok(response)));
    }
    // A body that is there can't stall.
    if response.body().bytes().is_none() {
        let body = watch.protect(response.take_body());
        *response.body_mut() = body;
    }
    match watch.read(response.body_mut()).await {
        Ok(body) if is_success && has_its_checksum(response.headers(), &body) => {
            return Progress::Response(Response {
                body,
                attempts: 1,
                uncertain: false,
                request_id: response.request_id().map(str::to_owned),
            });
        }
        Ok(body) => {
            let is_final = !is_success
                && is_final_refusal(&body)
                && has_its_checksum(response.headers(), &body);
            *response.body_mut() = SdkBody::from(body);
            if is_final {
                return Progress::Refused(Box::new(response));
            }
        }
        Err(unread) => *response.body_mut() = SdkBody::from_body_1_x(unread),
    }
    Progress::Ended(Box::new(Ok(response)))
}

/// `true` if the body may be that of a refusal which the SDK does not retry. Its deserializer decides.
fn is_final_refusal(body: &[u8]) -> bool {
    // The name stands at the begin; items behind it may be large.
    let begin = body.get(..256).unwrap_or(body);
    FINAL
        .iter()
        .any(|code| memchr::memmem::find(begin, code.as_bytes()).is_some())
}

impl Watch<'_> {
    /// As the SDK's own interceptor protects it.
    fn protect(&self, body: SdkBody) -> SdkBody {
        let Some(stalls) = self.stalls else {
            return body;
        };
        let sleep = self.deadline.sleep().clone();
        let options = stalls.clone().into();
        let body = MinimumThroughputDownloadBody::new(self.clock.clone(), sleep, body, options);
        SdkBody::from_body_1_x(body)
    }

    async fn read(&mut self, body: &mut SdkBody) -> Result<Bytes, Unread> {
        // Most bodies that are small come in one piece.
        let mut first: Option<Bytes> = None;
        let mut more = Vec::new();
        let rest = loop {
            let mut frame = NextFrame(body);
            match self.deadline.wait(&mut frame).await {
                None => break Rest::Body(std::mem::replace(body, SdkBody::taken())),
                Some(None) => return Ok(joined(first, more)),
                Some(Some(Err(error))) => break Rest::Error(Some(error)),
                Some(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if first.is_none() => first = Some(data),
                    Ok(data) => more.push(data),
                    Err(_) => {}
                },
            }
        };
        more.splice(..0, first);
        Err(Unread {
            read: more.into_iter(),
            rest,
        })
    }
}

fn joined(first: Option<Bytes>, more: Vec<Bytes>) -> Bytes {
    let first = first.unwrap_or_default();
    if more.is_empty() {
        return first;
    }
    let length = first.len() + more.iter().map(Bytes::len).sum::<usize>();
    let mut whole = Vec::with_capacity(length);
    for part in std::iter::once(first).chain(more) {
        whole.extend_from_slice(&part);
    }
    whole.into()
}

struct NextFrame<'a>(&'a mut SdkBody);

impl Future for NextFrame<'_> {
    type Output = Option<Result<Frame<Bytes>, BoxError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll_frame(cx)
    }
}

/// A body that was read in part: the parts, and then the rest or the error.
struct Unread {
    read: std::vec::IntoIter<Bytes>,
    rest: Rest,
}

enum Rest {
    Body(SdkBody),
    Error(Option<BoxError>),
}

impl Body for Unread {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(read) = self.read.next() {
            return Poll::Ready(Some(Ok(Frame::data(read))));
        }
        match &mut self.rest {
            Rest::Body(body) => Pin::new(body).poll_frame(cx),
            Rest::Error(error) => Poll::Ready(error.take().map(Err)),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}
