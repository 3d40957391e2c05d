//! The kind of an error depends on the event alone: not on the operation, nor on being alone, in a
//! transaction or in a batch, nor on a version.

use dynamodel::{BatchGet, BatchWrite, Db, Entity, Error, ErrorKind, Transaction};
use dynamodel_tests::db;
use dynamodel_tests::faults::{self, Fault};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "plain")]
struct Plain {
    #[dynamo(partition)]
    id: String,
    n: u32,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "locked")]
struct Locked {
    #[dynamo(partition)]
    id: String,
    n: u32,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "named")]
struct Named {
    #[dynamo(partition)]
    id: String,
    n: u32,
    #[dynamo(unique)]
    name: String,
    #[dynamo(version)]
    version: u64,
}

fn plain(id: &str) -> Plain {
    Plain {
        id: id.into(),
        n: 1,
    }
}

fn locked(id: &str, version: u64) -> Locked {
    Locked {
        id: id.into(),
        n: 1,
        version,
    }
}

fn named(id: &str, version: u64) -> Named {
    Named {
        id: id.into(),
        n: 1,
        name: format!("name of {id}"),
        version,
    }
}

/// Items `there` at version 2, and no others.
async fn items() -> Db {
    let db = db().await;
    db.create_table::<Plain>().await.unwrap();
    db.create_table::<Locked>().await.unwrap();
    db.create_table::<Named>().await.unwrap();
    plain("there").create().send(&db).await.unwrap();
    let locked = locked("there", 0).create().send(&db).await.unwrap();
    locked.put().send(&db).await.unwrap();
    let named = named("there", 0).create().send(&db).await.unwrap();
    named.put().send(&db).await.unwrap();
    db
}

/// Checks that every predicate agrees with the kind.
fn check(event: &str, e: &Error, kind: ErrorKind) {
    use ErrorKind as K;
    assert_eq!(e.kind(), kind, "{event}: {e}");
    let predicates: [(&str, bool, &[ErrorKind]); 22] = [
        (
            "condition",
            e.is_condition_failed(),
            &[
                K::NotFound,
                K::AlreadyExists,
                K::VersionConflict,
                K::ConditionFailed,
            ],
        ),
        (
            "conflict",
            e.is_conflict(),
            &[K::VersionConflict, K::AlreadyExists],
        ),
        ("exists", e.is_already_exists(), &[K::AlreadyExists]),
        ("not found", e.is_not_found(), &[K::NotFound]),
        ("unique", e.is_unique_violation(), &[K::UniqueViolation]),
        (
            "transaction conflict",
            e.is_transaction_conflict(),
            &[K::TransactionConflict],
        ),
        ("table", e.is_table_not_found(), &[K::TableNotFound]),
        ("throttled", e.is_throttled(), &[K::Throttled]),
        ("timeout", e.is_timeout(), &[K::Timeout]),
        ("connection", e.is_connection(), &[K::Connection]),
        ("credentials", e.is_credentials_error(), &[K::Credentials]),
        (
            "configuration",
            e.is_configuration_error(),
            &[K::Configuration],
        ),
        ("access", e.is_access_denied(), &[K::AccessDenied]),
        ("key", e.is_invalid_key(), &[K::InvalidKey]),
        ("limit", e.is_limit_exceeded(), &[K::LimitExceeded]),
        ("request", e.is_invalid_request(), &[K::InvalidRequest]),
        (
            "value",
            e.is_invalid_value(),
            &[K::InvalidValue, K::InvalidKey],
        ),
        ("unreadable", e.is_unreadable(), &[K::Unreadable]),
        ("cursor", e.is_invalid_cursor(), &[K::InvalidCursor]),
        ("mismatch", e.is_table_mismatch(), &[K::TableMismatch]),
        ("fault", e.is_service_fault(), &[K::Unavailable]),
        ("response", e.is_invalid_response(), &[K::InvalidResponse]),
    ];
    for (name, holds, kinds) in predicates {
        assert_eq!(holds, kinds.contains(&kind), "{event}: {name}: {e}");
    }
    assert_eq!(e.is_retryable(), kind.is_retryable(), "{event}: {e}");
    assert!((400..600).contains(&kind.http_status()), "{kind:?}");
}

