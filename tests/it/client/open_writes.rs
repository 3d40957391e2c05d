//! Writes whose outcome is not known say so, and those that were not done say nothing of the kind.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime::client::retries::RetryPartition;
use dynamodel::{
    Backoff, BatchGet, BatchWrite, BulkWriter, Db, Entity, Error, ErrorKind, Transaction,
    transact_get,
};
use dynamodel_tests::faults::{self, Fault, Faults};
use futures_util::stream;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "notes")]
struct Note {
    #[dynamo(partition)]
    id: u64,
    n: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "members")]
struct Member {
    #[dynamo(partition)]
    id: String,
    #[dynamo(unique)]
    name: String,
}

fn note(id: u64) -> Note {
    Note { id, n: 1 }
}

const ONCE: Backoff = Backoff::new(Duration::ZERO, Duration::ZERO, 1);

async fn notes() -> (Db, Faults) {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(40));
    let (db, faults) = faults::db_with(|c| c.timeout_config(timeouts.build())).await;
    db.create_table::<Note>().await.unwrap();
    db.create_table::<Member>().await.unwrap();
    note(1).create().send(&db).await.unwrap();
    (db, faults)
}

const WRITES: [&str; 5] = [
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
];
const READS: [&str; 5] = [
    "GetItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "TransactGetItems",
];

/// Sends every kind of write, and returns the errors.
async fn writes(db: &Db) -> Vec<(&'static str, Error)> {
    let mut tx = Transaction::new();
    tx.put(note(4).put());
    let add = || Note::update(1_u64).apply(|n| n.n.add(1));
    let results = [
        ("put", note(2).put().send(db).await.map(drop)),
        (
            "put, old",
            note(2).put().returning_old().send(db).await.map(drop),
        ),
        ("create", note(3).create().send(db).await.map(drop)),
        ("update", add().send(db).await.map(drop)),
        (
            "update, new",
            add().returning_new().send(db).await.map(drop),
        ),
        ("delete", Note::delete(2_u64).send(db).await.map(drop)),
        ("remove", note(2).remove().send(db).await.map(drop)),
        ("transaction", tx.backoff(ONCE).send(db).await.map(drop)),
        (
            "batch",
            BatchWrite::new()
                .put(note(5))
                .backoff(ONCE)
                .send(db)
                .await
                .map(drop),
        ),
    ];
    let failed = results
        .into_iter()
        .map(|(name, r)| (name, r.expect_err(name)));
    failed.collect()
}

/// Sends a write that unique items follow, and returns its error. On conflicts between transactions
/// it waits for long.
async fn unique(db: &Db) -> (&'static str, Error) {
    let member = Member {
        id: "m".into(),
        name: "ada".into(),
    };
    (
        "unique",
        member.create().send(db).await.expect_err("unique"),
    )
}

async fn reads(db: &Db) -> Vec<Error> {
    let results = [
        Note::get(1_u64).send(db).await.map(drop),
        Note::query(1_u64).all(db).await.map(drop),
        Note::scan().count(db).await.map(drop),
        BatchGet::new([Note::key(1_u64)])
            .backoff(ONCE)
            .send(db)
            .await
            .map(drop),
        transact_get((Note::get(1_u64),))
            .backoff(ONCE)
            .send(db)
            .await
            .map(drop),
    ];
    results
        .into_iter()
        .map(|r| r.expect_err("a read"))
        .collect()
}

#[tokio::test]
async fn unknown_outcome_of_a_write_may_have_happened() {
    let (db, faults) = notes().await;
    let cases = [
        (Fault::DropResponse, ErrorKind::Connection),
        (Fault::DropRequest, ErrorKind::Connection),
        (Fault::Hang, ErrorKind::Timeout),
        (
            Fault::DelayResponse(Duration::from_millis(300)),
            ErrorKind::Timeout,
        ),
        (Fault::FailAfter, ErrorKind::Unavailable),
        (
            Fault::Refuse("ServiceUnavailable", 503),
            ErrorKind::Unavailable,
        ),
        (
            Fault::Answer("<html>busy</html>"),
            ErrorKind::InvalidResponse,
        ),
        (
            Fault::Refuse("RequestTimeoutException", 408),
            ErrorKind::Timeout,
        ),
    ];
    for (fault, kind) in cases {
        for operation in WRITES.into_iter().chain(READS) {
            faults.always(operation, fault.clone());
        }
        for (name, e) in writes(&db).await.into_iter().chain([unique(&db).await]) {
            assert_eq!(e.kind(), kind, "{fault:?}, {name}: {e}");
            assert!(e.may_have_happened(), "{fault:?}, {name}: {e}");
            let text = e.to_string();
            assert!(text.contains("may have"), "{fault:?}, {name}: {text}");
            assert!(!text.contains("not done"), "{fault:?}, {name}: {text}");
        }
        for e in reads(&db).await {
            assert_eq!(e.kind(), kind, "{fault:?}: {e}");
            assert!(!e.may_have_happened(), "{fault:?}: {e}");
        }
        faults.clear();
    }
}

