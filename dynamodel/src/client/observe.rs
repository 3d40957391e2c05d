//! What those who watch see of each request: a span of [`tracing`], and with feature `metrics` the same
//! as numbers, through the [`metrics`](https://docs.rs/metrics) crate.
//!
//! A request is one operation of DynamoDB's API with all attempts that the SDK makes of it. A page of a
//! query, a chunk of a batch and each further try of a transaction are requests of their own. The names
//! are those of OpenTelemetry's semantic conventions [for DynamoDB][spans] and for
//! [metrics of databases][metrics], and where those have none, names that begin with `dynamodel`.
//!
//! **No key, value, cursor or token is in any of them**: only names of operations, tables and indexes,
//! DynamoDB's error codes and request ids, and numbers.
//!
//! # Spans
//!
//! At level `INFO`, with target `dynamodel::observe`. The SDK's own spans are inside.
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
//! | `dynamodel.unprocessed` | what DynamoDB left undone | batches |
//! | `dynamodel.retries` | attempts after the first | all |
//! | `aws.request_id` | DynamoDB's id of the last attempt | what was answered |
//! | `db.response.status_code` | DynamoDB's error code | what was answered with an error |
//! | `error.type` | the error code; else `timeout`, `connection`, `response`, `unreadable` or `construction` | failures |
//!
//! # Metrics
//!
//! With feature `metrics`. They go to the recorder that the application installs; without one next to
//! nothing is done, and without the feature nothing. [`describe_metrics`] tells the recorder their units.
//!
//! | name | kind | what it is |
//! |---|---|---|
//! | `db.client.operation.duration` | histogram, seconds | from the first attempt to the decoded answer |
//! | `dynamodel.requests` | counter | requests that came to their end |
//! | `dynamodel.retries` | counter | attempts after the first |
//! | `dynamodel.errors` | counter | requests that failed, by `error.type` |
//! | `aws.dynamodb.consumed_capacity` | histogram, capacity units | of requests that ask for it, see below |
//! | `db.client.response.returned_rows` | histogram, items | returned by Query, Scan, BatchGetItem and TransactGetItems |
//! | `aws.dynamodb.scanned_count` | histogram, items | read by Query and Scan, before the filter |
//! | `dynamodel.unprocessed` | counter | keys and writes that a batch has to ask for again |
//!
//! Their labels, which take few different values:
//!
//! | label | what it is | on |
//! |---|---|---|
//! | `db.system.name` | `aws.dynamodb` | all |
//! | `db.operation.name` | such as `Query` | all |
//! | `db.collection.name` | the table | requests about one table |
//! | `aws.dynamodb.index_name` | the index | Query and Scan of an index |
//! | `error.type` | DynamoDB's error code, or what the span has; codes that DynamoDB does not document are `_OTHER` | `dynamodel.errors`, and `db.client.operation.duration` of failures |
//!
//! # Consumed capacity
//!
//! DynamoDB tells what a request has cost only when it is asked, so `aws.dynamodb.consumed_capacity` is
//! there for `send_measured`, `measured()` and [`BulkWriter`](crate::BulkWriter), and never for others.
//! It is the sum of units of tables and indexes as one number, because that is what spans and
//! histograms hold; OpenTelemetry describes a list of JSON texts.
//!
//! [spans]: https://opentelemetry.io/docs/specs/semconv/db/dynamodb/
//! [metrics]: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/

#[cfg(feature = "metrics")]
mod meter;
mod span;

use tracing::Span;

#[cfg(feature = "metrics")]
pub use self::meter::describe_metrics;

use crate::client::capacity::ConsumedCapacity;
use crate::transport::{ApiOperation, Failure, FailureKind, Tables};

/// What an answer tells of itself.
pub(crate) trait Observed {
    /// What the request cost, when it was asked.
    fn capacity(&self) -> &[ConsumedCapacity] {
        &[]
    }

    /// How many items it is about.
    fn counts(&self) -> Counts {
        Counts::default()
    }

    /// Takes in how it came, where that is still to tell: an answer that is kept can turn out to be
    /// unreadable later.
    fn came(&mut self, _origin: Origin) {}
}

/// How an answer came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// How many attempts were sent.
    pub(crate) attempts: u32,
    /// DynamoDB's id of the request.
    pub(crate) request_id: Option<String>,
}

/// How many items an answer is about, where it tells.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Returned by a read of many.
    pub(crate) returned: Option<u64>,
    /// Read by Query and Scan.
    pub(crate) scanned: Option<u64>,
    /// Left undone by a batch.
    pub(crate) unprocessed: Option<u64>,
}

/// What a request is about.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) tables: &'a Tables,
    pub(crate) index: Option<&'static str>,
    /// The keys or operations of a batch or transaction.
    pub(crate) batch_size: Option<usize>,
}

/// Watches one request, with all its attempts.
pub(crate) struct Watch {
    span: Span,
    #[cfg(feature = "metrics")]
    meter: meter::Meter,
}

impl Watch {
    /// Before the request.
    pub(crate) fn begin<O: ApiOperation>(subject: &Subject<'_>) -> Self {
        Watch {
            span: span::open::<O>(subject),
            #[cfg(feature = "metrics")]
            meter: meter::Meter::begin::<O>(subject),
        }
    }

    /// What happens inside of the request belongs into this.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// When it was answered.
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

    /// When it has failed.
    #[cold]
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

/// How a request ended.
struct Ended<'a> {
    attempts: u32,
    request_id: Option<&'a str>,
    /// The capacity units of the answer, if it tells them, and its counts.
    answer: Result<(Option<f64>, Counts), &'a FailureKind>,
}

impl Ended<'_> {
    fn retries(&self) -> u32 {
        self.attempts.saturating_sub(1)
    }
}

/// The units that the request has consumed, if it asked.
fn consumed(capacity: &[ConsumedCapacity]) -> Option<f64> {
    (!capacity.is_empty()).then(|| capacity.iter().map(|c| c.capacity_units).sum())
}

/// The `error.type` of failures that are not an error code of the service.
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
