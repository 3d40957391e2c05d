//! [`Transport`]: request bytes in, response bytes out, on an `aws_sdk_dynamodb::Client` of the user's.
//!
//! There are three paths, from the fastest to the one that needs nothing but the SDK's public API:
//!
//! * The fast path bypasses the SDK's orchestrator for first attempts that succeed.
//! * The raw path runs the SDK's orchestrator with the components and the configuration of the
//!   client: credentials, SigV4, endpoints, retries and their quota, timeouts, stalled-stream
//!   protection, user agent, clock skew and interceptors are the SDK's. Only what an SDK operation does
//!   between those is ours: the JSON bodies come from the codec and go to the codec as they are.
//! * The plain path sends the SDK's own operations with typed inputs and outputs. It is
//!   taken when the SDK's parts are not the known ones, and when the client has interceptors or retry
//!   classifiers of the user's that are not declared to see HTTP alone.
//!
//! [`Transport::status`] names the path that a [`Transport`] takes, and the reason. No `cargo update` of
//! the SDK stops a request.
//!
//! ```
//! use dynamodel_transport::{Operation, Options, Tables, Transport, TransportPath};
//!
//! # fn example(client: aws_sdk_dynamodb::Client) {
//! let transport = Transport::new(&client, Options::default());
//! assert_eq!(transport.status().path(), TransportPath::Fast, "{:?}", transport.status().reason());
//! let body = br#"{"TableName":"users","Key":{"id":{"S":"u1"}}}"#;
//! let response = transport.send(Operation::GetItem, Tables::One("users".into()), body[..].into());
//! # }
//! # async fn read(response: Result<dynamodel_transport::Response, dynamodel_transport::Failure>) {
//! // .. .await
//! if let Ok(response) = response {
//!     println!("{} bytes after {} attempts", response.body.len(), response.attempts);
//! }
//! # }
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
#[cfg_attr(
    not(feature = "fast-path"),
    expect(dead_code, reason = "some parts serve the fast path alone")
)]
mod client_parts;
mod configuration;
mod endpoint;
mod failure;
#[cfg(feature = "fast-path")]
mod fast_path;
mod operations;
mod orchestrator;
mod plain_path;
#[cfg_attr(
    not(feature = "fast-path"),
    expect(dead_code, reason = "some parts serve the fast path alone")
)]
mod sdk_internals;
pub mod shown;
mod status;
#[cfg(all(test, feature = "fast-path"))]
mod tests;
mod user_agent;

use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::box_error::BoxError;
use bytes::Bytes;

use self::client_parts::ClientParts;
#[cfg(feature = "fast-path")]
use self::fast_path::{FastPath, Outcome};
use self::operations::{ApiOperation, GetItem, Operations};

pub use self::configuration::{ConfigurationCheck, configuration_mistake};
pub use self::failure::{Failure, FailureKind, NoClient};
pub use self::operations::{Operation, Sending};
pub use self::sdk_internals::lacks_credentials;
pub use self::status::{FastPathStatus, TransportPath, TransportStatus};

#[cfg(not(feature = "fast-path"))]
const NOT_COMPILED: &str = "it was compiled without the feature `fast-path`";
#[cfg(feature = "fast-path")]
const TURNED_OFF: &str = "it was turned off with `Builder::fast_path`";
const NO_CLIENT: &str = "there is no client to send with";
const FORCED: &str = "it was chosen with `Builder::plain_path`";
const UNKNOWN_PARTS: &str = "the SDK's parts are not the known ones";
const INTERCEPTORS: &str = "the client has interceptors";
const CLASSIFIERS: &str = "the client has retry classifiers";
/// The way out of the plain path for clients with parts of the user's.
const DECLARE: &str = "declare those that do not with `Builder::interceptors_see_http_only`";

/// The tables that a request names; the endpoint may depend on them.
#[derive(Debug, Clone)]
pub enum Tables {
    /// One table, by name or ARN.
    One(Arc<str>),
    /// Every table of a batch or transaction, in the order of the request.
    Many(Vec<Arc<str>>),
}

/// A successful response.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// The JSON text, whole. The response had the checksum of its headers.
    pub body: Bytes,
    /// Number of attempts that were sent.
    pub attempts: u32,
    /// `true` if an attempt before this one ended without a definite response of the service, so that
    /// a write may have happened twice.
    pub uncertain: bool,
    /// DynamoDB's id of the request.
    pub request_id: Option<String>,
}

/// Choices of the user's about the paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// First attempts may take the fast path. On by default.
    pub fast_path: bool,
    /// Every request takes the plain path.
    pub plain_path: bool,
    /// Interceptors and retry classifiers of the client neither read nor change typed inputs and
    /// outputs, so that requests may take the raw path.
    pub interceptors_see_http_only: bool,
    /// There is a client to send with, rather than one of no configuration in its place.
    pub has_client: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            fast_path: true,
            plain_path: false,
            interceptors_see_http_only: false,
            has_client: true,
        }
    }
}

/// Sends requests the way one `aws_sdk_dynamodb::Client` does.
pub struct Transport {
    path: Path,
}

/// The status alone: the SDK's client shows the id of its access key.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "one for each client, never moved; a box would be one more step for each request"
)]
enum Path {
    /// Through the SDK's orchestrator, and past it where there is a fast path.
    Raw(RawPath),
    /// With typed inputs and outputs.
    Plain(Client, Reason),
    /// Nowhere, without a client: every request fails.
    NoClient,
}

struct RawPath {
    operations: Operations,
    /// `None` when it was turned off.
    #[cfg(feature = "fast-path")]
    fast_path: Option<FastPath>,
}

