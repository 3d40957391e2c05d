//! Everything that depends on parts of the SDK which its documentation does not promise to users:
//! names of interceptors and retry classifiers, texts of `Debug` and of errors, types of the configuration, the
//! order of plugins.
//!
//! Each function either recognizes what it is given or says that it is not known; then requests take
//! the [plain path](super::plain_path), which needs nothing of this file. A test below each part runs
//! it against the SDK of `Cargo.lock`; `tests/composition.rs` compares every operation of the raw path,
//! with its endpoint parameters and its configuration, with the SDK's own.

use std::error::Error;
use std::fmt::{self, Write};
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_runtime::client::metrics::MetricsRuntimePlugin;
use aws_smithy_runtime::client::orchestrator::AuthSchemeAndEndpointOrchestrationV2;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::dns::ResolveDnsError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{
    Intercept, SharedInterceptor, dyn_dispatch_hint,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, SharedRetryClassifier};
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_types::config_bag::{ConfigBag, Layer};

/// Names of the SDK's interceptors of a client. The headers that they add are captured with the signed
/// request, or made by the fast path; what they do with responses is done by the fast path, or only
/// matters for errors, which the orchestrator handles. None of them reads a typed input or output.
/// Those that measure are not among them: see [`remove_measuring`].
const CLIENT_INTERCEPTORS: [&str; 12] = [
    "AccountIdEndpointFeatureTrackerInterceptor",
    "ConnectionPoisoningInterceptor",
    "EndpointOverrideFeatureTrackerInterceptor",
    "EnforceContentLength",
    "InvocationIdInterceptor",
    "ObservabilityFeatureTrackerInterceptor",
    "RecursionDetectionInterceptor",
    "RequestInfoInterceptor",
    "RetryModeFeatureTrackerInterceptor",
    "ServiceClockSkewInterceptor",
    "TokenBucketProvider",
    "UserAgentInterceptor",
];

/// The SDK's name for the interceptor that makes the `user-agent` headers.
const USER_AGENT: &str = "UserAgentInterceptor";

/// Names of the SDK's interceptors of an operation that read no typed input or output.
const OPERATION_INTERCEPTORS: [&str; 1] = ["StalledStreamProtectionInterceptor"];

/// End of the names of interceptors that read the typed input for the parameters of the endpoint.
pub(crate) const ENDPOINT_PARAMS: &str = "EndpointParamsInterceptor";

/// End of the names of interceptors that read the typed input for the SDK's metrics.
const INPUT_TELEMETRY: &str = "TelemetryInputCaptureInterceptor";

/// The client's retry classifiers that never have a success sent again.
const CLIENT_CLASSIFIERS: [&str; 1] = ["HTTP Status Code"];

/// Name of the first interceptor that is not one of the SDK's for a client, or is there twice.
pub(super) fn unknown_interceptor<'n>(names: &[&'n str]) -> Option<&'n str> {
    first_unknown(names, &CLIENT_INTERCEPTORS)
}

/// `true` if each of the client's retry classifiers is the SDK's and leaves successes alone.
pub(super) fn are_known_classifiers(names: &[&str]) -> bool {
    first_unknown(names, &CLIENT_CLASSIFIERS).is_none()
}

fn first_unknown<'n>(names: &[&'n str], known: &[&str]) -> Option<&'n str> {
    let is_once = |name: &str| names.iter().filter(|other| **other == name).count() == 1;
    let mut names = names.iter().copied();
    names.find(|name| !known.contains(name) || !is_once(name))
}

/// The effect of one of the SDK's interceptors on requests of one kind, all of which are `POST`.
pub(super) enum Effect {
    /// None at all.
    None,
    /// The same for every request with the same features: the headers of the user agent.
    UserAgent,
    /// Another one for each request.
    Own,
}

/// The effect of the interceptor of this name. `is_lambda`: the process is an AWS Lambda function.
pub(super) fn effect(name: &str, is_lambda: bool) -> Effect {
    match name {
        // For `GET` alone.
        "EnforceContentLength" => Effect::None,
        // For functions of AWS Lambda alone.
        "RecursionDetectionInterceptor" if !is_lambda => Effect::None,
        USER_AGENT => Effect::UserAgent,
        _ => Effect::Own,
    }
}

