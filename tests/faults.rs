//! A rule that makes requests of the SDK fail by script.
//!
//! Each operation has a script of its own, with a [`Fault`] for each request; after the end of the script
//! requests pass.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use dynamodel::{Db, TransportPath};

use crate::support::relay::{self, Rule, broken, operation, with_rule};

/// Request id of the responses that the script makes up.
pub const REQUEST_ID: &str = "FAULTREQUESTID";

/// Disturbance of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// None.
    Pass,
    /// The connection breaks before the request reaches the service.
    DropRequest,
    /// The service does the work, and the connection breaks before its response arrives.
    DropResponse,
    /// The service responds with an error and does nothing: code, and HTTP status.
    Refuse(&'static str, u16),
    /// The service does the work and responds with `InternalServerError`.
    FailAfter,
    /// The request arrives late.
    Delay(Duration),
    /// The service does the work, and its response arrives late.
    DelayResponse(Duration),
    /// The service does the work, and only the first half of its response arrives.
    CutBody,
    /// The request does not reach the service; this body is the response, with HTTP status 200 and no
    /// checksum.
    Answer(&'static str),
    /// The request does not reach the service; this body is the response, with this HTTP status.
    Error(u16, String),
    /// No response, ever.
    Hang,
}

impl Fault {
    /// The service fails with an error of its own.
    pub const SERVICE_FAULT: Fault = Fault::Refuse("InternalServerError", 500);
    /// The table throttles the request.
    pub const THROTTLE: Fault = Fault::Refuse("ProvisionedThroughputExceededException", 400);
}

/// A request that the SDK sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// The JSON body.
    pub body: String,
}

/// The script, and the requests so far. Clones share both.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    next: HashMap<&'static str, VecDeque<Fault>>,
    always: HashMap<&'static str, Fault>,
    sent: Vec<Sent>,
}

impl Faults {
    /// Sets the faults of the next requests of the operation.
    pub fn next(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        let mut shared = self.lock();
        shared.next.entry(operation).or_default().extend(faults);
    }

    /// Sets the fault of every request of the operation after those of [`next`](Self::next).
    pub fn always(&self, operation: &'static str, fault: Fault) {
        self.lock().always.insert(operation, fault);
    }

    /// Lets all requests pass from now on.
    pub fn clear(&self) {
        let mut shared = self.lock();
        shared.next.clear();
        shared.always.clear();
    }

    /// Returns the requests of the operation since the last call of [`forget`](Self::forget).
    pub fn sent(&self, operation: &str) -> Vec<Sent> {
        let shared = self.lock();
        let sent = shared.sent.iter().filter(|s| s.operation == operation);
        sent.cloned().collect()
    }

    /// Forgets all requests so far.
    pub fn forget(&self) {
        self.lock().sent.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the request, and returns its fault.
    fn take(&self, request: &HttpRequest) -> Fault {
        let operation = operation(request);
        let body = request.body().bytes().unwrap_or_default();
        let mut shared = self.lock();
        shared.sent.push(Sent {
            operation: operation.to_owned(),
            body: String::from_utf8_lossy(body).into_owned(),
        });
        let next = shared.next.get_mut(operation).and_then(VecDeque::pop_front);
        next.or_else(|| shared.always.get(operation).cloned())
            .unwrap_or(Fault::Pass)
    }
}

/// Returns an empty database as of [`db`](crate::db) whose requests follow the script, with retries
/// that hardly wait.
pub async fn db() -> (Db, Faults) {
    db_with(|config| config).await
}

/// Same as [`db`], with further configuration of the client.
pub async fn db_with(
    configure: impl FnOnce(aws_sdk_dynamodb::config::Builder) -> aws_sdk_dynamodb::config::Builder,
) -> (Db, Faults) {
    let config = crate::config().await.build();
    let faults = Faults::default();
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = with_rule(&config, faults.clone())
        .retry_config(retries)
        // Clients share a budget of retries by default; a partition of its own keeps tests from using up
        // each other's budget.
        .retry_partition(RetryPartition::new(crate::prefix()));
    let client = aws_sdk_dynamodb::Client::from_conf(configure(config).build());
    (crate::connect(client), faults)
}

/// As [`db`], on a path where dynamodel's codec reads every body. On the plain path the SDK does, which
/// takes some bodies that are not DynamoDB's for empty ones, and reads pages at once.
pub async fn db_of_bytes() -> (Db, Faults) {
    let (db, faults) = db().await;
    match crate::path() {
        TransportPath::Plain => {
            let client = db.client().clone();
            (crate::connect_on(TransportPath::Fast, client), faults)
        }
        _ => (db, faults),
    }
}

impl Rule for Faults {
    fn apply(&self, request: HttpRequest, behind: &SharedHttpConnector) -> HttpConnectorFuture {
        let fault = self.take(&request);
        let behind = behind.clone();
        HttpConnectorFuture::new(async move {
            match fault {
                Fault::Pass => behind.call(request).await,
                Fault::DropRequest => Err(broken()),
                Fault::DropResponse => {
                    behind.call(request).await?;
                    Err(broken())
                }
                Fault::Refuse(code, status) => Ok(refusal(code, status)),
                Fault::FailAfter => {
                    behind.call(request).await?;
                    Ok(refusal("InternalServerError", 500))
                }
                Fault::Delay(time) => {
                    tokio::time::sleep(time).await;
                    behind.call(request).await
                }
                Fault::DelayResponse(time) => {
                    let response = behind.call(request).await;
                    tokio::time::sleep(time).await;
                    response
                }
                Fault::CutBody => cut(behind.call(request).await?).await,
                Fault::Answer(body) => Ok(answer(200, body.to_owned())),
                Fault::Error(status, body) => Ok(answer(status, body)),
                Fault::Hang => std::future::pending().await,
            }
        })
    }
}

fn refusal(code: &str, status: u16) -> HttpResponse {
    let prefix = "com.amazonaws.dynamodb.v20120810#";
    answer(
        status,
        format!(r#"{{"__type":"{prefix}{code}","message":"made up by the test"}}"#),
    )
}

fn answer(status: u16, body: String) -> HttpResponse {
    let mut response = relay::response(status, body);
    response
        .headers_mut()
        .insert("x-amzn-requestid", REQUEST_ID);
    response
}

/// Returns the response with half of its body, and the headers of the whole one.
async fn cut(mut response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = ByteStream::new(response.take_body()).collect().await;
    let mut body = body
        .map_err(|e| ConnectorError::other(e.into(), None))?
        .to_vec();
    body.truncate(body.len() / 2);
    *response.body_mut() = SdkBody::from(body);
    Ok(response)
}
