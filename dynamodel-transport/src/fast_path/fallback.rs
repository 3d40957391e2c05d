//! Leaves an attempt of the fast path to the SDK's orchestrator, which takes it for its own first one:
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

use super::identity::Refused;
use crate::Failure;

/// The part of a call that the fast path has done.
pub(crate) struct Fallback<'a> {
    pub(super) done: Done,
    /// Time of the call that has passed.
    pub(super) spent: Duration,
    /// The client's.
    pub(super) components: &'a RuntimeComponents,
    pub(super) timeouts: &'a TimeoutConfig,
}

/// Progress of the fast path before it fell back.
pub(super) enum Done {
    /// Time has passed.
    Nothing,
    /// The client was asked for an identity, and has none.
    NoIdentity(BoxError),
    /// The first attempt was given to the HTTP client.
    Sent(Box<Sent>),
}

/// An attempt that was given to the HTTP client.
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

/// The attempt that was sent, until the orchestrator asks for it.
#[derive(Clone)]
pub(crate) struct Waiting(Arc<Mutex<Option<Box<Sent>>>>);

impl Waiting {
    /// The orchestrator's failure. When it failed before it asked for the attempt that was sent, that
    /// attempt is counted here.
    pub(crate) fn failed(&self, mut failure: Failure) -> Failure {
        if self.lock().is_some() {
            failure.attempts = failure.attempts.max(1);
            failure.uncertain = true;
        }
        failure
    }

    fn take(&self) -> Option<Box<Sent>> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<Sent>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fallback<'_> {
    pub(super) fn is_sent(&self) -> bool {
        matches!(self.done, Done::Sent(_))
    }

    /// The plugins and the body of a call that goes on from here.
    pub(crate) fn prepare(
        self,
        plugins: &RuntimePlugins,
        mut body: Bytes,
    ) -> (RuntimePlugins, Bytes, Waiting) {
        let mut config = Layer::new("dynamodel::Fallback");
        let mut ours = RuntimeComponentsBuilder::new("dynamodel::Fallback");
        if let Some(sleep) = self.components.sleep_impl() {
            let started = StartedTimeouts::new(sleep, self.spent, self.timeouts);
            ours.set_sleep_impl(Some(SharedAsyncSleep::new(started)));
        }
        let waiting = Waiting(Arc::default());
        match self.done {
            Done::Nothing => {}
            Done::NoIdentity(error) => {
                let refused = Refused::new(error, self.components.identity_cache());
                ours.set_identity_cache(Some(refused));
            }
            Done::Sent(sent) => {
                let same = SameInvocation(sent.invocation.clone());
                config.store_put(SharedInvocationIdGenerator::new(same));
                if let State::Pending(..) = sent.state {
                    // The copies of the body that was sent are counted.
                    body = Bytes::copy_from_slice(&body);
                }
                if let Some(behind) = self.components.http_client() {
                    let first = waiting.clone();
                    ours.set_http_client(Some(FirstClient { first, behind }));
                }
                *waiting.lock() = Some(sent);
            }
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
        let Some(sent) = self.first.take() else {
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

/// Waits for a request that is in flight. The SDK watches that the body of its own request is read;
/// so that one is read when the body in flight is gone.
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
struct StartedTimeouts {
    sleep: SharedAsyncSleep,
    spent: Duration,
    /// The timeouts that the orchestrator has yet to begin: first that of the call, and then that of
    /// its first attempt. What it waits for after that is not shorter than it says.
    started: Mutex<[Option<Duration>; 2]>,
}

impl StartedTimeouts {
    fn new(sleep: SharedAsyncSleep, spent: Duration, timeouts: &TimeoutConfig) -> Self {
        StartedTimeouts {
            sleep,
            spent,
            started: Mutex::new([
                timeouts.operation_timeout(),
                timeouts.operation_attempt_timeout(),
            ]),
        }
    }
}

impl fmt::Debug for StartedTimeouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedTimeouts")
            .field("spent", &self.spent)
            .finish_non_exhaustive()
    }
}

impl AsyncSleep for StartedTimeouts {
    fn sleep(&self, duration: Duration) -> Sleep {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let timeout = started
            .iter_mut()
            .find(|started| **started == Some(duration));
        let left = match timeout.and_then(Option::take) {
            Some(timeout) => timeout.saturating_sub(self.spent),
            None => duration,
        };
        self.sleep.sleep(left)
    }
}
