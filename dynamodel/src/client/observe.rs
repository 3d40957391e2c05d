//! Observation of requests: each one is a span of [`tracing`], and with feature `metrics` the same
//! data are recorded as numbers through the [`metrics`](https://docs.rs/metrics) crate.
//!
//! A request is one operation of DynamoDB's API with all attempts that the SDK makes of it. A page
//! of a query, a chunk of a batch and each further try of a transaction are separate requests. The
//! names are those of OpenTelemetry's semantic conventions [for DynamoDB][spans] and for [metrics
//! of databases][metrics]; where the conventions have none, the names begin with `dynamodel`.
//!
//! **They contain no key, value, cursor or token**: only names of operations, tables and indexes,
//! DynamoDB's error codes and request ids, and numbers.
//!
//! # Spans
//!
//! Spans have level `INFO` and target `dynamodel::observe`. The SDK's own spans are inside.
//!
//! | field | what it is | of |
//! |---|---|---|
//! | `otel.name` | operation and table, such as `PutItem users` | all |
//! | `otel.kind` | `client` | all |
//! | `db.system.name` | `aws.dynamodb` | all |
//! | `db.operation.name` | such as `PutItem` | all |
//! | `db.operation.batch.size` | keys or operations in the request | batches, transactions |
//! | `db.collection.name` | the table | requests about one table |
//! | `aws.dynamodb.table_names` | the tables, with commas | batches, transactions |
//! | `aws.dynamodb.index_name` | the index | Query and Scan of an index |
//! | `aws.dynamodb.consumed_capacity` | capacity units, summed up | requests that ask for it, see below |
//! | `aws.dynamodb.count` | items returned | Query, Scan |
//! | `aws.dynamodb.scanned_count` | items read, before the filter | Query, Scan |
//! | `db.response.returned_rows` | items returned | Query, Scan, BatchGetItem, TransactGetItems |
//! | `dynamodel.unprocessed` | keys and writes that DynamoDB left undone | batches |
//! | `dynamodel.retries` | attempts after the first | all |
//! | `aws.request_id` | DynamoDB's id of the last attempt | requests with a response |
//! | `db.response.status_code` | DynamoDB's error code | responses with an error |
//! | `error.type` | the error code; else `timeout`, `connection`, `response`, `unreadable` or `construction` | failures |
//!
//! # Metrics
//!
//! With feature `metrics`, numbers go to the recorder that the application installs. Without a
//! recorder this costs next to nothing, and without the feature nothing. [`describe_metrics`] tells
//! the recorder their units.
//!
//! | name | kind | what it is |
//! |---|---|---|
//! | `db.client.operation.duration` | histogram, seconds | from the first attempt to the decoded response |
//! | `dynamodel.requests` | counter | requests that ended |
//! | `dynamodel.retries` | counter | attempts after the first |
//! | `dynamodel.errors` | counter | requests that failed, by `error.type` |
//! | `aws.dynamodb.consumed_capacity` | histogram, capacity units | of requests that ask for it, see below |
//! | `db.client.response.returned_rows` | histogram, items | returned by Query, Scan, BatchGetItem and TransactGetItems |
//! | `aws.dynamodb.scanned_count` | histogram, items | read by Query and Scan, before the filter |
//! | `dynamodel.unprocessed` | counter | keys and writes that DynamoDB left undone and a batch sends again |
//!
//! Labels, which have few different values:
//!
//! | label | what it is | on |
//! |---|---|---|
//! | `db.system.name` | `aws.dynamodb` | all |
//! | `db.operation.name` | such as `Query` | all |
//! | `db.collection.name` | the table | requests about one table |
//! | `aws.dynamodb.index_name` | the index | Query and Scan of an index |
//! | `error.type` | DynamoDB's error code, or the `error.type` of the span; codes that DynamoDB does not document are `_OTHER` | `dynamodel.errors`, and `db.client.operation.duration` of failures |
//!
//! # Consumed capacity
//!
//! DynamoDB returns the capacity that a request consumed only on demand, so
//! `aws.dynamodb.consumed_capacity` exists for `send_measured`, `measured()` and
//! [`BulkWriter`](crate::BulkWriter), and never for other requests. It is the sum of the units of
//! tables and indexes as one number, because spans and histograms hold numbers; OpenTelemetry
//! describes a list of JSON texts.
//!
//! [spans]: https://opentelemetry.io/docs/specs/semconv/db/dynamodb/
//! [metrics]: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/
//!
//! [`tracing`]: https://docs.rs/tracing

