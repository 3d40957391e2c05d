//! Clients that the fast path is not for. It stays closed, and everything works as without it.

use std::time::SystemTime;

use aws_sdk_dynamodb::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction, RetryConfig};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::{
    AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, Sign,
};
use aws_smithy_runtime_api::client::endpoint::SharedEndpointResolver;
use aws_smithy_runtime_api::client::identity::{Identity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::retries::{RetryStrategy, ShouldAttempt};
use aws_smithy_runtime_api::client::runtime_components::{GetIdentityResolver, RuntimeComponents};
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;

use super::super::GetItem;
use super::super::fake::{Marker, OneInvocation};
use super::*;
use crate::client_parts::UsersComponents;
use crate::sdk_internals::{Component, SigningScheme};

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
struct OwnScheme(SigningScheme);

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
async fn what_is_not_understood_keeps_the_fast_path_closed() {
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
        let transport = fast_path(change(fake.config()));
        let status = transport.status().fast_path();
        assert!(!status.is_open());
        let why = status.ineligible_because().unwrap();
        assert!(why.contains(expected), "{expected}: {why}");

        let response = call::<GetItem>(&transport).await.unwrap();
        assert_eq!(response.body, r#"{"Item":{}}"#);
        assert_eq!(counts(&transport), (0, 0));
        let sent = fake.sent().remove(0);
        let by_orchestrator = Fake::new([Step::ok("{}")]);
        let config = change(by_orchestrator.config()).build();
        let sdk = raw(&Client::from_conf(config));
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
async fn metrics_that_go_somewhere_keep_the_fast_path_closed() {
    let fake = Fake::new([Step::ok("{}")]);
    let mut parts = ClientParts::from_client(&Client::from_conf(fake.config().build())).unwrap();
    parts.has_telemetry = true;
    let transport = from_parts(parts, FAST);
    let status = transport.status().fast_path();
    assert_eq!(
        status.ineligible_because(),
        Some("the SDK's metrics are collected")
    );
    call::<GetItem>(&transport).await.unwrap();
}

#[tokio::test]
async fn without_the_option_there_is_no_fast_path() {
    let fake = Fake::new([Step::ok("{}")]);
    let transport = raw(&Client::from_conf(fake.config().build()));
    call::<GetItem>(&transport).await.unwrap();
    assert!(!transport.status().fast_path().is_open());
    assert_eq!(counts(&transport), (0, 0));
}

/// Components that show the names of the SDK's, of a client and of what keeps it from the fast path.
mod namesakes {
    use aws_sdk_dynamodb::config::auth::{Params as AuthParams, ResolveAuthScheme};
    use aws_smithy_runtime_api::client::auth::{AuthSchemeOption, AuthSchemeOptionsFuture};

    use super::*;

    /// Another endpoint for one table alone.
    #[derive(Debug)]
    pub(super) struct DefaultResolver;

    impl ResolveEndpoint for DefaultResolver {
        fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
            let host = match params.resource_arn() {
                Some("books") | None => "dynamodb.eu-central-1.amazonaws.com",
                Some(_) => "elsewhere.example",
            };
            let endpoint = Endpoint::builder().url(format!("https://{host}"));
            EndpointFuture::ready(Ok(endpoint.build()))
        }
    }

    #[derive(Debug)]
    pub(super) struct DefaultAuthSchemeResolver;

    impl ResolveAuthScheme for DefaultAuthSchemeResolver {
        fn resolve_auth_scheme<'a>(
            &'a self,
            _params: &'a AuthParams,
            _cfg: &'a ConfigBag,
            _components: &'a RuntimeComponents,
        ) -> AuthSchemeOptionsFuture<'a> {
            let scheme = AuthSchemeOption::builder().scheme_id(aws_runtime::auth::sigv4::SCHEME_ID);
            AuthSchemeOptionsFuture::ready(Ok(vec![scheme.build().unwrap()]))
        }
    }

    #[derive(Debug)]
    pub(super) struct Classifier;

    impl ClassifyRetry for Classifier {
        fn classify_retry(&self, _context: &InterceptorContext) -> RetryAction {
            RetryAction::NoActionIndicated
        }

        fn name(&self) -> &'static str {
            "HTTP Status Code"
        }
    }

    #[derive(Debug)]
    pub(super) struct StandardRetryStrategy;

    impl RetryStrategy for StandardRetryStrategy {
        fn should_attempt_initial_request(
            &self,
            _components: &RuntimeComponents,
            _cfg: &ConfigBag,
        ) -> Result<ShouldAttempt, BoxError> {
            Ok(ShouldAttempt::Yes)
        }

        fn should_attempt_retry(
            &self,
            _context: &InterceptorContext,
            _components: &RuntimeComponents,
            _cfg: &ConfigBag,
        ) -> Result<ShouldAttempt, BoxError> {
            Ok(ShouldAttempt::No)
        }
    }
}

