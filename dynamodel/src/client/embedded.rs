//! The embedded engine: DynamoDB in this process, under the AWS SDK's own client.
//!
//! [`EmbeddedEngine`] is an HTTP client for the SDK that has no network behind it. The SDK
//! serializes, signs and retries as ever; the engine reads the operation and its JSON body, runs
//! them on [dynoxide](https://docs.rs/dynoxide-rs) (an implementation of DynamoDB over SQLite) and
//! answers as DynamoDB does, with the same headers. So everything that takes an
//! `aws_sdk_dynamodb::Client` works on it: dynamodel, the raw SDK, and code of other crates.
//!
//! Capacity, throttling, backups and global tables have no meaning in one process. Point-in-time
//! recovery can be switched on and described, for each table and as long as the engine lives, and
//! nothing is recorded. Operations that the engine does not know answer with
//! `UnknownOperationException`.

mod backups;
mod dispatch;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Builder, Credentials, Region, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::Database;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::backups::ContinuousBackups;
use crate::client::spawn::Task;

/// An SDK client of a new engine: in memory, or in the file at `path`, which is created when it is
/// not there.
pub(crate) fn client(path: Option<&Path>) -> Result<aws_sdk_dynamodb::Client, BoxError> {
    let engine = match path {
        Some(path) => EmbeddedEngine::open(path)?,
        None => EmbeddedEngine::memory()?,
    };
    Ok(aws_sdk_dynamodb::Client::from_conf(engine.config().build()))
}

/// DynamoDB in this process, as an HTTP client for the AWS SDK.
///
/// Clones are handles of the same engine; its data lives as long as one of them. One operation
/// runs at a time, and waiting for it blocks no thread. What may take long, and everything on a
/// file, runs on the threads that Tokio keeps for blocking work.
///
/// # Example
///
/// A client of one's own, for instance with interceptors:
///
/// ```
/// use dynamodel::embedded::EmbeddedEngine;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let engine = EmbeddedEngine::memory()?;
/// let client = aws_sdk_dynamodb::Client::from_conf(engine.config().build());
/// let tables = client.list_tables().send().await?;
/// assert!(tables.table_names().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EmbeddedEngine {
    shared: Arc<Shared>,
}

struct Shared {
    database: Database,
    backups: ContinuousBackups,
    /// Whether the data is in a file.
    is_file: bool,
    /// The engine runs one operation at a time behind a lock that blocks its thread. With a permit
    /// in hand that lock is free.
    turn: Arc<Semaphore>,
    requests: AtomicU64,
}

impl EmbeddedEngine {
    /// An engine in memory.
    ///
    /// # Errors
    /// When SQLite cannot be set up.
    pub fn memory() -> Result<Self, BoxError> {
        Ok(Self::new(Database::memory()?, false))
    }

    /// An engine on the file at `path`, which is created when it is not there. Beside it SQLite
    /// keeps two more files, with `-wal` and `-shm` appended to the name.
    ///
    /// # Errors
    /// When the path is not Unicode, or the file cannot be opened or is not a database of the
    /// engine.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BoxError> {
        let path = path.as_ref().to_str();
        let path = path.ok_or("the path of an embedded database has to be Unicode")?;
        Ok(Self::new(Database::new(path)?, true))
    }

    fn new(database: Database, is_file: bool) -> Self {
        EmbeddedEngine {
            shared: Arc::new(Shared {
                database,
                backups: ContinuousBackups::default(),
                is_file,
                turn: Arc::new(Semaphore::new(1)),
                requests: AtomicU64::new(0),
            }),
        }
    }

    /// The configuration of a client of this engine. Region and credentials are placeholders, and
    /// there is no connection that could stall: a request that waits for its turn is not broken.
    pub fn config(&self) -> Builder {
        aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new(
                "embedded", "embedded", None, None, "embedded",
            ))
            .endpoint_url("http://embedded.invalid")
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(self.clone())
    }

    /// Deletes the items whose time to live is over, in all tables that have one, and returns how
    /// many there were. DynamoDB does that by itself within a few days; the engine when it is
    /// told to. The deletions are in the tables' streams.
    ///
    /// Reads every item of those tables, a few at a time, so that other calls get in between.
    /// Blocks its thread: in asynchronous code use `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn delete_expired(&self) -> Result<usize, BoxError> {
        Ok(self.shared.database.sweep_ttl()?)
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let shared = self.shared;
        if let Ok(turn) = shared.turn.clone().try_acquire_owned() {
            return shared.run_in_turn(request, turn).await;
        }
        let waiting = async move {
            let turn = shared.turn.clone().acquire_owned().await;
            let turn = turn.map_err(|closed| ConnectorError::other(closed.into(), None))?;
            shared.run_in_turn(request, turn).await
        };
        match Handle::try_current() {
            // A task of its own, so that a turn is also taken when the caller looks at something
            // else meanwhile: at what another request brings, for which this one is in the way.
            Ok(runtime) => {
                let answer = Task::spawn(&runtime, waiting).await;
                let gone = || ConnectorError::other("the runtime was shut down".into(), None);
                answer.unwrap_or_else(|| Err(gone()))
            }
            Err(_) => waiting.await,
        }
    }
}

impl Shared {
    async fn run_in_turn(
        self: Arc<Self>,
        request: HttpRequest,
        turn: OwnedSemaphorePermit,
    ) -> Result<HttpResponse, ConnectorError> {
        let is_short = !self.is_file && dispatch::is_short(operation(&request));
        match Handle::try_current() {
            Ok(runtime) if !is_short => runtime
                .spawn_blocking(move || self.run(&request, turn))
                .await
                .map_err(|panic| ConnectorError::other(panic.into(), None)),
            // Without Tokio there is no better place either.
            _ => Ok(self.run(&request, turn)),
        }
    }

    /// Runs the operation. The turn ends with it, also when nobody waits for the answer any more.
    fn run(&self, request: &HttpRequest, turn: OwnedSemaphorePermit) -> HttpResponse {
        let body = request.body().bytes();
        let answer = match (operation(request), body) {
            (_, None) => dispatch::Answer::unreadable(),
            ("DescribeContinuousBackups", Some(body)) => {
                self.backups.describe(&self.database, body)
            }
            ("UpdateContinuousBackups", Some(body)) => self.backups.update(&self.database, body),
            (operation, Some(body)) => dispatch::dispatch(&self.database, operation, body),
        };
        drop(turn);
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let checksum = crc32fast::hash(&answer.body);
        // The engine's statuses are all in range.
        let status = StatusCode::try_from(answer.status);
        let status = status.unwrap_or_else(|_| http::StatusCode::INTERNAL_SERVER_ERROR.into());
        let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
        let headers = response.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0");
        headers.insert("x-amz-crc32", checksum.to_string());
        headers.insert("x-amzn-requestid", format!("EMBEDDED{number:044X}"));
        response
    }
}

/// The name of the operation: what follows the version in the target.
fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target
        .split_once('.')
        .map_or("", |(_, operation)| operation)
}

impl HttpClient for EmbeddedEngine {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for EmbeddedEngine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl fmt::Debug for EmbeddedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedEngine")
            .field("is_file", &self.shared.is_file)
            .finish_non_exhaustive()
    }
}
