//! Feature `metrics`: numbers for every request, with no key or value in their labels.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use dynamodel::{BatchGet, BatchWrite, Entity, Transaction, transact_get};
use dynamodel_tests::faults::{self, Fault};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use crate::entities::{Session, session};

/// A metric with its labels, as text: `name{label=value,..}`.
type Name = String;

/// Recorder that keeps every number.
#[derive(Clone, Default)]
struct Numbers(Arc<Mutex<BTreeMap<Name, Vec<f64>>>>);

impl Numbers {
    /// Returns the numbers since the last call, by the name and labels of the metric.
    fn take(&self) -> BTreeMap<Name, Vec<f64>> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Slot(Numbers, Name);

impl Slot {
    fn of(numbers: &Numbers, key: &Key) -> Arc<Self> {
        let labels = key.labels().map(|l| format!("{}={}", l.key(), l.value()));
        let labels = labels.collect::<Vec<_>>().join(",");
        Arc::new(Slot(numbers.clone(), format!("{}{{{labels}}}", key.name())))
    }

    fn write(&self, number: f64) {
        let mut numbers = self.0.0.lock().unwrap();
        numbers.entry(self.1.clone()).or_default().push(number);
    }
}

impl CounterFn for Slot {
    fn increment(&self, value: u64) {
        self.write(value as f64);
    }
    fn absolute(&self, _: u64) {
        unreachable!("counters count up");
    }
}

impl HistogramFn for Slot {
    fn record(&self, value: f64) {
        self.write(value);
    }
}

impl Recorder for Numbers {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        let name = format!("{} {unit:?}", name.as_str());
        self.0.lock().unwrap().insert(name, Vec::new());
    }
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {
        unreachable!("there are no gauges");
    }
    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, what: SharedString) {
        self.describe_counter(name, unit, what);
    }
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Slot::of(self, key))
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        unreachable!("there are no gauges");
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Slot::of(self, key))
    }
}

/// Checks the metrics by name, all of which have these labels. For durations, only their count and a
/// sane range are checked.
#[track_caller]
fn check(numbers: &Numbers, labels: &str, expected: &[(&str, &[f64])]) {
    let mut seen = numbers.take();
    for (name, values) in expected {
        let found = seen.remove(&format!("{name}{{db.system.name=aws.dynamodb,{labels}}}"));
        let found = found.unwrap_or_else(|| panic!("{name} with {labels} in {seen:?}"));
        if *name == DURATION {
            assert_eq!(found.len(), values.len());
            assert!(found.iter().all(|s| (0.0..60.0).contains(s)), "{found:?}");
        } else {
            assert_eq!(found, *values, "{name}");
        }
    }
    assert!(seen.is_empty(), "more than expected: {seen:?}");
}

const DURATION: &str = "db.client.operation.duration";
const REQUESTS: (&str, &[f64]) = ("dynamodel.requests", &[1.0]);

#[tokio::test]
async fn requests_are_counted_and_timed() {
    let (db, faults) = faults::db().await;
    db.create_table::<Session>().await.unwrap();
    let table = db.table_name::<Session>();
    let of = |operation: &str| format!("db.operation.name={operation},db.collection.name={table}");
    let numbers = Numbers::default();
    let _guard = metrics::set_default_local_recorder(&numbers);

    session("u", "1").create().send(&db).await.unwrap();
    check(&numbers, &of("PutItem"), &[REQUESTS, (DURATION, &[0.0])]);

    // The consumed capacity is recorded if the call requested it.
    faults.next("GetItem", [Fault::DropRequest, Fault::SERVICE_FAULT]);
    let get = Session::get("u", "1").consistent();
    let read = get.send_measured(&db).await.unwrap();
    let cost = read.consumed_capacity.unwrap().capacity_units;
    check(
        &numbers,
        &of("GetItem"),
        &[
            REQUESTS,
            ("dynamodel.retries", &[2.0]),
            ("aws.dynamodb.consumed_capacity", &[cost]),
            (DURATION, &[0.0]),
        ],
    );

    let found = Session::by_token("token-u-1").filter(|s| s.views.gt(5));
    assert!(found.all(&db).await.unwrap().is_empty());
    check(
        &numbers,
        &format!("{},aws.dynamodb.index_name=by_token", of("Query")),
        &[
            REQUESTS,
            ("db.client.response.returned_rows", &[0.0]),
            ("aws.dynamodb.scanned_count", &[1.0]),
            (DURATION, &[0.0]),
        ],
    );

    let gets = [Session::get("u", "1"), Session::get("u", "2")];
    transact_get(gets).send(&db).await.unwrap();
    check(
        &numbers,
        &of("TransactGetItems"),
        &[
            REQUESTS,
            ("db.client.response.returned_rows", &[1.0]),
            (DURATION, &[0.0]),
        ],
    );
}

