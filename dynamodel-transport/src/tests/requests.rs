//! Requests of the raw path are those that the SDK itself would send.

use std::sync::Mutex;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{AppName, Builder, FrameworkMetadata};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::endpoint_config::AccountIdEndpointMode;

use super::super::operations::BatchWriteItem;
use super::fake::{Fake, Marker, OneInvocation, Sent, Step, StoppedClock};
use super::{BODY, GetItem, PutItem, Tables, call, send};

/// A change of the configuration of a client.
type Change = fn(Builder) -> Builder;

#[tokio::test]
async fn interceptors_run_once_a_call_and_never_for_the_capture() {
    let marker = Marker::default();
    let fake = Fake::new([Step::ok("{}")]);
    let config = fake.config().interceptor(marker.clone());
    let transport = super::raw(&Client::from_conf(config.build()));
    assert_eq!(marker.begun(), 0);
    call::<GetItem>(&transport).await.unwrap();
    call::<PutItem>(&transport).await.unwrap();
    assert_eq!(marker.begun(), 2);
    for sent in fake.sent() {
        assert_eq!(sent.header(Marker::HEADER), Some("yes"));
        let authorization = sent.header("authorization").unwrap();
        assert!(authorization.contains(Marker::HEADER), "signed");
    }
}

#[tokio::test]
async fn endpoint_settings_are_honoured() {
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
    let transport = super::raw(&Client::from_conf(config.build()));
    call::<GetItem>(&transport).await.unwrap();
    call::<GetItem>(&transport).await.unwrap();
    assert_eq!(fake.sent()[0].uri, "http://elsewhere:1/");
    assert_ne!(fake.sent()[1].uri, "http://elsewhere:1/");
}

/// The same request through the raw SDK and through the transport.
async fn both(change: Change, table: &str) -> (Sent, Sent) {
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
    let transport = super::raw(&config(&ours));
    let tables = Tables::One(table.into());
    let call = transport.call::<GetItem>(tables, raw.body.clone().into());
    call.await.unwrap();
    (raw, ours.sent().remove(0))
}

/// Time, ids and body are the same, so the requests are, down to the signature. This also finds
/// out when an update of the SDK configures clients with something that is not taken over yet.
#[tokio::test]
async fn requests_are_those_of_the_sdk() {
    const ARN: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/books";
    let cases: [(Change, &str); 8] = [
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
    let transport = super::raw(&Client::from_conf(fake.config().build()));
    for account in ["111111111111", "222222222222"] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:{account}:table/books");
        let tables = Tables::Many(vec![arn.into()]);
        let sent = transport.call::<BatchWriteItem>(tables, b"{}".to_vec().into());
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
    let transport = super::raw(&Client::from_conf(fake.config().build()));
    for account in ["111111111111", "222222222222", "111111111111"] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:{account}:table/books");
        let tables = Tables::One(arn.into());
        let sent = transport.call::<GetItem>(tables, BODY.to_vec().into());
        sent.await.unwrap();
    }
    let uris: Vec<_> = fake.sent().into_iter().map(|sent| sent.uri).collect();
    assert!(uris[0].contains("111111111111"), "{}", uris[0]);
    assert!(uris[1].contains("222222222222"), "{}", uris[1]);
    assert_eq!(uris[0], uris[2]);
}
