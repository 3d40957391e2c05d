//! Requests of the fast path are those that the SDK itself would send, with the same signature.

use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{AppName, BehaviorVersion, FrameworkMetadata, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_types::SdkConfig;
use aws_types::endpoint_config::AccountIdEndpointMode;
use aws_types::sdk_config::Builder as SdkConfigBuilder;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use proptest::prelude::*;

use super::super::fake::StoppedClock;
use super::super::{GetItem, PutItem};
use super::*;

/// A change of the configuration of a client.
pub(super) type Change = fn(Builder) -> Builder;

const ARN: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/books";

/// Credentials that came by way of a profile and a role, which the user agent tells.
fn of_a_role() -> Credentials {
    let mut credentials = account();
    credentials.set_property(vec![
        AwsCredentialFeature::CredentialsProfileSourceProfile,
        AwsCredentialFeature::CredentialsStsAssumeRole,
    ]);
    credentials
}

/// Behavior version of the SDK's first stable release.
#[expect(deprecated, reason = "clients may have it all the same")]
fn first_behavior() -> BehaviorVersion {
    BehaviorVersion::v2023_11_09()
}

/// Has the raw SDK send a request, and the fast path the same one twice: with the same clock, everything
/// else is the same. Returns the SDK's.
pub(super) async fn same<O: ApiOperation>(
    case: &str,
    config: impl Fn(&Fake) -> Builder,
    tables: Tables,
    raw: impl AsyncFnOnce(Client),
) -> Sent {
    let client = |fake: &Fake| Client::from_conf(config(fake).time_source(StoppedClock).build());
    let fake = Fake::new([Step::ok("{}")]);
    raw(client(&fake)).await;
    let raw = fake.sent().remove(0);

    let fake = Fake::new([Step::ok("{}")]);
    let transport = fast(&client(&fake));
    for _ in 0..2 {
        let sent = transport.call::<O>(tables.clone(), raw.body.clone().into());
        sent.await.unwrap();
    }
    let status = transport.status().fast_path();
    assert_eq!(
        (status.ineligible_because(), status.succeeded()),
        (None, 2),
        "{case}"
    );
    let [first, second] = fake.sent().try_into().unwrap();
    let id = |sent: &Sent| sent.header("amz-sdk-invocation-id").unwrap().to_owned();
    assert_ne!(id(&first), id(&second));
    assert_eq!(raw.header("x-amz-target"), Some(O::TARGET));
    let raw = without_id(raw);
    assert_eq!(raw, without_id(first), "{case}");
    assert_eq!(raw, without_id(second), "{case}");
    raw
}

/// As [`same`], for reading an item.
async fn same_get(case: &str, config: impl Fn(&Fake) -> Builder, table: &str) -> Sent {
    let tables = Tables::One(table.into());
    let raw = async |sdk: Client| {
        let key = AttributeValue::S("1".into());
        let get = sdk.get_item().table_name(table).key("isbn", key);
        get.send().await.unwrap();
    };
    same::<GetItem>(case, config, tables, raw).await
}

#[tokio::test]
async fn requests_are_those_of_the_sdk() {
    let cases: [(Change, &str); 21] = [
        (|b| b, "books"),
        (|b| b.endpoint_url("http://localhost:8000"), "books"),
        (|b| b.endpoint_url("http://localhost:8000/path"), "books"),
        (|b| b.use_dual_stack(true), "books"),
        (|b| b.use_fips(true), "books"),
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
                b.credentials_provider(account())
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
        (|b| b.disable_clock_skew_correction(true), "books"),
        (|b| b.use_fips(true).use_dual_stack(true), "books"),
        (
            |b| b.use_fips(true).region(Region::new("us-gov-west-1")),
            "books",
        ),
        (|b| b.region(Region::new("cn-north-1")), "books"),
        (|b| b.endpoint_url("http://[::1]:8000"), "books"),
        (
            |b| b.endpoint_url("https://vpce-1.dynamodb.eu-central-1.vpce.amazonaws.com"),
            "books",
        ),
        (|b| b.credentials_provider(account()), "books"),
        (|b| b.credentials_provider(of_a_role()), "books"),
        (|b| b.behavior_version(first_behavior()), "books"),
        (
            |b| b.auth_scheme_preference([AuthSchemeId::new("sigv4")]),
            "books",
        ),
        (
            |b| b.retry_config(RetryConfig::standard().with_max_attempts(7)),
            "books",
        ),
        (
            |b| {
                let timeouts = TimeoutConfig::builder()
                    .operation_timeout(Duration::from_secs(9))
                    .operation_attempt_timeout(Duration::from_secs(5))
                    .read_timeout(Duration::from_secs(3));
                b.timeout_config(timeouts.build())
            },
            "books",
        ),
    ];
    for (number, (change, table)) in cases.into_iter().enumerate() {
        let case = format!("case {number}");
        same_get(&case, |fake| change(fake.config()), table).await;
    }
}

/// The user agent tells the source of the credentials.
#[tokio::test]
async fn the_way_of_the_credentials_is_told() {
    let of = async |credentials: fn() -> Credentials| {
        let config = |fake: &Fake| fake.config().credentials_provider(credentials());
        let sent = same_get("credentials", config, "books").await;
        sent.header("x-amz-user-agent").unwrap().to_owned()
    };
    assert_ne!(of(account).await, of(of_a_role).await);
}

/// Says what `AWS_ENDPOINT_URL_DYNAMODB`, or a `services` section of a profile, would say.
#[derive(Debug)]
struct Services;

impl LoadServiceConfig for Services {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let is_ours = key.service_id() == "DynamoDB" && key.env() == "AWS_ENDPOINT_URL";
        is_ours.then(|| "http://of-the-service:8001".to_owned())
    }
}

