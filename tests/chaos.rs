//! A rule that makes requests of the SDK fail at random, in the same way for the same seed.
//!
//! The random numbers are drawn in the order in which requests arrive, so a run on one task repeats
//! exactly. A run on several tasks repeats only the proportions of the faults.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use dynamodel::Db;
use serde_json::{Value, json};

use crate::support::relay::{Rule, broken, operation, response, with_rule};

/// Kind of disturbance of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The connection breaks before the request reaches the service.
    DropRequest,
    /// The service does the work, and its response is lost.
    DropResponse,
    /// The request arrives up to 3 ms late.
    Delay,
    /// The service refuses the request because the rate is too high.
    Throttle,
    /// The service has a fault and does nothing.
    Fault,
    /// The service does the work, and responds with an error.
    FaultAfter,
    /// The service does a part of a batch. Requests of other operations pass.
    Partial,
    /// The service cancels the transaction because of a conflict with another one. Requests of other
    /// operations pass.
    Conflict,
}

impl Kind {
    /// All kinds.
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

/// The rule. Clones share all state.
#[derive(Debug, Clone)]
pub struct Chaos {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Probability of each kind, for one request.
    chance: f64,
    calm: AtomicBool,
    dice: Mutex<fastrand::Rng>,
    happened: Mutex<BTreeMap<Kind, u64>>,
}

impl Chaos {
    /// Returns a database as of [`db`](crate::db) whose requests follow this rule, which starts
    /// [calm](Self::calm). Each kind happens to a request with the given probability.
    pub async fn db(seed: u64, chance: f64) -> (Db, Chaos) {
        let config = crate::config().await.build();
        let chaos = Chaos {
            shared: Arc::new(Shared {
                chance,
                calm: AtomicBool::new(true),
                dice: Mutex::new(fastrand::Rng::with_seed(seed)),
                happened: Mutex::default(),
            }),
        };
        let retries = RetryConfig::standard()
            .with_initial_backoff(Duration::from_millis(1))
            .with_max_attempts(4);
        let config = with_rule(&config, chaos.clone()).retry_config(retries);
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        (crate::connect(client), chaos)
    }

    /// Lets all requests pass from now on.
    pub fn calm(&self) {
        self.shared.calm.store(true, Ordering::SeqCst);
    }

    /// Lets requests fail from now on.
    pub fn storm(&self) {
        self.shared.calm.store(false, Ordering::SeqCst);
    }

    /// Returns the number of times that each kind has happened.
    pub fn happened(&self) -> BTreeMap<Kind, u64> {
        lock(&self.shared.happened).clone()
    }

    /// Draws the kind for the next request, and a random number for choices within it.
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

impl Rule for Chaos {
    fn apply(&self, request: HttpRequest, behind: &SharedHttpConnector) -> HttpConnectorFuture {
        let (kind, number) = self.draw();
        let (chaos, behind) = (self.clone(), behind.clone());
        HttpConnectorFuture::new(async move {
            let Some(kind) = kind else {
                return behind.call(request).await;
            };
            let operation = operation(&request).to_owned();
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

fn error(code: &str, status: u16) -> HttpResponse {
    let code = format!("com.amazonaws.dynamodb.v20120810#{code}");
    let body = json!({ "__type": code, "message": "by chance" });
    response(status, body.to_string())
}

fn body(request: &HttpRequest) -> Value {
    let bytes = request.body().bytes().unwrap_or_default();
    serde_json::from_slice(bytes).expect("requests are JSON")
}

/// Returns the response for a transaction that is canceled because of one of its operations.
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
    let body = json!({ "__type": code, "Message": message, "CancellationReasons": reasons });
    response(400, body.to_string())
}

/// Removes a part of the batch from the request, and adds it to the response as unprocessed.
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
    Ok(response(200, answered.to_string()))
}
