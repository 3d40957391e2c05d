//! What is sent: the SDK's requests, with the SDK's signatures.

use std::collections::HashSet;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{AppName, BehaviorVersion, Credentials, FrameworkMetadata, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_types::endpoint_config::AccountIdEndpointMode;
use proptest::prelude::*;

use super::super::fake::StoppedClock;
use super::super::{GetItem, PutItem};
use super::*;
use crate::transport::{
    BatchGetItem, BatchWriteItem, DeleteItem, Query, Scan, TransactGetItems, TransactWriteItems,
    UpdateItem,
};

type Change = fn(Builder) -> Builder;

/// All but the id, which is another one for every call.
fn without_id(mut sent: Sent) -> Sent {
    let id = "amz-sdk-invocation-id";
    assert!(sent.header(id).is_some());
    sent.headers.retain(|(name, _)| name != id);
    sent
}

fn account() -> Credentials {
    let account = Credentials::builder()
        .access_key_id("AKID")
        .secret_access_key("SECRET")
        .session_token("TOKEN")
        .account_id("123456789012")
        .provider_name("test");
    account.build()
}

/// That of the SDK's first stable version.
#[expect(deprecated, reason = "clients may have it all the same")]
fn first_behavior() -> BehaviorVersion {
    BehaviorVersion::v2023_11_09()
}

/// The same request by the raw SDK and by the lane: with the same clock, everything else is the same.
#[tokio::test]
async fn requests_are_those_of_the_sdk() {
    const ARN: &str = "arn:aws:dynamodb:eu-central-1:123456789012:table/books";
    let cases: [(Change, &str); 20] = [
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
        let config = |fake: &Fake| change(fake.config().time_source(StoppedClock));
        let raw = Fake::new([Step::ok("{}")]);
        let client = Client::from_conf(config(&raw).build());
        let key = AttributeValue::S("1".into());
        let get = client.get_item().table_name(table).key("isbn", key);
        get.send().await.unwrap();
        let raw = raw.sent().remove(0);

        let fake = Fake::new([Step::ok("{}")]);
        let transport = open(config(&fake));
        for _ in 0..2 {
            let body = raw.body.clone();
            let sent = transport.call::<GetItem>(Tables::One(table.into()), body.into());
            sent.await.unwrap();
        }
        assert_eq!(counts(&transport), (2, 0), "case {number}");
        let [first, second] = fake.sent().try_into().unwrap();
        let id = |sent: &Sent| sent.header("amz-sdk-invocation-id").unwrap().to_owned();
        assert_ne!(id(&first), id(&second));
        let raw = without_id(raw);
        assert_eq!(raw, without_id(first), "case {number}");
        assert_eq!(raw, without_id(second), "case {number}");
    }
}

#[tokio::test]
async fn every_operation_has_its_template() {
    async fn check<O: ApiOperation>(transport: &Transport, fake: &Fake) {
        let before = fake.sent().len();
        for _ in 0..2 {
            call::<O>(transport).await.unwrap();
        }
        for sent in &fake.sent()[before..] {
            assert_eq!(sent.header("x-amz-target"), Some(O::TARGET));
        }
    }
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    check::<GetItem>(&transport, &fake).await;
    check::<PutItem>(&transport, &fake).await;
    check::<UpdateItem>(&transport, &fake).await;
    check::<DeleteItem>(&transport, &fake).await;
    check::<Query>(&transport, &fake).await;
    check::<Scan>(&transport, &fake).await;
    check::<BatchGetItem>(&transport, &fake).await;
    check::<BatchWriteItem>(&transport, &fake).await;
    check::<TransactWriteItems>(&transport, &fake).await;
    check::<TransactGetItems>(&transport, &fake).await;
    assert_eq!(counts(&transport), (20, 0));
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
    let sdk = Transport::new(&Client::from_conf(config().build())).unwrap();
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

#[tokio::test]
async fn invocation_ids_are_random_uuids() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    for _ in 0..64 {
        call::<PutItem>(&transport).await.unwrap();
    }
    let mut ids = HashSet::new();
    for sent in fake.sent() {
        let id = sent.header("amz-sdk-invocation-id").unwrap();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "version 4: {id}");
        assert!(b"89ab".contains(&id.as_bytes()[19]), "variant 1: {id}");
        assert!(ids.insert(id.to_owned()));
    }
}

#[tokio::test]
async fn accounts_in_arns_have_their_own_endpoints() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    for account in ["111111111111", "222222222222", "111111111111"] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:{account}:table/books");
        let tables = Tables::One(arn.into());
        let sent = transport.call::<GetItem>(tables, BODY.to_vec().into());
        sent.await.unwrap();
        call::<GetItem>(&transport).await.unwrap();
    }
    let sent = fake.sent();
    for (index, account) in [
        (0, "111111111111"),
        (2, "222222222222"),
        (4, "111111111111"),
    ] {
        assert!(sent[index].uri.contains(account), "{}", sent[index].uri);
        assert!(
            !sent[index + 1].uri.contains("11111"),
            "{}",
            sent[index + 1].uri
        );
    }
    assert_eq!(counts(&transport), (6, 0));
}

/// Tables by ARN are remembered up to some number, and tables by name beside them.
#[tokio::test]
async fn many_arns_leave_room_for_names() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    for table in 0..70 {
        let arn = format!("arn:aws:dynamodb:eu-central-1:111111111111:table/t{table}");
        let tables = Tables::One(arn.into());
        let sent = transport.call::<GetItem>(tables, BODY.to_vec().into());
        sent.await.unwrap();
    }
    let (learned, _) = counts(&transport);
    assert!((64..70).contains(&learned), "{learned}");
    call::<GetItem>(&transport).await.unwrap();
    assert_eq!(counts(&transport), (learned + 1, 0));
}

#[tokio::test]
async fn batches_on_arns_go_through_the_orchestrator() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config());
    for account in ["111111111111", "222222222222"] {
        let arn = format!("arn:aws:dynamodb:eu-central-1:{account}:table/books");
        let tables = Tables::Many(vec![arn.into()]);
        let sent = transport.call::<BatchWriteItem>(tables, b"{}".to_vec().into());
        sent.await.unwrap();
    }
    assert_eq!(counts(&transport), (0, 0));
    assert!(fake.sent()[1].uri.contains("222222222222"));
}

#[tokio::test]
async fn templates_are_learned_anew_after_some_minutes() {
    let fake = Fake::new([Step::ok("{}")]);
    let clock = Clock::new();
    let transport = open(fake.config().time_source(clock.clone()));
    for _ in 0..20 {
        call::<GetItem>(&transport).await.unwrap();
        clock.advance(Duration::from_secs(100));
    }
    assert_eq!(counts(&transport), (20, 0));
    assert_eq!(fake.sent().len(), 20, "learning sends nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_task_learns_while_others_send() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = std::sync::Arc::new(open(fake.config()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let transport = transport.clone();
        tasks.spawn(async move { call::<GetItem>(&transport).await.unwrap() });
    }
    while let Some(reply) = tasks.join_next().await {
        assert_eq!(reply.unwrap().attempts, 1);
    }
    assert_eq!(fake.sent().len(), 100);
    assert!(counts(&transport).0 > 0);
}
