//! [`TransportStatus`]: the path that the requests of a client take, and the reason.

/// One of the three paths on which requests reach DynamoDB. From [`TransportStatus::path`].
///
/// All three send the same requests with the client's credentials, endpoints, retries and timeouts.
/// The paths differ in processor time, and in what interceptors of the client see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportPath {
    /// First attempts bypass the SDK's orchestrator; the orchestrator takes over whatever is not a
    /// success. A request on one item costs less than a tenth of the processor time that code on the
    /// SDK with serde_dynamo takes.
    Fast,
    /// Every request goes through the SDK's orchestrator as bytes, without typed inputs and outputs.
    Raw,
    /// Every request is one of the SDK's own operations with typed inputs and outputs. Costs as much
    /// as code on the SDK that is written by hand.
    Plain,
}

/// The path that requests take, and why it is not a faster one. From `Db::transport_status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportStatus {
    path: TransportPath,
    reason: Option<String>,
    fast_path: FastPathStatus,
}

impl TransportStatus {
    pub(super) fn new(
        path: TransportPath,
        reason: Option<String>,
        fast_path: FastPathStatus,
    ) -> Self {
        TransportStatus {
            path,
            reason,
            fast_path,
        }
    }

    /// The path of the next request. Before the first request only the client's configuration is
    /// known; the first request of each operation can still show that the fast path is not for it.
    pub fn path(&self) -> TransportPath {
        self.path
    }

    /// The reason for which the path is not [the fastest](TransportPath::Fast); `None` when it is.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// State and counts of the fast path.
    pub fn fast_path(&self) -> FastPathStatus {
        self.fast_path
    }
}

/// State and counts of the fast path of one client. From
/// [`TransportStatus::fast_path`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastPathStatus {
    pub(crate) ineligible_because: Option<&'static str>,
    pub(crate) succeeded: u64,
    pub(crate) fell_back: u64,
}

impl FastPathStatus {
    /// The status of a client without fast path.
    pub(crate) const fn closed(reason: &'static str) -> Self {
        FastPathStatus {
            ineligible_because: Some(reason),
            succeeded: 0,
            fell_back: 0,
        }
    }

    /// `true` while nothing is known that makes requests ineligible. Before the first request only the
    /// client's configuration is known; the first request of each operation shows the rest.
    pub fn is_open(&self) -> bool {
        self.ineligible_because.is_none()
    }

    /// The reason for which no request takes the fast path.
    pub fn ineligible_because(&self) -> Option<&'static str> {
        self.ineligible_because
    }

    /// Number of requests that the fast path sent and got a final response for: a success, a condition
    /// that is not met, or a canceled transaction.
    pub fn succeeded(&self) -> u64 {
        self.succeeded
    }

    /// Number of requests that the fast path sent and left to the SDK's orchestrator, as its first
    /// attempt: those that ended with any other error, or took longer than a second, and longer than that
    /// while many are in flight.
    pub fn fell_back(&self) -> u64 {
        self.fell_back
    }
}
