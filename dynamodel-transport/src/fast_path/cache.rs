//! [`Cache`]: the signed requests of an operation, and when they are captured again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugins;
use bytes::Bytes;

use super::amz_date::Stamp;
use super::capture::capture;
use super::signed_request::SignedRequest;
use crate::{ApiOperation, Tables};

/// Age at which a signed request is captured again.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Time without captures after one that failed.
const REST: Duration = Duration::from_secs(60);
/// Least age at which a signed request of other credentials is replaced.
const SETTLING: Duration = Duration::from_secs(1);
/// Past this many tables that are named by ARN, requests go through the orchestrator.
const REMEMBERED_ARNS: usize = 64;

/// The ARN that a table is named by, if it is.
type Arn = Option<Arc<str>>;

/// The signed requests of one operation.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// By the table's ARN; `None` is for all tables that are given by name.
    requests: RwLock<Vec<(Arn, Arc<SignedRequest>)>>,
    is_capturing: AtomicBool,
    /// In seconds since 1970.
    rests_until: AtomicU64,
}

/// Result of a look-up.
pub(super) enum Found {
    SignedRequest(Arc<SignedRequest>),
    /// The request has to be captured first.
    Nothing,
    /// Not now.
    Resting,
}

impl Cache {
    /// The signed request for a request to this table at this time.
    pub(super) fn find(
        &self,
        arn: Option<&Arc<str>>,
        identity: &Identity,
        now: SystemTime,
        stamp: &Stamp,
    ) -> Found {
        let requests = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        let found = requests.iter().find(|(key, _)| key.as_ref() == arn);
        if let Some((_, signed)) = found {
            let age = signed.age(now);
            let is_young = |age: Option<Duration>, limit| age.is_some_and(|age| age < limit);
            if signed.is_for(identity) {
                if is_young(age, LIFETIME) && signed.signer.is_of_day(stamp) {
                    return Found::SignedRequest(signed.clone());
                }
            } else if is_young(age, SETTLING) {
                return Found::Resting;
            }
        } else if arn.is_some() && requests.len() > REMEMBERED_ARNS {
            return Found::Resting;
        }
        let rests_until = self.rests_until.load(Ordering::Relaxed);
        let rest = rests_until.saturating_sub(seconds(now));
        // A longer rest shows that the clock was set back.
        match (1..=REST.as_secs()).contains(&rest) {
            true => Found::Resting,
            false => Found::Nothing,
        }
    }

    /// Learns a signed request for requests of this kind. `None` when another task is at it.
    ///
    /// # Errors
    /// When there is none, with the reason; then nothing is captured for a while.
    pub(super) async fn capture<O: ApiOperation>(
        &self,
        plugins: &RuntimePlugins,
        tables: &Tables,
        body: &Bytes,
        identity: Identity,
        now: SystemTime,
        stamp: &Stamp,
    ) -> Option<Result<Arc<SignedRequest>, &'static str>> {
        let _learning = Capturing::begin(&self.is_capturing)?;
        let captured = capture::<O>(plugins, tables, body, identity, now).await;
        Some(match captured {
            // At midnight, or when the SDK has another idea of the service's clock.
            Ok(signed) if !signed.signer.is_of_day(stamp) => return None,
            Ok(signed) => {
                let signed = Arc::new(signed);
                self.keep(arn(tables), signed.clone());
                Ok(signed)
            }
            Err(why) => {
                let until = seconds(now).saturating_add(REST.as_secs());
                self.rests_until.store(until, Ordering::Relaxed);
                Err(why)
            }
        })
    }

    fn keep(&self, arn: Arn, signed: Arc<SignedRequest>) {
        let mut requests = self
            .requests
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match requests.iter_mut().find(|(key, _)| *key == arn) {
            Some((_, old)) => *old = signed,
            None => requests.push((arn, signed)),
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    let since_1970 = time.duration_since(UNIX_EPOCH);
    since_1970.unwrap_or_default().as_secs()
}

/// The table's ARN, where it is one: the endpoint may depend on the account in it.
pub(super) fn arn(tables: &Tables) -> Arn {
    match tables {
        Tables::One(table) if table.starts_with("arn:") => Some(table.clone()),
        _ => None,
    }
}

/// One task at a time; ends with the task, however that ends.
struct Capturing<'a>(&'a AtomicBool);

impl<'a> Capturing<'a> {
    fn begin(is_capturing: &'a AtomicBool) -> Option<Self> {
        let was_capturing = is_capturing.swap(true, Ordering::Acquire);
        (!was_capturing).then_some(Capturing(is_capturing))
    }
}

impl Drop for Capturing<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_learns_at_a_time() {
        let is_capturing = AtomicBool::new(false);
        let first = Capturing::begin(&is_capturing);
        assert!(first.is_some());
        assert!(Capturing::begin(&is_capturing).is_none());
        drop(first);
        assert!(Capturing::begin(&is_capturing).is_some());
    }
}
