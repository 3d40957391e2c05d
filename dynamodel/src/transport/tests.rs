//! The transport over an HTTP client that follows a script.

mod fake;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{AppName, Builder, FrameworkMetadata};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::endpoint_config::AccountIdEndpointMode;

use self::fake::{Fake, OneInvocation, Sent, Step, StoppedClock};
use super::{
    ApiOperation, BatchWriteItem, Failure, FailureKind, GetItem, PutItem, Reply, Tables, Transport,
};
use crate::wire::ReadError;

const BODY: &[u8] = br#"{"TableName":"books","Key":{"isbn":{"S":"1"}}}"#;

/// The body, when it ends like JSON.
fn text(body: &[u8]) -> Result<String, ReadError> {
    match body.ends_with(b"}") {
        true => Ok(String::from_utf8_lossy(body).into_owned()),
        false => Err(ReadError::expected("the end of an object")),
    }
}

async fn send<O: ApiOperation>(config: Builder) -> Result<Reply<String>, Failure> {
    let transport = Transport::new(&Client::from_conf(config.build())).unwrap();
    call::<O>(&transport).await
}

async fn call<O: ApiOperation>(transport: &Transport) -> Result<Reply<String>, Failure> {
    let tables = Tables::One("books".into());
    transport.call::<O, _>(tables, BODY.to_vec(), text).await
}

/// Puts against a script that ends in a failure.
async fn failure(script: impl IntoIterator<Item = Step>) -> Failure {
    send::<PutItem>(Fake::new(script).config())
        .await
        .unwrap_err()
}

fn code(failure: &Failure) -> Option<&str> {
    match &failure.kind {
        FailureKind::Service { code, .. } => code.as_deref(),
        _ => None,
    }
}

#[tokio::test]
async fn an_answer_is_decoded() {
    let fake = Fake::new([Step::ok(r#"{"Item":{}}"#)]);
    let reply = send::<GetItem>(fake.config()).await.unwrap();
    assert_eq!(reply.output, r#"{"Item":{}}"#);
    assert_eq!(reply.attempts, 1);
    assert!(reply.request_id.unwrap().starts_with("REQUEST"));
    let sent = fake.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].body, BODY);
    assert_eq!(
        sent[0].header("x-amz-target"),
        Some("DynamoDB_20120810.GetItem")
    );
}

#[tokio::test]
async fn a_retry_sends_the_same_bytes() {
    let fake = Fake::new([Step::error("InternalServerError"), Step::ok("{}")]);
    let reply = send::<PutItem>(fake.config()).await.unwrap();
    assert_eq!(reply.attempts, 2);
    let sent = fake.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_eq!(sent[0].body, BODY);
    let invocation = sent[0].header("amz-sdk-invocation-id");
    assert!(invocation.is_some());
    assert_eq!(invocation, sent[1].header("amz-sdk-invocation-id"));
}

#[tokio::test]
async fn a_broken_connection_is_retried() {
    let reply = send::<PutItem>(Fake::new([Step::Break, Step::ok("{}")]).config()).await;
    assert_eq!(reply.unwrap().attempts, 2);
}

#[tokio::test]
async fn throttling_is_retried() {
    let throttled = Step::error("ProvisionedThroughputExceededException");
    let reply = send::<PutItem>(Fake::new([throttled, Step::ok("{}")]).config()).await;
    assert_eq!(reply.unwrap().attempts, 2);
}

#[tokio::test]
async fn only_earlier_attempts_without_an_answer_make_a_failure_uncertain() {
    let refused = || Step::error("ConditionalCheckFailedException");
    let throttled = || Step::error("ProvisionedThroughputExceededException");
    let cases = [
        (vec![refused()], 1, false),
        (vec![throttled(), refused()], 2, false),
        (vec![Step::error("InternalServerError"), refused()], 2, true),
        (vec![Step::Break, refused()], 2, true),
        (vec![refused().corrupted(), refused()], 2, true),
        (vec![Step::ok("{}").corrupted(), refused()], 2, true),
        (vec![Step::Break, throttled(), refused()], 3, true),
        (vec![throttled(), throttled(), refused()], 3, false),
    ];
    for (script, attempts, uncertain) in cases {
        let failure = failure(script.clone()).await;
        assert_eq!(code(&failure), Some("ConditionalCheckFailedException"));
        assert_eq!(
            (failure.attempts, failure.uncertain),
            (attempts, uncertain),
            "{script:?}"
        );
    }
}

#[tokio::test]
async fn a_refusal_without_a_name_is_no_definite_answer() {
    let nameless = Step::answer(500, "<html>");
    let failure = failure([nameless, Step::error("ConditionalCheckFailedException")]).await;
    assert!(failure.uncertain);
}

#[tokio::test]
async fn an_attempt_that_times_out_is_retried_and_uncertain() {
    let fake = Fake::new([Step::Hang, Step::error("ConditionalCheckFailedException")]);
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(30));
    let config = fake.config().timeout_config(timeouts.build());
    let failure = send::<PutItem>(config).await.unwrap_err();
    assert_eq!(code(&failure), Some("ConditionalCheckFailedException"));
    assert_eq!((failure.attempts, failure.uncertain), (2, true));
}

#[tokio::test]
async fn the_operation_timeout_is_honoured() {
    let fake = Fake::new([Step::Hang]);
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(30));
    let config = fake.config().timeout_config(timeouts.build());
    let failure = send::<PutItem>(config).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Timeout(_)));
    assert_eq!((failure.attempts, failure.uncertain), (1, false));
}