/// Sends each operation alone and in a transaction, and checks that both fail with this kind.
macro_rules! each {
    ($db:expr, $kind:expr; $($add:ident $operation:expr;)+) => {$({
        let event = stringify!($operation);
        check(event, &$operation.send($db).await.err().expect(event), $kind);
        each!($db, $kind, in $add $operation);
    })+};
    ($db:expr, $kind:expr, in $add:ident $operation:expr) => {{
        let event = stringify!($operation);
        let mut tx = Transaction::new();
        let handle = tx.$add($operation);
        let e = tx.send($db).await.expect_err(event);
        check(event, &e, $kind);
        assert!(e.is_transaction_canceled(), "{event}: {e}");
        assert_eq!(e.reason(handle).map(|r| r.kind()), Some($kind), "{event}: {e}");
    }};
}

#[tokio::test]
async fn missing_item_is_not_found_whatever_the_operation() {
    let db = &items().await;
    let kind = ErrorKind::NotFound;
    each! { db, kind;
        put plain("none").replace();
        put locked("none", 0).replace();
        put locked("none", 3).replace();
        put locked("none", 3).replace().unversioned();
        put named("none", 3).replace();
        put plain("none").replace().when(|p| p.n.eq(1));
        update Plain::update("none").apply(|p| p.n.add(1)).must_exist();
        update Locked::update("none").apply(|l| l.n.add(1)).must_exist();
        update Locked::update("none").apply(|l| l.n.add(1)).must_exist().at_version(3);
        update Named::update("none").apply(|n| n.n.add(1)).must_exist();
        delete Plain::delete("none").must_exist();
        delete Locked::delete("none").must_exist();
        delete Named::delete("none").must_exist();
    }
    each!(db, kind, in check Plain::check("none"));
    each!(db, kind, in check Locked::check("none"));
    let modify = Locked::get("none").modify(db, |_| Ok(()));
    check("modify", &modify.await.unwrap_err(), kind);
}

#[tokio::test]
async fn existing_item_already_exists_whatever_the_operation() {
    let db = &items().await;
    let kind = ErrorKind::AlreadyExists;
    each! { db, kind;
        put plain("there").create();
        put plain("there").create().when(|p| p.n.eq(9));
        put locked("there", 0).create();
        put locked("there", 2).create();
        put locked("there", 0).put();
        put locked("there", 0).create().unversioned();
        put named("there", 0).create();
        put named("there", 0).put();
    }
}

#[tokio::test]
async fn other_version_is_a_version_conflict_whatever_the_operation() {
    let db = &items().await;
    let kind = ErrorKind::VersionConflict;
    each! { db, kind;
        put locked("there", 1).put();
        put locked("there", 1).put().when(|l| l.n.eq(9));
        put locked("there", 1).replace();
        put named("there", 1).put();
        put named("there", 1).replace();
        delete locked("there", 1).remove();
        delete named("there", 1).remove();
        delete Locked::delete("there").at_version(1);
        update Locked::update("there").apply(|l| l.n.add(1)).at_version(1);
        update Named::update("there").apply(|n| n.n.add(1)).at_version(1);
        // The item at the version is gone.
        put locked("none", 3).put();
        delete locked("none", 3).remove();
        delete Locked::delete("none").at_version(3);
    }
    each!(db, kind, in check Locked::check("there").at_version(1));
}

#[tokio::test]
async fn false_condition_is_a_failed_condition_whatever_the_operation() {
    let db = &items().await;
    let kind = ErrorKind::ConditionFailed;
    each! { db, kind;
        put plain("there").put().when(|p| p.n.eq(9));
        put plain("none").put().when(|p| p.n.eq(9));
        put plain("there").replace().when(|p| p.n.eq(9));
        put locked("there", 2).put().when(|l| l.n.eq(9));
        put locked("there", 2).replace().when(|l| l.n.eq(9));
        put locked("there", 7).put().unversioned().when(|l| l.n.eq(9));
        put named("there", 2).put().when(|n| n.n.eq(9));
        delete locked("there", 2).remove().when(|l| l.n.eq(9));
        delete Plain::delete("there").when(|p| p.n.eq(9));
        delete Locked::delete("there").when(|l| l.n.eq(9));
        delete Locked::delete("there").at_version(2).when(|l| l.n.eq(9));
        update Plain::update("there").apply(|p| p.n.add(1)).when(|p| p.n.eq(9));
        update Locked::update("there").apply(|l| l.n.add(1)).when(|l| l.n.eq(9));
        update Locked::update("there").apply(|l| l.n.add(1)).when(|l| l.n.eq(9)).at_version(2);
        update Named::update("there").apply(|n| n.n.add(1)).when(|n| n.n.eq(9));
    }
    each!(db, kind, in check Plain::check("there").when(|p| p.n.eq(9)));
    each!(db, kind, in check Locked::check("there").when(|l| l.n.eq(9)));
}

