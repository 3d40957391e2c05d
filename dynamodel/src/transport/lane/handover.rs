//! Hands an attempt of the lane to the SDK's orchestrator, which takes it for its own first one:
//! whether and when to send again, what the retries cost, the clock's skew, the connection's fate,
//! timeouts and the error's type are then the orchestrator's to say.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_runtime::invocation_id::{
    InvocationId, InvocationIdGenerator, SharedInvocationIdGenerator,
};
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_runtime_api::client::runtime_plugin::{Order, RuntimePlugins, StaticRuntimePlugin};
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use http_body::Body;

use crate::transport::Failure;

/// An attempt that was given to the HTTP client, or that ran out of time before.
pub(in crate::transport) struct Handover<'a> {
    /// The attempt, when something was sent.
    pub(super) sent: Option<Sent>,
    /// How much of the call's time has passed.
    pub(super) spent: Duration,
    /// The client's.
    pub(super) components: &'a RuntimeComponents,
    pub(super) timeouts: &'a TimeoutConfig,
}

/// What was sent.
pub(super) struct Sent {
    pub(super) state: State,
    /// The connection that it was sent on.
    pub(super) connection: CaptureSmithyConnection,
    pub(super) invocation: String,
}

pub(super) enum State {
    Ended(Result<HttpResponse, ConnectorError>),
    /// With the request's body. The HTTP client drops its copies when it has sent them.
    Pending(HttpConnectorFuture, Bytes),
}

/// Says whether the orchestrator has taken the attempt over.
#[derive(Clone)]
pub(in crate::transport) struct Waiting(Arc<Mutex<First>>);

struct First {
    sent: Option<Sent>,
    /// Whether the orchestrator has asked for something to be sent.
    is_asked_for: bool,
}

impl Waiting {
    /// How the orchestrator failed. When that was before it came to what was sent, it is told of here.
    pub(in crate::transport) fn failed(&self, mut failure: Failure) -> Failure {
        if self.lock().sent.is_some() {
            failure.attempts = failure.attempts.max(1);
            failure.uncertain = true;
        }
        failure
    }

    fn ask(&self) -> Option<Sent> {
        let mut first = self.lock();
        first.is_asked_for = true;
        first.sent.take()
    }

    fn lock(&self) -> MutexGuard<'_, First> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handover<'_> {
    pub(super) fn is_sent(&self) -> bool {
        self.sent.is_some()
    }

    /// The plugins and the body of a call whose first attempt is this one.
    pub(in crate::transport) fn prepare(
        self,
        plugins: &RuntimePlugins,
        body: Bytes,
    ) -> (RuntimePlugins, Bytes, Waiting) {
        let mut config = Layer::new("dynamodel::Handover");
        if let Some(sent) = &self.sent {
            let same = SameInvocation(sent.invocation.clone());
            config.store_put(SharedInvocationIdGenerator::new(same));
        }
        let body = match &self.sent {
            // The copies of the body that was sent are counted.
            Some(sent) if matches!(sent.state, State::Pending(..)) => Bytes::copy_from_slice(&body),
            _ => body,
        };
        let waiting = Waiting(Arc::new(Mutex::new(First {
            sent: self.sent,
            is_asked_for: false,
        })));
        let mut ours = RuntimeComponentsBuilder::new("dynamodel::Handover");
        if let Some(behind) = self.components.http_client() {
            let first = waiting.clone();
            ours.set_http_client(Some(FirstClient { first, behind }));
        }
        if let Some(sleep) = self.components.sleep_impl() {
            let begun = BegunTimeouts {
                sleep,
                spent: self.spent,
                limits: [
                    self.timeouts.operation_timeout(),
                    self.timeouts.operation_attempt_timeout(),
                ],
                first: waiting.clone(),
            };
            ours.set_sleep_impl(Some(SharedAsyncSleep::new(begun)));
        }
        let ours = StaticRuntimePlugin::new()
            .with_order(Order::NestedComponents)
            .with_config(config.freeze())
            .with_runtime_components(ours);
        (plugins.clone().with_operation_plugin(ours), body, waiting)
    }
}

/// The client's HTTP client, which has the outcome of the first request already.
struct FirstClient {
    first: Waiting,
    behind: SharedHttpClient,
}

impl fmt::Debug for FirstClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FirstClient").field(&self.behind).finish()
    }
}

impl HttpClient for FirstClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(FirstConnector {
            first: self.first.clone(),
            behind: self.behind.http_connector(settings, components),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        cfg: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.behind.validate_base_client_config(components, cfg)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        cfg: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.behind.validate_final_config(components, cfg)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.behind.connector_metadata()
    }
}

struct FirstConnector {
    first: Waiting,
    behind: SharedHttpConnector,
}

impl fmt::Debug for FirstConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FirstConnector").field(&self.behind).finish()
    }
}

impl HttpConnector for FirstConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(sent) = self.first.ask() else {
            return self.behind.call(request);
        };
        if let Some(theirs) = request.extension::<CaptureSmithyConnection>() {
            let ours = sent.connection;
            theirs.set_connection_retriever(move || ours.get());
        }
        match sent.state {
            State::Ended(outcome) => HttpConnectorFuture::ready(outcome),
            State::Pending(pending, body) => {
                HttpConnectorFuture::new(observed(pending, request, body))
            }
        }
    }
}

/// Waits for a request that is under way. The SDK watches that the body of its own request is read;
/// so that one is read when the body under way is gone.
async fn observed(
    pending: HttpConnectorFuture,
    mut request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, ConnectorError> {
    let mut pending = pin!(pending);
    let mut body = Some(body);
    poll_fn(|cx| {
        if body.as_ref().is_some_and(Bytes::is_unique) {
            body = None;
            drain(&mut request, cx);
        }
        pending.as_mut().poll(cx)
    })
    .await
}

fn drain(request: &mut HttpRequest, cx: &mut Context<'_>) {
    let mut body = Pin::new(request.body_mut());
    while let Poll::Ready(Some(Ok(_))) = body.as_mut().poll_frame(cx) {}
}

/// Every attempt of a call has the same id.
#[derive(Debug)]
struct SameInvocation(String);

impl InvocationIdGenerator for SameInvocation {
    fn generate(&self) -> Result<Option<InvocationId>, BoxError> {
        Ok(Some(InvocationId::new(self.0.clone())))
    }
}

/// The client's timers. Those of the call and of its first attempt began some time ago.
struct BegunTimeouts {
    sleep: SharedAsyncSleep,
    spent: Duration,
    limits: [Option<Duration>; 2],
    first: Waiting,
}

impl fmt::Debug for BegunTimeouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BegunTimeouts")
            .field("spent", &self.spent)
            .finish_non_exhaustive()
    }
}

impl AsyncSleep for BegunTimeouts {
    fn sleep(&self, duration: Duration) -> Sleep {
        let is_timeout = self.limits.contains(&Some(duration));
        let left = match is_timeout && !self.first.lock().is_asked_for {
            true => duration.saturating_sub(self.spent),
            false => duration,
        };
        self.sleep.sleep(left)
    }
}
