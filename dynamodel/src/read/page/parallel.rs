//! Segments of a scan side by side: each is read by a task of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::try_join_all;

use super::{AllItems, Reading, all, count};
use crate::client::db::Db;
use crate::client::spawn::elsewhere;
use crate::error::Error;
use crate::model::entity::Projection;
use crate::read::plan::Plan;

/// Reads one of several segments, or a page of it, as a task of its own where that can use another
/// core, else in place. Dropping it ends the reading either way.
pub(crate) async fn spawned<T: Send + 'static>(
    reading: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let ended = || Err(Error::construction("the runtime was shut down"));
    elsewhere(reading).await.unwrap_or_else(ended)
}

/// The items of all segments, in the order of these, up to the limit of one of them. The first segment
/// that fails ends the others.
pub(crate) async fn all_of_segments<O: Projection>(
    db: &Db,
    plans: Vec<Plan>,
) -> Result<Vec<O>, Error> {
    let limit = plans.first().and_then(|plan| plan.limit);
    let parts: Vec<Arc<Mutex<Vec<O>>>> = plans.iter().map(|_| Arc::default()).collect();
    let segments = plans.into_iter().zip(&parts).map(|(plan, part)| {
        let (db, part) = (db.clone(), part.clone());
        let segment: Reading<'static> = Box::pin(async move {
            let mut items = AllItems::new();
            all(&db, plan, &mut items).await?;
            *locked(&part) = items.items;
            Ok(())
        });
        segment
    });
    side_by_side(segments.collect()).await?;

    let mut items = Vec::with_capacity(parts.iter().map(|part| locked(part).len()).sum());
    for part in &parts {
        items.append(&mut locked(part));
    }
    if let Some(limit) = limit {
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(items)
}

/// What is in the mutex. It is whole also where a holder has panicked: it is replaced at once.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the segments, whose items go where whoever made them finds these: so the tasks are the same for
/// all types of items, and compiled once, here.
fn side_by_side(segments: Vec<Reading<'static>>) -> Reading<'static> {
    let segments = try_join_all(segments.into_iter().map(spawned));
    Box::pin(async { segments.await.map(|_| ()) })
}

/// How many items there are in all segments, up to the limit of one of them. The first segment that
/// fails ends the others.
pub(crate) fn count_of_segments(
    db: &Db,
    plans: Vec<Plan>,
) -> Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>> {
    let limit = plans.first().and_then(|plan| plan.limit);
    let segments = plans.into_iter().map(|plan| {
        let db = db.clone();
        spawned(async move { count(&db, plan).await })
    });
    let counts = try_join_all(segments);
    Box::pin(async move {
        let sum = counts.await?.into_iter().sum::<u64>();
        Ok(limit.map_or(sum, |limit| sum.min(limit)))
    })
}
