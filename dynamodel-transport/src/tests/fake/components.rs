//! Components of the clients of tests: clocks, ids and an interceptor.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_runtime::invocation_id::{InvocationId, InvocationIdGenerator};
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use tokio::time::Instant;

/// Adds a header to what is signed, and counts the calls that it sees begin.
#[derive(Debug, Clone)]
pub(in super::super) struct Marker {
    name: &'static str,
    value: fn(SystemTime) -> String,
    begun: Arc<AtomicU32>,
}

impl Marker {
    pub(in super::super) const HEADER: &str = "x-marker";

    /// With the name of one of the SDK's that does nothing for these operations. The header says what
    /// this makes of the time.
    pub(in super::super) fn as_one_of_the_sdks(value: fn(SystemTime) -> String) -> Self {
        Marker {
            name: "ObservabilityFeatureTrackerInterceptor",
            value,
            begun: Arc::default(),
        }
    }

    /// With this name.
    pub(in super::super) fn named(name: &'static str) -> Self {
        Marker {
            name,
            ..Marker::default()
        }
    }

    pub(in super::super) fn begun(&self) -> u32 {
        self.begun.load(Ordering::Relaxed)
    }
}

/// The header says `yes`.
impl Default for Marker {
    fn default() -> Self {
        Marker {
            name: "Marker",
            value: |_| "yes".to_owned(),
            begun: Arc::default(),
        }
    }
}

#[dyn_dispatch_hint]
impl Intercept for Marker {
    fn name(&self) -> &'static str {
        self.name
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let clock = components.time_source().ok_or("there is no clock")?;
        let headers = context.request_mut().headers_mut();
        headers.insert(Marker::HEADER, (self.value)(clock.now()));
        Ok(())
    }
}

/// A clock that is set by hand.
#[derive(Debug, Clone)]
pub(in super::super) struct Clock(Arc<Mutex<SystemTime>>);

impl Clock {
    pub(in super::super) fn new() -> Self {
        Clock(Arc::new(Mutex::new(StoppedClock.now())))
    }

    pub(in super::super) fn advance(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }

    pub(in super::super) fn set_back(&self, time: Duration) {
        *self.0.lock().unwrap() -= time;
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

/// A clock that goes with the timers, also where their time is paused.
#[derive(Debug)]
pub(in super::super) struct TimersClock(Instant);

impl TimersClock {
    pub(in super::super) fn new() -> Self {
        TimersClock(Instant::now())
    }
}

impl TimeSource for TimersClock {
    fn now(&self) -> SystemTime {
        StoppedClock.now() + self.0.elapsed()
    }
}

/// Every request at the same time.
#[derive(Debug)]
pub(in super::super) struct StoppedClock;

impl TimeSource for StoppedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_760_000_000)
    }
}

/// Every request with the same id.
#[derive(Debug)]
pub(in super::super) struct OneInvocation;

impl InvocationIdGenerator for OneInvocation {
    fn generate(&self) -> Result<Option<InvocationId>, BoxError> {
        Ok(Some(InvocationId::new("one-invocation".to_owned())))
    }
}
