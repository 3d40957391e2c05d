//! Sends operations together with their guards, again when somebody else was faster.

use bytes::Bytes;
use futures_util::future::try_join_all;

use super::plan::{Added, Guard, Known, Plan, Role};
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

/// How a transaction is sent.
pub(crate) struct Sending<'a> {
    pub(crate) db: &'a Db,
    /// The number of the user's transaction.
    pub(crate) transaction: u64,
    pub(crate) token: Option<String>,
    pub(crate) backoff: Backoff,
    pub(crate) measure: bool,
}

/// What a canceled transaction means.
enum Verdict {
    /// An operation's own condition, or something else that trying again does not change.
    Failed,
    /// The value that this operation gives to the attribute belongs to another item.
    Taken(usize, &'static str),
    /// What was read before has changed since.
    Again,
}

/// Sends the operations with all guards that have to follow them.
///
/// # Errors
/// Of the transaction, with reasons for the user's operations only.
pub(crate) async fn send(
    sending: Sending<'_>,
    steps: &mut [Step],
) -> Result<Vec<ConsumedCapacity>, Error> {
    let db = sending.db;
    let mut retry = sending.backoff.start();
    let mut known = Known::default();
    loop {
        let olds = try_join_all(steps.iter().map(|step| old(db, step, &known))).await?;
        let plan = Plan::new(steps, &olds)?;
        plan.pin(steps)?;
        let added = plan.added(steps, &known)?;
        let all: Vec<&Step> = steps.iter().chain(added.iter().map(|a| &a.step)).collect();
        // The same for all tries with the same content: one of them may have been carried out.
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

/// What the operation's item had before; `None` when nothing depends on it.
async fn old(db: &Db, step: &Step, known: &Known) -> Result<Option<Old>, Error> {
    match &step.guarded {
        Some(guarded) if guarded.is_new => Ok(Some(Old::default())),
        Some(guarded) if step.moves_guards() || known.relies_on(step) => {
            Old::read(db, step.schema, &guarded.key).await.map(Some)
        }
        _ => Ok(None),
    }
}

/// The error with reasons for the user's operations only.
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
    plan: &Plan,
    added: &[Added<'_>],
    known: &mut Known,
) -> Result<Verdict, Error> {
    let mut verdict = Verdict::Failed;
    for (position, step) in steps.iter().enumerate() {
        let Some(item) = canceled.failed_condition(position) else {
            continue;
        };
        // What the operation demands comes first: a pin that failed too changes nothing of it.
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
            Role::Release(guard) => known.turn(guard),
            Role::Stale(guards) => guards.iter().for_each(|guard| known.forget(guard)),
            Role::Claim(guard) => match item {
                None => known.forget(guard),
                Some(item) => match owner_of(item) {
                    Some(owner) if !has_value(db, guard, &owner).await? => {
                        known.stale(guard, owner);
                    }
                    // By now the item may have another value, and want this one no more.
                    _ if guard.is_of_kept_value()
                        && !has_value(db, guard, owner_key(steps, added)).await? => {}
                    _ => return Ok(Verdict::Taken(added.follows, guard.unique.attribute)),
                },
            },
        }
    }
    Ok(verdict)
}

/// The key of the item whose guard it is about.
fn owner_key<'s>(steps: &'s [Step], added: &Added<'_>) -> &'s [u8] {
    let step = steps.get(added.follows);
    step.and_then(Step::guarded_key).unwrap_or_default()
}

/// Whether the owner of a guard has the value that is guarded.
async fn has_value(db: &Db, guard: &Guard, owner: &[u8]) -> Result<bool, Error> {
    let attribute = guard.unique.attribute;
    let item = read(db, guard.schema, owner, std::iter::once(attribute)).await?;
    let Some(item) = item else { return Ok(false) };
    let stored = value_in(&item, attribute).map_err(Error::read)?;
    Ok(same_value(stored, guard.value()))
}
