//! Scans in several segments use several threads.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use dynamodel::wire::{ReadError, Reader, Writer};
use dynamodel::{Attribute, BatchWrite, Entity, kind};
use dynamodel_tests::db;
use futures_util::TryStreamExt;

/// The threads that have read a [`Meeting`].
static THREADS: Mutex<Option<HashSet<ThreadId>>> = Mutex::new(None);
static ARRIVED: Condvar = Condvar::new();

/// Reading it waits until two threads do.
#[derive(Debug, Clone, PartialEq)]
struct Meeting;

impl Attribute for Meeting {
    type Value = Meeting;
    type Kind = kind::Bool;
    fn write(&self, w: &mut Writer) {
        w.bool(true);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        r.bool()?;
        let mut threads = THREADS.lock().expect("no panic");
        threads
            .get_or_insert_default()
            .insert(std::thread::current().id());
        ARRIVED.notify_all();
        let alone = |threads: &mut Option<HashSet<ThreadId>>| {
            threads.as_ref().is_some_and(|threads| threads.len() < 2)
        };
        drop(ARRIVED.wait_timeout_while(threads, Duration::from_secs(5), alone));
        Ok(Meeting)
    }
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "meetings")]
struct Talk {
    #[dynamo(partition)]
    id: u64,
    meeting: Meeting,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_are_decoded_on_all_threads() {
    let db = db().await;
    db.create_table::<Talk>().await.unwrap();
    let talks = (0..64).map(|id| Talk {
        id,
        meeting: Meeting,
    });
    BatchWrite::new().put_all(talks).send(&db).await.unwrap();

    let stream = Talk::scan().segments(4).stream(&db);
    let talks: Vec<Talk> = stream.try_collect().await.unwrap();
    let ids: HashSet<u64> = talks.iter().map(|talk| talk.id).collect();
    assert_eq!((talks.len(), ids.len()), (64, 64));
    let threads = THREADS.lock().unwrap().take().unwrap_or_default();
    assert!(threads.len() > 1, "{} thread", threads.len());

    // A stream that is dropped ends what is under way.
    let mut stream = Talk::scan().segments(4).stream(&db);
    assert!(stream.try_next().await.unwrap().is_some());
    drop(stream);
    assert_eq!(Talk::scan().count(&db).await.unwrap(), 64);
}
