//! Takes over the components and the configuration of a client.
//!
//! The SDK shows both to interceptors. So an operation is started on a copy of the client whose
//! only interceptor takes notes and then stops it, long before anything is signed or sent. The
//! copy shares the credentials, the HTTP client and the caches that the user has set; those that
//! the SDK makes by default for each client are made once more.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep, default_async_sleep};
use aws_smithy_runtime::client::metrics::MetricsRuntimePlugin;
use aws_smithy_runtime::client::orchestrator::AuthSchemeAndEndpointOrchestrationV2;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{
    Intercept, SharedInterceptor, dyn_dispatch_hint,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, SharedRetryClassifier};
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_runtime_api::client::runtime_plugin::{
    RuntimePlugin, SharedRuntimePlugin, StaticRuntimePlugin,
};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer, Layer};

use super::{ApiOperation, GetItem, user_agent};

/// The SDK's own interceptors of a client. The headers that they add are learned by the lane with the
/// request, or made by it; what they do with answers is done by the lane, or only matters for errors,
/// which the orchestrator handles.
const INTERCEPTORS: [&str; 14] = [
    "AccountIdEndpointFeatureTrackerInterceptor",
    "ConnectionPoisoningInterceptor",
    "EndpointOverrideFeatureTrackerInterceptor",
    "EnforceContentLength",
    "InvocationIdInterceptor",
    "MetricsInterceptor",
    "ObservabilityFeatureTrackerInterceptor",
    "RecursionDetectionInterceptor",
    "RequestInfoInterceptor",
    "RetryModeFeatureTrackerInterceptor",
    "ServiceClockSkewInterceptor",
    "TelemetryBytesInterceptor",
    "TokenBucketProvider",
    "UserAgentInterceptor",
];

/// The client's part of what the orchestrator needs.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) components: RuntimeComponents,
    pub(super) config: FrozenLayer,
    metrics: SharedRuntimePlugin,
    /// Whether the SDK's metrics went anywhere when the client was taken over.
    pub(super) has_telemetry: bool,
}

/// Takes over what `client` is made of.
///
/// # Errors
/// When the SDK waits or fails before the point where it shows its components, or when they are
/// not made up of the client's and the operation's parts in the way that is known.
pub(super) fn capture(client: &Client) -> Result<Captured, BoxError> {
    let (components, config) = run_probe(client)?;

    let operation = GetItem::sdk_plugin();
    let operation = operation.runtime_components(&RuntimeComponentsBuilder::new(GetItem::NAME));
    let mut interceptors: Vec<_> = components.interceptors().collect();
    remove_tail(&mut interceptors, &operation)?;
    let mut with_users = Vec::new();
    for interceptor in interceptors {
        if interceptor.name() == Probe::NAME {
            with_users.extend(client.config().interceptors());
        } else {
            with_users.push(interceptor);
        }
    }
    let classifiers = without_operation(components.retry_classifiers(), &operation);

    let mut builder = components.to_builder();
    builder.set_interceptors(with_users.into_iter());
    builder.set_retry_classifiers(classifiers.into_iter());
    let sleep = client.config().sleep_impl();
    builder.set_sleep_impl(sleep.or_else(default_async_sleep));
    let metrics = MetricsRuntimePlugin::builder()
        .with_scope("aws-sdk-dynamodb")
        .with_time_source(components.time_source().unwrap_or_default())
        .build()?;
    Ok(Captured {
        components: builder.build()?,
        config: config.freeze(),
        has_telemetry: has_telemetry(&metrics),
        metrics: SharedRuntimePlugin::new(metrics),
    })
}

impl Captured {
    /// Whether the client has no interceptors of its own.
    pub(super) fn has_only_the_sdks_interceptors(&self) -> bool {
        let names: Vec<_> = self.components.interceptors().map(|i| i.name()).collect();
        are_known(&names, &INTERCEPTORS)
    }

    /// The client's plugins. The SDK's metrics cost about as much as signing does and go nowhere
    /// without a telemetry provider, so they are left out when there is none.
    pub(super) fn plugins(&self) -> Vec<SharedRuntimePlugin> {
        // What the interceptors of this plugin work on is private to it, so they are taken out
        // of the captured ones, and come back together with the plugin.
        let empty = RuntimeComponentsBuilder::new("dynamodel");
        let measuring: Vec<_> = self
            .metrics
            .runtime_components(&empty)
            .interceptors()
            .map(|interceptor| interceptor.name())
            .collect();
        let mut interceptors: Vec<_> = self
            .components
            .interceptors()
            .filter(|interceptor| !measuring.contains(&interceptor.name()))
            .collect();
        if self.has_only_the_sdks_interceptors() {
            interceptors = user_agent::lean(interceptors);
        }
        let mut components = self.components.to_builder();
        components.set_interceptors(interceptors.into_iter());

        let client = StaticRuntimePlugin::new()
            .with_config(self.config.clone())
            .with_runtime_components(components);
        let mut plugins = vec![SharedRuntimePlugin::new(client)];
        if self.has_telemetry {
            plugins.push(self.metrics.clone());
        }
        plugins
    }
}

/// Whether each name is on the list, and none comes twice.
pub(super) fn are_known(names: &[&str], known: &[&str]) -> bool {
    let once = |name: &&str| names.iter().filter(|other| *other == name).count() == 1;
    names.iter().all(|name| known.contains(name) && once(name))
}

/// Whether the SDK's metrics go anywhere. The telemetry provider is in a crate of the SDK that is
/// not stable yet; the instruments of the provider that does nothing are known by their names.
///
/// This is asked once. A provider that is set later is not noticed: the SDK looks for one with every
/// call, which is what makes its metrics expensive.
fn has_telemetry(metrics: &MetricsRuntimePlugin) -> bool {
    let instruments = metrics.config();
    instruments.is_some_and(|instruments| !format!("{instruments:?}").contains("NoopHistogram"))
}

/// Starts an operation that stops itself, and returns what it saw.
fn run_probe(client: &Client) -> Result<(RuntimeComponents, Layer), BoxError> {
    let seen = Arc::new(Mutex::new(None));
    let mut config = client.config().to_builder();
    config.set_interceptors([SharedInterceptor::new(Probe(seen.clone()))]);
    // With operation timeouts the SDK sets up a timer first, which needs a runtime.
    config.set_sleep_impl(Some(SharedAsyncSleep::new(NoTimer)));

    let probe = Client::from_conf(config.build());
    let probe = pin!(probe.get_item().table_name("dynamodel").send());
    // It never comes to the first point where the SDK may have to wait.
    let polled = probe.poll(&mut Context::from_waker(Waker::noop()));
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (polled.is_ready(), seen) {
        (true, Some(seen)) => Ok(seen),
        _ => Err("the SDK did not show its components".into()),
    }
}

/// Drops the operation's interceptors, which the SDK keeps behind the client's.
fn remove_tail(
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

/// Drops the operation's retry classifiers: of those with one name and priority, the last.
fn without_operation(
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
    // This one is a list, and read from its end.
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

/// Sleeps forever, without a timer.
#[derive(Debug)]
struct NoTimer;

impl AsyncSleep for NoTimer {
    fn sleep(&self, _duration: Duration) -> Sleep {
        Sleep::new(std::future::pending())
    }
}