/// The part that an interceptor of operation `operation` has in making a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Reads the typed input for the parameters of the endpoint.
    EndpointParams,
    /// Reads the typed input for the SDK's metrics.
    InputTelemetry,
    /// Reads no typed input or output.
    Untyped,
}

/// The part of the interceptor of this name; `None` if it is not known.
pub(super) fn part_of(operation: &str, name: &str) -> Option<Part> {
    if OPERATION_INTERCEPTORS.contains(&name) {
        return Some(Part::Untyped);
    }
    match name.strip_prefix(operation)? {
        ENDPOINT_PARAMS => Some(Part::EndpointParams),
        INPUT_TELEMETRY => Some(Part::InputTelemetry),
        _ => None,
    }
}

/// Components of a client that a user may have replaced.
#[derive(Debug, Clone, Copy)]
pub(super) enum Component {
    RetryStrategy,
    SigningScheme,
    AuthSchemeResolver,
    EndpointResolver,
}

impl Component {
    const ALL: [Component; 4] = [
        Component::RetryStrategy,
        Component::SigningScheme,
        Component::AuthSchemeResolver,
        Component::EndpointResolver,
    ];

    /// The name that the SDK's type shows first.
    pub(super) fn sdk_name(self) -> &'static str {
        match self {
            Component::RetryStrategy => "StandardRetryStrategy",
            Component::SigningScheme => "SigV4AuthScheme { signer: SigV4Signer }",
            Component::AuthSchemeResolver => "DefaultAuthSchemeResolver",
            Component::EndpointResolver => "DefaultResolver",
        }
    }

    /// The component as it shows itself.
    fn of(self, components: &RuntimeComponents) -> Box<dyn fmt::Debug> {
        match self {
            Component::RetryStrategy => Box::new(components.retry_strategy()),
            Component::SigningScheme => {
                Box::new(components.auth_scheme(aws_runtime::auth::sigv4::SCHEME_ID))
            }
            Component::AuthSchemeResolver => Box::new(components.auth_scheme_option_resolver()),
            Component::EndpointResolver => Box::new(components.endpoint_resolver()),
        }
    }
}

/// `true` if the component is the one that a client of defaults has, and that one is known.
///
/// Components can't be asked for their types. So the whole text of `Debug` is compared with that of a
/// client of defaults, which shows the fields too: a type of the user's with the same name differs.
pub(super) fn is_default(component: Component, components: &RuntimeComponents) -> bool {
    let default = default_texts().get(component as usize);
    default.is_some_and(|default| {
        has_name(default, component.sdk_name()) && has_text(&*component.of(components), default)
    })
}

/// The texts of a client of defaults, in the order of [`Component::ALL`]; none if it is not known how
/// to get at them.
fn default_texts() -> &'static [String] {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            // Without one the SDK makes its HTTPS client, which reads the certificates of the machine.
            .http_client(NoHttp);
        let Ok((components, _)) = run_probe(&Client::from_conf(config.build())) else {
            return Vec::new();
        };
        let text = |component: Component| format!("{:?}", component.of(&components));
        Component::ALL.map(text).into()
    })
}

/// `true` if the text shows the SDK's wrapper around a component of this name.
fn has_name(text: &str, name: &str) -> bool {
    let text = text.strip_prefix("Some(").unwrap_or(text);
    let inner = text.strip_prefix("Shared").and_then(|s| s.split_once('('));
    let Some((_, inner)) = inner else {
        return false;
    };
    // Some are wrapped once more, for their parameters.
    let inner = inner.strip_prefix("DowncastParams(").unwrap_or(inner);
    let rest = inner.strip_prefix(name);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// `true` if the value is written as this text.
fn has_text(value: &dyn fmt::Debug, text: &str) -> bool {
    let mut rest = Expected(text);
    // Writing ends with an error where the texts differ, so that a long one is not built.
    write!(rest, "{value:?}").is_ok() && rest.0.is_empty()
}

/// The text that is expected next.
struct Expected<'t>(&'t str);

impl Write for Expected<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// `true` if the SDK's metrics go anywhere. The telemetry provider is in a crate of the SDK that is
/// not stable yet; the instruments of the provider that does nothing are known by their names.
///
/// A provider that is set later is not noticed: the SDK looks for one with every call, which is what
/// makes its metrics expensive.
pub(super) fn has_telemetry(metrics: &MetricsRuntimePlugin) -> bool {
    let instruments = metrics.config();
    instruments.is_some_and(|instruments| !format!("{instruments:?}").contains("NoopHistogram"))
}

