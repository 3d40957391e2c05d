//! [`Transport`]: request bytes in, decoded answers out, through the SDK's own machinery.
//!
//! The SDK's orchestrator runs every call with the components and the configuration of the user's
//! `aws_sdk_dynamodb::Client`: credentials, SigV4, endpoints, retries and their quota, timeouts,
//! stalled-stream protection, user agent, clock skew and interceptors are the SDK's. Only what an
//! SDK operation does between those is ours: the JSON body comes from the codec and goes to the
//! codec, so no `AttributeValue` is built. Everything else in dynamodel sends through here.
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

use self::attempt::{Call, CallHandle, PendingCall};
use self::lane::Lane;
use self::operation::Operations;
use self::plugin::RawInput;
use crate::wire::ReadError;

pub(crate) use self::failure::{Failure, FailureKind};
pub use self::lane::LaneStatus;
pub(crate) use self::operation::{
    ApiOperation, BatchGetItem, BatchWriteItem, DeleteItem, GetItem, PutItem, Query, Scan,
    TransactGetItems, TransactWriteItems, UpdateItem,
};

/// Reads the body of a successful response.
pub(crate) type Decode<T> = fn(&Bytes) -> Result<T, ReadError>;

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
pub(crate) struct Reply<T> {
    /// What the decoder made of the body.
    pub(crate) output: T,
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
        let captured = capture::capture(client)?;
        let operations = Operations::prepare(&captured)?;
        Ok(Transport {
            operations,
            lane: None,
        })
    }

    /// As [`new`](Self::new), with the verified lane.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn with_lane(client: &aws_sdk_dynamodb::Client) -> Result<Self, BoxError> {
        let captured = capture::capture(client)?;
        let operations = Operations::prepare(&captured)?;
        Ok(Transport {
            operations,
            lane: Some(Lane::new(captured)),
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
    pub(crate) async fn call<O: ApiOperation, T: Send + 'static>(
        &self,
        tables: Tables,
        body: Vec<u8>,
        decode: Decode<T>,
    ) -> Result<Reply<T>, Failure> {
        let plugins = O::plugins(&self.operations);
        let body = Bytes::from(body);
        match &self.lane {
            // In a box: its future is large, and moved around with those that hold it.
            None => Box::pin(orchestrate::<O, T>(plugins, tables, body, decode)).await,
            Some(lane) => lane.call::<O, T>(plugins, tables, body, decode).await,
        }
    }
}

/// Sends the request through the SDK's orchestrator.
async fn orchestrate<O: ApiOperation, T: Send + 'static>(
    plugins: &RuntimePlugins,
    tables: Tables,
    body: Bytes,
    decode: Decode<T>,
) -> Result<Reply<T>, Failure> {
    let call = Arc::new(PendingCall::new(decode));
    let input = Input::erase(RawInput {
        body,
        tables,
        call: CallHandle(call.clone()),
    });
    let span = O::span();
    let invoke = || orchestrator::invoke("DynamoDB", O::NAME, input, plugins);
    let sent = match span.is_disabled() {
        true => invoke().await,
        false => Box::pin(invoke().instrument(span)).await,
    };
    let progress = call.progress();
    if let Err(error) = sent {
        return Err(Failure::from_sdk::<O>(error, progress));
    }
    let Some(answer) = call.take_answer() else {
        let replaced = "an interceptor replaced the answer of the service";
        return Err(progress.failure(None, FailureKind::Response(replaced.into())));
    };
    match answer.output {
        Ok(output) => Ok(Reply {
            output,
            attempts: progress.attempts(),
            request_id: answer.request_id,
        }),
        Err(error) => Err(progress.failure(answer.request_id, FailureKind::Decode(error))),
    }
}