/// Clients that are made from what all services share, as `aws_config` gives it.
#[tokio::test]
async fn shared_configurations_are_honoured() {
    type Share = fn(SdkConfigBuilder) -> SdkConfigBuilder;
    let cases: [(Share, &str); 5] = [
        (|b| b, "https://dynamodb.eu-central-1.amazonaws.com/"),
        (
            |b| b.endpoint_url("http://of-all:8000"),
            "http://of-all:8000/",
        ),
        (
            |b| b.service_config(Services),
            "http://of-the-service:8001/",
        ),
        (
            |b| {
                b.endpoint_url("http://of-all:8000")
                    .service_config(Services)
            },
            "http://of-the-service:8001/",
        ),
        (
            |b| b.use_fips(true).use_dual_stack(true),
            "https://dynamodb-fips.eu-central-1.api.aws/",
        ),
    ];
    for (share, uri) in cases {
        let config = |fake: &Fake| {
            let shared = SdkConfig::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("eu-central-1"))
                .credentials_provider(SharedCredentialsProvider::new(of_a_role()))
                .account_id_endpoint_mode(AccountIdEndpointMode::Disabled)
                .app_name(AppName::new("an-app").unwrap())
                .http_client(fake.clone());
            Builder::from(&share(shared).build())
        };
        let sent = same_get(uri, config, "books").await;
        assert_eq!(sent.uri, uri);
    }
}

#[test]
fn random_requests_have_the_signature_of_the_sdk() {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    let fake = Fake::new([Step::ok("{}")]);
    let clock = Clock::new();
    let config = || {
        let config = fake.config().time_source(clock.clone());
        config.credentials_provider(account())
    };
    let transport = open(config());
    let sdk = plain(config());
    let cases = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(100)
    };
    proptest!(cases, |(
        body in proptest::collection::vec(any::<u8>(), 0..2_000),
        table in "[a-zA-Z0-9_.-]{3,40}",
        seconds in 0..40_000_u64,
    )| {
        clock.advance(Duration::from_secs(seconds));
        let sent = runtime.block_on(async {
            for transport in [&transport, &sdk] {
                let tables = Tables::One(table.as_str().into());
                transport.call::<PutItem>(tables, body.clone().into()).await.unwrap();
            }
            fake.sent()
        });
        let [ours, theirs] = [2, 1].map(|back| without_id(sent[sent.len() - back].clone()));
        prop_assert_eq!(ours, theirs);
    });
    assert_eq!(counts(&transport), (100, 0));
}
