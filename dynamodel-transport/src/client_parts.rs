//! [`ClientParts`]: the components and the configuration of a client.
//!
//! The SDK shows both to interceptors. So an operation is started on a copy of the client whose
//! only interceptor takes notes and then stops it, long before anything is signed or sent. The
//! copy shares the credentials, the HTTP client and the caches that the user has set; those that
//! the SDK makes by default for each client are made once more.

use aws_sdk_dynamodb::Client;
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_runtime::client::metrics::MetricsRuntimePlugin;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::retries::classifiers::ClassifyRetry;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_runtime_api::client::runtime_plugin::{
    RuntimePlugin, SharedRuntimePlugin, StaticRuntimePlugin,
};
use aws_smithy_types::config_bag::FrozenLayer;

use super::{
    ApiOperation, CLASSIFIERS, DECLARE, GetItem, INTERCEPTORS, Reason, sdk_internals, user_agent,
};

/// The client's part of what the orchestrator needs.
#[derive(Debug)]
pub(super) struct ClientParts {
    /// Without the SDK's interceptors that measure: they come with `metrics`.
    pub(super) components: RuntimeComponents,
    pub(super) config: FrozenLayer,
    metrics: SharedRuntimePlugin,
    /// `true` if the SDK's metrics went anywhere when the parts were taken.
    pub(super) has_telemetry: bool,
    /// Components that the user has put in place of the SDK's.
    pub(super) users: UsersComponents,
}

/// Components of the user's, as the client's public configuration shows them.
#[derive(Debug, Default)]
pub(super) struct UsersComponents {
    /// Names of the interceptors.
    pub(super) interceptors: Vec<&'static str>,
    /// Names of the retry classifiers.
    pub(super) classifiers: Vec<&'static str>,
    pub(super) has_auth_schemes: bool,
    pub(super) has_auth_scheme_resolver: bool,
}

impl UsersComponents {
    fn from_client(client: &Client) -> Self {
        let config = client.config();
        UsersComponents {
            interceptors: config.interceptors().map(|i| i.name()).collect(),
            classifiers: config.retry_classifiers().map(|c| c.name()).collect(),
            has_auth_schemes: config.auth_schemes().next().is_some(),
            has_auth_scheme_resolver: config.auth_scheme_resolver().is_some(),
        }
    }

    /// Checks that there is nothing that the SDK gives typed inputs, outputs or errors to.
    ///
    /// # Errors
    /// When requests have to take the plain path for that, with the names.
    pub(super) fn see_http_only(&self) -> Result<(), Reason> {
        for (kind, names) in [
            (INTERCEPTORS, &self.interceptors),
            (CLASSIFIERS, &self.classifiers),
        ] {
            if !names.is_empty() {
                let names = names.join("`, `");
                let details = format!("`{names}` may work on typed inputs and outputs; {DECLARE}");
                return Err(Reason {
                    kind,
                    details: Some(details),
                });
            }
        }
        Ok(())
    }
}

impl ClientParts {
    /// The parts of `client`.
    ///
    /// # Errors
    /// When the SDK waits or fails before the point where it shows its components, or when they are
    /// not made up of the client's and the operation's parts in the way that is known.
    pub(super) fn from_client(client: &Client) -> Result<Self, BoxError> {
        let (components, config) = sdk_internals::run_probe(client)?;

        let operation = GetItem::sdk_plugin();
        let operation = operation.runtime_components(&RuntimeComponentsBuilder::new(GetItem::NAME));
        let mut interceptors: Vec<_> = components.interceptors().collect();
        sdk_internals::remove_operation_interceptors(&mut interceptors, &operation)?;
        let metrics = MetricsRuntimePlugin::builder()
            .with_scope("aws-sdk-dynamodb")
            .with_time_source(components.time_source().unwrap_or_default())
            .build()?;
        // The user's are not there yet, in whose place the probe stands.
        sdk_internals::remove_measuring(&mut interceptors, &metrics);
        let mut with_users = Vec::new();
        for interceptor in interceptors {
            if sdk_internals::is_probe(&interceptor) {
                with_users.extend(client.config().interceptors());
            } else {
                with_users.push(interceptor);
            }
        }
        let classifiers = sdk_internals::without_operation_classifiers(
            components.retry_classifiers(),
            &operation,
        );

        let mut builder = components.to_builder();
        builder.set_interceptors(with_users.into_iter());
        builder.set_retry_classifiers(classifiers.into_iter());
        let sleep = client.config().sleep_impl();
        builder.set_sleep_impl(sleep.or_else(default_async_sleep));
        Ok(ClientParts {
            components: builder.build()?,
            config: config.freeze(),
            has_telemetry: sdk_internals::has_telemetry(&metrics),
            metrics: SharedRuntimePlugin::new(metrics),
            users: UsersComponents::from_client(client),
        })
    }

    /// Name of an interceptor that is neither the user's nor one of the SDK's that are known.
    pub(super) fn unknown_interceptor(&self) -> Option<&'static str> {
        let mut users = self.users.interceptors.clone();
        let mut names: Vec<_> = self.components.interceptors().map(|i| i.name()).collect();
        // One occurrence for each of the user's, which may have the name of one of the SDK's.
        names.retain(|name| match users.iter().position(|user| user == name) {
            Some(user) => {
                users.swap_remove(user);
                false
            }
            None => true,
        });
        sdk_internals::unknown_interceptor(&names)
    }

    /// `true` if the client has no interceptors but the SDK's own.
    pub(super) fn has_only_sdk_interceptors(&self) -> bool {
        self.users.interceptors.is_empty() && self.unknown_interceptor().is_none()
    }

    /// The client's plugins. The SDK's metrics cost about as much as signing does and go nowhere
    /// without a telemetry provider, so they are left out when there is none.
    pub(super) fn plugins(&self) -> Vec<SharedRuntimePlugin> {
        let mut interceptors: Vec<_> = self.components.interceptors().collect();
        if self.has_only_sdk_interceptors() {
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
