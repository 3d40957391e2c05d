//! The verified lane, beside the orchestrator on the same script.

mod changes;
mod clocks;
mod components;
mod crowds;
mod faults;
mod gate;
mod identities;
mod likeness;
mod limits;
mod operations;
mod stalls;
mod templates;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, Credentials};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use tokio::time::Instant;

use super::fake::{Clock, Fake, Sent, Step};
use super::{
    ApiOperation, BODY, Failure, FailureKind, Reply, Tables, Transport, call, capture, code,
};
use crate::transport::capture::Captured;

/// A transport with the lane.
fn lane(config: Builder) -> Transport {
    Transport::with_lane(&Client::from_conf(config.build())).unwrap()
}

/// As [`lane`]; it is open.
fn open(config: Builder) -> Transport {
    let transport = lane(config);
    assert_eq!(transport.lane_status().obstacle(), None);
    transport
}

/// A transport without the lane.
fn plain(config: Builder) -> Transport {
    Transport::new(&Client::from_conf(config.build())).unwrap()
}

/// One or the other.
fn either(config: Builder, on_lane: bool) -> Transport {
    if on_lane { lane(config) } else { plain(config) }
}

/// How many calls the lane answered, and how many it handed over.
fn counts(transport: &Transport) -> (u64, u64) {
    let status = transport.lane_status();
    (status.answered(), status.handed_over())
}

/// The lane of a client that has one of the SDK's interceptors replaced by this one, which has its name.
fn with_replaced(config: Builder, by: impl Intercept + 'static) -> Transport {
    let mut captured = capture(&Client::from_conf(config.build())).unwrap();
    let mut interceptors: Vec<_> = captured.components.interceptors().collect();
    interceptors.retain(|interceptor| interceptor.name() != by.name());
    interceptors.push(SharedInterceptor::new(by));
    with_components(&mut captured, |components| {
        components.set_interceptors(interceptors.into_iter());
    });
    Transport::of(captured, true).unwrap()
}

/// Changes what no configuration of a client can change.
fn with_components(captured: &mut Captured, change: impl FnOnce(&mut RuntimeComponentsBuilder)) {
    let mut components = captured.components.to_builder();
    change(&mut components);
    captured.components = components.build().unwrap();
}

/// What it ends with, and how long it took by the clock of the timers. In tests with `start_paused` that
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

/// What is the same on every way that a request can take.
fn outcome(sent: &Result<Reply, Failure>) -> String {
    match sent {
        Ok(reply) => {
            let body = String::from_utf8_lossy(&reply.body);
            format!("{} {:?} {body}", reply.attempts, reply.request_id)
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