#[tokio::test]
async fn the_number_of_attempts_is_the_clients() {
    for attempts in [1, 5] {
        let fake = Fake::new([Step::error("InternalServerError")]);
        let retries = RetryConfig::standard()
            .with_max_attempts(attempts)
            .with_initial_backoff(Duration::from_millis(1));
        let config = fake.config().retry_config(retries);
        let failure = send::<PutItem>(config).await.unwrap_err();
        assert_eq!(code(&failure), Some("InternalServerError"));
        assert_eq!(failure.attempts, attempts);
        assert_eq!(fake.sent().len(), attempts as usize);
        assert_eq!(failure.uncertain, attempts > 1);
    }
}

#[tokio::test]
async fn a_corrupt_answer_is_retried() {
    let good = Step::ok(r#"{"Item":{}}"#);
    let fake = Fake::new([good.clone().corrupted(), good.clone()]);
    let reply = send::<GetItem>(fake.config()).await.unwrap();
    assert_eq!(reply.output, r#"{"Item":{}}"#);
    assert_eq!(reply.attempts, 2);

    let failure = failure([good.corrupted()]).await;
    assert!(matches!(failure.kind, FailureKind::Response(_)));
    assert_eq!((failure.attempts, failure.uncertain), (3, true));
    assert!(failure.request_id.is_some());
}

#[tokio::test]
async fn a_body_that_cannot_be_decoded_is_not_retried() {
    let fake = Fake::new([Step::ok(r#"{"Item":{"isbn""#)]);
    let failure = send::<GetItem>(fake.config()).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Decode(_)));
    assert_eq!(failure.attempts, 1);
    assert!(failure.request_id.is_some());
    assert_eq!(fake.sent().len(), 1);
}

#[tokio::test]
async fn an_error_of_the_service_keeps_its_parts() {
    let body = concat!(
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","#,
        r#""Item":{"isbn":{"S":"secret"}},"Message":"The conditional request failed"}"#,
    );
    let failure = failure([Step::answer(400, body)]).await;
    assert!(
        failure
            .request_id
            .as_deref()
            .unwrap()
            .starts_with("REQUEST")
    );
    assert!(!format!("{failure:?}").contains("secret"));
    let FailureKind::Service {
        code,
        message,
        status,
        body: raw,
        source,
    } = failure.kind
    else {
        panic!("expected an error of the service");
    };
    assert_eq!(code.as_deref(), Some("ConditionalCheckFailedException"));
    assert_eq!(message.as_deref(), Some("The conditional request failed"));
    assert_eq!(status, 400);
    assert_eq!(raw, body.as_bytes());
    let sdk = source.downcast::<SdkError<PutItemError, HttpResponse>>();
    let error = sdk.unwrap().into_service_error();
    assert!(error.is_conditional_check_failed_exception());
}

#[tokio::test]
async fn missing_credentials_are_an_error() {
    let fake = Fake::new([Step::ok("{}")]);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .region(aws_sdk_dynamodb::config::Region::new("eu-central-1"))
        .http_client(fake.clone());
    let failure = send::<PutItem>(config).await.unwrap_err();
    assert!(matches!(
        failure.kind,
        FailureKind::Construction(_) | FailureKind::Dispatch(_)
    ));
    assert_eq!((failure.attempts, failure.uncertain), (0, false));
    assert_eq!(fake.sent().len(), 0);
}

#[tokio::test]
async fn an_empty_table_name_is_an_error() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = Transport::new(&Client::from_conf(fake.config().build())).unwrap();
    let tables = Tables::One(" ".into());
    let sent = transport.call::<GetItem, _>(tables, BODY.to_vec(), text);
    let failure = sent.await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Construction(_)));
}

