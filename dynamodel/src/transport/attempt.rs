//! What happens to one call: its attempts, and the answer when it comes.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use bytes::Bytes;

use super::failure::{Failure, FailureKind};
use super::{ApiOperation, Decode};
use crate::wire::ReadError;

/// A call under way, whatever its output type.
pub(super) trait Call: Send + Sync {
    /// Takes the body of a successful response.
    fn answer(&self, body: &Bytes, request_id: Option<&str>);

    /// What has happened to the call so far.
    fn progress(&self) -> &Progress;
}

/// Carries a [`Call`] through the SDK's input and configuration.
#[derive(Clone)]
pub(super) struct CallHandle(pub(super) Arc<dyn Call>);

impl fmt::Debug for CallHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallHandle")
    }
}

impl Storable for CallHandle {
    type Storer = StoreReplace<Self>;
}

/// A call under way whose output is a `T`.
pub(super) struct PendingCall<T> {
    decode: Decode<T>,
    progress: Progress,
    answer: Mutex<Option<Answer<T>>>,
}

/// A successful response, decoded.
pub(super) struct Answer<T> {
    pub(super) output: Result<T, ReadError>,
    pub(super) request_id: Option<String>,
}

impl<T> PendingCall<T> {
    pub(super) fn new(decode: Decode<T>) -> Self {
        PendingCall {
            decode,
            progress: Progress::default(),
            answer: Mutex::new(None),
        }
    }

    /// The last answer, once.
    pub(super) fn take_answer(&self) -> Option<Answer<T>> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.take()
    }
}

impl<T: Send> Call for PendingCall<T> {
    fn answer(&self, body: &Bytes, request_id: Option<&str>) {
        let decoded = Answer {
            output: (self.decode)(body),
            request_id: request_id.map(str::to_owned),
        };
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        *answer = Some(decoded);
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }
}

/// How far a call has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Attempts that were given to the HTTP client.
    attempts: AtomicU32,
    /// Whether the attempt under way was sent and has no definite answer yet.
    open: AtomicBool,
    /// Whether an earlier attempt ended like that.
    uncertain: AtomicBool,
}

// One call runs on one task at a time, and what orders the hooks of the orchestrator orders these
// accesses; `Relaxed` is enough.
impl Progress {
    pub(super) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// A failure of the call, as it stands now.
    pub(super) fn failure(&self, request_id: Option<String>, kind: FailureKind) -> Failure {
        Failure {
            attempts: self.attempts(),
            uncertain: self.uncertain.load(Ordering::Relaxed),
            request_id,
            kind,
        }
    }

    fn begin_attempt(&self) {
        if self.open.swap(false, Ordering::Relaxed) {
            self.uncertain.store(true, Ordering::Relaxed);
        }
    }

    fn sent(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.open.store(true, Ordering::Relaxed);
    }

    fn settled(&self) {
        self.open.store(false, Ordering::Relaxed);
    }
}

/// Keeps the [`Progress`] of the calls of operation `O`.
pub(super) struct Observer<O>(PhantomData<fn() -> O>);

impl<O> Observer<O> {
    pub(super) fn new() -> Self {
        Observer(PhantomData)
    }
}

impl<O: ApiOperation> fmt::Debug for Observer<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observer<{}>", O::NAME)
    }
}

fn progress_of(cfg: &ConfigBag) -> Option<&Progress> {
    cfg.load::<CallHandle>().map(|call| call.0.progress())
}

#[dyn_dispatch_hint]
impl<O: ApiOperation> Intercept for Observer<O> {
    fn name(&self) -> &'static str {
        "dynamodel::Observer"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(progress) = progress_of(cfg) {
            progress.begin_attempt();
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(progress) = progress_of(cfg) {
            progress.sent();
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(progress) = progress_of(cfg)
            && is_definite::<O>(context)
        {
            progress.settled();
        }
        Ok(())
    }
}

/// Whether the attempt got an answer of the service that leaves no doubt about its effect: success,
/// or a refusal by name. After a 5xx answer the write may have happened.
fn is_definite<O: ApiOperation>(context: &FinalizerInterceptorContextRef<'_>) -> bool {
    use aws_smithy_types::error::metadata::ProvideErrorMetadata;

    let error = match context.output_or_error() {
        None => return false,
        Some(Ok(_)) => return true,
        Some(Err(error)) => error,
    };
    let refused = context
        .response()
        .is_some_and(|response| response.status().is_client_error());
    refused
        && error
            .as_operation_error()
            .and_then(|error| error.downcast_ref::<O::Error>())
            .is_some_and(|error| error.code().is_some())
}
