//! Reason and counts behind the status of the fast path.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::FastPathStatus;

/// Counts of requests by their outcome.
#[derive(Debug, Default)]
pub(super) struct Counts {
    succeeded: AtomicU64,
    fell_back: AtomicU64,
}

impl Counts {
    /// The status of the fast path with these counts.
    pub(super) fn status(&self, ineligible_because: Option<&'static str>) -> FastPathStatus {
        FastPathStatus {
            ineligible_because,
            succeeded: self.succeeded.load(Ordering::Relaxed),
            fell_back: self.fell_back.load(Ordering::Relaxed),
        }
    }

    pub(super) fn count_success(&self) {
        self.succeeded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_fallback(&self) {
        self.fell_back.fetch_add(1, Ordering::Relaxed);
    }
}

/// The last reason for which no request could be captured.
#[derive(Debug, Default)]
pub(super) struct Ineligibility(RwLock<Option<&'static str>>);

impl Ineligibility {
    pub(super) fn get(&self) -> Option<&'static str> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, reason: Option<&'static str>) {
        if self.get() == reason {
            return;
        }
        if let Some(reason) = reason {
            tracing::debug!(reason, "the fast path is closed");
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}