#[test]
fn a_transport_is_made_without_a_runtime() {
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(1));
    for retries in [RetryConfig::standard(), RetryConfig::adaptive()] {
        let fake = Fake::new([]);
        let config = fake.config().retry_config(retries);
        let config = config.timeout_config(timeouts.clone().build());
        Transport::new(&Client::from_conf(config.build())).unwrap();
        assert_eq!(fake.sent().len(), 0);
    }
}

/// Adds a header, and counts the calls that it sees begin.
#[derive(Debug, Default, Clone)]
struct Marker(Arc<AtomicU32>);

#[dyn_dispatch_hint]
impl Intercept for Marker {
    fn name(&self) -> &'static str {
        "Marker"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.insert("x-marker", "yes");
        Ok(())
    }
}

#[tokio::test]
async fn interceptors_run_once_a_call_and_never_for_the_capture() {
    let marker = Marker::default();
    let fake = Fake::new([Step::ok("{}")]);
    let config = fake.config().interceptor(marker.clone());
    let transport = Transport::new(&Client::from_conf(config.build())).unwrap();
    assert_eq!(marker.0.load(Ordering::Relaxed), 0);
    call::<GetItem>(&transport).await.unwrap();
    call::<PutItem>(&transport).await.unwrap();
    assert_eq!(marker.0.load(Ordering::Relaxed), 2);
    for sent in fake.sent() {
        assert_eq!(sent.header("x-marker"), Some("yes"));
        let authorization = sent.header("authorization").unwrap();
        assert!(authorization.contains("x-marker"), "signed");
    }
}

#[tokio::test]
async fn endpoint_settings_are_honoured() {
    type Change = fn(Builder) -> Builder;
    let cases: [(Change, &str); 4] = [
        (|b| b, "https://dynamodb.eu-central-1.amazonaws.com/"),
        (
            |b| b.endpoint_url("http://localhost:8000"),
            "http://localhost:8000/",
        ),
        (
            |b| b.use_dual_stack(true),
            "https://dynamodb.eu-central-1.api.aws/",
        ),
        (
            |b| b.use_fips(true),
            "https://dynamodb-fips.eu-central-1.amazonaws.com/",
        ),
    ];
    for (change, uri) in cases {
        let fake = Fake::new([Step::ok("{}")]);
        send::<GetItem>(change(fake.config())).await.unwrap();
        assert_eq!(fake.sent()[0].uri, uri);
    }
}

#[tokio::test]
async fn an_interceptor_may_move_a_single_call() {
    #[derive(Debug)]
    struct Move(Mutex<Option<&'static str>>);
    #[dyn_dispatch_hint]
    impl Intercept for Move {
        fn name(&self) -> &'static str {
            "Move"
        }
        fn read_before_execution(
            &self,
            _context: &BeforeSerializationInterceptorContextRef<'_>,
            cfg: &mut ConfigBag,
        ) -> Result<(), BoxError> {
            if let Some(url) = self.0.lock().unwrap().take() {
                let url = aws_types::endpoint_config::EndpointUrl(url.to_owned());
                cfg.interceptor_state().store_put(url);
            }
            Ok(())
        }
    }
    let fake = Fake::new([Step::ok("{}")]);
    let elsewhere = Move(Mutex::new(Some("http://elsewhere:1")));
    let config = fake.config().interceptor(elsewhere);
    let transport = Transport::new(&Client::from_conf(config.build())).unwrap();
    call::<GetItem>(&transport).await.unwrap();
    call::<GetItem>(&transport).await.unwrap();
    assert_eq!(fake.sent()[0].uri, "http://elsewhere:1/");
    assert_ne!(fake.sent()[1].uri, "http://elsewhere:1/");
}

