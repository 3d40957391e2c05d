//! Optimistic locking, and ambiguous results after lost responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use dynamodel::{Backoff, Db, Entity, Error, ErrorKind, WriteToken};
use dynamodel_tests::db;
use dynamodel_tests::faults::{self, Fault};

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "counters")]
struct Counter {
    #[dynamo(partition)]
    id: String,
    n: u64,
    #[dynamo(version)]
    version: u64,
}

/// Same as [`Counter`], with a token that identifies the last write.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "tokened")]
struct Tokened {
    #[dynamo(partition)]
    id: String,
    n: u64,
    #[dynamo(version)]
    version: u64,
    #[dynamo(write_token)]
    token: WriteToken,
}

/// A lock: the task that creates the item holds it.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "locks")]
struct Lease {
    #[dynamo(partition)]
    id: String,
    holder: String,
    #[dynamo(write_token)]
    token: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "small")]
struct Small {
    #[dynamo(partition)]
    id: String,
    #[dynamo(version)]
    version: u16,
}

fn counter(n: u64, version: u64) -> Counter {
    Counter {
        id: "c".into(),
        n,
        version,
    }
}

fn tokened(n: u64, version: u64) -> Tokened {
    Tokened {
        id: "c".into(),
        n,
        version,
        token: WriteToken::default(),
    }
}

async fn counters() -> Db {
    let db = db().await;
    db.create_table::<Counter>().await.unwrap();
    db
}

fn check_conflict(result: Result<impl Sized, Error>, current: Option<Counter>) -> Error {
    let e = result.err().expect("a conflict");
    assert!(e.is_conflict() && e.is_condition_failed(), "{e}");
    assert!(!e.is_ambiguous() && !e.is_not_found());
    assert_eq!(e.current::<Counter>(), current);
    e
}

#[tokio::test]
async fn put_at_zero_creates() {
    let db = counters().await;
    let first = counter(1, 0).put().send(&db).await.unwrap();
    assert_eq!(first, counter(1, 1));
    let e = check_conflict(counter(2, 0).put().send(&db).await, Some(first.clone()));
    assert!(
        e.to_string()
            .starts_with("PutItem Counter: conflict: the item exists already")
    );
    check_conflict(counter(2, 0).create().send(&db).await, Some(first.clone()));
    // `create` always means a new item, whatever the version of the value.
    check_conflict(counter(2, 1).create().send(&db).await, Some(first));
    let mut other = counter(2, 9);
    other.id = "other".into();
    assert_eq!(other.create().send(&db).await.unwrap().version, 1);
}

#[tokio::test]
async fn put_checks_and_raises_version() {
    let db = counters().await;
    let first = counter(1, 0).create().send(&db).await.unwrap();
    let second = counter(2, 1).put().send(&db).await.unwrap();
    assert_eq!(second.version, 2);
    check_conflict(first.clone().put().send(&db).await, Some(second.clone()));
    check_conflict(
        first.clone().replace().send(&db).await,
        Some(second.clone()),
    );
    check_conflict(first.remove().send(&db).await, Some(second.clone()));
    let third = second.replace().send(&db).await.unwrap();
    assert_eq!(third.version, 3);
    third.clone().remove().send(&db).await.unwrap();
    let gone = check_conflict(third.clone().put().send(&db).await, None);
    assert!(
        gone.to_string()
            .contains("the item at the expected version is gone")
    );
    check_conflict(third.clone().remove().send(&db).await, None);
    let e = third.replace().send(&db).await.unwrap_err();
    assert!(!e.is_conflict() && e.is_not_found());
    assert_eq!(raw::count::<Counter>(&db).await, 0);
}

#[tokio::test]
async fn failed_condition_at_current_version_is_no_conflict() {
    let db = counters().await;
    let first = counter(1, 0).create().send(&db).await.unwrap();
    let e = first.clone().put().when(|c| c.n.gt(1)).send(&db).await;
    let e = e.unwrap_err();
    assert!(e.is_condition_failed() && !e.is_conflict());
    assert_eq!(e.current(), Some(first.clone()));
    let e = counter(1, 7).put().when(|c| c.n.gt(1)).send(&db).await;
    check_conflict(e, Some(first.clone()));
    let e = first.clone().remove().when(|c| c.n.gt(1)).send(&db).await;
    assert!(!e.unwrap_err().is_conflict());
    let e = Counter::update("c")
        .apply(|c| c.n.add(1))
        .when(|c| c.n.gt(1));
    let e = e.at_version(1).send(&db).await.unwrap_err();
    assert!(e.is_condition_failed() && !e.is_conflict());
    assert_eq!(e.current(), Some(first));
}

