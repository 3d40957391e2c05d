//! Code that all tests share: entities, and databases to run against.

pub mod bare;
pub mod chaos;
pub mod faults;
pub mod support;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use dynamodel::Db;

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

/// A database with tables of its own on this client; on the verified lane, unless the tests are to run
/// without it.
pub fn connect(client: aws_sdk_dynamodb::Client) -> Db {
    let db = Db::builder().client(client).table_prefix(prefix());
    db.verified_lane(is_on_lane()).build()
}

/// Whether the tests run on the verified lane. With `DYNAMODEL_TEST_LANE=0` all their requests go
/// through the SDK's orchestrator.
pub fn is_on_lane() -> bool {
    std::env::var("DYNAMODEL_TEST_LANE").map_or(true, |lane| lane != "0")
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
