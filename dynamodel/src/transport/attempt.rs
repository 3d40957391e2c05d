//! What happens to one call: its attempts, and the answer when it comes.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use bytes::Bytes;

use super::failure::{Failure, FailureKind};
use super::{ApiOperation, Reply};

/// A call under way. The SDK's input and configuration carry it to those who tell what happens.
#[derive(Clone, Default)]
pub(super) struct Call(Arc<State>);

#[derive(Default)]
struct State {
    progress: Progress,
    answer: Mutex<Option<Answer>>,
}

/// The body of a successful response, and the id of the request.
struct Answer(Bytes, Option<String>);

impl Call {
    /// Takes the body of a successful response.
    pub(super) fn answer(&self, body: Bytes, request_id: Option<&str>) {
        *self.lock() = Some(Answer(body, request_id.map(str::to_owned)));
    }

    /// The last answer, once.
    pub(super) fn take_reply(&self) -> Option<Reply> {
        let Answer(body, request_id) = self.lock().take()?;
        Some(Reply {
            body,
            attempts: self.progress().attempts(),
            request_id,
        })
    }

    /// What has happened to the call so far.
    pub(super) fn progress(&self) -> &Progress {
        &self.0.progress
    }

    fn lock(&self) -> MutexGuard<'_, Option<Answer>> {
        let answer = self.0.answer.lock();
        answer.unwrap_or_else(PoisonError::into_inner)
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
    fn attempts(&self) -> u32 {
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
    cfg.load::<Call>().map(Call::progress)
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
