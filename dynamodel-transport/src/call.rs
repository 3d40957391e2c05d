//! Progress of one call: its attempts, and the response when it comes.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextMut,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;

use super::Response;
use super::configuration::{check_credentials, check_endpoint};
use super::failure::{Failure, FailureKind};
use super::sdk_internals::was_never_sent;

/// A call in flight. The SDK's input and configuration carry it to what reports progress.
#[derive(Clone, Default)]
pub(super) struct Call(Arc<State>);

#[derive(Default)]
struct State {
    progress: Progress,
    /// The body of a successful response, and the id of the request.
    response: Mutex<Option<(Bytes, Option<String>)>>,
}

impl Call {
    /// Keeps the body of a successful response.
    pub(super) fn respond(&self, body: Bytes, request_id: Option<&str>) {
        *self.lock() = Some((body, request_id.map(str::to_owned)));
    }

    /// The last response, once.
    pub(super) fn take_response(&self) -> Option<Response> {
        let (body, request_id) = self.lock().take()?;
        Some(Response {
            body,
            attempts: self.progress().attempts(),
            uncertain: self.progress().is_uncertain(),
            request_id,
        })
    }

    /// Progress of the call so far.
    pub(super) fn progress(&self) -> &Progress {
        &self.0.progress
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Bytes, Option<String>)>> {
        let response = self.0.response.lock();
        response.unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call")
    }
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

/// Attempts of a call and their outcome.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Attempts that were given to the HTTP client.
    attempts: AtomicU32,
    /// `true` once the attempt in flight was given to the HTTP client.
    is_given: AtomicBool,
    /// `true` while the attempt in flight was sent and has no definite response.
    open: AtomicBool,
    /// `true` once an earlier attempt ended like that.
    uncertain: AtomicBool,
}

// One call runs on one task at a time, and what orders the hooks of the orchestrator orders these
// accesses; `Relaxed` is enough.
impl Progress {
    /// Number of attempts that were given to the HTTP client.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// `true` if an earlier attempt ended without a definite response.
    pub(super) fn is_uncertain(&self) -> bool {
        self.uncertain.load(Ordering::Relaxed)
    }

    /// A failure of the call, as it stands now.
    pub(super) fn failure(&self, request_id: Option<String>, kind: FailureKind) -> Failure {
        Failure {
            attempts: self.attempts(),
            uncertain: self.is_uncertain(),
            open: self.open.load(Ordering::Relaxed),
            request_id,
            kind,
        }
    }

    /// A failure of the call after a success of the service that cannot be given on.
    pub(super) fn unreadable(&self, request_id: Option<String>, kind: FailureKind) -> Failure {
        Failure {
            open: true,
            ..self.failure(request_id, kind)
        }
    }

    /// `true` if the last attempt was given to the HTTP client.
    pub(super) fn is_given(&self) -> bool {
        self.is_given.load(Ordering::Relaxed)
    }

    fn start_attempt(&self) {
        self.is_given.store(false, Ordering::Relaxed);
        if self.open.swap(false, Ordering::Relaxed) {
            self.uncertain.store(true, Ordering::Relaxed);
        }
    }

    fn sent(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.is_given.store(true, Ordering::Relaxed);
        self.open.store(true, Ordering::Relaxed);
    }

    fn settled(&self) {
        self.open.store(false, Ordering::Relaxed);
    }
}

/// Interceptor that keeps the [`Progress`] of calls whose operation has errors of type `E`.
pub(super) struct Observer<E> {
    /// The only call that it sees; without it, the configuration tells the call.
    call: Option<Call>,
    /// Credentials of an earlier call could be signed with.
    is_checked: AtomicBool,
    error: PhantomData<fn() -> E>,
}

impl<E> Observer<E> {
    /// Observes each call that its configuration carries.
    pub(super) fn of_configured_calls() -> Self {
        Observer {
            call: None,
            is_checked: AtomicBool::default(),
            error: PhantomData,
        }
    }

    /// Observes this call alone.
    pub(super) fn of_call(call: Call) -> Self {
        Observer {
            call: Some(call),
            is_checked: AtomicBool::default(),
            error: PhantomData,
        }
    }

    fn progress<'p>(&'p self, cfg: &'p ConfigBag) -> Option<&'p Progress> {
        let call = self.call.as_ref().or_else(|| cfg.load::<Call>());
        call.map(Call::progress)
    }
}

impl<E> fmt::Debug for Observer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

#[dyn_dispatch_hint]
impl<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static> Intercept
    for Observer<E>
{
    fn name(&self) -> &'static str {
        "dynamodel::Observer"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(progress) = self.progress(cfg) {
            progress.start_attempt();
        }
        check_endpoint(cfg)
    }

    fn read_before_signing(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Once for each operation of a client: credentials that are written by hand do not change.
        if !self.is_checked.load(Ordering::Relaxed) {
            check_credentials(components, cfg)?;
            self.is_checked.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(progress) = self.progress(cfg) {
            progress.sent();
        }
        Ok(())
    }

    /// Has the SDK try again when the body does not have the checksum of its headers, as it does for a
    /// connection that breaks. The raw path compares it when it reads the response.
    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.call.is_none() {
            return Ok(());
        }
        let response = context.response();
        let body = response.and_then(|response| Some((response, response.body().bytes()?)));
        if let Some((response, body)) = body
            && !has_its_checksum(response.headers(), body)
            && let Some(outcome) = context.output_or_error_mut()
        {
            *outcome = Err(OrchestratorError::response(CORRUPT.into()));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(progress) = self.progress(cfg)
            && is_definite::<E>(context)
        {
            progress.settled();
        }
        Ok(())
    }
}

/// `true` if there is no doubt about the effect of the attempt: it never reached the service, or got
/// its success, or a refusal by name. After a 5xx response the write may have happened, and after a
/// timeout of the service (408) too.
fn is_definite<E>(context: &FinalizerInterceptorContextRef<'_>) -> bool
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let error = match context.output_or_error() {
        None => return false,
        Some(Ok(_)) => return true,
        Some(Err(error)) => error,
    };
    if error.as_connector_error().is_some_and(was_never_sent) {
        return true;
    }
    let refused = context.response().is_some_and(|response| {
        response.status().is_client_error() && response.status().as_u16() != 408
    });
    refused
        && error
            .as_operation_error()
            .and_then(|error| error.downcast_ref::<E>())
            .is_some_and(|error| error.code().is_some())
}

/// Text of the error of a corrupt body. The SDK retries errors of responses.
pub(super) const CORRUPT: &str =
    "the body of the response does not have the checksum of its x-amz-crc32 header";

/// `true` if the body has the checksum that DynamoDB sends along, where it does.
///
/// The checksum is one of the bytes on the wire; when an HTTP client has decompressed the body, it
/// does not apply.
pub(super) fn has_its_checksum(headers: &Headers, body: &[u8]) -> bool {
    let Some(expected) = headers.get("x-amz-crc32") else {
        return true;
    };
    let is_encoded = headers
        .get("content-encoding")
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    is_encoded || expected.parse() == Ok(crc32fast::hash(body))
}