#[tokio::test]
async fn value_of_another_item_is_a_unique_violation_whatever_the_operation() {
    let db = &items().await;
    named("other", 0).create().send(db).await.unwrap();
    let taken = |version| Named {
        name: "name of there".into(),
        ..named("other", version)
    };
    let new = || Named {
        id: "new".into(),
        ..taken(0)
    };
    each! { db, ErrorKind::UniqueViolation;
        put new().create();
        put new().put();
        put taken(1).put();
        put taken(1).replace();
        put taken(5).put().unversioned();
        update Named::update("other").apply(|n| n.name.set("name of there"));
    }
}

#[tokio::test]
async fn first_final_cause_is_the_kind_of_a_transaction() {
    let db = items().await;
    let mut tx = Transaction::new();
    tx.put(plain("new").create());
    let conflict = tx.put(locked("there", 1).put());
    let exists = tx.put(plain("there").create());
    let e = tx.send(&db).await.unwrap_err();
    check("two causes", &e, ErrorKind::VersionConflict);
    assert_eq!(
        e.reason(conflict).unwrap().kind(),
        ErrorKind::VersionConflict
    );
    assert_eq!(e.reason(exists).unwrap().kind(), ErrorKind::AlreadyExists);

    let (db, faults) = faults::db_of_bytes().await;
    let canceled = |reasons: &str| {
        let body = format!(
            r#"{{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",{reasons}}}"#
        );
        Fault::Error(400, body)
    };
    let cases = [
        (
            r#""CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"ConditionalCheckFailed"}]"#,
            ErrorKind::ConditionFailed,
        ),
        (
            r#""CancellationReasons":[{"Code":"None"},{"Code":"ItemCollectionSizeLimitExceeded"}]"#,
            ErrorKind::ItemCollectionSizeLimit,
        ),
        (
            r#""CancellationReasons":[{"Code":"ValidationError"},{"Code":"None"}]"#,
            ErrorKind::InvalidRequest,
        ),
        // Some endpoints list the reasons in the text alone.
        (
            r#""Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]""#,
            ErrorKind::ConditionFailed,
        ),
        (r#""Message":"canceled""#, ErrorKind::TransactionCanceled),
    ];
    for (reasons, kind) in cases {
        faults.next("TransactWriteItems", [canceled(reasons)]);
        let mut tx = Transaction::new();
        tx.put(plain("a").put());
        tx.put(plain("b").put().when(|p| p.n.eq(1)));
        check(reasons, &tx.send(&db).await.unwrap_err(), kind);
    }
}

#[tokio::test]
async fn documented_exceptions_have_the_same_kind_everywhere() {
    use ErrorKind as K;
    let cases = [
        ("AccessDeniedException", 400, K::AccessDenied),
        ("ExpiredTokenException", 400, K::AccessDenied),
        ("IncompleteSignature", 400, K::AccessDenied),
        ("InvalidSignatureException", 400, K::AccessDenied),
        ("MissingAuthenticationToken", 403, K::AccessDenied),
        ("NotAuthorized", 400, K::AccessDenied),
        ("OptInRequired", 403, K::AccessDenied),
        ("RequestExpired", 400, K::AccessDenied),
        ("UnrecognizedClientException", 400, K::AccessDenied),
        ("ConditionalCheckFailedException", 400, K::ConditionFailed),
        ("DuplicateItemException", 400, K::AlreadyExists),
        (
            "IdempotentParameterMismatchException",
            400,
            K::IdempotencyMismatch,
        ),
        ("InternalFailure", 500, K::Unavailable),
        ("InternalServerError", 500, K::Unavailable),
        ("ServiceUnavailable", 503, K::Unavailable),
        ("InvalidEndpointException", 421, K::Configuration),
        (
            "ItemCollectionSizeLimitExceededException",
            400,
            K::ItemCollectionSizeLimit,
        ),
        ("LimitExceededException", 400, K::Throttled),
        ("ProvisionedThroughputExceededException", 400, K::Throttled),
        ("RequestLimitExceeded", 400, K::Throttled),
        ("ThrottlingException", 400, K::Throttled),
        (
            "ReplicatedWriteConflictException",
            400,
            K::ReplicatedWriteConflict,
        ),
        ("ResourceInUseException", 400, K::ResourceInUse),
        ("TableInUseException", 400, K::ResourceInUse),
        ("ResourceNotFoundException", 400, K::TableNotFound),
        ("TableNotFoundException", 400, K::TableNotFound),
        ("IndexNotFoundException", 400, K::TableNotFound),
        ("TransactionConflictException", 400, K::TransactionConflict),
        (
            "TransactionInProgressException",
            400,
            K::TransactionInProgress,
        ),
        ("ValidationException", 400, K::InvalidRequest),
        ("SerializationException", 400, K::InvalidRequest),
        ("RequestEntityTooLargeException", 413, K::LimitExceeded),
        ("RequestTimeoutException", 408, K::Timeout),
        ("UnknownOperationException", 400, K::Configuration),
        ("SomethingNewException", 400, K::Refused),
        ("SomethingNewException", 503, K::Unavailable),
        ("SomethingNewException", 429, K::Throttled),
    ];
    let (db, faults) = faults::db().await;
    let none = dynamodel::Backoff::new(std::time::Duration::ZERO, std::time::Duration::ZERO, 1);
    for (code, status, kind) in cases {
        for operation in [
            "PutItem",
            "GetItem",
            "UpdateItem",
            "DeleteItem",
            "Query",
            "Scan",
            "BatchGetItem",
            "BatchWriteItem",
            "TransactWriteItems",
            "TransactGetItems",
            "DescribeTable",
        ] {
            faults.always(operation, Fault::Refuse(code, status));
        }
        let mut tx = Transaction::new();
        tx.put(locked("a", 0).create());
        // An update that creates a missing item demands nothing that the exception could stand for.
        let update = Locked::update("a").apply(|l| l.n.add(1));
        let update = update.or_create(locked("a", 0));
        let batch = BatchWrite::new().put(plain("a")).backoff(none);
        let errors = [
            plain("a").put().send(&db).await.map(drop),
            Plain::get("a").send(&db).await.map(drop),
            update.send(&db).await.map(drop),
            Plain::delete("a").send(&db).await.map(drop),
            Plain::query("a").all(&db).await.map(drop),
            Plain::scan().count(&db).await.map(drop),
            BatchGet::new([Plain::key("a")])
                .backoff(none)
                .send(&db)
                .await
                .map(drop),
            batch.send(&db).await.map(drop),
            tx.backoff(none).send(&db).await.map(drop),
            dynamodel::transact_get((Plain::get("a"),))
                .backoff(none)
                .send(&db)
                .await
                .map(drop),
            db.describe_table::<Plain>().await.map(drop),
        ];
        for result in errors {
            let e = result.expect_err(code);
            check(code, &e, kind);
            assert_eq!(e.code(), Some(code));
        }
    }
}

#[tokio::test]
async fn throttling_tells_its_reasons() {
    let (db, faults) = faults::db().await;
    for (code, member) in [
        ("ThrottlingException", "throttlingReasons"),
        (
            "ProvisionedThroughputExceededException",
            "ThrottlingReasons",
        ),
        ("RequestLimitExceeded", "ThrottlingReasons"),
    ] {
        let body = format!(
            r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"slow down","{member}":[
                {{"reason":"TableWriteKeyRangeThroughputExceeded","resource":"arn:aws:dynamodb:eu-central-1:1:table/plain"}},
                {{"reason":"a value: 17","resource":null}}]}}"#
        );
        faults.always("PutItem", Fault::Error(400, body));
        let e = plain("a").put().send(&db).await.unwrap_err();
        check(code, &e, ErrorKind::Throttled);
        let reasons: Vec<_> = e.throttling_reasons().collect();
        assert_eq!(reasons, ["TableWriteKeyRangeThroughputExceeded"], "{e}");
        assert!(e.to_string().contains("KeyRange"), "{e}");
        assert!(!format!("{e} {e:?}").contains("17"), "{e}");
    }
}
