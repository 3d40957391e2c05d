//! Sends operations together with their unique items, and retries when another writer was faster.

use bytes::Bytes;
use futures_util::future::try_join_all;

use super::plan::{Added, Known, Role, UniqueItem, UniquePlan};
use super::read::{Old, read};
use crate::client::capacity::ConsumedCapacity;
use crate::client::db::Db;
use crate::client::response::capacities;
use crate::client::retry::Backoff;
use crate::error::Error;
use crate::error::canceled::Canceled;
use crate::model::unique::{owner_of, same_value};
use crate::transport;
use crate::wire::value_in;
use crate::write::transaction::{Step, canceled, random_token, request};

/// Settings of a transaction that is sent.
pub(crate) struct Sending<'a> {
    pub(crate) db: &'a Db,
    /// Number of the user's transaction.
    pub(crate) transaction: u64,
    pub(crate) token: Option<String>,
    pub(crate) backoff: Backoff,
    pub(crate) measure: bool,
}

/// Meaning of a canceled transaction.
enum Verdict {
    /// An operation's own condition failed, or something else that a retry does not change.
    Failed,
    /// The value that this operation gives to the attribute belongs to another item.
    Taken(usize, &'static str),
    /// The values that were read have changed since.
    Again,
}

/// Sends the operations with all operations on unique items that have to follow them.
///
/// # Errors
/// The transaction's, with reasons for the user's operations only.
pub(crate) async fn send(
    sending: Sending<'_>,
    steps: &mut [Step],
) -> Result<Vec<ConsumedCapacity>, Error> {
    let db = sending.db;
    let mut retry = sending.backoff.start();
    let mut known = Known::default();
    loop {
        let olds = try_join_all(steps.iter().map(|step| old(db, step, &known))).await?;
        let plan = UniquePlan::new(steps, &olds)?;
        plan.pin(steps)?;
        let added = plan.added(steps, &known)?;
        let all: Vec<&Step> = steps.iter().chain(added.iter().map(|a| &a.step)).collect();
        // All attempts with the same content share one token, because an attempt may have been
        // carried out.
        let token = sending.token.clone().map_or_else(random_token, Ok)?;
        let resolve = |table| db.resolve(table);
        let (tables, body) = request(&all, added.len(), resolve, &token, sending.measure)?;
        let body = Bytes::from(body);
        let mut error = loop {
            let (tables, body) = (tables.clone(), body.clone());
            let sent = db
                .ask_tables(
                    transport::Operation::TransactWriteItems,
                    tables,
                    all.len(),
                    body,
                )
                .await;
            let failure = match sent.decode(capacities) {
                Ok(capacities) => return Ok(capacities),
                Err(failure) => failure,
            };
            let error = canceled(sending.transaction, failure, &all);
            if !error.is_transient() {
                break error;
            }
            if !retry.again().await {
                return Err(folded(error, steps, &added));
            }
        };
        let Some(canceled) = error.cancellation_mut() else {
            return Err(error);
        };
        match judge(db, canceled, steps, &plan, &added, &mut known).await? {
            Verdict::Failed => return Err(folded(error, steps, &added)),
            Verdict::Taken(position, attribute) => {
                let error = folded(error, steps, &added).taken_by(position, attribute);
                return Err(match steps.get(position) {
                    Some(step) => error.of_entity(step.schema.entity),
                    None => error,
                });
            }
            Verdict::Again => {}
        }
        if !retry.again().await {
            return Err(folded(error, steps, &added));
        }
    }
}

/// Reads the previous values of the operation's item; `None` if nothing depends on them.
async fn old(db: &Db, step: &Step, known: &Known) -> Result<Option<Old>, Error> {
    match &step.unique_write {
        Some(unique_write) if unique_write.is_new => Ok(Some(Old::default())),
        Some(unique_write) if step.changes_unique_items() || known.relies_on(step) => {
            Old::read(db, step.schema, &unique_write.key)
                .await
                .map(Some)
        }
        _ => Ok(None),
    }
}

/// Returns the error with reasons for the user's operations only.
fn folded(mut error: Error, steps: &[Step], added: &[Added<'_>]) -> Error {
    if let Some(canceled) = error.cancellation_mut() {
        canceled.fold(steps.len(), added.iter().map(|a| a.follows));
    }
    error
}

async fn judge(
    db: &Db,
    canceled: &mut Canceled,
    steps: &[Step],
    plan: &UniquePlan,
    added: &[Added<'_>],
    known: &mut Known,
) -> Result<Verdict, Error> {
    let mut verdict = Verdict::Failed;
    for (position, step) in steps.iter().enumerate() {
        let Some(item) = canceled.failed_condition(position) else {
            continue;
        };
        // The operation's own precondition is judged first: if it fails, a failed pin makes no
        // difference.
        if step.precondition.is_unmet(step.schema, item) || !plan.has_moved(position, item) {
            return Ok(Verdict::Failed);
        }
        verdict = Verdict::Again;
        canceled.set_conflict(position);
    }
    for (i, added) in added.iter().enumerate() {
        let Some(item) = canceled.failed_condition(steps.len() + i) else {
            continue;
        };
        verdict = Verdict::Again;
        match &added.role {
            Role::Release(unique_item) => known.turn(unique_item),
            Role::Stale(unique_items) => unique_items
                .iter()
                .for_each(|unique_item| known.forget(unique_item)),
            Role::Claim(unique_item) => match item {
                None => known.forget(unique_item),
                Some(item) => match owner_of(item) {
                    Some(owner) if !has_value(db, unique_item, &owner).await? => {
                        known.stale(unique_item, owner);
                    }
                    // By now the item may have another value, and no longer need this one.
                    _ if unique_item.is_of_kept_value()
                        && !has_value(db, unique_item, owner_key(steps, added)).await? => {}
                    _ => return Ok(Verdict::Taken(added.follows, unique_item.unique.attribute)),
                },
            },
        }
    }
    Ok(verdict)
}

/// Returns the key of the item whose unique item the operation is on.
fn owner_key<'s>(steps: &'s [Step], added: &Added<'_>) -> &'s [u8] {
    let step = steps.get(added.follows);
    // Never absent: only operations on entities with unique attributes have added ones.
    step.and_then(Step::owner_key).unwrap_or_default()
}

/// Returns `true` if the owner of a unique item has its value.
async fn has_value(db: &Db, unique_item: &UniqueItem, owner: &[u8]) -> Result<bool, Error> {
    let attribute = unique_item.unique.attribute;
    let item = read(db, unique_item.schema, owner, std::iter::once(attribute)).await?;
    let Some(item) = item else { return Ok(false) };
    let stored = value_in(&item, attribute).map_err(Error::read)?;
    Ok(same_value(stored, unique_item.value()))
}
