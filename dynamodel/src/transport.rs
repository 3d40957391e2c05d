//! [`Transport`]: request bytes in, response bytes out, through the SDK's own machinery.
//!
//! The SDK's orchestrator runs every call with the components and the configuration of the user's
//! `aws_sdk_dynamodb::Client`: credentials, SigV4, endpoints, retries and their quota, timeouts,
//! stalled-stream protection, user agent, clock skew and interceptors are the SDK's. Only what an
//! SDK operation does between those is ours: the JSON bodies come from the codec and go to the
//! codec as they are, so no `AttributeValue` is built. Everything else in dynamodel sends through here.
//!
//! The [`lane`] is a way around the orchestrator for first attempts that succeed.

mod attempt;
mod capture;
mod endpoint;
mod failure;
mod lane;
mod operation;
mod plugin;
#[cfg(test)]
mod tests;
mod user_agent;

use std::sync::Arc;

use aws_smithy_runtime::client::orchestrator;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugins;
use bytes::Bytes;
use tracing::Instrument;

use self::attempt::Call;
use self::capture::Captured;
use self::lane::{Lane, Tried};
use self::operation::Operations;
use self::plugin::RawInput;

pub(crate) use self::failure::{Failure, FailureKind};
pub use self::lane::LaneStatus;
pub(crate) use self::operation::{
    ApiOperation, BatchGetItem, BatchWriteItem, DeleteItem, GetItem, PutItem, Query, Scan,
    TransactGetItems, TransactWriteItems, UpdateItem,
};

/// The tables that a request names; the endpoint may depend on them.
#[derive(Debug, Clone)]
pub(crate) enum Tables {
    /// One table, by name or ARN.
    One(Arc<str>),
    /// Every table of a batch or transaction, in the order of the request.
    Many(Vec<Arc<str>>),
}

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The JSON text, whole and with the checksum of its headers.
    pub(crate) body: Bytes,
    /// How many attempts were sent.
    pub(crate) attempts: u32,
    /// DynamoDB's id of the request.
    pub(crate) request_id: Option<String>,
}

/// Sends requests the way one `aws_sdk_dynamodb::Client` does.
#[derive(Debug)]
pub(crate) struct Transport {
    operations: Operations,
    lane: Option<Lane>,
}

impl Transport {
    /// Takes over the components and the configuration of `client`. Sends nothing and needs no
    /// runtime.
    ///
    /// # Errors
    /// When the SDK does not offer its components in the way that this version of dynamodel knows.
    pub(crate) fn new(client: &aws_sdk_dynamodb::Client) -> Result<Self, BoxError> {
        Transport::of(capture::capture(client)?, false)
    }

    /// As [`new`](Self::new), with the verified lane.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn with_lane(client: &aws_sdk_dynamodb::Client) -> Result<Self, BoxError> {
        Transport::of(capture::capture(client)?, true)
    }

    fn of(client: Captured, with_lane: bool) -> Result<Self, BoxError> {
        Ok(Transport {
            operations: Operations::prepare(&client)?,
            lane: with_lane.then(|| Lane::new(client)),
        })
    }

    /// What is to be seen of the lane.
    pub(crate) fn lane_status(&self) -> LaneStatus {
        let lane = self.lane.as_ref();
        lane.map_or(LaneStatus::TURNED_OFF, Lane::status)
    }

    /// Sends `body` as the request of operation `O`; the SDK retries it as it retries its own.
    ///
    /// # Errors
    /// The answer of the service where it is an error, and whatever came in between.
    pub(crate) async fn call<O: ApiOperation>(
        &self,
        tables: Tables,
        body: Bytes,
    ) -> Result<Reply, Failure> {
        let plugins = O::plugins(&self.operations);
        let tried = match &self.lane {
            Some(lane) => lane.attempt::<O>(plugins, &tables, &body).await,
            None => Tried::Not,
        };
        // The orchestrator is in a box: its future is large, and moved around with those that hold it.
        match tried {
            Tried::Answered(reply) => Ok(reply),
            Tried::Not => Box::pin(orchestrate::<O>(plugins, tables, body)).await,
            Tried::HandOver(handover) => {
                let (plugins, body, waiting) = handover.prepare(plugins, body);
                let rest = Box::pin(orchestrate::<O>(&plugins, tables, body)).await;
                rest.map_err(|failure| waiting.failed(failure))
            }
        }
    }
}

/// Sends the request through the SDK's orchestrator.
async fn orchestrate<O: ApiOperation>(
    plugins: &RuntimePlugins,
    tables: Tables,
    body: Bytes,
) -> Result<Reply, Failure> {
    let call = Call::default();
    let input = Input::erase(RawInput {
        body,
        tables,
        call: call.clone(),
    });
    let span = O::span();
    let invoke = || orchestrator::invoke("DynamoDB", O::NAME, input, plugins);
    let sent = match span.is_disabled() {
        true => invoke().await,
        false => Box::pin(invoke().instrument(span)).await,
    };
    match sent {
        Err(error) => Err(Failure::from_sdk::<O>(error, call.progress())),
        Ok(_) => call.take_reply().ok_or_else(|| {
            let replaced = "an interceptor replaced the answer of the service";
            let kind = FailureKind::Response(replaced.into());
            call.progress().failure(None, kind)
        }),
    }
}