#[tokio::test]
async fn updates_and_deletes_by_key_check_given_version() {
    let db = counters().await;
    let add = || Counter::update("c").apply(|c| c.n.add(5));
    let e = add().at_version(1).send(&db).await.unwrap_err();
    assert!(e.is_not_found() && !e.is_conflict(), "{e}");
    let create = add().at_version(1).or_create(counter(0, 0));
    let created = create.clone().returning_new().send(&db).await.unwrap();
    // The version is demanded of an item that exists.
    let mut other = create.clone();
    other = other.at_version(7);
    check_conflict(other.send(&db).await, Some(created.clone()));
    assert_eq!(created, counter(5, 1));
    let second = add().at_version(1).returning_new().send(&db).await;
    let second = second.unwrap();
    assert_eq!(second, counter(10, 2));
    check_conflict(add().at_version(1).send(&db).await, Some(second.clone()));
    check_conflict(
        Counter::delete("c").at_version(1).send(&db).await,
        Some(second),
    );
    Counter::delete("c").at_version(2).send(&db).await.unwrap();
    check_conflict(Counter::delete("c").at_version(2).send(&db).await, None);
}

#[tokio::test]
async fn put_over_item_without_version_is_a_conflict() {
    let db = counters().await;
    raw::put::<Counter>(&db, r#"{"id":{"S":"c"},"n":{"N":"1"}}"#).await;
    let e = counter(2, 1).put().send(&db).await.unwrap_err();
    assert!(e.is_conflict());
    assert_eq!(e.current(), Some(counter(1, 0)));
    let e = counter(2, 0).put().send(&db).await.unwrap_err();
    assert_eq!(e.kind(), ErrorKind::AlreadyExists);
    assert!(!e.to_string().contains("somebody else"), "{e}");
    assert!(e.to_string().contains("`replace`"), "{e}");
    assert_eq!(e.attribute_path().as_deref(), Some("version"));
}

#[tokio::test]
async fn version_at_maximum_is_an_error() {
    let db = db().await;
    db.create_table::<Small>().await.unwrap();
    let small = |version| Small {
        id: "s".into(),
        version,
    };
    raw::put::<Small>(&db, r#"{"id":{"S":"s"},"version":{"N":"65534"}}"#).await;
    let last = small(65_534).put().send(&db).await.unwrap();
    assert_eq!(last.version, u16::MAX);
    let e = last.put().send(&db).await.unwrap_err();
    assert!(e.is_invalid_value() && !e.is_conflict(), "{e}");
    assert_eq!(e.attribute_path().as_deref(), Some("version"));
    assert_eq!(e.attempts(), 0);
}

#[tokio::test]
async fn modify_reads_changes_and_writes() {
    let db = counters().await;
    counter(1, 0).create().send(&db).await.unwrap();
    let c = Counter::get("c").modify(&db, |c| {
        c.n += 1;
        Ok(())
    });
    assert_eq!(c.await.unwrap(), counter(2, 2));

    let e = Counter::get("missing").modify(&db, |_| Ok(())).await;
    let e = e.unwrap_err();
    assert!(e.is_not_found() && !e.is_conflict());
    assert_eq!(e.entity(), Some("Counter"));

    let mut calls = 0;
    let e = Counter::get("c").modify(&db, |c| {
        c.n = 99;
        calls += 1;
        Err(Error::other("no money left"))
    });
    assert_eq!(e.await.unwrap_err().to_string(), "no money left");
    assert_eq!(calls, 1);
    let read = Counter::get("c").consistent().send(&db).await.unwrap();
    assert_eq!(read, Some(counter(2, 2)));
}

#[tokio::test]
async fn modify_keeps_key_and_version() {
    let db = counters().await;
    counter(1, 0).create().send(&db).await.unwrap();
    let mut other = counter(5, 0);
    other.id = "other".into();
    let other = other.create().send(&db).await.unwrap();
    let e = Counter::get("c").modify(&db, |c| {
        c.id = "other".into();
        Ok(())
    });
    let e = e.await.unwrap_err();
    assert!(e.is_invalid_request(), "{e}");
    let read = Counter::get("other").send(&db).await.unwrap();
    assert_eq!(read, Some(other));
    let c = Counter::get("c").modify(&db, |c| {
        c.version = 40;
        c.n += 1;
        Ok(())
    });
    assert_eq!(c.await.unwrap().version, 2);
}

#[tokio::test]
async fn modify_starts_again_after_conflict() {
    let (db, faults) = faults::db().await;
    db.create_table::<Counter>().await.unwrap();
    counter(1, 0).create().send(&db).await.unwrap();
    let mut seen = Vec::new();
    let c = Counter::get("c").modify(&db, |c| {
        seen.push(c.version);
        if seen.len() < 4 {
            // Another writer changes the item first.
            let (db, next) = (db.clone(), c.clone());
            let other = async move { next.put().send(&db).await };
            std::thread::scope(|s| {
                let run = || tokio::runtime::Runtime::new().unwrap().block_on(other);
                s.spawn(run).join().unwrap().unwrap();
            });
        }
        c.n += 10;
        Ok(())
    });
    assert_eq!(c.await.unwrap(), counter(11, 5));
    assert_eq!(seen, [1, 2, 3, 4]);
    assert!(
        faults
            .sent("GetItem")
            .iter()
            .all(|s| s.body.contains("ConsistentRead"))
    );
}

#[tokio::test]
async fn modify_gives_up_after_attempts_of_its_backoff() {
    let (db, faults) = faults::db().await;
    db.create_table::<Counter>().await.unwrap();
    counter(1, 0).create().send(&db).await.unwrap();
    for write in ["PutItem", "UpdateItem"] {
        let refusal = Fault::Refuse("ConditionalCheckFailedException", 400);
        faults.always(write, refusal);
    }
    let backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(2), 3);
    let modify = Counter::get("c").modify_with(&db, backoff, |c| {
        c.n += 1;
        Ok(())
    });
    let e = modify.await.unwrap_err();
    assert!(e.is_conflict() && e.is_condition_failed(), "{e}");
    assert!(e.to_string().contains("gave up after 3 conflicts"), "{e}");
    assert_eq!(faults.sent("GetItem").len(), 3);
    assert_eq!(e.request_id(), Some(faults::REQUEST_ID));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_modify_calls_lose_no_change() {
    const TASKS: u64 = 64;
    let db = counters().await;
    counter(0, 0).create().send(&db).await.unwrap();
    let closures = Arc::new(AtomicU32::new(0));
    let backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(200), 1_000);
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (db, closures) = (db.clone(), closures.clone());
            tokio::spawn(async move {
                let modify = Counter::get("c").modify_with(&db, backoff, |c| {
                    closures.fetch_add(1, Ordering::Relaxed);
                    c.n += 1;
                    Ok(())
                });
                modify.await.map(|c| c.n)
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap().unwrap());
    }
    results.sort_unstable();
    // Each call saw a state of its own: no increment was lost or done twice.
    assert_eq!(results, (1..=TASKS).collect::<Vec<_>>());
    let last = Counter::get("c").consistent().send(&db).await.unwrap();
    assert_eq!(last, Some(counter(TASKS, TASKS + 1)));
    assert!(u64::from(closures.load(Ordering::Relaxed)) >= TASKS);
}

/// Faults after which the write of the first attempt is done, and faults after which it is not.
const WRITTEN: [Fault; 3] = [Fault::DropResponse, Fault::FailAfter, Fault::CutBody];
const NOT_WRITTEN: [Fault; 2] = [Fault::DropRequest, Fault::SERVICE_FAULT];

#[tokio::test]
async fn lost_response_makes_conflict_ambiguous() {
    for fault in WRITTEN {
        let (db, faults) = faults::db().await;
        db.create_table::<Counter>().await.unwrap();
        // An empty response body has no half, so it arrives whole.
        let is_whole = fault == Fault::CutBody;
        faults.next("PutItem", [fault.clone()]);
        let created = counter(1, 0).create().send(&db).await;
        assert_eq!(faults.sent("PutItem").len(), 2, "{fault:?}");
        let e = created.unwrap_err();
        assert!(
            e.is_conflict() && e.is_ambiguous(),
            "{fault:?} {is_whole}: {e}"
        );
        assert_eq!(e.current(), Some(counter(1, 1)));
        assert_eq!(e.attempts(), 2);
        assert!(
            e.to_string()
                .contains("an earlier attempt of this call may have written it")
        );

        faults.next("PutItem", [fault.clone()]);
        let e = counter(2, 1).put().send(&db).await.unwrap_err();
        assert!(e.is_conflict() && e.is_ambiguous(), "{fault:?}: {e}");
        assert_eq!(e.current(), Some(counter(2, 2)));

        faults.next("UpdateItem", [fault.clone()]);
        let e = Counter::update("c").apply(|c| c.n.add(1)).at_version(2);
        let e = e.send(&db).await.unwrap_err();
        assert!(e.is_conflict() && e.is_ambiguous(), "{fault:?}: {e}");

        faults.next("DeleteItem", [fault.clone()]);
        let e = counter(3, 3).remove().send(&db).await.unwrap_err();
        assert!(e.is_conflict() && e.is_ambiguous(), "{fault:?}: {e}");
        assert!(e.current::<Counter>().is_none());
    }
}

#[tokio::test]
async fn attempt_without_effect_is_repeated() {
    for fault in NOT_WRITTEN {
        let (db, faults) = faults::db().await;
        db.create_table::<Counter>().await.unwrap();
        faults.next("PutItem", [fault.clone()]);
        let created = counter(1, 0).create().send(&db).await.unwrap();
        assert_eq!(created.version, 1);
        let sent = faults.sent("PutItem");
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].body, sent[1].body);
    }
}

