//! Many tasks on one item: no increment is lost, by any way of counting.

use std::sync::Arc;
use std::time::Duration;

use dynamodel::{Backoff, Db, Entity, Error, Transaction};
use dynamodel_tests::db;

/// Number of tasks, and of increments of each task.
type Size = (u64, u64);

/// 12,800 increments in all.
const FULL: Size = (64, 200);

/// Size of the tests in which every increment competes with all other tasks: full with
/// `DYNAMODEL_TEST_FULL=1`, else small, because the full size takes one or two minutes, most of them in
/// an unoptimized SDK and engine.
fn contended() -> Size {
    if is_full() { FULL } else { (16, 20) }
}

fn is_full() -> bool {
    std::env::var_os("DYNAMODEL_TEST_FULL").is_some()
}

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "counters")]
struct Counter {
    #[dynamo(partition)]
    id: String,
    count: u64,
    #[dynamo(version)]
    version: u64,
}

/// The default backoff, or at full size one with waits of up to 4 seconds: with 64 tasks on one item,
/// the losers have to give way to the tasks that are about to win.
fn backoff() -> Backoff {
    if is_full() {
        Backoff::new(Duration::from_millis(10), Duration::from_secs(4), 5_000)
    } else {
        Backoff::default()
    }
}

/// Runs `step` in tasks, and checks that the item has counted each call.
async fn count<F>((tasks, each): Size, step: impl Fn(Db) -> F + Send + Sync + 'static)
where
    F: Future<Output = Result<(), Error>> + Send,
{
    let db = db().await;
    db.create_table::<Counter>().await.unwrap();
    let zero = Counter {
        id: "c".into(),
        count: 0,
        version: 0,
    };
    zero.create().send(&db).await.unwrap();
    let step = Arc::new(step);
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let (db, step) = (db.clone(), step.clone());
            tokio::spawn(async move {
                for _ in 0..each {
                    step(db.clone()).await.unwrap();
                }
            })
        })
        .collect();
    for task in running {
        task.await.unwrap();
    }
    let end = Counter::get("c").consistent().send(&db).await.unwrap();
    let end = end.unwrap();
    assert_eq!(end.count, tasks * each);
    assert_eq!(end.version, tasks * each + 1, "one version for each write");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn atomic_increments_of_many_tasks_all_count() {
    let end = count(FULL, |db| async move {
        let update = Counter::update("c").apply(|c| c.count.add(1));
        update.send(&db).await
    });
    end.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modify_calls_of_many_tasks_all_count() {
    let end = count(contended(), |db| async move {
        let add = |c: &mut Counter| {
            c.count += 1;
            Ok(())
        };
        Counter::get("c").modify_with(&db, backoff(), add).await?;
        Ok(())
    });
    end.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_of_many_tasks_all_count() {
    let end = count(contended(), |db| async move {
        let mut tx = Transaction::new().backoff(backoff());
        tx.update(Counter::update("c").apply(|c| c.count.increment(1)));
        tx.send(&db).await?;
        Ok(())
    });
    end.await;
}

/// The condition of each increment is the count that was read before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditional_updates_of_many_tasks_all_count() {
    let end = count(contended(), |db| async move {
        let mut most = 4;
        loop {
            let seen = Counter::get("c").consistent().send(&db).await?;
            let at = seen.map_or(0, |c| c.count);
            let update = Counter::update("c")
                .apply(|c| c.count.set(at + 1))
                .when(|c| c.count.eq(at));
            match update.send(&db).await {
                Err(e) if e.is_condition_failed() => {
                    assert!(e.current::<Counter>().is_some_and(|c| c.count > at));
                    let pause = Duration::from_millis(fastrand::u64(0..most));
                    most = (most * 2).min(4_000);
                    tokio::time::sleep(pause).await;
                }
                done => return done,
            }
        }
    });
    end.await;
}
