//! Eligibility of a client for the fast path: everything about it must be honoured by a first attempt of
//! ours exactly as the SDK does. What is not known counts against the client.

use aws_runtime::auth::sigv4;
use aws_runtime::invocation_id::SharedInvocationIdGenerator;
use aws_smithy_runtime_api::client::retries::classifiers::ClassifyRetry;
use aws_smithy_types::retry::{RetryConfig, RetryMode};

use crate::client_parts::ClientParts;
use crate::sdk_internals::{Component, are_known_classifiers, is_default};

/// The reason for which the client is not eligible, if it is not.
pub(super) fn ineligible_because(client: &ClientParts) -> Option<&'static str> {
    let (components, config, users) = (&client.components, &client.config, &client.users);
    let classifiers: Vec<_> = components.retry_classifiers().map(|c| c.name()).collect();
    let retries = config.load::<RetryConfig>();
    [
        (
            !client.has_only_sdk_interceptors(),
            "the client has interceptors",
        ),
        (
            !users.classifiers.is_empty() || !are_known_classifiers(&classifiers),
            "the client has retry classifiers",
        ),
        (
            retries.map(RetryConfig::mode) != Some(RetryMode::Standard),
            "the client's retry mode is not the standard one",
        ),
        (
            !is_default(Component::RetryStrategy, components),
            "the client has a retry strategy of its own",
        ),
        (
            users.has_auth_schemes
                || components.auth_scheme(sigv4::SCHEME_ID).is_none()
                || !is_default(Component::SigningScheme, components),
            "the client signs in its own way",
        ),
        (
            users.has_auth_scheme_resolver
                || !is_default(Component::AuthSchemeResolver, components),
            "the client chooses how to authenticate in its own way",
        ),
        (
            !is_default(Component::EndpointResolver, components),
            "the client resolves endpoints in its own way",
        ),
        (
            config.load::<SharedInvocationIdGenerator>().is_some(),
            "the client makes invocation ids in its own way",
        ),
        (client.has_telemetry, "the SDK's metrics are collected"),
        (
            components.sleep_impl().is_none() || components.time_source().is_none(),
            "the client has no clock",
        ),
        (
            components.http_client().is_none(),
            "the client has no HTTP client",
        ),
    ]
    .into_iter()
    .find_map(|(is_against, reason)| is_against.then_some(reason))
}