#[tokio::test]
async fn conflict_after_throttled_attempt_is_not_ambiguous() {
    let (db, faults) = faults::db().await;
    db.create_table::<Counter>().await.unwrap();
    let first = counter(1, 0).create().send(&db).await.unwrap();
    faults.next("PutItem", [Fault::THROTTLE]);
    let e = counter(2, 0).create().send(&db).await;
    let e = e.unwrap_err();
    assert!(e.is_conflict() && !e.is_ambiguous());
    assert_eq!((e.attempts(), e.current()), (2, Some(first)));
}

#[tokio::test]
async fn token_identifies_own_write_after_lost_response() {
    for fault in WRITTEN {
        let (db, faults) = faults::db().await;
        db.create_table::<Tokened>().await.unwrap();
        faults.next("PutItem", [fault.clone()]);
        let created = tokened(1, 0).create().send(&db).await.unwrap();
        assert_eq!((created.n, created.version), (1, 1));
        assert_eq!(faults.sent("PutItem").len(), 2, "{fault:?}");
        let read = Tokened::get("c").consistent().send(&db).await.unwrap();
        assert_eq!(read.as_ref(), Some(&created));

        faults.next("PutItem", [fault.clone()]);
        let replaced = created.replace().send(&db).await.unwrap();
        assert_eq!(replaced.version, 2);

        // An update is applied once, even if it adds.
        faults.next("UpdateItem", [fault.clone()]);
        let add = || Tokened::update("c").apply(|c| c.n.add(1));
        add().send(&db).await.unwrap();
        faults.next("UpdateItem", [fault.clone()]);
        let new = add().returning_new().send(&db).await.unwrap();
        assert_eq!((new.n, new.version), (3, 4), "{fault:?}");

        // The stored token does not reveal the old item, which the lost response contained.
        faults.next("UpdateItem", [fault.clone()]);
        let e = add().returning_old().send(&db).await.unwrap_err();
        assert!(e.is_ambiguous(), "{fault:?}: {e}");
        let read = Tokened::get("c").consistent().send(&db).await.unwrap();
        assert_eq!(read.map(|c| c.n), Some(4));

        // A deleted item has no token.
        faults.next("DeleteItem", [fault.clone()]);
        let e = tokened(4, 5).remove().send(&db).await.unwrap_err();
        assert!(e.is_conflict() && e.is_ambiguous(), "{fault:?}: {e}");
    }
}

