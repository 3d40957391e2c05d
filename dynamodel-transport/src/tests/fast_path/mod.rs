//! The fast path, beside the orchestrator on the same script.

mod captures;
mod changes;
mod clocks;
mod components;
mod concurrency;
mod eligibility;
mod equal_bytes;
mod faults;
mod identities;
mod limits;
mod operations;
mod refusals;
mod stalls;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, Credentials};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use tokio::time::Instant;

use super::fake::{Clock, Fake, Sent, Step};
use super::{
    ApiOperation, BODY, FAST, Failure, FailureKind, RAW, Response, Tables, Transport, call, code,
    fast, from_parts, raw,
};
use crate::client_parts::ClientParts;

/// A transport with the fast path.
fn fast_path(config: Builder) -> Transport {
    fast(&Client::from_conf(config.build()))
}

/// As [`fast_path`]; it is open.
fn open(config: Builder) -> Transport {
    let transport = fast_path(config);
    assert_eq!(transport.status().fast_path().ineligible_because(), None);
    transport
}

/// A transport without the fast path.
fn plain(config: Builder) -> Transport {
    raw(&Client::from_conf(config.build()))
}

/// One or the other.
fn either(config: Builder, on_fast_path: bool) -> Transport {
    if on_fast_path {
        fast_path(config)
    } else {
        plain(config)
    }
}

/// Numbers of calls that succeeded on the fast path, and that fell back.
fn counts(transport: &Transport) -> (u64, u64) {
    let status = transport.status().fast_path();
    (status.succeeded(), status.fell_back())
}

/// The fast path of a client that has one of the SDK's interceptors replaced by this one, which has its name.
fn with_replaced(config: Builder, by: impl Intercept + 'static) -> Transport {
    let mut parts = ClientParts::from_client(&Client::from_conf(config.build())).unwrap();
    let mut interceptors: Vec<_> = parts.components.interceptors().collect();
    interceptors.retain(|interceptor| interceptor.name() != by.name());
    interceptors.push(SharedInterceptor::new(by));
    with_components(&mut parts, |components| {
        components.set_interceptors(interceptors.into_iter());
    });
    from_parts(parts, FAST)
}

/// Changes what no configuration of a client can change.
fn with_components(parts: &mut ClientParts, change: impl FnOnce(&mut RuntimeComponentsBuilder)) {
    let mut components = parts.components.to_builder();
    change(&mut components);
    parts.components = components.build().unwrap();
}

/// The output, and the time it took by the clock of the timers. In tests with `start_paused` that
/// clock goes on to the next timer whenever nothing else is to be done, so that a machine that is busy
/// does not make it late.
async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let output = future.await;
    (output, start.elapsed())
}

/// Timers go off at the next millisecond, and a call has a few of them.
fn assert_takes(elapsed: Duration, milliseconds: u64) {
    let expected = Duration::from_millis(milliseconds);
    let latest = expected + Duration::from_millis(5);
    assert!((expected..=latest).contains(&elapsed), "{elapsed:?}");
}

/// All but the id, which is another one for every call.
fn without_id(mut sent: Sent) -> Sent {
    let id = "amz-sdk-invocation-id";
    assert!(sent.header(id).is_some());
    sent.headers.retain(|(name, _)| name != id);
    sent
}

/// Credentials of an account.
fn account() -> Credentials {
    let account = Credentials::builder()
        .access_key_id("AKID")
        .secret_access_key("SECRET")
        .session_token("TOKEN")
        .account_id("123456789012")
        .provider_name("test");
    account.build()
}

fn authorization(sent: &Sent) -> &str {
    sent.header("authorization").unwrap()
}

/// All that is the same on every path.
fn outcome(sent: &Result<Response, Failure>) -> String {
    match sent {
        Ok(response) => {
            let body = String::from_utf8_lossy(&response.body);
            format!("{} {:?} {body}", response.attempts, response.request_id)
        }
        Err(failure) => {
            let source = match &failure.kind {
                FailureKind::Service { source, .. }
                | FailureKind::Timeout(source)
                | FailureKind::Dispatch(source)
                | FailureKind::Response(source)
                | FailureKind::Construction(source) => format!("{source:?}"),
                FailureKind::Decode(error) => format!("{error:?}"),
            };
            format!("{failure:?} {source}")
        }
    }
}
