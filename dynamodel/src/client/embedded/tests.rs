//! Tests of the engine under the plain SDK client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, ContinuousBackupsStatus, KeySchemaElement,
    KeyType, PointInTimeRecoverySpecification, PointInTimeRecoveryStatus,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TableStatus, TimeToLiveSpecification,
};
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use futures_util::FutureExt;

use super::EmbeddedEngine;

fn memory() -> Client {
    super::client(None).unwrap()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn create_table(client: &Client) {
    let definition = AttributeDefinition::builder()
        .attribute_name("isbn")
        .attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder()
        .attribute_name("isbn")
        .key_type(KeyType::Hash);
    client
        .create_table()
        .table_name("books")
        .attribute_definitions(definition.build().unwrap())
        .key_schema(key.build().unwrap())
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
    // The engine returns `CREATING`, as DynamoDB does, although the table is ready by then.
    let describe = client.describe_table().table_name("books");
    let described = describe.send().await.unwrap().table.unwrap();
    assert_eq!(described.table_status, Some(TableStatus::Active));
}

async fn put(client: &Client, isbn: &str, title: &str) {
    let put = client.put_item().table_name("books");
    let put = put.item("isbn", text(isbn)).item("title", text(title));
    put.send().await.unwrap();
}

async fn title(client: &Client, isbn: &str) -> Option<AttributeValue> {
    let get = client.get_item().table_name("books");
    let got = get.key("isbn", text(isbn)).send().await.unwrap();
    got.item().and_then(|item| item.get("title").cloned())
}

#[tokio::test]
async fn an_item_is_put_and_read() {
    let client = memory();
    create_table(&client).await;
    put(&client, "1", "Emma").await;
    assert_eq!(title(&client, "1").await, Some(text("Emma")));
    assert_eq!(title(&client, "2").await, None);
}

#[tokio::test]
async fn engines_are_separate() {
    create_table(&memory()).await;
    let tables = memory().list_tables().send().await.unwrap();
    assert!(tables.table_names().is_empty());
}

#[tokio::test]
async fn errors_are_those_of_dynamodb() {
    let client = memory();
    let get = client.get_item().table_name("books").key("isbn", text("1"));
    let error = get.clone().send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
    assert!(error.request_id().unwrap().starts_with("EMBEDDED"));

    create_table(&client).await;
    put(&client, "1", "Emma").await;
    let put = client
        .put_item()
        .table_name("books")
        .item("isbn", text("1"));
    let refused = put
        .condition_expression("attribute_not_exists(isbn)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let PutItemError::ConditionalCheckFailedException(refused) = refused else {
        panic!("expected a failed condition");
    };
    assert_eq!(refused.item().unwrap().get("title"), Some(&text("Emma")));

    let empty = client.put_item().table_name("books").item("isbn", text(""));
    let error = empty.send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("ValidationException"));
    assert!(error.message().unwrap().contains("empty string"));
}

#[tokio::test]
async fn an_unknown_operation_is_refused_once() {
    let client = memory();
    let error = client.list_global_tables().send().await.unwrap_err();
    assert_eq!(error.code(), Some("UnknownOperationException"));
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
}

