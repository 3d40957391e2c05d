//! What one request looks like to those who watch: a span of [`tracing`] with the names of
//! OpenTelemetry's [semantic conventions for DynamoDB][conventions]. No key and no value is in it.
//!
//! [conventions]: https://opentelemetry.io/docs/specs/semconv/database/dynamodb/

use tracing::Span;
use tracing::field::Empty;

use crate::op::ConsumedCapacity;
use crate::transport::{ApiOperation, Failure, FailureKind, Reply, Tables};

/// What an answer tells of itself.
pub(crate) trait Observed {
    /// What the request cost, when it was asked.
    fn capacity(&self) -> &[ConsumedCapacity] {
        &[]
    }

    /// How many items were returned and how many were read, of Query and Scan.
    fn counts(&self) -> Option<(u64, u64)> {
        None
    }
}

/// The span of one request, with all its attempts.
pub(crate) fn span<O: ApiOperation>(tables: &Tables, index: Option<&'static str>) -> Span {
    let span = tracing::info_span!(
        "dynamodb",
        "otel.name" = Empty,
        "otel.kind" = "client",
        "db.system.name" = "aws.dynamodb",
        "db.operation.name" = O::NAME,
        "db.collection.name" = Empty,
        "aws.dynamodb.table_names" = Empty,
        "aws.dynamodb.index_name" = index,
        "aws.dynamodb.consumed_capacity" = Empty,
        "aws.dynamodb.count" = Empty,
        "aws.dynamodb.scanned_count" = Empty,
        "aws.request_id" = Empty,
        "db.response.status_code" = Empty,
        "error.type" = Empty,
        "dynamodel.retries" = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    match tables {
        Tables::One(table) => {
            span.record("otel.name", format!("{} {table}", O::NAME));
            span.record("db.collection.name", &**table);
        }
        Tables::Many(tables) => {
            let mut names: Vec<_> = tables.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.dedup();
            span.record("otel.name", O::NAME);
            if let [table] = names.as_slice() {
                span.record("db.collection.name", table);
            }
            span.record("aws.dynamodb.table_names", names.join(","));
        }
    }
    span
}

/// Writes down how the request ended.
pub(crate) fn record<T: Observed>(span: &Span, sent: &Result<Reply<T>, Failure>) {
    if span.is_disabled() {
        return;
    }
    let (attempts, request_id) = match sent {
        Ok(reply) => (reply.attempts, &reply.request_id),
        Err(failure) => (failure.attempts, &failure.request_id),
    };
    span.record("dynamodel.retries", attempts.saturating_sub(1));
    if let Some(id) = request_id {
        span.record("aws.request_id", id.as_str());
    }
    match sent {
        Ok(reply) => {
            let capacity = reply.output.capacity();
            if !capacity.is_empty() {
                let units: f64 = capacity.iter().map(|c| c.capacity_units).sum();
                span.record("aws.dynamodb.consumed_capacity", units);
            }
            if let Some((count, scanned)) = reply.output.counts() {
                span.record("aws.dynamodb.count", count);
                span.record("aws.dynamodb.scanned_count", scanned);
            }
        }
        Err(failure) => {
            if let FailureKind::Service { code, status, .. } = &failure.kind {
                let code = code.as_deref();
                span.record("db.response.status_code", code.unwrap_or("unknown"));
                match code {
                    Some(code) => span.record("error.type", code),
                    None => span.record("error.type", status),
                };
            } else {
                span.record("error.type", error_type(&failure.kind));
            }
        }
    }
}

fn error_type(kind: &FailureKind) -> &'static str {
    match kind {
        FailureKind::Service { .. } => "service",
        FailureKind::Decode(_) => "unreadable",
        FailureKind::Timeout(_) => "timeout",
        FailureKind::Dispatch(_) => "connection",
        FailureKind::Response(_) => "response",
        FailureKind::Construction(_) => "construction",
    }
}