#[tokio::test]
async fn refused_write_has_not_happened() {
    let (db, faults) = notes().await;
    for code in [
        "ValidationException",
        "AccessDeniedException",
        "ResourceNotFoundException",
        "ProvisionedThroughputExceededException",
        "TransactionConflictException",
        "ReplicatedWriteConflictException",
    ] {
        for operation in WRITES {
            faults.always(operation, Fault::Refuse(code, 400));
        }
        for (name, e) in writes(&db).await {
            assert!(!e.may_have_happened(), "{code}, {name}: {e}");
            assert!(!e.to_string().contains("may have"), "{code}, {name}: {e}");
        }
    }
    // The transaction with this token is in flight.
    let in_flight = Fault::Refuse("TransactionInProgressException", 400);
    faults.always("TransactWriteItems", in_flight);
    let mut tx = Transaction::new();
    tx.put(note(4).put());
    let e = tx.backoff(ONCE).send(&db).await.unwrap_err();
    assert!(e.may_have_happened() && e.is_retryable(), "{e}");
    faults.clear();
    // Nothing is sent.
    let e = Note::update(1_u64).apply(|n| (n.n.set(1), n.n.add(1)));
    assert!(!e.send(&db).await.unwrap_err().may_have_happened());
    let e = note(1).create().send(&db).await.unwrap_err();
    assert!(e.is_already_exists() && !e.may_have_happened(), "{e}");
}

#[tokio::test]
async fn refusal_after_a_lost_response_may_have_happened() {
    let (db, faults) = notes().await;
    for operation in WRITES {
        faults.always(
            operation,
            Fault::Refuse("ProvisionedThroughputExceededException", 400),
        );
    }
    let lost = || [Fault::DropResponse];
    faults.next("PutItem", lost());
    let e = note(2).put().send(&db).await.unwrap_err();
    assert!(e.is_throttled() && e.may_have_happened(), "{e}");
    faults.next("BatchWriteItem", lost());
    let batch = BatchWrite::new().put(note(3)).backoff(ONCE);
    let e = batch.send(&db).await.unwrap_err();
    assert!(e.is_throttled() && e.may_have_happened(), "{e}");
    assert_eq!((e.unprocessed_count(), e.unconfirmed_count()), (1, 1));
    // Later refusals of the same writes do not settle it.
    faults.next("BatchWriteItem", lost());
    let patient = Backoff::new(Duration::ZERO, Duration::ZERO, 3);
    let batch = BatchWrite::new().put(note(4)).backoff(patient);
    let e = batch.send(&db).await.unwrap_err();
    assert_eq!(e.unconfirmed_count(), 1, "{e}");
}

#[tokio::test]
async fn batch_tells_unconfirmed_writes_from_undone_ones() {
    let (db, faults) = notes().await;
    faults.next("BatchWriteItem", [Fault::Pass]);
    faults.always("BatchWriteItem", Fault::DropResponse);
    let batch = BatchWrite::new().put_all((0..85).map(note));
    let e = batch.concurrency(1).send(&db).await.unwrap_err();
    assert!(e.is_connection() && e.may_have_happened(), "{e}");
    assert_eq!((e.unprocessed_count(), e.unconfirmed_count()), (60, 25));
    let text = e.to_string();
    assert!(
        text.contains("35 writes were not done, and 25 are not confirmed"),
        "{text}"
    );
    faults.clear();
    e.into_unprocessed().unwrap().send(&db).await.unwrap();
    assert_eq!(Note::scan().count(&db).await.unwrap(), 85);

    faults.always("BatchWriteItem", Fault::THROTTLE);
    let batch = BatchWrite::new().put_all((0..30).map(note)).backoff(ONCE);
    let e = batch.send(&db).await.unwrap_err();
    assert_eq!((e.unprocessed_count(), e.unconfirmed_count()), (30, 0));
    assert!(e.to_string().contains("30 writes were not done"), "{e}");
    assert!(!e.may_have_happened(), "{e}");

    faults.clear();
    faults.always("BatchWriteItem", Fault::DropResponse);
    let notes = stream::iter((0..10).map(note));
    let e = BulkWriter::new().load(&db, notes).await.unwrap_err();
    assert!(e.may_have_happened(), "{e}");
    assert_eq!(e.unconfirmed_count(), 10);
    assert!(e.to_string().contains("not confirmed"), "{e}");
}

#[tokio::test]
async fn unreachable_endpoint_leaves_nothing_open() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    // No server listens; and no such host exists.
    for host in [address.to_string(), "no-such-host.invalid:1".to_owned()] {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = dynamodel_tests::config().await.http_client(http);
        let config = config
            .endpoint_url(format!("http://{host}"))
            .retry_partition(RetryPartition::new(dynamodel_tests::prefix()))
            .retry_config(retries.clone());
        let db = dynamodel_tests::connect(aws_sdk_dynamodb::Client::from_conf(config.build()));
        for (name, e) in writes(&db).await.into_iter().chain([unique(&db).await]) {
            assert_eq!(e.kind(), ErrorKind::Connection, "{name}: {e}");
            assert!(!e.may_have_happened(), "{name}: {e}");
        }
        let e = db.create_table::<Note>().await.unwrap_err();
        assert!(e.is_connection() && !e.may_have_happened(), "{e}");
    }
}
