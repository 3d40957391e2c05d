//! An HTTP client for the SDK on which requests fail by script.
//!
//! It stands before another client: the embedded engine's, or the one of a real endpoint. Each
//! operation has a script of its own, a [`Fault`] for each request; where it ends, requests pass.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use dynamodel::Db;

/// The request id of the answers that the script makes up.
pub const REQUEST_ID: &str = "FAULTREQUESTID";

/// What happens to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    Pass,
    /// The connection breaks before the request reaches the service.
    DropRequest,
    /// The service does what is asked, and the connection breaks before its answer arrives.
    DropResponse,
    /// The service answers with an error and does nothing: code, and HTTP status.
    Refuse(&'static str, u16),
    /// The service does what is asked and answers with `InternalServerError`.
    FailAfter,
    /// The request arrives late.
    Delay(Duration),
    /// The service does what is asked, and its answer arrives late.
    DelayResponse(Duration),
    /// The service does what is asked, and only the first half of its answer arrives.
    CutBody,
    /// The service is not asked, and this comes instead with HTTP status 200 and no checksum.
    Answer(&'static str),
    /// No answer, ever.
    Hang,
}

impl Fault {
    /// The service has a fault of its own.
    pub const SERVICE_FAULT: Fault = Fault::Refuse("InternalServerError", 500);
    /// The table is asked for too much.
    pub const THROTTLE: Fault = Fault::Refuse("ProvisionedThroughputExceededException", 400);
}

/// A request that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// The JSON body.
    pub body: String,
}

/// The script, and what has been sent so far. Clones share both.
#[derive(Debug, Clone)]
pub struct Faults {
    shared: Arc<Mutex<Shared>>,
    behind: SharedHttpClient,
}

#[derive(Debug, Default)]
struct Shared {
    next: HashMap<&'static str, VecDeque<Fault>>,
    always: HashMap<&'static str, Fault>,
    sent: Vec<Sent>,
}

impl Faults {
    /// A client before this one.
    pub fn new(behind: impl HttpClient + 'static) -> Self {
        Faults {
            shared: Arc::default(),
            behind: SharedHttpClient::new(behind),
        }
    }

    /// What happens to the next requests of the operation.
    pub fn next(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        let mut shared = self.lock();
        shared.next.entry(operation).or_default().extend(faults);
    }

    /// What happens to every request of the operation after those of [`next`](Self::next).
    pub fn always(&self, operation: &'static str, fault: Fault) {
        self.lock().always.insert(operation, fault);
    }

    /// From now on requests pass.
    pub fn clear(&self) {
        let mut shared = self.lock();
        shared.next.clear();
        shared.always.clear();
    }

    /// The requests of the operation since the last call of [`forget`](Self::forget).
    pub fn sent(&self, operation: &str) -> Vec<Sent> {
        let shared = self.lock();
        let sent = shared.sent.iter().filter(|s| s.operation == operation);
        sent.cloned().collect()
    }

    /// Forgets what was sent.
    pub fn forget(&self) {
        self.lock().sent.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the request, and says what happens to it.
    fn take(&self, request: &HttpRequest) -> Fault {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
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

/// An empty database as of [`db`](crate::db), the script before it, and retries that hardly wait.
pub async fn db() -> (Db, Faults) {
    db_with(|config| config).await
}

/// As [`db`], with a client that is configured further.
pub async fn db_with(
    configure: impl FnOnce(aws_sdk_dynamodb::config::Builder) -> aws_sdk_dynamodb::config::Builder,
) -> (Db, Faults) {
    let config = crate::config().await.build();
    let behind = config
        .http_client()
        .unwrap_or_else(|| aws_smithy_http_client::Builder::new().build_http());
    let faults = Faults::new(behind);
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let config = config
        .to_builder()
        .retry_config(retries)
        // The budget of retries that clients share is not for tests to use up.
        .retry_partition(RetryPartition::new(crate::prefix()))
        .http_client(faults.clone());
    let client = aws_sdk_dynamodb::Client::from_conf(configure(config).build());
    (crate::connect(client), faults)
}

impl HttpClient for Faults {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            faults: self.clone(),
            behind: self.behind.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Connector {
    faults: Faults,
    behind: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fault = self.faults.take(&request);
        let behind = self.behind.clone();
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
                Fault::Hang => std::future::pending().await,
            }
        })
    }
}

fn broken() -> ConnectorError {
    ConnectorError::io("the connection was reset".into())
}

fn refusal(code: &str, status: u16) -> HttpResponse {
    let prefix = "com.amazonaws.dynamodb.v20120810#";
    answer(
        status,
        format!(r#"{{"__type":"{prefix}{code}","message":"made up by the test"}}"#),
    )
}

fn answer(status: u16, body: String) -> HttpResponse {
    let status = status.try_into().expect("a status between 100 and 999");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.0");
    headers.insert("x-amzn-requestid", REQUEST_ID);
    response
}

/// The answer with half of its body, and the headers of the whole.
async fn cut(mut response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = ByteStream::new(response.take_body()).collect().await;
    let mut body = body
        .map_err(|e| ConnectorError::other(e.into(), None))?
        .to_vec();
    body.truncate(body.len() / 2);
    *response.body_mut() = SdkBody::from(body);
    Ok(response)
}
