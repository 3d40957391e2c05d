//! What is to be seen of the lane from outside.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// Whether the verified lane of a [`Db`](crate::Db) is open, and how much went through it. From
/// [`Db::lane_status`](crate::Db::lane_status).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneStatus {
    obstacle: Option<&'static str>,
    answered: u64,
    handed_over: u64,
}

impl LaneStatus {
    pub(crate) const TURNED_OFF: LaneStatus =
        LaneStatus::closed("it was turned off with `Builder::verified_lane`");
    pub(crate) const NO_CLIENT: LaneStatus = LaneStatus::closed("there is no client to send with");

    const fn closed(why: &'static str) -> Self {
        LaneStatus {
            obstacle: Some(why),
            answered: 0,
            handed_over: 0,
        }
    }

    pub(super) fn new(obstacle: Option<&'static str>, counts: &Counts) -> Self {
        LaneStatus {
            obstacle,
            answered: counts.answered.load(Ordering::Relaxed),
            handed_over: counts.handed_over.load(Ordering::Relaxed),
        }
    }

    /// Whether nothing keeps the lane closed. Before the first request only the client's
    /// configuration is known; the first request of each operation tells the rest.
    pub fn is_open(&self) -> bool {
        self.obstacle.is_none()
    }

    /// Why the lane is closed. All requests go through the SDK's orchestrator then.
    pub fn obstacle(&self) -> Option<&'static str> {
        self.obstacle
    }

    /// How many requests the lane sent and got a success for.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// How many requests the lane sent and handed to the SDK's orchestrator, as its first attempt:
    /// those that ended with an error of any kind, or took longer than a second.
    pub fn handed_over(&self) -> u64 {
        self.handed_over
    }
}

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    answered: AtomicU64,
    handed_over: AtomicU64,
}

impl Counts {
    pub(super) fn answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn handed_over(&self) {
        self.handed_over.fetch_add(1, Ordering::Relaxed);
    }
}

/// The last reason for which no request could be learned.
#[derive(Debug, Default)]
pub(super) struct Obstacle(RwLock<Option<&'static str>>);

impl Obstacle {
    pub(super) fn get(&self) -> Option<&'static str> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, obstacle: Option<&'static str>) {
        if self.get() == obstacle {
            return;
        }
        if let Some(obstacle) = obstacle {
            tracing::debug!(obstacle, "the verified lane is closed");
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = obstacle;
    }
}
