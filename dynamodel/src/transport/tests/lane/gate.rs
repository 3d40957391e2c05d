//! Clients that the lane is not for. It stays closed, and everything works as without it.

use std::time::SystemTime;

use aws_runtime::auth::sigv4::SigV4AuthScheme;
use aws_sdk_dynamodb::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction, RetryConfig};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::{
    AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, Sign,
};
use aws_smithy_runtime_api::client::identity::{Identity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::{GetIdentityResolver, RuntimeComponents};
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;

use super::super::GetItem;
use super::super::fake::{Marker, OneInvocation};
use super::*;

/// Has the name of one of the SDK's.
#[derive(Debug)]
struct Impostor;

#[dyn_dispatch_hint]
impl Intercept for Impostor {
    fn name(&self) -> &'static str {
        "UserAgentInterceptor"
    }
}

#[derive(Debug)]
struct Never;

impl ClassifyRetry for Never {
    fn classify_retry(&self, _context: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "Never"
    }
}

#[derive(Debug)]
struct Elsewhere;

impl ResolveEndpoint for Elsewhere {
    fn resolve_endpoint<'a>(&'a self, _params: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url("http://elsewhere:1").build()))
    }
}

#[derive(Debug, Default)]
struct OwnScheme(SigV4AuthScheme);

impl AuthScheme for OwnScheme {
    fn scheme_id(&self) -> AuthSchemeId {
        self.0.scheme_id()
    }

    fn identity_resolver(
        &self,
        resolvers: &dyn GetIdentityResolver,
    ) -> Option<SharedIdentityResolver> {
        self.0.identity_resolver(resolvers)
    }

    fn signer(&self) -> &dyn Sign {
        self
    }
}

impl Sign for OwnScheme {
    fn sign_http_request(
        &self,
        request: &mut HttpRequest,
        _identity: &Identity,
        _endpoint: AuthSchemeEndpointConfig<'_>,
        _components: &RuntimeComponents,
        _cfg: &ConfigBag,
    ) -> Result<(), BoxError> {
        request.headers_mut().insert("authorization", "own");
        Ok(())
    }
}

