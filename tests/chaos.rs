//! An HTTP client for the SDK on which requests fail by chance, in the same way for the same seed.
//!
//! The chances are drawn in the order in which requests arrive, so a run on one task repeats exactly;
//! with several tasks the mixture does.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
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
use serde_json::{Value, json};

/// What can happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The connection breaks before the request reaches the service.
    DropRequest,
    /// The service does what is asked, and its answer is lost.
    DropResponse,
    /// The request arrives up to 3 ms late.
    Delay,
    /// The service refuses the request for its rate.
    Throttle,
    /// The service has a fault and does nothing.
    Fault,
    /// The service does what is asked, and answers with a fault.
    FaultAfter,
    /// The service does a part of a batch. Nothing happens to other requests.
    Partial,
    /// Another transaction is under way on an item of this one. Nothing happens to other requests.
    Conflict,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 8] = [
        Kind::DropRequest,
        Kind::DropResponse,
        Kind::Delay,
        Kind::Throttle,
        Kind::Fault,
        Kind::FaultAfter,
        Kind::Partial,
        Kind::Conflict,
    ];
}

/// The client. Clones share everything.
#[derive(Debug, Clone)]
pub struct Chaos {
    shared: Arc<Shared>,
    behind: SharedHttpClient,
}

#[derive(Debug)]
struct Shared {
    /// The chance of each kind, for one request.
    chance: f64,
    calm: AtomicBool,
    dice: Mutex<fastrand::Rng>,
    happened: Mutex<BTreeMap<Kind, u64>>,
}

impl Chaos {
    /// A database as of [`db`](crate::db) behind the chaos, which begins [calm](Self::calm). Each kind
    /// happens to a request with this chance.
    pub async fn db(seed: u64, chance: f64) -> (Db, Chaos) {
        let config = crate::config().await.build();
        let behind = config
            .http_client()
            .unwrap_or_else(|| aws_smithy_http_client::Builder::new().build_http());
        let chaos = Chaos {
            shared: Arc::new(Shared {
                chance,
                calm: AtomicBool::new(true),
                dice: Mutex::new(fastrand::Rng::with_seed(seed)),
                happened: Mutex::default(),
            }),
            behind: SharedHttpClient::new(behind),
        };
        let retries = RetryConfig::standard()
            .with_initial_backoff(Duration::from_millis(1))
            .with_max_attempts(4);
        let config = config
            .to_builder()
            .retry_config(retries)
            .http_client(chaos.clone());
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        (crate::connect(client), chaos)
    }

    /// From now on requests pass.
    pub fn calm(&self) {
        self.shared.calm.store(true, Ordering::SeqCst);
    }

    /// From now on requests may fail.
    pub fn storm(&self) {
        self.shared.calm.store(false, Ordering::SeqCst);
    }

    /// How often each kind has happened.
    pub fn happened(&self) -> BTreeMap<Kind, u64> {
        lock(&self.shared.happened).clone()
    }

    /// What happens to the next request, and a number to choose by.
    fn draw(&self) -> (Option<Kind>, u64) {
        if self.shared.calm.load(Ordering::SeqCst) {
            return (None, 0);
        }
        let mut dice = lock(&self.shared.dice);
        let drawn = dice.f64() / self.shared.chance;
        let kind = Kind::ALL.get(drawn as usize).copied();
        (kind, dice.u64(..))
    }