#[tokio::test]
async fn a_file_keeps_its_items() {
    let directory = Directory::new("keeps");
    let path = directory.0.join("books.db");
    {
        let client = super::client(Some(&path)).unwrap();
        create_table(&client).await;
        put(&client, "1", "Emma").await;
    }
    let client = super::client(Some(&path)).unwrap();
    assert_eq!(title(&client, "1").await, Some(text("Emma")));
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error() {
    let directory = Directory::new("refuses");
    assert!(super::client(Some(&directory.0.join("missing/books.db"))).is_err());
    let path = directory.0.join("text.db");
    std::fs::write(
        &path,
        "This is not a database, although it is long enough for one.",
    )
    .unwrap();
    assert!(super::client(Some(&path)).is_err());
}

/// Runs 200 tasks at once, on a file and in memory, on a runtime with one thread, which must not
/// block.
#[tokio::test]
async fn many_tasks_share_an_engine() {
    let directory = Directory::new("shares");
    let path = directory.0.join("books.db");
    for path in [None, Some(path.as_path())] {
        let client = super::client(path).unwrap();
        create_table(&client).await;
        put(&client, "0", "counter").await;
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let client = client.clone();
                tokio::spawn(async move {
                    let isbn = format!("{}", number + 1);
                    put(&client, &isbn, "x").await;
                    let update = client.update_item().table_name("books");
                    let update = update
                        .key("isbn", text("0"))
                        .update_expression("ADD hits :one")
                        .expression_attribute_values(":one", AttributeValue::N("1".into()));
                    update.send().await.unwrap();
                    assert!(title(&client, &isbn).await.is_some());
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let get = client.get_item().table_name("books").key("isbn", text("0"));
        let item = get.send().await.unwrap().item.unwrap();
        assert_eq!(item["hits"], AttributeValue::N("200".into()));
        let scan = client.scan().table_name("books").send().await.unwrap();
        assert_eq!(scan.count(), 201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_leaves_the_engine_usable() {
    let client = memory();
    create_table(&client).await;
    for _ in 0..50 {
        let scan = client.scan().table_name("books").send();
        let _ = tokio::time::timeout(Duration::from_micros(50), scan).await;
    }
    put(&client, "1", "Emma").await;
    assert_eq!(title(&client, "1").await, Some(text("Emma")));
}

#[test]
fn no_tokio_is_needed() {
    /// A timer that never fires: the SDK's default one needs Tokio.
    #[derive(Debug)]
    struct NoTimer;
    impl AsyncSleep for NoTimer {
        fn sleep(&self, _duration: Duration) -> Sleep {
            Sleep::new(std::future::pending())
        }
    }
    let config = EmbeddedEngine::memory().unwrap().config();
    let client = Client::from_conf(config.sleep_impl(NoTimer).build());
    let tables = client.list_tables().send().now_or_never();
    assert!(tables.unwrap().unwrap().table_names().is_empty());
}

/// A request that is not polled for a while, such as that of a stream whose last item is being
/// handled, must not block other requests.
#[tokio::test]
async fn requests_do_not_wait_for_unpolled_requests() {
    let engine = EmbeddedEngine::memory().unwrap();
    let client = Client::from_conf(engine.config().build());
    create_table(&client).await;
    put(&client, "1", "one").await;
    let turn = engine.shared.turn.clone().acquire_owned().await.unwrap();
    let mut scan = Box::pin(client.scan().table_name("books").send());
    assert!(
        scan.as_mut().now_or_never().is_none(),
        "it waits for its turn"
    );
    drop(turn);
    let found = tokio::time::timeout(Duration::from_secs(20), title(&client, "1"));
    assert_eq!(found.await.unwrap(), Some(text("one")));
    assert_eq!(scan.await.unwrap().count, 1);
}

#[tokio::test]
async fn expired_items_are_deleted_on_demand() {
    let engine = EmbeddedEngine::memory().unwrap();
    let client = Client::from_conf(engine.config().build());
    create_table(&client).await;
    let ttl = TimeToLiveSpecification::builder()
        .attribute_name("expires")
        .enabled(true);
    let enable = client.update_time_to_live().table_name("books");
    let ttl = ttl.build().unwrap();
    enable.time_to_live_specification(ttl).send().await.unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for (isbn, expires) in [("old", now.as_secs() - 60), ("new", now.as_secs() + 60)] {
        let put = client.put_item().table_name("books");
        let put = put.item("isbn", text(isbn)).item("title", text("x"));
        let put = put.item("expires", AttributeValue::N(expires.to_string()));
        put.send().await.unwrap();
    }
    let deleted = tokio::task::spawn_blocking(move || engine.delete_expired());
    assert_eq!(deleted.await.unwrap().unwrap(), 1);
    assert_eq!(title(&client, "old").await, None);
    assert_eq!(title(&client, "new").await, Some(text("x")));
}

#[tokio::test]
async fn point_in_time_recovery_is_remembered_for_the_table() {
    async fn state(client: &Client) -> (PointInTimeRecoveryStatus, Option<i32>) {
        let describe = client.describe_continuous_backups().table_name("books");
        let backups = describe.send().await.unwrap();
        let backups = backups.continuous_backups_description.unwrap();
        assert_eq!(
            backups.continuous_backups_status,
            ContinuousBackupsStatus::Enabled
        );
        let recovery = backups.point_in_time_recovery_description.unwrap();
        let status = recovery.point_in_time_recovery_status.unwrap();
        (status, recovery.recovery_period_in_days)
    }
    let client = memory();
    let describe = client.describe_continuous_backups().table_name("books");
    let error = describe.send().await.unwrap_err();
    assert_eq!(error.code(), Some("TableNotFoundException"));

    create_table(&client).await;
    assert_eq!(
        state(&client).await,
        (PointInTimeRecoveryStatus::Disabled, None)
    );
    let specification = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(true)
        .recovery_period_in_days(7);
    let update = client.update_continuous_backups().table_name("books");
    let update = update.point_in_time_recovery_specification(specification.build().unwrap());
    update.send().await.unwrap();
    assert_eq!(
        state(&client).await,
        (PointInTimeRecoveryStatus::Enabled, Some(7))
    );

    let delete = client.delete_table().table_name("books");
    delete.send().await.unwrap();
    create_table(&client).await;
    assert_eq!(
        state(&client).await,
        (PointInTimeRecoveryStatus::Disabled, None)
    );
}

#[tokio::test]
async fn every_answer_has_a_checksum() {
    /// Counts the checksums.
    #[derive(Debug, Clone, Default)]
    struct Checksums(Arc<AtomicU32>);
    #[dyn_dispatch_hint]
    impl Intercept for Checksums {
        fn name(&self) -> &'static str {
            "Checksums"
        }
        fn read_before_deserialization(
            &self,
            context: &BeforeDeserializationInterceptorContextRef<'_>,
            _components: &RuntimeComponents,
            _cfg: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            let response = context.response();
            let checksum = response.headers().get("x-amz-crc32").unwrap();
            let body = response.body().bytes().unwrap();
            assert_eq!(checksum, crc32fast::hash(body).to_string());
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }
    let checksums = Checksums::default();
    let config = EmbeddedEngine::memory().unwrap().config();
    let client = Client::from_conf(config.interceptor(checksums.clone()).build());
    client.list_tables().send().await.unwrap();
    let missing = client.describe_table().table_name("missing").send().await;
    assert!(missing.is_err());
    assert_eq!(checksums.0.load(Ordering::Relaxed), 2);
}

/// A slow machine is not a broken connection: by default the SDK aborts a request that makes no
/// progress for some seconds.
#[test]
fn stalled_requests_are_not_aborted() {
    let config = EmbeddedEngine::memory().unwrap().config().build();
    let protection = config.stalled_stream_protection();
    assert!(protection.is_some_and(|p| !p.upload_enabled() && !p.download_enabled()));
}

/// A directory that is deleted with the test.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let name = format!("dynamodel-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn failures_of_the_file_are_final_unless_another_process_holds_it() {
    let answer = super::dispatch::Answer::storage;
    for code in ["DiskFull", "ReadOnly", "CannotOpen", "DatabaseCorrupt", ""] {
        assert_eq!(answer(code).status, 400, "{code}");
    }
    assert_eq!(answer("DatabaseBusy").status, 503);
    let full = String::from_utf8(answer("DiskFull").body).unwrap();
    assert!(full.contains("EmbeddedDatabaseException"), "{full}");
    assert!(full.contains("the disk is full"), "{full}");
}
