//! Futures that are dropped midway, and databases that are shared between tasks and threads.

use std::time::Duration;

use dynamodel::{Db, Entity};
use dynamodel_tests::db;
use dynamodel_tests::faults::{self, Fault};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::raw;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "pairs")]
struct Pair {
    #[dynamo(partition)]
    id: String,
    /// Always equal to `right`, so that an item written in part is detected.
    left: u64,
    right: u64,
    #[dynamo(version)]
    version: u64,
}

fn pair(id: &str, n: u64) -> Pair {
    Pair {
        id: id.into(),
        left: n,
        right: n,
        version: 0,
    }
}

const SOON: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_secs(3_600);

/// Polls the future for a short time and drops it.
async fn drop_midway<T>(future: impl Future<Output = T>) {
    let ended = timeout(SOON, future).await;
    assert!(ended.is_err(), "it was to be dropped before its end");
}

#[tokio::test]
async fn write_dropped_before_sending_stores_nothing() {
    let (db, faults) = faults::db().await;
    db.create_table::<Pair>().await.unwrap();
    faults.next("PutItem", [Fault::Delay(LATE)]);
    drop_midway(pair("a", 1).create().send(&db)).await;
    assert_eq!(raw::count::<Pair>(&db).await, 0);
    pair("a", 2).create().send(&db).await.unwrap();
    faults.next("UpdateItem", [Fault::Delay(LATE)]);
    drop_midway(Pair::update("a").apply(|p| p.left.add(1)).send(&db)).await;
    faults.next("DeleteItem", [Fault::Hang]);
    drop_midway(Pair::delete("a").send(&db)).await;
    let read = Pair::get("a").consistent().send(&db).await.unwrap();
    assert_eq!(read.map(|p| (p.left, p.version)), Some((2, 1)));
}

#[tokio::test]
async fn write_dropped_before_response_is_stored_whole() {
    let (db, faults) = faults::db().await;
    db.create_table::<Pair>().await.unwrap();
    faults.next("PutItem", [Fault::DelayResponse(LATE)]);
    drop_midway(pair("a", 1).create().send(&db)).await;
    // The whole write was done.
    let read = Pair::get("a").consistent().send(&db).await.unwrap();
    assert_eq!(read.map(|p| (p.left, p.right, p.version)), Some((1, 1, 1)));
}

#[tokio::test]
async fn dropped_modify_writes_whole_change_or_nothing() {
    let (db, faults) = faults::db().await;
    db.create_table::<Pair>().await.unwrap();
    pair("a", 1).create().send(&db).await.unwrap();
    let modify = || {
        Pair::get("a").modify(&db, |p| {
            (p.left, p.right) = (p.left + 1, p.right + 1);
            Ok(())
        })
    };
    faults.next("GetItem", [Fault::Hang]);
    drop_midway(modify()).await;
    // `modify` sends either an update of the changes or the whole item, so both are delayed.
    faults.next("PutItem", [Fault::Delay(LATE)]);
    faults.next("UpdateItem", [Fault::Delay(LATE)]);
    drop_midway(modify()).await;
    faults.clear();
    assert_eq!(modify().await.map(|p| (p.left, p.version)).unwrap(), (2, 2));
}

#[tokio::test]
async fn dropped_reads_leave_database_usable() {
    let (db, faults) = faults::db().await;
    db.create_table::<Pair>().await.unwrap();
    for n in 0..10 {
        pair(&format!("p{n}"), n).create().send(&db).await.unwrap();
    }
    faults.next("GetItem", [Fault::Hang]);
    drop_midway(Pair::get("p1").send(&db)).await;
    faults.next("Scan", [Fault::Pass, Fault::Hang]);
    drop_midway(Pair::scan().page_size(2).all(&db)).await;
    let mut stream = Pair::scan().page_size(2).segments(3).stream(&db);
    for _ in 0..4 {
        stream.next().await.unwrap().unwrap();
    }
    drop(stream);
    assert_eq!(Pair::scan().count(&db).await.unwrap(), 10);
}