#[cfg(feature = "metrics")]
mod meter;
mod span;

use tracing::Span;

#[cfg(feature = "metrics")]
pub use self::meter::describe_metrics;

use crate::client::capacity::ConsumedCapacity;
use crate::transport::{Failure, FailureKind, Operation, Response, Tables};

/// The data that a response provides for spans and metrics.
pub(crate) trait Observed {
    /// Returns the capacity that the request consumed, if it was requested.
    fn capacity(&self) -> &[ConsumedCapacity] {
        &[]
    }

    /// Returns the numbers of items that the response is about.
    fn counts(&self) -> Counts {
        Counts::default()
    }

    /// Stores the response, without its body, of what is kept: it may turn out to be unreadable later,
    /// and the error then names the request.
    fn came(&mut self, _response: Response) {}
}

/// The numbers of items in a response, where the response has them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Items returned by a read of many items.
    pub(crate) returned: Option<u64>,
    /// Items read by Query and Scan, before the filter.
    pub(crate) scanned: Option<u64>,
    /// Keys or writes left undone by a batch.
    pub(crate) unprocessed: Option<u64>,
}

/// The tables, index and batch size of a request.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) index: Option<&'static str>,
    /// The number of keys or operations of a batch or transaction.
    pub(crate) batch_size: Option<usize>,
}

/// The span and the numbers of one request, with all its attempts.
pub(crate) struct Watch {
    span: Span,
    #[cfg(feature = "metrics")]
    meter: meter::Meter,
}

impl Watch {
    /// Starts watching, before the request is sent.
    pub(crate) fn begin(operation: Operation, subject: &Subject<'_>) -> Self {
        Watch {
            span: span::open(operation, subject),
            #[cfg(feature = "metrics")]
            meter: meter::Meter::begin(operation, subject),
        }
    }

    /// Returns the span, in which the request has to run.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Records a response.
    pub(crate) fn answered(
        self,
        attempts: u32,
        request_id: Option<&str>,
        capacity: &[ConsumedCapacity],
        counts: Counts,
    ) {
        self.end(&Ended {
            attempts,
            request_id,
            answer: Ok((consumed(capacity), counts)),
        });
    }

    /// Records a failure, and returns it.
    #[cold] // error path
    pub(crate) fn failed(self, failure: Failure) -> Failure {
        self.end(&Ended {
            attempts: failure.attempts,
            request_id: failure.request_id.as_deref(),
            answer: Err(&failure.kind),
        });
        failure
    }

    fn end(self, ended: &Ended<'_>) {
        span::record(&self.span, ended);
        #[cfg(feature = "metrics")]
        self.meter.end(ended);
    }
}

/// The end of a request.
struct Ended<'a> {
    attempts: u32,
    request_id: Option<&'a str>,
    /// The capacity units of the response, if it has them, and its counts.
    answer: Result<(Option<f64>, Counts), &'a FailureKind>,
}

impl Ended<'_> {
    fn retries(&self) -> u32 {
        self.attempts.saturating_sub(1)
    }
}

/// Returns the sum of the units that the request consumed, if it requested them.
fn consumed(capacity: &[ConsumedCapacity]) -> Option<f64> {
    (!capacity.is_empty()).then(|| capacity.iter().map(|c| c.capacity_units).sum())
}

/// Returns the `error.type` of failures that have no error code of the service.
fn error_type(kind: &FailureKind) -> &'static str {
    match kind {
        FailureKind::Service { .. } => "service",
        FailureKind::Decode(error) if error.is_malformed() => "response",
        FailureKind::Decode(_) => "unreadable",
        FailureKind::Timeout(_) => "timeout",
        FailureKind::Dispatch(_) => "connection",
        FailureKind::Response(_) => "response",
        FailureKind::Construction(_) => "construction",
    }
}
