//! Mistakes in a client's configuration: told apart from failures on the way, and refused before the
//! SDK panics on them.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use aws_credential_types::Credentials;
use aws_runtime::auth::sigv4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthScheme;
use aws_smithy_runtime_api::client::identity::ResolveCachedIdentity;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::endpoint_config::EndpointUrl;

const ENDPOINT: &str = "the endpoint is not a URL with scheme and host; write it as `http://localhost:8000` or \
     `https://dynamodb.eu-central-1.amazonaws.com`";
const HEADER: &str = "the access key, the session token or another header has a character that HTTP headers \
     cannot hold, such as a line end at its end; trim what the environment or a file provides";

/// Texts in the SDK's errors that show a mistake in the configuration, and the text for users.
const MISTAKES: [(&str, &str); 12] = [
    (
        "Missing Region",
        "no region is configured; set AWS_REGION, the region of the profile, or that of the client",
    ),
    (
        "field: `region`",
        "the region is not a valid name, such as `eu-central-1`",
    ),
    (
        "FIPS and custom endpoint",
        "FIPS endpoints and an endpoint of your own exclude each other; remove AWS_USE_FIPS_ENDPOINT or the endpoint",
    ),
    (
        "Dualstack and custom endpoint",
        "dual-stack endpoints and an endpoint of your own exclude each other; remove AWS_USE_DUALSTACK_ENDPOINT or the endpoint",
    ),
    (
        "FIPS is enabled but",
        "there is no FIPS endpoint in this region; remove AWS_USE_FIPS_ENDPOINT",
    ),
    (
        "DualStack is enabled but",
        "there is no dual-stack endpoint in this region; remove AWS_USE_DUALSTACK_ENDPOINT",
    ),
    ("failed to apply endpoint", ENDPOINT),
    ("unsupported scheme", ENDPOINT),
    (
        "scheme is not http",
        "the client's HTTP client knows no TLS, and the endpoint demands it; write `http://` or build an HTTPS client",
    ),
    ("failed to parse header value", HEADER),
    (
        "AccountIdEndpointMode is required but",
        "the client demands the endpoint of an account, and the credentials do not tell the account; set AWS_ACCOUNT_ID_ENDPOINT_MODE to `preferred`",
    ),
    (
        "Invalid Configuration",
        "region, endpoint, FIPS and dual stack do not fit together",
    ),
];

/// A mistake in the configuration that is found before the SDK is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mistake(&'static str);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Mistake {}

/// Returns the mistake in the client's configuration that an error of the SDK is about, in words that
/// name the remedy; `None` if it is not known as one.
pub fn configuration_mistake(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.find_map(|cause| {
        if let Some(mistake) = cause.downcast_ref::<Mistake>() {
            return Some(mistake.0);
        }
        let text = cause.to_string();
        let known = MISTAKES.iter().find(|(part, _)| text.contains(part));
        known.map(|(_, mistake)| *mistake)
    })
}

/// Interceptor for operations that are sent with the SDK itself: refuses a configuration on which the
/// SDK panics. All paths do the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConfigurationCheck;

#[dyn_dispatch_hint]
impl Intercept for ConfigurationCheck {
    fn name(&self) -> &'static str {
        "dynamodel::ConfigurationCheck"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        check_endpoint(cfg)
    }

    fn read_before_signing(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        check_credentials(components, cfg)
    }
}

/// Refuses an empty endpoint, before the SDK looks for it.
///
/// # Errors
/// The mistake.
pub(crate) fn check_endpoint(cfg: &ConfigBag) -> Result<(), BoxError> {
    match cfg.load::<EndpointUrl>() {
        Some(url) if url.0.is_empty() => Err(Mistake(ENDPOINT).into()),
        _ => Ok(()),
    }
}

/// Refuses credentials that no header can hold, before the SDK signs with them. They were resolved a
/// moment ago, so they are at hand; a provider that would have to be waited for is not asked again.
///
/// # Errors
/// The mistake.
pub(crate) fn check_credentials(
    components: &RuntimeComponents,
    cfg: &ConfigBag,
) -> Result<(), BoxError> {
    let scheme = components.auth_scheme(sigv4::SCHEME_ID);
    let Some(resolver) = scheme.and_then(|scheme| scheme.identity_resolver(components)) else {
        return Ok(());
    };
    let cache = components.identity_cache();
    let identity = cache.resolve_cached_identity(resolver, components, cfg);
    // Otherwise the cache's lock is not ready once the task has used up its share.
    let mut identity = tokio::task::unconstrained(identity);
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(identity)) = Pin::new(&mut identity).poll(&mut context) else {
        return Ok(());
    };
    let is_header = |text: &str| http::HeaderValue::from_str(text).is_ok();
    match identity.data::<Credentials>() {
        Some(credentials)
            if !is_header(credentials.access_key_id())
                || !credentials.session_token().is_none_or(is_header) =>
        {
            Err(Mistake(HEADER).into())
        }
        _ => Ok(()),
    }
}
