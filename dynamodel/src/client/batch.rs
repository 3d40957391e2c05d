//! The parts that batches of reads and writes share: chunks that are sent concurrently, and retries
//! for the parts that DynamoDB left undone.

use std::any::TypeId;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;

use super::retry::Backoff;
use crate::error::Error;
use crate::error::unfinished::Unfinished;
use crate::model::entity::Item;
use crate::model::key::Key;

/// Settings of how a batch is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) concurrency: usize,
    pub(crate) backoff: Backoff,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            concurrency: 4,
            backoff: Backoff::default(),
        }
    }
}

impl Error {
    /// Returns the keys of entity `E` that a batch had not read, written or deleted when it failed:
    /// exactly the keys that DynamoDB has not confirmed, and those of items that were read but are
    /// not [readable](Self::is_unreadable). Empty for other errors. The other keys of a batch of
    /// reads are returned by [`found`](Self::found).
    pub fn unprocessed<E: Item>(&self) -> Vec<Key<E>> {
        let of_entity = |(entity, key): (TypeId, &[u8])| {
            (entity == TypeId::of::<E>()).then(|| Key::from_json(key.to_vec()))
        };
        let keys = self.left().into_iter().flat_map(Unfinished::keys);
        keys.filter_map(of_entity).collect()
    }

    /// Returns the number of keys or writes, of all entities, that a batch had not done when it
    /// failed, or that are not confirmed.
    pub fn unprocessed_count(&self) -> usize {
        self.left().map_or(0, Unfinished::count)
    }

    /// Returns the number of writes among the [unprocessed](Self::unprocessed_count) ones that [may
    /// have happened](Self::may_have_happened): their request got no definite response. The others
    /// were not done.
    pub fn unconfirmed_count(&self) -> usize {
        self.left().map_or(0, Unfinished::unconfirmed)
    }
}

/// A flag that is set when a chunk has failed, so that no further chunk is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The result of sending chunks: the positions that are not done, and the error.
pub(crate) struct Outcome {
    pub(crate) left: Vec<usize>,
    /// Number of the positions left that may be done.
    pub(crate) unconfirmed: usize,
    pub(crate) error: Option<Error>,
}

/// Sends chunks of positions, at most `concurrency` at a time. After a failure no further chunk is
/// started; chunks in flight are completed, so that the positions left are known exactly. The
/// positions left are sorted.
pub(crate) async fn run<F>(
    chunks: Vec<Vec<usize>>,
    settings: Settings,
    send: impl Fn(Vec<usize>) -> F,
) -> Outcome
where
    F: Future<Output = Result<Vec<usize>, Error>>,
{
    let mut outcome = match <[Vec<usize>; 1]>::try_from(chunks) {
        Ok([chunk]) => until_done(chunk, settings.backoff, &send).await,
        Err(chunks) => side_by_side(chunks, settings, &send).await,
    };
    // Chunks end in any order, and DynamoDB lists the keys that it left undone in any order.
    outcome.left.sort_unstable();
    outcome
}

/// Sends several chunks concurrently.
async fn side_by_side<F>(
    chunks: Vec<Vec<usize>>,
    settings: Settings,
    send: &impl Fn(Vec<usize>) -> F,
) -> Outcome
where
    F: Future<Output = Result<Vec<usize>, Error>>,
{
    let stop = Stop::default();
    let chunks = chunks.into_iter().map(|chunk| {
        let stop = stop.clone();
        async move {
            if stop.is_set() {
                return Outcome {
                    left: chunk,
                    unconfirmed: 0,
                    error: None,
                };
            }
            let outcome = until_done(chunk, settings.backoff, send).await;
            if outcome.error.is_some() {
                stop.set();
            }
            outcome
        }
    });
    let mut chunks =
        futures_util::stream::iter(chunks).buffer_unordered(settings.concurrency.max(1));
    let mut all = Outcome {
        left: Vec::new(),
        unconfirmed: 0,
        error: None,
    };
    while let Some(outcome) = chunks.next().await {
        all.left.extend(outcome.left);
        all.unconfirmed += outcome.unconfirmed;
        all.error = all.error.or(outcome.error);
    }
    all
}

/// Sends the chunk, and repeatedly the part that DynamoDB left undone, within the backoff. Each
/// response that confirms a part restarts the count of tries.
async fn until_done<F>(
    mut left: Vec<usize>,
    backoff: Backoff,
    send: &impl Fn(Vec<usize>) -> F,
) -> Outcome
where
    F: Future<Output = Result<Vec<usize>, Error>>,
{
    let mut retry = backoff.start();
    // A part that is left undone later may have been done by a request without a response.
    let mut is_open = false;
    loop {
        let error = match send(left.clone()).await {
            Ok(rest) if rest.is_empty() => {
                return Outcome {
                    left: rest,
                    unconfirmed: 0,
                    error: None,
                };
            }
            Ok(rest) => {
                if rest.len() < left.len() {
                    retry.progressed();
                }
                left = rest;
                Error::still_unprocessed()
            }
            Err(error) => error,
        };
        is_open |= error.may_have_happened();
        if !error.is_throttled() || !retry.again().await {
            return Outcome {
                unconfirmed: if is_open { left.len() } else { 0 },
                left,
                error: Some(error),
            };
        }
    }
}
