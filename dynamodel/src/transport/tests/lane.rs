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

use super::fake::{Clock, Fake, Sent, Step};
use super::{ApiOperation, BODY, Failure, FailureKind, Reply, Tables, Transport, call, code, text};

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

fn authorization(sent: &Sent) -> &str {
    sent.header("authorization").unwrap()
}

/// What is the same on every way that a request can take.
fn outcome(sent: &Result<Reply<String>, Failure>) -> String {
    match sent {
        Ok(reply) => format!("{} {:?} {}", reply.attempts, reply.request_id, reply.output),
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
