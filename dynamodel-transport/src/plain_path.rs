//! The plain path: the SDK's own operations with typed inputs and outputs, on its public API alone.
//!
//! A rendered request is read into the SDK's fluent operation and sent with the user's own client; the
//! typed output is written back as the JSON that the service would have sent. So everything that an
//! interceptor reads or changes in typed inputs and outputs counts, and nothing of the SDK has to be
//! known. Costs about as much as code on the SDK that is written by hand.

mod requests;
mod responses;

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;

use super::call::{Call, Observer};
use super::failure::{Failure, FailureKind};
use super::shown::is_request_id;
use super::{ApiOperation, Response};
use dynamodel_wire::{ReadError, Reader, Writer};

/// An operation as the SDK offers it to its users.
pub(crate) trait TypedOperation: Sized + Send + Sync + fmt::Debug + 'static {
    /// The SDK's fluent builder of the operation.
    type Request: Send;
    /// The SDK's output of the operation.
    type Output: RequestId + Send;
    /// The SDK's error of the operation.
    type Error: Error + ProvideErrorMetadata + Send + Sync + 'static;

    /// Reads a rendered request.
    ///
    /// # Errors
    /// When it has a member that is not known here.
    fn read(client: &Client, r: &mut Reader<'_>) -> Result<Self::Request, ReadError>;

    /// Sends it with the client that it was read for.
    fn send(
        request: Self::Request,
        observer: Observer<Self::Error>,
    ) -> impl Future<Output = Result<Self::Output, SdkError<Self::Error, HttpResponse>>> + Send;

    /// Writes the members of the output that dynamodel reads.
    fn write(output: &Self::Output, w: &mut Writer);

    /// The body of an error that holds items, from its typed form; `None` for all others.
    fn error_body(error: &Self::Error) -> Option<Vec<u8>>;
}

/// Sends the rendered request `body` of operation `O` as a typed one.
///
/// # Errors
/// As on every path; also when the request or the output has something that is not known here.
pub(super) async fn send<O: ApiOperation>(
    client: &Client,
    body: &Bytes,
) -> Result<Response, Failure> {
    let call = Call::default();
    let request = read::<O>(client, body);
    let request = request.map_err(|error| {
        let kind = FailureKind::Construction(error.into());
        call.progress().failure(None, kind)
    })?;
    // In a box: the SDK's future is large, and moved around with those that hold it.
    let sent = Box::pin(O::send(request, Observer::of_call(call.clone()))).await;
    let output = match sent {
        Ok(output) => output,
        Err(error) => return Err(failure::<O>(error, &call)),
    };
    let request_id = output.request_id().filter(|id| is_request_id(id));
    let request_id = request_id.map(str::to_owned);
    tracing::debug!(request_id = ?request_id);
    let mut w = Writer::new();
    w.begin_map();
    O::write(&output, &mut w);
    w.end_map();
    match w.finish() {
        Ok(body) => Ok(Response {
            body: body.into(),
            attempts: call.progress().attempts(),
            uncertain: call.progress().is_uncertain(),
            request_id,
        }),
        Err(error) => {
            let kind = FailureKind::Response(error.into());
            Err(call.progress().unreadable(request_id, kind))
        }
    }
}

/// The failure with an error body of what interceptors have made of the typed error.
#[cold]
fn failure<O: ApiOperation>(error: SdkError<O::Error, HttpResponse>, call: &Call) -> Failure {
    let service = match &error {
        SdkError::ServiceError(service) => Some(service),
        _ => None,
    };
    let body = service.and_then(|service| O::error_body(service.err()));
    let is_success = service.is_some_and(|service| service.raw().status().is_success());
    let mut failure = Failure::from_sdk(error, call.progress());
    failure.kind = match failure.kind {
        // The SDK calls a successful response that it can't read an error of the service. One with a code
        // is not that: an interceptor has put it in place of the output.
        FailureKind::Service {
            code: None, source, ..
        } if is_success => FailureKind::Response(source),
        FailureKind::Service {
            code,
            message,
            status,
            body: raw,
            source,
        } => FailureKind::Service {
            code,
            message,
            status,
            body: match body {
                Some(body) => body,
                // The service's is that of the output.
                None if is_success => Vec::new(),
                None => raw,
            },
            source,
        },
        kind => kind,
    };
    failure
}

fn read<O: ApiOperation>(client: &Client, body: &[u8]) -> Result<O::Request, ReadError> {
    let mut r = Reader::new(body)?;
    let request = O::read(client, &mut r)?;
    r.finish()?;
    Ok(request)
}