#[tokio::test]
async fn stream_reads_only_requested_pages() {
    let (db, faults) = faults::db().await;
    db.create_table::<Pair>().await.unwrap();
    for n in 0..6 {
        pair(&format!("p{n}"), n).create().send(&db).await.unwrap();
    }
    faults.forget();
    let mut stream = Pair::scan().page_size(2).stream(&db);
    assert_eq!(faults.sent("Scan").len(), 0);
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(faults.sent("Scan").len(), 1);
    stream.next().await.unwrap().unwrap();
    assert_eq!(faults.sent("Scan").len(), 2);
    // A stream whose poll is dropped loses no item.
    faults.next("Scan", [Fault::Delay(SOON * 4)]);
    stream.next().await.unwrap().unwrap();
    drop_midway(stream.next()).await;
    let rest: Vec<_> = stream.collect().await;
    assert_eq!(rest.len(), 2);
}

#[tokio::test]
async fn dropped_create_table_can_be_repeated() {
    let (db, faults) = faults::db().await;
    faults.next("DescribeTable", [Fault::Pass, Fault::Hang]);
    drop_midway(db.create_table::<Pair>()).await;
    // On a busy machine the call is dropped before it meets its faults.
    faults.clear();
    db.create_table::<Pair>().await.unwrap();
    pair("a", 1).create().send(&db).await.unwrap();
}

/// Aborted tasks leave whole items, each as one of the writes stored it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aborted_tasks_leave_whole_items() {
    let db = db().await;
    db.create_table::<Pair>().await.unwrap();
    for id in 0..4 {
        pair(&format!("p{id}"), 0).create().send(&db).await.unwrap();
    }
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                let id = format!("p{}", n % 4);
                for _ in 0..20 {
                    let modified = Pair::get(&id).modify(&db, |p| {
                        (p.left, p.right) = (p.left + 1, p.right + 1);
                        Ok(())
                    });
                    let _ = modified.await;
                }
            })
        })
        .collect();
    for task in tasks {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..6))).await;
        task.abort();
        let _ = task.await;
    }
    let pairs = Pair::scan().consistent().all(&db).await.unwrap();
    assert_eq!(pairs.len(), 4);
    for p in pairs {
        assert_eq!((p.left, p.right), (p.version - 1, p.version - 1), "{p:?}");
    }
}

#[tokio::test]
async fn stream_outlives_its_db_handle() {
    let stream = {
        let db = db().await;
        db.create_table::<Pair>().await.unwrap();
        pair("a", 1).create().send(&db).await.unwrap();
        Pair::scan().stream(&db)
    };
    assert_eq!(stream.count().await, 1);
}

/// Futures can be spawned; operations can be kept and sent again.
#[tokio::test]
async fn operations_are_sendable_and_reusable() {
    fn sendable<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let db: Db = sendable(db().await);
    db.create_table::<Pair>().await.unwrap();
    let put = sendable(pair("a", 1).put());
    let get = sendable(Pair::get("a"));
    let update = sendable(Pair::update("a").apply(|p| (p.left.add(1), p.right.add(1))));
    let query = sendable(Pair::query("a").filter(|p| p.left.gt(0)));
    let create = put.clone();
    tokio::spawn({
        let db = db.clone();
        async move { create.send(&db).await }
    })
    .await
    .unwrap()
    .unwrap();
    // The same create again must fail, because the item exists now.
    assert!(put.send(&db).await.unwrap_err().is_conflict());
    update.clone().send(&db).await.unwrap();
    update.send(&db).await.unwrap();
    assert_eq!(
        get.clone().send(&db).await.unwrap(),
        get.send(&db).await.unwrap()
    );
    let spawned = tokio::spawn({
        let db = db.clone();
        async move { query.all(&db).await }
    });
    let pairs = spawned.await.unwrap().unwrap();
    assert_eq!((pairs[0].left, pairs[0].version), (3, 3));
}
