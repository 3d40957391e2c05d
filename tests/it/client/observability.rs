//! Tracing spans of requests: OpenTelemetry's names, and no keys or values.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use dynamodel::{BatchGet, Entity, Transaction};
use dynamodel_tests::faults::{self, Fault};
use futures_util::TryStreamExt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Event, Metadata, Subscriber};

use crate::entities::{Session, session};

/// Subscriber that keeps the fields of every span and event of dynamodel.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

impl Capture {
    fn spans(&self) -> Vec<BTreeMap<String, String>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("dynamodel::observe")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = BTreeMap::new();
        span.record(&mut Fields(&mut fields));
        let mut spans = self.0.lock().unwrap();
        spans.push(fields);
        Id::from_u64(spans.len() as u64)
    }
    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut spans = self.0.lock().unwrap();
        let span = spans.get_mut(id.into_u64() as usize - 1).unwrap();
        values.record(&mut Fields(span));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Captures the spans of this thread from now on.
fn watch() -> (Capture, DefaultGuard) {
    // With a single subscriber, `tracing` asks only the thread that first opens a span whether the span
    // is of interest. That may be the thread of another test, which has no subscriber. A second
    // subscriber makes it ask every thread.
    static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));
    LazyLock::force(&SECOND);
    let capture = Capture::default();
    let guard = tracing::subscriber::set_default(capture.clone());
    (capture, guard)
}

fn check(span: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(span.get(*name).map(String::as_str), Some(*value), "{name}");
    }
}

#[tokio::test]
async fn spans_have_the_names_of_opentelemetry() {
    let (db, faults) = faults::db().await;
    db.create_table::<Session>().await.unwrap();
    let table = db.table_name::<Session>();
    let (capture, _guard) = watch();

    faults.next("PutItem", [Fault::DropRequest]);
    let stored = session("secret-user", "secret-session");
    let stored = stored.create().send_measured(&db).await.unwrap();
    assert!(stored.consumed_capacity.is_some());
    let spans = capture.spans();
    assert_eq!(spans.len(), 1);
    check(
        &spans[0],
        &[
            ("otel.name", &format!("PutItem {table}")),
            ("otel.kind", "client"),
            ("db.system.name", "aws.dynamodb"),
            ("db.operation.name", "PutItem"),
            ("db.collection.name", &table),
            ("dynamodel.retries", "1"),
        ],
    );
    assert!(spans[0].contains_key("aws.dynamodb.consumed_capacity"));
    assert!(spans[0].contains_key("aws.request_id"));
    assert!(!spans[0].contains_key("error.type"));

    let found = Session::by_token("token-secret-user-secret-session");
    let found = found.filter(|s| s.views.gt(5)).all(&db).await.unwrap();
    assert!(found.is_empty());
    let mut spans = capture.spans();
    check(
        &spans[0],
        &[
            ("db.operation.name", "Query"),
            ("aws.dynamodb.index_name", "by_token"),
            ("aws.dynamodb.count", "0"),
            ("aws.dynamodb.scanned_count", "1"),
            ("db.response.returned_rows", "0"),
            ("dynamodel.retries", "0"),
        ],
    );
    // The capacity is absent, because the call did not request it.
    assert!(!spans[0].contains_key("aws.dynamodb.consumed_capacity"));
    assert!(!spans[0].contains_key("db.operation.batch.size"));

    let again = session("secret-user", "secret-session").create();
    let err = again.send(&db).await.unwrap_err();
    assert!(err.is_conflict());
    spans.extend(capture.spans());
    check(
        &spans[1],
        &[
            ("error.type", "ConditionalCheckFailedException"),
            ("db.response.status_code", "ConditionalCheckFailedException"),
        ],
    );

    let mut tx = Transaction::new();
    tx.delete(Session::delete("secret-user", "other"));
    tx.check(Session::check("secret-user", "secret-session"));
    tx.send(&db).await.unwrap();
    BatchGet::new([Session::key("secret-user", "secret-session")])
        .send(&db)
        .await
        .unwrap();
    faults.always("GetItem", Fault::DropRequest);
    Session::get("secret-user", "x")
        .send(&db)
        .await
        .unwrap_err();
    spans.extend(capture.spans());
    check(
        &spans[2],
        &[
            ("db.operation.name", "TransactWriteItems"),
            ("otel.name", &format!("TransactWriteItems {table}")),
            ("aws.dynamodb.table_names", &table),
            ("db.operation.batch.size", "2"),
        ],
    );
    check(
        &spans[3],
        &[
            ("db.operation.name", "BatchGetItem"),
            ("db.operation.batch.size", "1"),
            ("db.response.returned_rows", "1"),
            ("dynamodel.unprocessed", "0"),
        ],
    );
    check(
        &spans[4],
        &[("error.type", "connection"), ("dynamodel.retries", "2")],
    );
    let all = format!("{spans:?}");
    assert!(!all.contains("secret"), "no keys or values: {all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_of_scan_segments_reach_subscriber_of_caller() {
    let db = dynamodel_tests::db().await;
    db.create_table::<Session>().await.unwrap();
    let scan = || Session::scan().segments(3);
    let (capture, _guard) = watch();
    assert!(scan().all(&db).await.unwrap().is_empty());
    assert_eq!(capture.spans().len(), 3);
    assert_eq!(scan().count(&db).await.unwrap(), 0);
    assert_eq!(capture.spans().len(), 3);
    let streamed: Vec<Session> = scan().stream(&db).try_collect().await.unwrap();
    assert!(streamed.is_empty());
    assert_eq!(capture.spans().len(), 3);
}
