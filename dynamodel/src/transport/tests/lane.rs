//! The verified lane, beside the orchestrator on the same script.

mod clocks;
mod faults;
mod gate;
mod identities;
mod limits;
mod stalls;
mod templates;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};

use super::fake::{Clock, Fake, Sent, Step};
use super::{
    ApiOperation, BODY, Failure, FailureKind, Reply, Tables, Transport, call, capture, code,
};

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
    let mut components = captured.components.to_builder();
    components.set_interceptors(interceptors.into_iter());
    captured.components = components.build().unwrap();
    Transport::of(captured, true).unwrap()
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
