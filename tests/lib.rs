//! Code that all tests share: entities, and databases to run against.

pub mod bare;
pub mod chaos;
pub mod faults;
pub mod support;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use dynamodel::{Db, TransportPath};

/// Returns the DynamoDB endpoint to test against; `None` means the embedded engine.
pub fn endpoint() -> Option<String> {
    std::env::var("DYNAMODEL_TEST_ENDPOINT")
        .ok()
        .filter(|e| !e.is_empty())
}

/// Returns `true` if the tests run on the embedded engine.
pub fn is_embedded() -> bool {
    endpoint().is_none()
}

/// Returns an empty database for one test: an engine in memory, or tables with a prefix of their own at
/// the endpoint.
pub async fn db() -> Db {
    db_with(|config| config).await
}

/// Same as [`db`], with further configuration of the client.
pub async fn db_with(
    configure: impl FnOnce(aws_sdk_dynamodb::config::Builder) -> aws_sdk_dynamodb::config::Builder,
) -> Db {
    connect(aws_sdk_dynamodb::Client::from_conf(
        configure(config().await).build(),
    ))
}

/// A database with tables of its own on this client; on the path that the tests are to run on.
pub fn connect(client: aws_sdk_dynamodb::Client) -> Db {
    connect_on(path(), client)
}

/// As [`connect`], on this path.
pub fn connect_on(path: TransportPath, client: aws_sdk_dynamodb::Client) -> Db {
    let db = Db::builder().client(client).table_prefix(prefix());
    match path {
        TransportPath::Plain => db.plain_path(true),
        // Interceptors of these tests look at HTTP alone, unless a test says something else.
        path => db
            .fast_path(path == TransportPath::Fast)
            .interceptors_see_http_only(true),
    }
    .build()
}

/// The path that requests of the tests take: `DYNAMODEL_TEST_PATH` is `fast` (or not set), `raw` or
/// `plain`.
///
/// # Panics
/// When it is something else.
pub fn path() -> TransportPath {
    match std::env::var("DYNAMODEL_TEST_PATH").as_deref() {
        Err(_) | Ok("" | "fast") => TransportPath::Fast,
        Ok("raw") => TransportPath::Raw,
        Ok("plain") => TransportPath::Plain,
        Ok(other) => panic!("DYNAMODEL_TEST_PATH is `{other}`: neither fast, raw nor plain"),
    }
}

/// Returns the configuration of a client of the database under test.
pub async fn config() -> aws_sdk_dynamodb::config::Builder {
    match endpoint() {
        None => dynamodel::embedded::EmbeddedEngine::memory()
            .expect("the engine starts")
            .config(),
        Some(endpoint) => environment().await.to_builder().endpoint_url(endpoint),
    }
}

/// Returns the SDK's configuration with region and credentials from the environment.
async fn environment() -> aws_sdk_dynamodb::Config {
    Db::from_env().await.client().config().clone()
}

/// Returns a table prefix that no other test uses, neither of this run nor of another.
pub fn prefix() -> String {
    static RUN: OnceLock<u64> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let run = RUN.get_or_init(|| fastrand::u64(..));
    format!("t{:x}-{}-", run, NEXT.fetch_add(1, Ordering::Relaxed))
}