#[tokio::test]
async fn token_identifies_write_of_other_caller() {
    let (db, faults) = faults::db().await;
    db.create_table::<Tokened>().await.unwrap();
    let first = tokened(1, 0).create().send(&db).await.unwrap();
    for fault in NOT_WRITTEN {
        faults.next("PutItem", [fault.clone()]);
        let e = tokened(1, 0).create().send(&db).await.unwrap_err();
        assert!(e.is_conflict() && !e.is_ambiguous(), "{fault:?}: {e}");
        assert_eq!(e.current().as_ref(), Some(&first));
    }
    // The item is two versions ahead, and one of the two writes may be this call's.
    let second = first.clone().put().send(&db).await.unwrap();
    second.put().send(&db).await.unwrap();
    faults.next("PutItem", [Fault::DropRequest]);
    let e = first.clone().put().send(&db).await.unwrap_err();
    assert!(e.is_conflict() && e.is_ambiguous(), "{e}");
    let e = first.put().send(&db).await.unwrap_err();
    assert!(e.is_conflict() && !e.is_ambiguous(), "{e}");
}

#[tokio::test]
async fn second_create_of_one_lock_fails_unambiguously() {
    let (db, faults) = faults::db().await;
    db.create_table::<Lease>().await.unwrap();
    let lease = |holder: &str| Lease {
        id: "l".into(),
        holder: holder.into(),
        token: None,
    };
    faults.next("PutItem", [Fault::DropResponse]);
    let mine = lease("same").create().send(&db).await.unwrap();
    assert!(mine.token.is_some());
    // The content is equal, but the token differs.
    faults.next("PutItem", [Fault::DropRequest]);
    let e = lease("same").create().send(&db).await.unwrap_err();
    assert!(e.is_condition_failed() && !e.is_ambiguous());
    assert_eq!(e.current(), Some(mine));
}

