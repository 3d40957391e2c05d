//! The transport over an HTTP client that follows a script.

mod attempts;
mod composition;
mod fake;
mod fast_path;
mod plain_path;
mod requests;
pub(super) mod signing;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use self::fake::{Fake, Step};
use super::client_parts::ClientParts;
use super::operations::{ApiOperation, GetItem, PutItem};
use super::{
    Failure, FailureKind, NoClient, Options, Response, Tables, Transport, TransportPath,
    lacks_credentials,
};

const BODY: &[u8] = br#"{"TableName":"books","Key":{"isbn":{"S":"1"}}}"#;

/// All requests through the SDK's orchestrator. Interceptors of these tests look at HTTP alone.
const RAW: Options = Options {
    fast_path: false,
    plain_path: false,
    interceptors_see_http_only: true,
    has_client: true,
};
const FAST: Options = Options {
    fast_path: true,
    ..RAW
};
const PLAIN: Options = Options {
    plain_path: true,
    ..RAW
};

fn raw(client: &Client) -> Transport {
    Transport::new(client, RAW)
}

fn fast(client: &Client) -> Transport {
    Transport::new(client, FAST)
}

/// A transport of parts that were changed in a way that no configuration can change them.
fn from_parts(parts: ClientParts, options: Options) -> Transport {
    let client = Client::from_conf(Fake::new([]).config().build());
    Transport::from_parts(&client, || Ok(parts), options)
}

async fn send<O: ApiOperation>(config: Builder) -> Result<Response, Failure> {
    let transport = raw(&Client::from_conf(config.build()));
    call::<O>(&transport).await
}

async fn call<O: ApiOperation>(transport: &Transport) -> Result<Response, Failure> {
    let tables = Tables::One("books".into());
    transport.call::<O>(tables, BODY.to_vec().into()).await
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
async fn an_answer_is_its_bytes() {
    let fake = Fake::new([Step::ok(r#"{"Item":{}}"#)]);
    let response = send::<GetItem>(fake.config()).await.unwrap();
    assert_eq!(response.body, r#"{"Item":{}}"#);
    assert_eq!(response.attempts, 1);
    assert!(response.request_id.unwrap().starts_with("REQUEST"));
    let sent = fake.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].body, BODY);
    assert_eq!(
        sent[0].header("x-amz-target"),
        Some("DynamoDB_20120810.GetItem")
    );
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
    assert_eq!((failure.attempts, failure.uncertain), (0, false));
    assert_eq!(fake.sent().len(), 0);
    let (FailureKind::Construction(error) | FailureKind::Dispatch(error)) = failure.kind else {
        panic!("expected a request that was not sent");
    };
    assert!(lacks_credentials(&*error), "{error:?}");
}

#[tokio::test]
async fn an_empty_table_name_is_an_error() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = raw(&Client::from_conf(fake.config().build()));
    let tables = Tables::One(" ".into());
    let sent = transport.call::<GetItem>(tables, BODY.to_vec().into());
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
        raw(&Client::from_conf(config.build()));
        assert_eq!(fake.sent().len(), 0);
    }
}

#[tokio::test]
async fn metrics_are_kept_when_they_go_somewhere() {
    let fake = Fake::new([Step::error("InternalServerError"), Step::ok("{}")]);
    let client = Client::from_conf(fake.config().build());
    let mut parts = ClientParts::from_client(&client).unwrap();
    assert!(!parts.has_telemetry);
    assert_eq!(parts.plugins().len(), 1);
    parts.has_telemetry = true;
    assert_eq!(parts.plugins().len(), 2);
    let transport = from_parts(parts, RAW);
    let response = call::<GetItem>(&transport).await.unwrap();
    assert_eq!(response.attempts, 2);
}

#[tokio::test]
async fn interceptor_with_the_name_of_one_that_measures_is_kept() {
    for name in ["MetricsInterceptor", "TelemetryBytesInterceptor"] {
        let fake = Fake::new([Step::ok("{}")]);
        let marker = fake::Marker::named(name);
        let client = Client::from_conf(fake.config().interceptor(marker.clone()).build());
        let transport = Transport::new(&client, FAST);
        assert_eq!(transport.status().path(), TransportPath::Raw);
        call::<GetItem>(&transport).await.unwrap();
        assert_eq!(fake.sent()[0].header(fake::Marker::HEADER), Some("yes"));
        assert_eq!(marker.begun(), 1, "{name}");
    }
}

#[tokio::test]
async fn transport_without_client_sends_nothing() {
    let fake = Fake::new([Step::ok("{}")]);
    let options = Options {
        has_client: false,
        ..Options::default()
    };
    let transport = Transport::new(&Client::from_conf(fake.config().build()), options);
    let failure = call::<GetItem>(&transport).await.unwrap_err();
    let FailureKind::Construction(error) = failure.kind else {
        panic!("expected a request that was not made");
    };
    assert!(error.is::<NoClient>() && !lacks_credentials(&*error));
    assert_eq!(error.to_string(), "there is no client to send with");
    assert_eq!(fake.sent().len(), 0);
}

#[test]
fn debug_text_of_a_transport_shows_no_credentials() {
    let client = Client::from_conf(Fake::new([]).config().build());
    for options in [RAW, FAST, PLAIN] {
        let text = format!("{:?}", Transport::new(&client, options));
        assert!(text.starts_with("Transport { status: "), "{text}");
        assert!(!text.contains("AKID"), "{text}");
    }
}