#[tokio::test]
async fn what_is_not_understood_keeps_the_lane_closed() {
    type Change = fn(Builder) -> Builder;
    let cases: [(&str, Change); 8] = [
        ("interceptors", |b| b.interceptor(Marker::default())),
        ("interceptors", |b| b.interceptor(Impostor)),
        ("retry classifiers", |b| b.retry_classifier(Never)),
        ("retry mode", |b| b.retry_config(RetryConfig::adaptive())),
        ("resolves endpoints", |b| b.endpoint_resolver(Elsewhere)),
        ("invocation ids", |b| {
            b.invocation_id_generator(OneInvocation)
        }),
        ("signs in its own way", |b| {
            b.push_auth_scheme(OwnScheme::default())
        }),
        ("chooses how to authenticate", |b| b.allow_no_auth()),
    ];
    for (expected, change) in cases {
        let fake = Fake::new([Step::ok(r#"{"Item":{}}"#)]);
        let transport = lane(change(fake.config()));
        let status = transport.lane_status();
        assert!(!status.is_open());
        let why = status.obstacle().unwrap();
        assert!(why.contains(expected), "{expected}: {why}");

        let reply = call::<GetItem>(&transport).await.unwrap();
        assert_eq!(reply.body, r#"{"Item":{}}"#);
        assert_eq!(counts(&transport), (0, 0));
        let sent = fake.sent().remove(0);
        let by_orchestrator = Fake::new([Step::ok("{}")]);
        let config = change(by_orchestrator.config()).build();
        let sdk = Transport::new(&Client::from_conf(config)).unwrap();
        call::<GetItem>(&sdk).await.unwrap();
        let theirs = by_orchestrator.sent().remove(0);
        for name in [Marker::HEADER, "user-agent"] {
            assert_eq!(sent.header(name), theirs.header(name));
        }
        assert_eq!(sent.uri, theirs.uri);
        assert_eq!(sent.headers.len(), theirs.headers.len());
    }
}

#[tokio::test]
async fn metrics_that_go_somewhere_keep_the_lane_closed() {
    let fake = Fake::new([Step::ok("{}")]);
    let mut captured = capture(&Client::from_conf(fake.config().build())).unwrap();
    captured.has_telemetry = true;
    let transport = Transport::of(captured, true).unwrap();
    let status = transport.lane_status();
    assert_eq!(status.obstacle(), Some("the SDK's metrics are collected"));
    call::<GetItem>(&transport).await.unwrap();
}

#[tokio::test]
async fn without_the_option_there_is_no_lane() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = Transport::new(&Client::from_conf(fake.config().build())).unwrap();
    call::<GetItem>(&transport).await.unwrap();
    assert!(!transport.lane_status().is_open());
    assert_eq!(counts(&transport), (0, 0));
}

/// A signer that can't be told from the SDK's, but signs something else: only the bytes show it.
#[tokio::test]
async fn another_signature_closes_the_lane_when_it_is_seen() {
    #[derive(Debug, Default)]
    struct SigV4Signer;
    impl Sign for SigV4Signer {
        fn sign_http_request(
            &self,
            request: &mut HttpRequest,
            identity: &Identity,
            endpoint: AuthSchemeEndpointConfig<'_>,
            components: &RuntimeComponents,
            cfg: &ConfigBag,
        ) -> Result<(), BoxError> {
            let sdk = aws_runtime::auth::sigv4::SigV4Signer::new();
            sdk.sign_http_request(request, identity, endpoint, components, cfg)?;
            request
                .headers_mut()
                .insert("content-type", "changed afterwards");
            Ok(())
        }
    }
    #[derive(Debug, Default)]
    struct SigV4AuthScheme {
        signer: SigV4Signer,
    }
    impl AuthScheme for SigV4AuthScheme {
        fn scheme_id(&self) -> AuthSchemeId {
            aws_runtime::auth::sigv4::SCHEME_ID
        }
        fn identity_resolver(
            &self,
            resolvers: &dyn GetIdentityResolver,
        ) -> Option<SharedIdentityResolver> {
            resolvers.identity_resolver(self.scheme_id())
        }
        fn signer(&self) -> &dyn Sign {
            &self.signer
        }
    }
    let fake = Fake::new([Step::ok("{}")]);
    let transport = open(fake.config().push_auth_scheme(SigV4AuthScheme::default()));
    for _ in 0..3 {
        call::<GetItem>(&transport).await.unwrap();
    }
    let why = transport.lane_status().obstacle();
    assert_eq!(why, Some("the SDK's signature is another one"));
    assert_eq!(counts(&transport), (0, 0));
    assert_eq!(fake.sent().len(), 3);
}

/// A header that says more than the lane can know is not one that it can repeat: one that differs from
/// request to request, and one with the time.
#[tokio::test]
async fn a_header_that_varies_closes_the_lane_when_it_is_seen() {
    let nonce = |_| fastrand::u64(..).to_string();
    let time = |now| {
        let mut now = DateTime::from(now);
        now.set_subsec_nanos(0);
        let now = now.fmt(Format::DateTime).unwrap();
        format!("ttl={}", now.replace(['-', ':'], ""))
    };
    type Varying = fn(SystemTime) -> String;
    let cases: [(Varying, &str); 2] = [
        (nonce, "the SDK's requests differ in an unknown way"),
        (time, "the SDK's requests tell the time in an unknown way"),
    ];
    for (varying, expected) in cases {
        let fake = Fake::new([Step::ok("{}")]);
        let transport = with_replaced(fake.config(), Marker::as_one_of_the_sdks(varying));
        assert!(transport.lane_status().is_open());
        for _ in 0..3 {
            call::<GetItem>(&transport).await.unwrap();
        }
        assert_eq!(transport.lane_status().obstacle(), Some(expected));
        assert_eq!(counts(&transport), (0, 0));
        let sent = fake.sent();
        assert!(
            sent.iter()
                .all(|sent| sent.header(Marker::HEADER).is_some())
        );
    }
}

/// Nothing is learned for a minute after it did not work out, and a clock that is set back does not
/// make that a day.
#[tokio::test]
async fn a_rest_is_a_minute() {
    let (fake, clock) = (Fake::new([Step::ok("{}")]), Clock::new());
    clock.advance(Duration::from_secs(86_400));
    let nonce = Marker::as_one_of_the_sdks(|_| fastrand::u64(..).to_string());
    let transport = with_replaced(fake.config().time_source(clock.clone()), nonce.clone());
    let begun = async || {
        let before = nonce.begun();
        call::<GetItem>(&transport).await.unwrap();
        nonce.begun() - before
    };
    // What is sent, and the two requests that are learned from.
    assert_eq!(begun().await, 3);
    assert_eq!(begun().await, 1);
    clock.advance(Duration::from_secs(59));
    assert_eq!(begun().await, 1);
    clock.advance(Duration::from_secs(2));
    assert_eq!(begun().await, 3);
    clock.set_back(Duration::from_secs(86_400));
    assert_eq!(begun().await, 3);
    assert_eq!(begun().await, 1);
}