#[tokio::test]
async fn each_call_writes_fresh_token() {
    let (db, faults) = faults::db().await;
    db.create_table::<Lease>().await.unwrap();
    let put = || Lease {
        id: "l".into(),
        holder: "h".into(),
        token: Some("theirs".into()),
    };
    let a = put().put().send(&db).await.unwrap();
    let b = put().put().send(&db).await.unwrap();
    assert_ne!(a.token, b.token);
    assert_eq!(a.token.unwrap().len(), 32);
    faults.forget();
    faults.next("PutItem", [Fault::SERVICE_FAULT]);
    put().put().send(&db).await.unwrap();
    let sent = faults.sent("PutItem");
    assert_eq!((sent.len(), &sent[0].body), (2, &sent[1].body));
}

#[tokio::test]
async fn modify_after_lost_response_counts_once_or_is_ambiguous() {
    let (db, faults) = faults::db().await;
    db.create_table::<Tokened>().await.unwrap();
    db.create_table::<Counter>().await.unwrap();
    tokened(0, 0).create().send(&db).await.unwrap();
    counter(0, 0).create().send(&db).await.unwrap();
    for n in 1..=5 {
        faults.clear();
        faults.next("PutItem", [Fault::DropResponse]);
        faults.next("UpdateItem", [Fault::DropResponse]);
        let modified = Tokened::get("c").modify(&db, |c| {
            c.n += 1;
            Ok(())
        });
        assert_eq!(modified.await.unwrap().n, n);
    }
    // Without a token the outcome is unknown, and a second try might count twice.
    faults.next("PutItem", [Fault::DropResponse]);
    faults.next("UpdateItem", [Fault::DropResponse]);
    let e = Counter::get("c").modify(&db, |c| {
        c.n += 1;
        Ok(())
    });
    assert!(e.await.unwrap_err().is_ambiguous());
    let read = Counter::get("c").consistent().send(&db).await.unwrap();
    assert_eq!(read.map(|c| c.n), Some(1));
}
