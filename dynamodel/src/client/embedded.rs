//! The embedded engine: DynamoDB in this process, under the AWS SDK's own client.
//!
//! [`EmbeddedEngine`] is an HTTP client for the SDK that has no network behind it. The SDK
//! serializes, signs and retries as usual; the engine reads the operation and its JSON body, runs
//! it on [dynoxide](https://docs.rs/dynoxide-rs) (an implementation of DynamoDB over SQLite) and
//! responds as DynamoDB does, with the same headers. So everything that takes an
//! `aws_sdk_dynamodb::Client` works on it: dynamodel, the raw SDK, and code of other crates.
//!
//! Capacity, throttling, backups and global tables have no meaning in one process. Point-in-time
//! recovery can be switched on and described, for each table and as long as the engine lives, but
//! nothing is recorded. The response to operations that the engine does not know is
//! `UnknownOperationException`.
//!
//! Without optimization the engine takes several times as long. This in your `Cargo.toml` lets tests run
//! fast, for a longer first build:
//!
//! ```toml
//! [profile.dev.package]
//! dynoxide-rs.opt-level = 2
//! libsqlite3-sys.opt-level = 2
//! rusqlite.opt-level = 2
//! serde_json.opt-level = 2
//! ```

mod backups;
mod dispatch;
mod file;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

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
use dynoxide::{Database, DynoxideError};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::backups::ContinuousBackups;
use crate::client::spawn::Task;

/// Creates an SDK client of a new engine: in memory, or on the file at `path`, which is created if
/// it does not exist.
pub(crate) fn client(path: Option<&Path>) -> Result<aws_sdk_dynamodb::Client, BoxError> {
    let engine = match path {
        Some(path) => EmbeddedEngine::open(path)?,
        None => EmbeddedEngine::memory()?,
    };
    Ok(aws_sdk_dynamodb::Client::from_conf(engine.config().build()))
}

/// DynamoDB in this process, as an HTTP client for the AWS SDK.
///
/// Clones are handles of the same engine; its data lives as long as one of them. One operation runs
/// at a time, and waiting for it blocks no thread. Operations that may take long, and all
/// operations on a file, run on Tokio's threads for blocking work.
///
/// # Example
///
/// A client of your own, for instance with interceptors:
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
    database: Opened,
    backups: ContinuousBackups,
    /// Admits one operation at a time. The engine itself has a lock that blocks the thread; with
    /// this permit, that lock is always free.
    turn: Arc<Semaphore>,
    requests: AtomicU64,
}

/// The engine's database.
enum Opened {
    Memory(Database),
    /// A file, which is opened with the first request: that may wait for another process.
    File(OnceLock<Database>, String),
}

impl Opened {
    /// The database. For a file this may block.
    fn get(&self) -> Result<&Database, DynoxideError> {
        match self {
            Opened::Memory(database) => Ok(database),
            Opened::File(opened, path) => match opened.get() {
                Some(database) => Ok(database),
                // One operation runs at a time, so that this one opens it alone.
                None => Database::new(path).map(|database| opened.get_or_init(|| database)),
            },
        }
    }

    fn is_file(&self) -> bool {
        matches!(self, Opened::File(..))
    }
}

/// Closing a file writes what its log holds, which is left to a thread for blocking work.
impl Drop for Shared {
    fn drop(&mut self) {
        if let (Opened::File(opened, _), Ok(runtime)) = (&mut self.database, Handle::try_current())
            && let Some(database) = opened.take()
        {
            runtime.spawn_blocking(move || drop(database));
        }
    }
}

impl EmbeddedEngine {
    /// Creates an engine in memory.
    ///
    /// # Errors
    /// When SQLite cannot be set up.
    pub fn memory() -> Result<Self, BoxError> {
        Ok(Self::new(Opened::Memory(Database::memory()?)))
    }

    /// Makes an engine on the file at `path`, which is created if it does not exist. SQLite keeps
    /// two more files beside it, with `-wal` and `-shm` appended to the name.
    ///
    /// The path is resolved, and the begin of an existing file read, at once; the file is opened or
    /// created with the first operation, on one of Tokio's threads for blocking work, because that
    /// may wait for another process. It is closed on one too, when the last handle is dropped.
    ///
    /// # Errors
    /// When the path is empty, `:memory:`, a `file:` URI or not Unicode, its folder does not exist,
    /// or the file is not a database of the engine: then it was not touched. What goes wrong
    /// when the file is opened is the error of the first operation.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BoxError> {
        let path = file::checked(path.as_ref())?;
        Ok(Self::new(Opened::File(OnceLock::new(), path)))
    }

    fn new(database: Opened) -> Self {
        EmbeddedEngine {
            shared: Arc::new(Shared {
                database,
                backups: ContinuousBackups::default(),
                turn: Arc::new(Semaphore::new(1)),
                requests: AtomicU64::new(0),
            }),
        }
    }

    /// Returns the configuration of a client of this engine. Region and credentials are
    /// placeholders. The SDK's protection against stalled streams is off, because a request that
    /// waits for its turn is not broken.
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

    /// Deletes the items whose time to live is over, in all tables that have one, and returns the
    /// number of deleted items. DynamoDB does that on its own within a few days, the engine only on
    /// this call. The deletions are in the tables' streams.
    ///
    /// Reads every item of those tables, a few at a time, so that other calls run in between.
    /// Blocks its thread: in asynchronous code use `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub fn delete_expired(&self) -> Result<usize, BoxError> {
        Ok(self.shared.database.get()?.sweep_ttl()?)
    }

    async fn respond(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
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
            // A separate task, because the caller may not poll this request for a while, for
            // instance while it handles the result of another one. The request then still takes its
            // turn and does not block the requests behind it.
            Ok(runtime) => {
                let response = Task::spawn(&runtime, waiting).await;
                let gone = || ConnectorError::other("the runtime was shut down".into(), None);
                response.unwrap_or_else(|| Err(gone()))
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
        let is_short = !self.database.is_file() && dispatch::is_short(operation(&request));
        match Handle::try_current() {
            Ok(runtime) if !is_short => runtime
                .spawn_blocking(move || self.run(&request, turn))
                .await
                .map_err(|panic| ConnectorError::other(panic.into(), None)),
            // Without Tokio there are no threads for blocking work.
            _ => Ok(self.run(&request, turn)),
        }
    }

    /// Runs the operation. The turn ends with it, even if the caller has dropped the request.
    fn run(&self, request: &HttpRequest, turn: OwnedSemaphorePermit) -> HttpResponse {
        let body = request.body().bytes();
        let answer = match (operation(request), body, self.database.get()) {
            (_, _, Err(error)) => dispatch::Answer::unopened(error),
            (_, None, Ok(_)) => dispatch::Answer::unreadable(),
            ("DescribeContinuousBackups", Some(body), Ok(database)) => {
                self.backups.describe(database, body)
            }
            ("UpdateContinuousBackups", Some(body), Ok(database)) => {
                self.backups.update(database, body)
            }
            (operation, Some(body), Ok(database)) => dispatch::dispatch(database, operation, body),
        };
        drop(turn);
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let checksum = crc32fast::hash(&answer.body);
        // The engine's statuses are all valid.
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

/// Returns the name of the operation: the part behind the version in the target.
fn operation(request: &HttpRequest) -> &str {
    // Without a target there is no operation; dispatch then reports an unknown one.
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
        HttpConnectorFuture::new(self.clone().respond(request))
    }
}

impl fmt::Debug for EmbeddedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedEngine")
            .field("is_file", &self.shared.database.is_file())
            .finish_non_exhaustive()
    }
}