#[tokio::test]
async fn unprocessed_writes_of_batch_are_counted() {
    let (db, faults) = faults::db().await;
    db.create_table::<Session>().await.unwrap();
    let table = db.table_name::<Session>();
    let numbers = Numbers::default();
    let _guard = metrics::set_default_local_recorder(&numbers);

    let undone = format!(
        r#"{{"UnprocessedItems":{{"{table}":[{{"DeleteRequest":{{"Key":{{"user_id":{{"S":"u"}},"session_id":{{"S":"1"}}}}}}}}]}}}}"#
    );
    faults.next("BatchWriteItem", [Fault::Answer(undone.leak())]);
    let batch = BatchWrite::new().delete(Session::key("u", "1"));
    batch.send(&db).await.unwrap();
    check(
        &numbers,
        &format!("db.operation.name=BatchWriteItem,db.collection.name={table}"),
        &[
            ("dynamodel.requests", &[1.0, 1.0]),
            ("dynamodel.unprocessed", &[1.0]),
            (DURATION, &[0.0, 0.0]),
        ],
    );
}

#[tokio::test]
async fn errors_have_one_of_few_label_values() {
    let (db, faults) = faults::db().await;
    db.create_table::<Session>().await.unwrap();
    let table = db.table_name::<Session>();
    session("u", "1").create().send(&db).await.unwrap();
    let numbers = Numbers::default();
    let _guard = metrics::set_default_local_recorder(&numbers);
    let check = |operation: &str, error: &str, retries: &'static [f64]| {
        let labels = format!("db.operation.name={operation},db.collection.name={table}");
        let of_error = format!("db.system.name=aws.dynamodb,{labels},error.type={error}");
        let mut seen = numbers.take();
        let errors = seen.remove(&format!("dynamodel.errors{{{of_error}}}"));
        assert_eq!(errors, Some(vec![1.0]), "{seen:?}");
        let duration = seen.remove(&format!("{DURATION}{{{of_error}}}"));
        assert_eq!(duration.map(|d| d.len()), Some(1), "{seen:?}");
        let of_all = format!("{{db.system.name=aws.dynamodb,{labels}}}");
        let retried = seen.remove(&format!("dynamodel.retries{of_all}"));
        assert_eq!(retried.unwrap_or_default(), retries);
        let requests = seen.remove(&format!("dynamodel.requests{of_all}"));
        assert_eq!(requests, Some(vec![1.0]));
        assert!(seen.is_empty(), "more than expected: {seen:?}");
    };

    let again = session("u", "1").create().send(&db).await;
    assert!(again.unwrap_err().is_conflict());
    check("PutItem", "ConditionalCheckFailedException", &[]);

    let mut tx = Transaction::new();
    tx.check(Session::check("u", "none"));
    assert!(tx.send(&db).await.unwrap_err().is_transaction_canceled());
    check("TransactWriteItems", "TransactionCanceledException", &[]);

    for (fault, error, retries) in [
        (Fault::DropRequest, "connection", &[2.0] as &'static [f64]),
        (Fault::SERVICE_FAULT, "InternalServerError", &[2.0]),
        // The service may send any error code, so unknown codes share one label.
        (Fault::Refuse("Code4711OfUser17", 400), "_OTHER", &[]),
        (Fault::Answer("{"), "response", &[]),
        (Fault::Answer(r#"{"Item":{}}"#), "unreadable", &[]),
    ] {
        faults.always("GetItem", fault);
        Session::get("u", "1").send(&db).await.unwrap_err();
        check("GetItem", error, retries);
    }
}

/// No part of a stored, requested or compared value is in a label, and the labels are the documented
/// ones.
#[tokio::test]
async fn labels_contain_no_key_or_value() {
    let (db, faults) = faults::db().await;
    db.create_table::<Session>().await.unwrap();
    let numbers = Numbers::default();
    let _guard = metrics::set_default_local_recorder(&numbers);

    let secret = session("secret-user", "secret-session");
    let stored = secret.create().send(&db).await.unwrap();
    stored.clone().put().send(&db).await.unwrap();
    stored.put().send(&db).await.unwrap_err();
    let key = || Session::key("secret-user", "secret-session");
    Session::update("secret-user", "secret-session")
        .apply(|s| s.auth_token.set("secret-token"))
        .when(|s| s.auth_token.ne("secret-other"))
        .send(&db)
        .await
        .unwrap();
    let of_user = Session::query("secret-user").filter(|s| s.auth_token.eq("secret-token"));
    assert_eq!(of_user.all(&db).await.unwrap().len(), 1);
    BatchGet::new([key()]).send(&db).await.unwrap();
    let mut tx = Transaction::new().idempotency_token("secret-token");
    let delete = Session::delete("secret-user", "secret-session");
    tx.delete(delete.when(|s| s.auth_token.eq("secret-other")));
    tx.send(&db).await.unwrap_err();
    let scan = Session::scan().filter(|s| s.auth_token.eq("secret-token"));
    assert_eq!(scan.all(&db).await.unwrap().len(), 1);
    faults.always("GetItem", Fault::Refuse("secret code", 400));
    let get = Session::get("secret-user", "secret-session");
    get.send(&db).await.unwrap_err();
    BatchWrite::new().delete(key()).send(&db).await.unwrap();

    let seen = numbers.take();
    let documented = BTreeSet::from([
        "db.system.name",
        "db.operation.name",
        "db.collection.name",
        "aws.dynamodb.index_name",
        "error.type",
    ]);
    for name in seen.keys() {
        assert!(!name.contains("secret"), "{name}");
        let (_, labels) = name.trim_end_matches('}').split_once('{').unwrap();
        for label in labels.split(',') {
            let (label, _) = label.split_once('=').unwrap();
            assert!(documented.contains(label), "{label}");
        }
    }
    let operations = [
        "PutItem",
        "UpdateItem",
        "Query",
        "BatchGetItem",
        "TransactWriteItems",
        "Scan",
        "GetItem",
        "BatchWriteItem",
    ];
    for operation in operations {
        assert!(
            seen.keys().any(|name| name.contains(operation)),
            "{operation}"
        );
    }
}

#[test]
fn every_metric_is_described() {
    let numbers = Numbers::default();
    metrics::with_local_recorder(&numbers, dynamodel::observe::describe_metrics);
    let described = numbers.take();
    assert_eq!(
        described.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            "aws.dynamodb.consumed_capacity Some(Count)",
            "aws.dynamodb.scanned_count Some(Count)",
            "db.client.operation.duration Some(Seconds)",
            "db.client.response.returned_rows Some(Count)",
            "dynamodel.errors Some(Count)",
            "dynamodel.requests Some(Count)",
            "dynamodel.retries Some(Count)",
            "dynamodel.unprocessed Some(Count)",
        ]
    );
}