#[tokio::test]
async fn components_with_names_of_the_sdk_do_not_pass_for_its_own() {
    type Change = fn(Builder) -> Builder;
    let cases: [(&str, Change); 4] = [
        ("resolves endpoints", |b| {
            b.endpoint_resolver(namesakes::DefaultResolver)
        }),
        ("chooses how to authenticate", |b| {
            b.auth_scheme_resolver(namesakes::DefaultAuthSchemeResolver)
        }),
        ("retry classifiers", |b| {
            b.retry_classifier(namesakes::Classifier)
        }),
        ("signs in its own way", |b| {
            b.push_auth_scheme(SigningScheme::new())
        }),
    ];
    for (expected, change) in cases {
        let fake = Fake::new([Step::ok("{}")]);
        let transport = fast_path(change(fake.config()));
        let why = transport.status().fast_path().ineligible_because();
        assert!(why.unwrap().contains(expected), "{expected}: {why:?}");
        call::<GetItem>(&transport).await.unwrap();
        assert_eq!(counts(&transport), (0, 0));
    }

    // No configuration of a client can change its retry strategy.
    let fake = Fake::new([Step::error("InternalServerError")]);
    let mut parts = ClientParts::from_client(&Client::from_conf(fake.config().build())).unwrap();
    with_components(&mut parts, |components| {
        components.set_retry_strategy(Some(namesakes::StandardRetryStrategy));
    });
    let transport = from_parts(parts, FAST);
    let why = transport.status().fast_path().ineligible_because();
    assert_eq!(why, Some("the client has a retry strategy of its own"));
    call::<GetItem>(&transport).await.unwrap_err();
    assert_eq!(fake.sent().len(), 1, "it sends nothing twice");
}

/// An endpoint that depends on the table is seen by its second name, whatever the resolver is called.
#[tokio::test]
async fn endpoint_of_another_table_closes_the_fast_path_when_it_is_seen() {
    let fake = Fake::new([Step::ok("{}")]);
    let resolver = aws_sdk_dynamodb::config::endpoint::DefaultResolver::new();
    let mut parts = ClientParts::from_client(&Client::from_conf(fake.config().build())).unwrap();
    with_components(&mut parts, |components| {
        let both = namesakes_endpoint(resolver);
        components.set_endpoint_resolver(Some(both));
    });
    let transport = from_parts(parts, FAST);
    assert!(transport.status().fast_path().is_open());
    for _ in 0..3 {
        call::<GetItem>(&transport).await.unwrap();
    }
    let why = transport.status().fast_path().ineligible_because();
    assert_eq!(why, Some("the SDK's requests differ in an unknown way"));
    assert_eq!(counts(&transport), (0, 0));
    assert_eq!(
        fake.sent()[0].uri,
        "https://dynamodb.eu-central-1.amazonaws.com/"
    );
}

/// A resolver that can't be told from the SDK's by its text, and has another endpoint for most tables.
fn namesakes_endpoint(
    sdk: aws_sdk_dynamodb::config::endpoint::DefaultResolver,
) -> SharedEndpointResolver {
    struct Copy(aws_sdk_dynamodb::config::endpoint::DefaultResolver);
    impl std::fmt::Debug for Copy {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }
    impl ResolveEndpoint for Copy {
        fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
            namesakes::DefaultResolver.resolve_endpoint(params)
        }
    }
    Copy(sdk).into_shared_resolver()
}

/// A signer that can't be told from the SDK's, but signs something else: only the bytes show it.
#[tokio::test]
async fn another_signature_closes_the_fast_path_when_it_is_seen() {
    #[derive(Debug, Default)]
    struct Signer;
    impl Sign for Signer {
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
    #[derive(Default)]
    struct Namesake {
        signer: Signer,
    }
    impl std::fmt::Debug for Namesake {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(Component::SigningScheme.sdk_name())
        }
    }
    impl AuthScheme for Namesake {
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
    let config = fake.config().push_auth_scheme(Namesake::default());
    let mut parts = ClientParts::from_client(&Client::from_conf(config.build())).unwrap();
    // As if the client did not tell that the scheme is the user's.
    parts.users = UsersComponents::default();
    let transport = from_parts(parts, FAST);
    assert!(transport.status().fast_path().is_open());
    for _ in 0..3 {
        call::<GetItem>(&transport).await.unwrap();
    }
    let why = transport.status().fast_path().ineligible_because();
    assert_eq!(why, Some("the SDK's signature is another one"));
    assert_eq!(counts(&transport), (0, 0));
    assert_eq!(fake.sent().len(), 3);
}

/// A header that says more than the fast path can know is not one that it can repeat: one that differs from
/// request to request, and one with the time.
#[tokio::test]
async fn a_header_that_varies_closes_the_fast_path_when_it_is_seen() {
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
        assert!(transport.status().fast_path().is_open());
        for _ in 0..3 {
            call::<GetItem>(&transport).await.unwrap();
        }
        assert_eq!(
            transport.status().fast_path().ineligible_because(),
            Some(expected)
        );
        assert_eq!(counts(&transport), (0, 0));
        let sent = fake.sent();
        assert!(
            sent.iter()
                .all(|sent| sent.header(Marker::HEADER).is_some())
        );
    }
}

/// Nothing is captured for a minute after it did not work out, and a clock that is set back does not
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
    // The request that is sent, and the two that are captured.
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