/// The same request through the raw SDK and through the transport.
async fn both(change: fn(Builder) -> Builder, table: &str) -> (Sent, Sent) {
    let config = |fake: &Fake| {
        let config = fake
            .config()
            .time_source(StoppedClock)
            .invocation_id_generator(OneInvocation);
        Client::from_conf(change(config).build())
    };
    let raw = Fake::new([Step::ok("{}")]);
    let key = AttributeValue::S("1".into());
    let get = config(&raw).get_item().table_name(table).key("isbn", key);
    get.send().await.unwrap();
    let raw = raw.sent().remove(0);

    let ours = Fake::new([Step::ok("{}")]);
    let transport = Transport::new(&config(&ours)).unwrap();
    let tables = Tables::One(table.into());
    let call = transport.call::<GetItem, _>(tables, raw.body.clone(), text);
    call.await.unwrap();
    (raw, ours.sent().remove(0))
}

/// Time, ids and body are the same, so the requests are, down to the signature. This also finds
/// out when an update of the SDK configures clients with something that is not taken over yet.
#[tokio::test]
async fn requests_are_those_of_the_sdk() {
    const ARN: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/books";
    let cases: [(fn(Builder) -> Builder, &str); 8] = [
        (|b| b, "books"),
        (|b| b.endpoint_url("http://localhost:8000/path"), "books"),
        (|b| b.use_dual_stack(true).use_fips(true), "books"),
        (
            |b| b.account_id_endpoint_mode(AccountIdEndpointMode::Preferred),
            ARN,
        ),
        (
            |b| b.account_id_endpoint_mode(AccountIdEndpointMode::Disabled),
            ARN,
        ),
        (
            |b| {
                let account = aws_sdk_dynamodb::config::Credentials::builder()
                    .access_key_id("AKID")
                    .secret_access_key("SECRET")
                    .session_token("TOKEN")
                    .account_id("123456789012")
                    .provider_name("test");
                b.credentials_provider(account.build())
                    .account_id_endpoint_mode(AccountIdEndpointMode::Required)
            },
            "books",
        ),
        (
            |b| {
                b.app_name(AppName::new("an-app").unwrap())
                    .framework_metadata(FrameworkMetadata::new("one", Some("1")).unwrap())
                    .framework_metadata(FrameworkMetadata::new("two", None::<String>).unwrap())
            },
            "books",
        ),
        (
            |b| {
                b.retry_config(RetryConfig::adaptive())
                    .disable_clock_skew_correction(true)
                    .allow_no_auth()
            },
            "books",
        ),
    ];
    for (number, (change, table)) in cases.into_iter().enumerate() {
        let (raw, ours) = both(change, table).await;
        assert!(raw.header("authorization").is_some());
        assert_eq!(raw, ours, "case {number}");
    }
}

#[tokio::test]
async fn a_batch_resolves_the_endpoint_of_all_its_tables() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = Transport::new(&Client::from_conf(fake.config().build())).unwrap();
    for account in ["111111111111", "222222222222"] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:{account}:table/books");
        let tables = Tables::Many(vec![arn]);
        let sent = transport.call::<BatchWriteItem, _>(tables, b"{}".to_vec(), text);
        sent.await.unwrap();
    }
    let raw = Client::from_conf(fake.config().build());
    for account in ["111111111111", "222222222222"] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:{account}:table/books");
        let sent = raw.batch_write_item().request_items(arn, Vec::new()).send();
        sent.await.unwrap();
    }
    let uris: Vec<_> = fake.sent().into_iter().map(|sent| sent.uri).collect();
    assert_eq!(uris[..2], uris[2..]);
}

#[tokio::test]
async fn a_table_keeps_its_endpoint_parameters() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = Transport::new(&Client::from_conf(fake.config().build())).unwrap();
    for _ in 0..3 {
        for table in ["a", "b"] {
            let tables = Tables::One(table.into());
            let sent = transport.call::<GetItem, _>(tables, BODY.to_vec(), text);
            sent.await.unwrap();
        }
    }
    assert_eq!(fake.sent().len(), 6);
}
