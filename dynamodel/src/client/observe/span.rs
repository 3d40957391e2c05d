//! The span of a request.

use tracing::Span;
use tracing::field::Empty;

use super::{Counts, Ended, Subject, error_type};
use crate::transport::shown::is_request_id;
use crate::transport::{FailureKind, Operation, Tables};

/// Opens the span with the fields that are known before the request is sent.
pub(super) fn open(operation: Operation, subject: &Subject<'_>) -> Span {
    let span = tracing::info_span!(
        target: "dynamodel::observe",
        "dynamodb",
        "otel.name" = Empty,
        "otel.kind" = "client",
        "db.system.name" = "aws.dynamodb",
        "db.operation.name" = operation.name(),
        "db.operation.batch.size" = subject.batch_size,
        "db.collection.name" = Empty,
        "aws.dynamodb.table_names" = Empty,
        "aws.dynamodb.index_name" = subject.index,
        "aws.dynamodb.consumed_capacity" = Empty,
        "aws.dynamodb.count" = Empty,
        "aws.dynamodb.scanned_count" = Empty,
        "db.response.returned_rows" = Empty,
        "dynamodel.unprocessed" = Empty,
        "dynamodel.retries" = Empty,
        "aws.request_id" = Empty,
        "db.response.status_code" = Empty,
        "error.type" = Empty,
    );
    if !span.is_disabled() {
        record_tables(operation, &span, subject.tables);
    }
    span
}

fn record_tables(operation: Operation, span: &Span, tables: &Tables) {
    match tables {
        Tables::One(table) => {
            span.record("otel.name", format!("{} {table}", operation.name()));
            span.record("db.collection.name", &**table);
        }
        Tables::Many(tables) => {
            let mut names: Vec<_> = tables.iter().map(|table| &**table).collect();
            names.sort_unstable();
            names.dedup();
            if let [table] = names.as_slice() {
                span.record("otel.name", format!("{} {table}", operation.name()));
                span.record("db.collection.name", table);
            } else {
                span.record("otel.name", operation.name());
            }
            span.record("aws.dynamodb.table_names", names.join(","));
        }
    }
}

/// Records how the request ended.
pub(super) fn record(span: &Span, ended: &Ended<'_>) {
    if span.is_disabled() {
        return;
    }
    span.record("dynamodel.retries", ended.retries());
    if let Some(id) = ended.request_id.filter(|id| is_request_id(id)) {
        span.record("aws.request_id", id);
    }
    match ended.answer {
        Ok((consumed, counts)) => record_answer(span, consumed, counts),
        Err(kind) => record_failure(span, kind),
    }
}

fn record_answer(span: &Span, consumed: Option<f64>, counts: Counts) {
    span.record("aws.dynamodb.consumed_capacity", consumed);
    span.record("db.response.returned_rows", counts.returned);
    if counts.scanned.is_some() {
        span.record("aws.dynamodb.count", counts.returned);
        span.record("aws.dynamodb.scanned_count", counts.scanned);
    }
    span.record("dynamodel.unprocessed", counts.unprocessed);
}

fn record_failure(span: &Span, kind: &FailureKind) {
    let FailureKind::Service { code, status, .. } = kind else {
        span.record("error.type", error_type(kind));
        return;
    };
    match code.as_deref() {
        Some(code) => {
            span.record("db.response.status_code", code);
            span.record("error.type", code);
        }
        None => {
            span.record("db.response.status_code", "unknown");
            span.record("error.type", status);
        }
    }
}