    fn note(&self, kind: Kind) {
        *lock(&self.shared.happened).entry(kind).or_default() += 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HttpClient for Chaos {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            chaos: self.clone(),
            behind: self.behind.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Connector {
    chaos: Chaos,
    behind: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (kind, number) = self.chaos.draw();
        let (chaos, behind) = (self.chaos.clone(), self.behind.clone());
        HttpConnectorFuture::new(async move {
            let Some(kind) = kind else {
                return behind.call(request).await;
            };
            let operation = operation(&request);
            match kind {
                Kind::Partial if !operation.starts_with("Batch") => {
                    return behind.call(request).await;
                }
                Kind::Conflict if !operation.starts_with("Transact") => {
                    return behind.call(request).await;
                }
                _ => chaos.note(kind),
            }
            match kind {
                Kind::DropRequest => Err(broken()),
                Kind::DropResponse => {
                    behind.call(request).await?;
                    Err(broken())
                }
                Kind::Delay => {
                    tokio::time::sleep(Duration::from_micros(number % 3_000)).await;
                    behind.call(request).await
                }
                Kind::Throttle => Ok(error("ProvisionedThroughputExceededException", 400)),
                Kind::Fault => Ok(error("InternalServerError", 500)),
                Kind::FaultAfter => {
                    behind.call(request).await?;
                    Ok(error("InternalServerError", 500))
                }
                Kind::Partial => partial(&operation, request, behind, number).await,
                Kind::Conflict => Ok(conflict(&request, number)),
            }
        })
    }
}

fn operation(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

fn broken() -> ConnectorError {
    ConnectorError::io("the connection was reset".into())
}

fn error(code: &str, status: u16) -> HttpResponse {
    let code = format!("com.amazonaws.dynamodb.v20120810#{code}");
    answer(status, &json!({ "__type": code, "message": "by chance" }))
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    let status = status.try_into().expect("a status between 100 and 999");
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    let headers = response.headers_mut();
    headers.insert("content-type", "application/x-amz-json-1.0");
    response
}

fn body(request: &HttpRequest) -> Value {
    let bytes = request.body().bytes().unwrap_or_default();
    serde_json::from_slice(bytes).expect("requests are JSON")
}

/// The transaction is canceled for one of its operations.
fn conflict(request: &HttpRequest, number: u64) -> HttpResponse {
    let count = body(request)["TransactItems"]
        .as_array()
        .map_or(1, Vec::len);
    let chosen = number as usize % count;
    let reasons: Vec<_> = (0..count)
        .map(|i| match i == chosen {
            true => json!({ "Code": "TransactionConflict", "Message": "by chance" }),
            false => json!({ "Code": "None" }),
        })
        .collect();
    let code = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    answer(
        400,
        &json!({ "__type": code, "Message": message, "CancellationReasons": reasons }),
    )
}

/// Takes a part of the batch out of the request, and puts it into the answer as unprocessed.
async fn partial(
    operation: &str,
    mut request: HttpRequest,
    behind: SharedHttpConnector,
    number: u64,
) -> Result<HttpResponse, ConnectorError> {
    let mut asked = body(&request);
    let is_get = operation == "BatchGetItem";
    let mut unprocessed = json!({});
    let mut dice = fastrand::Rng::with_seed(number);
    let tables = asked["RequestItems"].as_object_mut().expect("tables");
    for (table, of_table) in tables.iter_mut() {
        let all = match is_get {
            true => &mut of_table["Keys"],
            false => &mut *of_table,
        };
        let all = all.as_array_mut().expect("a list of keys or writes");
        let (out, kept): (Vec<_>, Vec<_>) =
            std::mem::take(all).into_iter().partition(|_| dice.bool());
        *all = kept;
        if !out.is_empty() {
            unprocessed[table] = match is_get {
                true => json!({ "Keys": out }),
                false => json!(out),
            };
        }
    }
    tables.retain(|_, of_table| match is_get {
        true => of_table["Keys"] != json!([]),
        false => *of_table != json!([]),
    });
    let nothing = tables.is_empty();
    let mut answered = if nothing {
        json!({ "Responses": {} })
    } else {
        let bytes = asked.to_string().into_bytes();
        let length = bytes.len().to_string();
        request.headers_mut().insert("content-length", length);
        *request.body_mut() = SdkBody::from(bytes);
        let mut response = behind.call(request).await?;
        if response.status().as_u16() != 200 {
            return Ok(response);
        }
        let body = ByteStream::new(response.take_body()).collect().await;
        let body = body.map_err(|e| ConnectorError::other(e.into(), None))?;
        serde_json::from_slice(&body.into_bytes()).expect("answers are JSON")
    };
    let member = if is_get {
        "UnprocessedKeys"
    } else {
        "UnprocessedItems"
    };
    answered[member] = unprocessed;
    Ok(answer(200, &answered))
}