impl RawPath {
    #[cfg(feature = "fast-path")]
    fn fast_path_status(&self) -> FastPathStatus {
        let closed = || FastPathStatus::closed(TURNED_OFF);
        self.fast_path
            .as_ref()
            .map_or_else(closed, FastPath::status)
    }

    #[cfg(not(feature = "fast-path"))]
    fn fast_path_status(&self) -> FastPathStatus {
        FastPathStatus::closed(NOT_COMPILED)
    }

    #[cfg(feature = "fast-path")]
    async fn send<O: ApiOperation>(
        &self,
        tables: Tables,
        body: Bytes,
    ) -> Result<Response, Failure> {
        let plugins = O::plugins(&self.operations);
        let outcome = match &self.fast_path {
            Some(fast_path) => fast_path.attempt::<O>(plugins, &tables, &body).await,
            None => Outcome::NotSent,
        };
        // The orchestrator is in a box: its future is large, and moved around with those that hold it.
        match outcome {
            Outcome::Response(response) => Ok(response),
            Outcome::Refused(failure) => Err(*failure),
            Outcome::NotSent => Box::pin(orchestrator::send::<O>(plugins, tables, body)).await,
            Outcome::Fallback(fallback) => {
                let (plugins, body, waiting) = fallback.prepare(plugins, body);
                let rest = Box::pin(orchestrator::send::<O>(&plugins, tables, body)).await;
                rest.map_err(|failure| waiting.failed(failure))
            }
        }
    }

    #[cfg(not(feature = "fast-path"))]
    async fn send<O: ApiOperation>(
        &self,
        tables: Tables,
        body: Bytes,
    ) -> Result<Response, Failure> {
        orchestrator::send::<O>(O::plugins(&self.operations), tables, body).await
    }
}

/// Reason for the plain path.
#[derive(Debug, Clone)]
struct Reason {
    kind: &'static str,
    details: Option<String>,
}

impl Reason {
    fn of_kind(kind: &'static str) -> Self {
        Reason {
            kind,
            details: None,
        }
    }

    fn unknown_parts(error: &BoxError) -> Self {
        Reason {
            kind: UNKNOWN_PARTS,
            details: Some(error.to_string()),
        }
    }

    fn text(&self) -> String {
        match &self.details {
            None => self.kind.to_owned(),
            Some(details) => format!("{}: {details}", self.kind),
        }
    }
}

impl Transport {
    /// Takes over the components and the configuration of `client`. Sends nothing and needs no
    /// runtime. Warns once, with the reason, when requests have to take the plain path.
    pub fn new(client: &Client, options: Options) -> Self {
        let parts = || ClientParts::from_client(client);
        Transport::from_parts(client, parts, options)
    }

    /// As [`new`](Self::new), with the client's parts from elsewhere.
    fn from_parts(
        client: &Client,
        parts: impl FnOnce() -> Result<ClientParts, BoxError>,
        options: Options,
    ) -> Self {
        if !options.has_client {
            return Transport {
                path: Path::NoClient,
            };
        }
        let path = raw_path(parts, options).unwrap_or_else(|reason| {
            if reason.kind != FORCED {
                let reason = reason.text();
                tracing::warn!(reason, "requests take the plain path, which is slower");
            }
            Path::Plain(client.clone(), reason)
        });
        Transport { path }
    }

    /// The path that requests take, and the reason.
    pub fn status(&self) -> TransportStatus {
        let plain = |kind, reason| {
            let fast_path = FastPathStatus::closed(kind);
            TransportStatus::new(TransportPath::Plain, Some(reason), fast_path)
        };
        let fast_path = match &self.path {
            Path::Plain(_, reason) => return plain(reason.kind, reason.text()),
            Path::NoClient => return plain(NO_CLIENT, NO_CLIENT.to_owned()),
            Path::Raw(raw) => raw.fast_path_status(),
        };
        let path = match fast_path.is_open() {
            true => TransportPath::Fast,
            false => TransportPath::Raw,
        };
        let reason = fast_path.ineligible_because().map(str::to_owned);
        TransportStatus::new(path, reason, fast_path)
    }

    async fn call<O: ApiOperation>(
        &self,
        tables: Tables,
        body: Bytes,
    ) -> Result<Response, Failure> {
        match &self.path {
            Path::Raw(raw) => raw.send::<O>(tables, body).await,
            Path::Plain(client, _) => plain_path::send::<O>(client, &body).await,
            Path::NoClient => Err(Failure {
                attempts: 0,
                uncertain: false,
                open: false,
                request_id: None,
                kind: FailureKind::Construction(NoClient.into()),
            }),
        }
    }
}

/// The raw path, with the fast path where the options allow it.
///
/// # Errors
/// When requests have to take the plain path.
fn raw_path(
    parts: impl FnOnce() -> Result<ClientParts, BoxError>,
    options: Options,
) -> Result<Path, Reason> {
    if options.plain_path {
        return Err(Reason::of_kind(FORCED));
    }
    let parts = parts().map_err(|error| Reason::unknown_parts(&error))?;
    if let Some(name) = parts.unknown_interceptor() {
        return Err(Reason {
            kind: UNKNOWN_PARTS,
            details: Some(format!("an interceptor of the name `{name}`")),
        });
    }
    if !options.interceptors_see_http_only {
        parts.users.see_http_only()?;
    }
    let operations = Operations::prepare(&parts);
    let operations = operations.map_err(|error| Reason::unknown_parts(&error))?;
    Ok(Path::Raw(RawPath {
        operations,
        #[cfg(feature = "fast-path")]
        fast_path: options.fast_path.then(|| FastPath::new(parts)),
    }))
}