/// Returns `true` if the SDK's error, or one that caused it, says that there are no credentials to sign
/// with. Compares a type and a text for each of the causes.
pub fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    // Without a provider of credentials the SDK finds no way to sign. The type of that error is
    // private to the SDK.
    causes.any(|error| {
        error.is::<CredentialsError>()
            || error
                .to_string()
                .starts_with("failed to select an auth scheme")
    })
}

/// `true` if the error comes from an HTTP client, rather than from the SDK before it has given the
/// request to one: that one has no kind, and no cause of hyper's or of the operating system's.
pub(super) fn is_of_http_client(error: &ConnectorError) -> bool {
    let mut causes = std::iter::successors(error.source(), |&error| error.source());
    !error.is_other()
        || error.as_other().is_some()
        || causes.any(|cause| {
            cause.is::<std::io::Error>() || cause.to_string().starts_with("client error (")
        })
}

/// `true` if the HTTP client failed before it sent anything: the host has no address, no server
/// listens there or agrees on TLS, the time to connect has passed, or the request is not one that can
/// be sent.
///
/// Only errors that do not occur on a connection count; all others leave open what has happened.
pub(super) fn was_never_sent(error: &ConnectorError) -> bool {
    let mut causes = std::iter::successors(error.source(), |&error| error.source());
    error.is_user()
        || causes.any(|cause| {
            let io = cause.downcast_ref::<std::io::Error>();
            cause.is::<ResolveDnsError>()
                || io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
                || is_of_connecting(&cause.to_string())
        })
}

/// `true` for the texts of hyper's error of a connection that could not be made, and of the SDK's of
/// one that took too long. Their types are private, or of a crate that only the SDK depends on.
fn is_of_connecting(text: &str) -> bool {
    text.starts_with("client error (Connect)") || text.starts_with("HTTP connect timeout")
}

/// Drops the operation's interceptors, which the SDK keeps behind the client's.
///
/// # Errors
/// When they are not there.
pub(super) fn remove_operation_interceptors(
    interceptors: &mut Vec<SharedInterceptor>,
    operation: &RuntimeComponentsBuilder,
) -> Result<(), BoxError> {
    let theirs: Vec<_> = operation.interceptors().map(|i| i.name()).collect();
    let client = interceptors.len().saturating_sub(theirs.len());
    let tail = interceptors.split_off(client);
    if tail.iter().map(|i| i.name()).eq(theirs) {
        Ok(())
    } else {
        Err("the SDK keeps its interceptors in an unknown order".into())
    }
}

/// Drops the SDK's interceptors that measure for `metrics`. The state that they work on is private to
/// that plugin, so they only work together with it.
///
/// The interceptors must be the SDK's alone: one of the user's may have the same name.
pub(super) fn remove_measuring(
    interceptors: &mut Vec<SharedInterceptor>,
    metrics: &MetricsRuntimePlugin,
) {
    let empty = RuntimeComponentsBuilder::new("dynamodel");
    for measuring in metrics.runtime_components(&empty).interceptors() {
        let found = interceptors
            .iter()
            .position(|i| i.name() == measuring.name());
        if let Some(found) = found {
            interceptors.remove(found);
        }
    }
}

/// Drops the operation's retry classifiers: of those with one name and priority, the last.
pub(super) fn without_operation_classifiers(
    all: impl Iterator<Item = SharedRetryClassifier>,
    operation: &RuntimeComponentsBuilder,
) -> Vec<SharedRetryClassifier> {
    let mut kept: Vec<_> = all.collect();
    for theirs in operation.retry_classifiers() {
        let is_theirs = |classifier: &SharedRetryClassifier| {
            classifier.name() == theirs.name() && classifier.priority() == theirs.priority()
        };
        if let Some(last) = kept.iter().rposition(is_theirs) {
            kept.remove(last);
        }
    }
    kept
}

