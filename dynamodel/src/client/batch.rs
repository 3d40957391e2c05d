//! What batches of reads and writes share: chunks side by side, and trying again for what DynamoDB
//! left undone.

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

/// How a batch is sent.
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
    /// The keys of entity `E` that a batch has not read, written or deleted when it failed: exactly
    /// those for which DynamoDB has not confirmed it, and those of items that were read and are not
    /// [readable](Self::is_unreadable). Empty for other errors. The other keys of a batch of reads are
    /// [`found`](Self::found).
    pub fn unprocessed<E: Item>(&self) -> Vec<Key<E>> {
        let of_entity = |(entity, key): (TypeId, &[u8])| {
            (entity == TypeId::of::<E>()).then(|| Key::from_json(key.to_vec()))
        };
        let keys = self.left().into_iter().flat_map(Unfinished::keys);
        keys.filter_map(of_entity).collect()
    }

    /// How many keys or writes of any entity a batch has not done when it failed.
    pub fn unprocessed_count(&self) -> usize {
        self.left().map_or(0, Unfinished::count)
    }
}

/// Says that one chunk has failed, so that no other is begun.
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

/// What became of chunks: positions that are not done, and why.
pub(crate) struct Outcome {
    pub(crate) left: Vec<usize>,
    pub(crate) error: Option<Error>,
}

/// Sends chunks of positions, at most `concurrency` at a time. After a failure no further chunk is
/// begun; those under way are brought to their end, so that what is left is known exactly. It is sorted.
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
    // Chunks end in any order, and DynamoDB names what it left undone in any order.
    outcome.left.sort_unstable();
    outcome
}

/// Sends several chunks.
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
        error: None,
    };
    while let Some(outcome) = chunks.next().await {
        all.left.extend(outcome.left);
        all.error = all.error.or(outcome.error);
    }
    all
}

/// Sends the chunk, and again what DynamoDB left undone, within the backoff. Each answer that got
/// something done starts it afresh.
async fn until_done<F>(
    mut left: Vec<usize>,
    backoff: Backoff,
    send: &impl Fn(Vec<usize>) -> F,
) -> Outcome
where
    F: Future<Output = Result<Vec<usize>, Error>>,
{
    let mut retry = backoff.start();
    loop {
        let error = match send(left.clone()).await {
            Ok(rest) if rest.is_empty() => {
                return Outcome {
                    left: rest,
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
        if !error.is_throttled() || !retry.again().await {
            return Outcome {
                left,
                error: Some(error),
            };
        }
    }
}
