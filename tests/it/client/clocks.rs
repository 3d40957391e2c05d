//! Times that dynamodel fills in are those of the `Db`'s clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use dynamodel::{BatchWrite, BulkWriter, Db, Entity, Transaction};
use dynamodel_tests::db;
use futures_util::stream;

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "notes")]
struct Note {
    #[dynamo(partition)]
    id: String,
    n: u64,
    #[dynamo(ttl)]
    expires: Option<u64>,
    #[dynamo(created_at)]
    created: u64,
    #[dynamo(updated_at)]
    updated: u64,
    #[dynamo(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "logs")]
struct Log {
    #[dynamo(partition)]
    id: u64,
    #[dynamo(updated_at)]
    at: u64,
}

fn note(id: &str) -> Note {
    Note {
        id: id.into(),
        n: 0,
        expires: None,
        created: 0,
        updated: 0,
        version: 0,
    }
}

/// A database with a clock that the test sets.
async fn notes() -> (Db, Arc<AtomicU64>) {
    let time = Arc::new(AtomicU64::new(1_000));
    let seconds = time.clone();
    let clock = move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::Relaxed));
    let client = db().await.client().clone();
    let prefix = dynamodel_tests::prefix();
    let db = Db::builder()
        .client(client)
        .table_prefix(prefix)
        .clock(clock)
        .build();
    db.create_table::<Note>().await.unwrap();
    db.create_table::<Log>().await.unwrap();
    (db, time)
}

async fn times(db: &Db, id: &str) -> (u64, u64) {
    let note = Note::get(id).consistent().send(db).await.unwrap().unwrap();
    (note.created, note.updated)
}

#[tokio::test]
async fn clock_tells_the_times_of_single_writes() {
    let (db, time) = notes().await;
    let set = |seconds| time.store(seconds, Ordering::Relaxed);
    let stored = note("a").create().send(&db).await.unwrap();
    assert_eq!((stored.created, stored.updated), (1_000, 1_000));
    set(2_000);
    let stored = stored.put().send(&db).await.unwrap();
    assert_eq!((stored.created, stored.updated), (1_000, 2_000));
    set(3_000);
    // The time is that of sending.
    let update = Note::update("a").apply(|n| n.n.add(1));
    set(4_000);
    update.send(&db).await.unwrap();
    assert_eq!(times(&db, "a").await, (1_000, 4_000));
    set(5_000);
    let modified = Note::get("a").modify(&db, |n| {
        n.n = 9;
        Ok(())
    });
    assert_eq!(modified.await.unwrap().updated, 5_000);
    assert_eq!(times(&db, "a").await, (1_000, 5_000));
}

#[tokio::test]
async fn clock_tells_the_times_of_transactions_and_batches() {
    let (db, time) = notes().await;
    let mut tx = Transaction::new();
    let a = tx.put(note("a").create());
    tx.update(
        Note::update("b")
            .apply(|n| n.n.set(1))
            .when(|n| n.n.not_exists()),
    );
    assert_eq!(format!("{tx:?}").matches("Note").count(), 2, "{tx:?}");
    let mut batch = BatchWrite::new().put(Log { id: 1, at: 0 });
    batch = batch.put_all([Log { id: 2, at: 0 }]);
    assert_eq!(batch.len(), 2);
    note("b").create().send(&db).await.unwrap();
    time.store(7_000, Ordering::Relaxed);
    // Added before, and sent now.
    let e = tx.send(&db).await.unwrap_err();
    assert!(e.is_condition_failed(), "{e}");
    let mut tx = Transaction::new();
    let again = tx.put(note("a").create());
    let mut done = tx.send(&db).await.unwrap();
    assert!(done.stored(a).is_none());
    let stored = done.take(again).unwrap();
    assert_eq!((stored.created, stored.updated), (7_000, 7_000));
    assert_eq!(times(&db, "a").await, (7_000, 7_000));
    batch.send(&db).await.unwrap();
    time.store(8_000, Ordering::Relaxed);
    let logs = stream::iter([Log { id: 3, at: 0 }]);
    BulkWriter::new().load(&db, logs).await.unwrap();
    let mut logs = Log::scan().all(&db).await.unwrap();
    logs.sort_by_key(|log| log.id);
    let at: Vec<_> = logs.iter().map(|log| log.at).collect();
    assert_eq!(at, [7_000, 7_000, 8_000]);
}

#[tokio::test]
async fn clock_decides_what_is_unexpired() {
    let (db, time) = notes().await;
    for (id, expires) in [("a", Some(1_500)), ("b", Some(2_500)), ("c", None)] {
        let note = Note {
            expires,
            ..note(id)
        };
        note.create().send(&db).await.unwrap();
    }
    let scan = || Note::scan().unexpired();
    for (now, left) in [(1_000, 3), (1_500, 2), (3_000, 1)] {
        time.store(now, Ordering::Relaxed);
        assert_eq!(scan().count(&db).await.unwrap(), left, "{now}");
    }
    let scan = Note::scan().unexpired().filter(|n| n.n.eq(0));
    time.store(2_000, Ordering::Relaxed);
    assert_eq!(scan.count(&db).await.unwrap(), 2);
    let query = Note::query("a").unexpired();
    assert_eq!(query.count(&db).await.unwrap(), 0);
    let note = Note::get("b").send(&db).await.unwrap().unwrap();
    assert!(!note.is_expired_at(UNIX_EPOCH + Duration::from_secs(2_000)));
}
