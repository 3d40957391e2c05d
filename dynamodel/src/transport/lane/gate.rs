//! What keeps the lane closed: everything about a client that a first attempt of ours would not
//! honour exactly as the SDK does. What is not known counts as that, so the lists here name what is
//! known to be harmless.

use std::fmt::{self, Write};

use aws_runtime::auth::sigv4;
use aws_runtime::invocation_id::SharedInvocationIdGenerator;
use aws_smithy_runtime_api::client::retries::classifiers::ClassifyRetry;
use aws_smithy_types::retry::{RetryConfig, RetryMode};

use crate::transport::capture::{self, Captured};

/// The client's classifiers that never have a success sent again.
const CLASSIFIERS: [&str; 1] = ["HTTP Status Code"];

/// Why this client is not for the lane, if so.
pub(super) fn obstacle(client: &Captured) -> Option<&'static str> {
    let (components, config) = (&client.components, &client.config);
    let classifiers: Vec<_> = components.retry_classifiers().map(|c| c.name()).collect();
    let retries = config.load::<RetryConfig>();
    let scheme = components.auth_scheme(sigv4::SCHEME_ID);
    [
        (
            !client.has_only_the_sdks_interceptors(),
            "the client has interceptors",
        ),
        (
            !capture::are_known(&classifiers, &CLASSIFIERS),
            "the client has retry classifiers",
        ),
        (
            retries.map(RetryConfig::mode) != Some(RetryMode::Standard),
            "the client's retry mode is not the standard one",
        ),
        (
            !is(&components.retry_strategy(), "StandardRetryStrategy"),
            "the client has a retry strategy of its own",
        ),
        (
            !scheme.is_some_and(|scheme| is(&scheme, "SigV4AuthScheme { signer: SigV4Signer }")),
            "the client signs in its own way",
        ),
        (
            !is(
                &components.auth_scheme_option_resolver(),
                "DefaultAuthSchemeResolver",
            ),
            "the client chooses how to authenticate in its own way",
        ),
        (
            !is(&components.endpoint_resolver(), "DefaultResolver"),
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
    .find_map(|(closes, why)| closes.then_some(why))
}

/// Whether the SDK's wrapper holds the SDK's component of this name. The components can't be asked
/// for their types, and each shows its name.
fn is(component: &dyn fmt::Debug, name: &str) -> bool {
    let mut shown = Beginning(String::new());
    // It ends with an error where the text is cut.
    let _ = write!(shown, "{component:?}");
    let inner = shown
        .0
        .strip_prefix("Shared")
        .and_then(|s| s.split_once('('));
    let Some((_, inner)) = inner else {
        return false;
    };
    // Some are wrapped once more, for their parameters.
    let inner = inner.strip_prefix("DowncastParams(").unwrap_or(inner);
    let rest = inner.strip_prefix(name);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The first few hundred bytes of what is written: some components show whole tables.
struct Beginning(String);

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(text);
        if self.0.len() < 300 {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}
