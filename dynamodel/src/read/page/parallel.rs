//! Parallel reads of a scan's segments, each in a task of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::try_join_all;

use super::{AllItems, Reading, all, count};
use crate::client::db::Db;
use crate::client::spawn::elsewhere;
use crate::error::Error;
use crate::model::entity::Projection;
use crate::read::plan::ReadPlan;

/// Reads one of several segments, or a page of it, in a task of its own if another core is
/// available, otherwise in place. In both cases, dropping the future ends the read.
pub(crate) async fn spawned<T: Send + 'static>(
    reading: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let ended = || Err(Error::construction("the runtime was shut down"));
    elsewhere(reading).await.unwrap_or_else(ended)
}

/// Reads the items of all segments, in the order of the segments, up to the limit of one segment.
/// The first segment that fails ends the others.
pub(crate) async fn all_of_segments<O: Projection>(
    db: &Db,
    plans: Vec<ReadPlan>,
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

/// Locks the mutex. Its content is valid even if a holder has panicked, because it is replaced in
/// one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the segments side by side. Their items go into sinks that the caller keeps, so that the
/// tasks are the same for all types of items and compile once, here.
fn side_by_side(segments: Vec<Reading<'static>>) -> Reading<'static> {
    let segments = try_join_all(segments.into_iter().map(spawned));
    Box::pin(async { segments.await.map(|_| ()) })
}

/// Counts the items of all segments, up to the limit of one segment. The first segment that fails
/// ends the others.
pub(crate) fn count_of_segments(
    db: &Db,
    plans: Vec<ReadPlan>,
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