/// Starts an operation on a copy of the client that stops itself, and returns the components and the
/// configuration that its only interceptor saw.
///
/// # Errors
/// When the SDK waits or fails before the point where it shows them.
pub(super) fn run_probe(client: &Client) -> Result<(RuntimeComponents, Layer), BoxError> {
    let seen = Arc::new(Mutex::new(None));
    let mut config = client.config().to_builder();
    config.set_interceptors([SharedInterceptor::new(Probe(seen.clone()))]);
    // With operation timeouts the SDK sets up a timer first, which needs a runtime.
    config.set_sleep_impl(Some(SharedAsyncSleep::new(NoTimer)));

    let probe = Client::from_conf(config.build());
    let probe = pin!(probe.get_item().table_name("dynamodel").send());
    // The probe ends the call before the first point where the SDK may have to wait.
    let polled = probe.poll(&mut Context::from_waker(Waker::noop()));
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (polled.is_ready(), seen) {
        (true, Some(seen)) => Ok(seen),
        _ => Err("the SDK did not show its components".into()),
    }
}

/// `true` for the interceptor of [`run_probe`], which stands where the client's own stand.
pub(super) fn is_probe(interceptor: &SharedInterceptor) -> bool {
    interceptor.name() == Probe::NAME
}

/// Takes notes of the first call that it sees, and ends it.
#[derive(Debug)]
struct Probe(Arc<Mutex<Option<(RuntimeComponents, Layer)>>>);

impl Probe {
    const NAME: &'static str = "dynamodel::Probe";
}

#[dyn_dispatch_hint]
impl Intercept for Probe {
    fn name(&self) -> &'static str {
        Probe::NAME
    }

    /// The first hook that sees components: the configuration is complete, nothing was done yet.
    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = Some((components.clone(), copy_config(cfg)));
        // Without these the SDK's metrics do not count the call.
        cfg.interceptor_state().unset::<Metadata>();
        Err("everything was seen".into())
    }
}

/// Copies what a client can be configured with, apart from its components. (The SDK does not hand
/// out the layers of its configuration, so it is value by value.)
fn copy_config(cfg: &ConfigBag) -> Layer {
    let mut config = Layer::new("aws_sdk_dynamodb::config");
    macro_rules! copy {
        ($($value:ty,)*) => {$(
            if let Some(value) = cfg.load::<$value>() {
                config.store_put(value.clone());
            }
        )*};
    }
    copy! {
        aws_runtime::invocation_id::SharedInvocationIdGenerator,
        aws_runtime::service_clock_skew::DisableClockSkewCorrection,
        aws_runtime::user_agent::ApiMetadata,
        aws_runtime::user_agent::AwsUserAgent,
        aws_smithy_runtime::client::retries::RetryPartition,
        aws_smithy_runtime_api::client::auth::AuthSchemePreference,
        aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig,
        aws_smithy_types::retry::RetryConfig,
        aws_smithy_types::telemetry::RequestedTelemetryAttributes,
        aws_smithy_types::timeout::TimeoutConfig,
        aws_types::SigningName,
        aws_types::app_name::AppName,
        aws_types::endpoint_config::AccountIdEndpointMode,
        aws_types::endpoint_config::EndpointUrl,
        aws_types::endpoint_config::UseDualStack,
        aws_types::endpoint_config::UseFips,
        aws_types::region::Region,
        aws_types::region::SigningRegion,
    }
    // Frameworks are a list, which is read from its end.
    let frameworks: Vec<_> = cfg
        .load::<aws_types::sdk_ua_metadata::FrameworkMetadata>()
        .cloned()
        .collect();
    for framework in frameworks.into_iter().rev() {
        config.store_append(framework);
    }
    config.store_put(AuthSchemeAndEndpointOrchestrationV2);
    config
}

/// HTTP client of a client that sends nothing.
#[derive(Debug)]
struct NoHttp;

impl HttpClient for NoHttp {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(NoHttp)
    }
}

impl HttpConnector for NoHttp {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        let error = ConnectorError::user("this client sends nothing".into());
        HttpConnectorFuture::ready(Err(error))
    }
}

/// Sleeps forever, without a timer.
#[derive(Debug)]
struct NoTimer;

impl AsyncSleep for NoTimer {
    fn sleep(&self, _duration: Duration) -> Sleep {
        Sleep::new(std::future::pending())
    }
}

/// The SDK's signing scheme, for tests that wrap it.
#[cfg(test)]
pub(super) type SigningScheme = aws_runtime::auth::sigv4::SigV4AuthScheme;

#[cfg(test)]
mod tests;
