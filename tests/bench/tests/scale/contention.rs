//! Test that operations on one `Db` do not wait for each other, without a clock: a thread that waits for
//! a lock goes to sleep, and the system counts how often.

use std::collections::HashMap;
use std::ffi::OsString;

use dynamodel::{Db, Entity};
use dynamodel_bench::model::{Counter, Sample, get_answer};
use dynamodel_bench::stub::Stub;

use crate::{turn, two_threads};

const TASKS: usize = 1_000;
const OPERATIONS: usize = 20;

/// Permitted number of times that a thread goes to sleep during the 40,000 requests. The usual number is
/// 30, mostly because no work is left. With one lock around each request it was 2,000 if the lock was
/// held for microseconds, and 40,000 if the owner of the lock gave up its core.
const CEILING: u64 = 1_000;

#[test]
fn operations_on_one_db_do_not_wait_for_each_other() {
    let _turn = turn();
    let stub = Stub::new([("GetItem", get_answer::<Counter>(false))]);
    let db = Db::new(stub.patient().yielding().client());
    let runtime = two_threads();
    runtime.block_on(work(db.clone(), 1)).unwrap();

    let before = times_asleep();
    // The work runs on a worker, because the thread of the test sleeps until all of it is done.
    let all = runtime.spawn(async move {
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| tokio::spawn(work(db.clone(), OPERATIONS)))
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        db.transport_status().fast_path()
    });
    let status = runtime.block_on(all).unwrap();
    let since = |(thread, times): (OsString, u64)| times - before.get(&thread).unwrap_or(&0);
    let asleep: u64 = times_asleep().into_iter().map(since).sum();
    assert_eq!(status.fell_back(), 0);
    assert!(status.succeeded() >= (TASKS * OPERATIONS) as u64);
    println!("asleep {asleep} times of at most {CEILING}");
    assert!(
        asleep <= CEILING,
        "threads went to sleep {asleep} times; the recorded ceiling is {CEILING}"
    );
}

/// Alternates between reads and writes.
async fn work(db: Db, operations: usize) -> Result<(), dynamodel::Error> {
    for n in 0..operations {
        let found = Counter::get(format!("PAGE#{n}"), "DAY#1").send(&db).await?;
        found
            .unwrap_or_else(|| Counter::sample(n))
            .put()
            .send(&db)
            .await?;
    }
    Ok(())
}

/// Returns the number of voluntary context switches of each thread of the process.
fn times_asleep() -> HashMap<OsString, u64> {
    let switches = |status: &str| -> Option<u64> {
        let mut lines = status.lines();
        let times = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        times.trim().parse().ok()
    };
    let threads = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    // The thread of an earlier test may end between the listing and the read.
    let times = threads.filter_map(|thread| {
        let status = std::fs::read_to_string(thread.path().join("status")).ok()?;
        Some((thread.file_name(), switches(&status)?))
    });
    times.collect()
}
