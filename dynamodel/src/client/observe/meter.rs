//! The metrics of a request.

use std::time::Instant;

use metrics::{Key, Label, Level, Metadata, Recorder, SharedString, Unit};

use super::{Ended, Subject, error_type};
use crate::transport::{FailureKind, Operation, Tables};

const DURATION: &str = "db.client.operation.duration";
const REQUESTS: &str = "dynamodel.requests";
const RETRIES: &str = "dynamodel.retries";
const ERRORS: &str = "dynamodel.errors";
const CONSUMED: &str = "aws.dynamodb.consumed_capacity";
const RETURNED: &str = "db.client.response.returned_rows";
const SCANNED: &str = "aws.dynamodb.scanned_count";
const UNPROCESSED: &str = "dynamodel.unprocessed";

/// Describes the metrics and their units to the installed recorder. Call it once, after the
/// recorder was installed. Exporters show the descriptions as help; the metrics are recorded
/// without them too.
///
/// ```
/// dynamodel::observe::describe_metrics();
/// ```
pub fn describe_metrics() {
    let histograms = [
        (DURATION, Unit::Seconds, "Duration of requests to DynamoDB."),
        (
            CONSUMED,
            Unit::Count,
            "Capacity units that a request has consumed.",
        ),
        (RETURNED, Unit::Count, "Items that a read has returned."),
        (SCANNED, Unit::Count, "Items that a query or scan has read."),
    ];
    let counters = [
        (REQUESTS, "Requests to DynamoDB."),
        (RETRIES, "Attempts after the first of a request."),
        (ERRORS, "Requests that failed."),
        (
            UNPROCESSED,
            "Keys and writes of batches that DynamoDB left undone.",
        ),
    ];
    metrics::with_recorder(|recorder| {
        for (name, unit, what) in histograms {
            recorder.describe_histogram(name.into(), Some(unit), what.into());
        }
        for (name, what) in counters {
            recorder.describe_counter(name.into(), Some(Unit::Count), what.into());
        }
    });
}

/// The metrics of one request, from its start on.
pub(super) struct Meter {
    started: Instant,
    labels: Vec<Label>,
}

impl Meter {
    pub(super) fn begin(operation: Operation, subject: &Subject<'_>) -> Self {
        // One more than the labels here: `error.type` may follow.
        let mut labels = Vec::with_capacity(5);
        labels.push(Label::from_static_parts("db.system.name", "aws.dynamodb"));
        labels.push(Label::from_static_parts(
            "db.operation.name",
            operation.name(),
        ));
        if let Some(table) = one_table(subject.tables) {
            labels.push(Label::new("db.collection.name", table));
        }
        if let Some(index) = subject.index {
            labels.push(Label::from_static_parts("aws.dynamodb.index_name", index));
        }
        Meter {
            started: Instant::now(),
            labels,
        }
    }

    pub(super) fn end(self, ended: &Ended<'_>) {
        let seconds = self.started.elapsed().as_secs_f64();
        metrics::with_recorder(|recorder| {
            let mut sheet = Sheet {
                recorder,
                labels: self.labels,
            };
            sheet.count(REQUESTS, Some(1));
            sheet.count(RETRIES, Some(ended.retries().into()).filter(|n| *n > 0));
            match ended.answer {
                Ok((consumed, counts)) => {
                    sheet.histogram(CONSUMED, consumed);
                    sheet.histogram(RETURNED, counts.returned.map(|n| n as f64));
                    sheet.histogram(SCANNED, counts.scanned.map(|n| n as f64));
                    sheet.count(UNPROCESSED, counts.unprocessed.filter(|n| *n > 0));
                }
                Err(kind) => {
                    let error = label_of(kind);
                    sheet
                        .labels
                        .push(Label::from_static_parts("error.type", error));
                    sheet.count(ERRORS, Some(1));
                }
            }
            sheet.histogram(DURATION, Some(seconds));
        });
    }
}

/// Returns the table of the request if there is only one. The name is shared instead of copied
/// where possible.
fn one_table(tables: &Tables) -> Option<SharedString> {
    match tables {
        Tables::One(table) => Some(SharedString::from_shared(table.clone())),
        Tables::Many(tables) => {
            let (first, rest) = tables.split_first()?;
            let same = rest.iter().all(|table| table == first);
            same.then(|| SharedString::from_shared(first.clone()))
        }
    }
}

/// A recorder with the labels of one request.
struct Sheet<'a> {
    recorder: &'a dyn Recorder,
    labels: Vec<Label>,
}

const METADATA: Metadata<'static> =
    Metadata::new("dynamodel::observe", Level::INFO, Some(module_path!()));

impl Sheet<'_> {
    fn count(&mut self, name: &'static str, number: Option<u64>) {
        if let Some(number) = number {
            self.with_key(name, |recorder, key| {
                recorder.register_counter(key, &METADATA).increment(number);
            });
        }
    }

    fn histogram(&mut self, name: &'static str, number: Option<f64>) {
        if let Some(number) = number {
            self.with_key(name, |recorder, key| {
                recorder.register_histogram(key, &METADATA).record(number);
            });
        }
    }

    /// Moves the labels into the key and out of it again, so that they are not copied.
    fn with_key(&mut self, name: &'static str, write: impl FnOnce(&dyn Recorder, &Key)) {
        let key = Key::from_parts(name, std::mem::take(&mut self.labels));
        write(self.recorder, &key);
        (_, self.labels) = key.into_parts();
    }
}

/// The error codes that DynamoDB documents for the operations of this crate, and those of every AWS
/// service.
const CODES: [&str; 35] = [
    "AccessDeniedException",
    "ConditionalCheckFailedException",
    "ExpiredTokenException",
    "IdempotentParameterMismatchException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InternalFailure",
    "InternalServerError",
    "InvalidEndpointException",
    "InvalidSignatureException",
    "ItemCollectionSizeLimitExceededException",
    "KMSAccessDeniedException",
    "LimitExceededException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestExpired",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionCanceledException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
];

/// Returns the `error.type` of a label. Unknown codes share one label, because a service could send
/// any number of them.
fn label_of(kind: &FailureKind) -> &'static str {
    let FailureKind::Service { code, .. } = kind else {
        return error_type(kind);
    };
    let known = code
        .as_deref()
        .and_then(|code| CODES.iter().find(|known| **known == code));
    known.copied().unwrap_or("_OTHER")
}
