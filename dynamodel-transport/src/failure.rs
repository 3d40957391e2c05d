//! Failures of calls.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::call::Progress;
use super::configuration::configuration_mistake;
use super::sdk_internals::{is_of_http_client, was_never_sent};
use super::shown::{is_code, is_request_id};
use dynamodel_wire::ReadError;

/// A call that failed.
#[derive(Debug)]
pub struct Failure {
    /// Number of attempts that were sent.
    pub attempts: u32,
    /// `true` if an attempt before the last one ended without a definite response of the service, so
    /// that a write may have happened before the attempt that `kind` tells of.
    pub uncertain: bool,
    /// `true` if the last attempt was sent, and ended without such a response.
    pub open: bool,
    /// DynamoDB's id of the last request, when it responded.
    pub request_id: Option<String>,
    /// The kind of the failure.
    pub kind: FailureKind,
}

/// Source of the failure of every request of a [`Transport`](super::Transport) without a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoClient;

impl fmt::Display for NoClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(super::NO_CLIENT)
    }
}

impl std::error::Error for NoClient {}

/// Kind of a [`Failure`]. The boxed errors are the SDK's `SdkError<O::Error, HttpResponse>`.
pub enum FailureKind {
    /// The service responded with an error.
    Service {
        /// The error's name, for instance `ConditionalCheckFailedException`. `None` for what does not
        /// have the form of one.
        code: Option<String>,
        /// The service's text.
        message: Option<String>,
        /// The HTTP status.
        status: u16,
        /// The body of the response. On the plain path, if it holds items, it is written from the typed
        /// error, as the client's interceptors left it.
        body: Vec<u8>,
        /// The SDK's error.
        source: BoxError,
    },
    /// The service responded with success and a body that its decoder does not take.
    Decode(ReadError),
    /// The call, or its last attempt, took longer than the client allows.
    Timeout(BoxError),
    /// The request could not be sent, or got no response.
    Dispatch(BoxError),
    /// The response was incomplete, corrupt or not one of DynamoDB.
    Response(BoxError),
    /// The request could not be made.
    Construction(BoxError),
}

impl Failure {
    /// Sorts the error of an operation that was sent with the SDK itself. The number of attempts is
    /// not known.
    pub fn from_sdk_error<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let (is_given, open) = match &error {
            SdkError::ConstructionFailure(_) => (false, false),
            SdkError::DispatchFailure(dispatch) => {
                let connector = dispatch.as_connector_error();
                let is_given = connector.is_some_and(is_of_http_client);
                (is_given, is_given && !connector.is_some_and(was_never_sent))
            }
            SdkError::ServiceError(service) => {
                let status = service.raw().status();
                (true, !status.is_client_error() || status.as_u16() == 408)
            }
            _ => (true, true),
        };
        let mut failure = Self::sorted(error, is_given, &Progress::default());
        failure.open = open;
        failure
    }

    /// The failure of the only attempt of a call, which the service has refused.
    #[cfg(feature = "fast-path")]
    pub(super) fn from_refusal<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let mut failure = Self::sorted(error, true, &Progress::default());
        failure.attempts = 1;
        failure
    }

    /// Sorts the SDK's error of an operation.
    pub(super) fn from_sdk<E>(error: SdkError<E, HttpResponse>, progress: &Progress) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        Self::sorted(error, progress.is_given(), progress)
    }

    /// Sorts an error. `is_given` is `false` if the last attempt did not come as far as the HTTP
    /// client.
    fn sorted<E>(error: SdkError<E, HttpResponse>, is_given: bool, progress: &Progress) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let request_id = error.request_id().filter(|id| is_request_id(id));
        let request_id = request_id.map(str::to_owned);
        let kind = match &error {
            SdkError::ServiceError(service) => {
                let response = service.raw();
                let code = service.err().code();
                FailureKind::Service {
                    code: code.filter(|code| is_code(code)).map(str::to_owned),
                    message: service.err().message().map(str::to_owned),
                    status: response.status().as_u16(),
                    body: response.body().bytes().unwrap_or_default().to_vec(),
                    source: error.into(),
                }
            }
            SdkError::TimeoutError(_) => FailureKind::Timeout(error.into()),
            // The SDK's word for everything up to a response: what fails before anything is given to
            // the HTTP client, or is no request for it, lies in the client's configuration.
            SdkError::DispatchFailure(dispatch)
                if !is_given || dispatch.is_user() || configuration_mistake(&error).is_some() =>
            {
                FailureKind::Construction(error.into())
            }
            // The time to connect is no time to respond: the endpoint was not reached.
            SdkError::DispatchFailure(dispatch)
                if dispatch.is_timeout()
                    && !dispatch.as_connector_error().is_some_and(was_never_sent) =>
            {
                FailureKind::Timeout(error.into())
            }
            SdkError::DispatchFailure(_) => FailureKind::Dispatch(error.into()),
            SdkError::ConstructionFailure(_) => FailureKind::Construction(error.into()),
            _ => FailureKind::Response(error.into()),
        };
        progress.failure(request_id, kind)
    }
}

/// Without the body and the SDK's errors: they may hold items.
impl fmt::Debug for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailureKind::Service {
                code, status, body, ..
            } => f
                .debug_struct("Service")
                .field("code", code)
                .field("status", status)
                .field("body_length", &body.len())
                .finish_non_exhaustive(),
            FailureKind::Decode(error) => f.debug_tuple("Decode").field(error).finish(),
            FailureKind::Timeout(_) => f.write_str("Timeout"),
            FailureKind::Dispatch(_) => f.write_str("Dispatch"),
            FailureKind::Response(_) => f.write_str("Response"),
            FailureKind::Construction(_) => f.write_str("Construction"),
        }
    }
}
