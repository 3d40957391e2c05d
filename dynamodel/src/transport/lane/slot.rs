//! [`Slot`]: the templates of an operation, and when there are new ones.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugins;
use bytes::Bytes;

use super::clock::Stamp;
use super::learn::learn;
use super::template::Template;
use crate::transport::{ApiOperation, Tables};

/// How long a template is used before it is learned anew.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How long nothing is learned after it did not work out.
const REST: Duration = Duration::from_secs(60);
/// How long a template is kept at least, when it turns out to be for other credentials.
const SETTLING: Duration = Duration::from_secs(1);
/// Past this many tables that are named by ARN, requests go through the orchestrator.
const REMEMBERED_ARNS: usize = 64;

/// The ARN that a table is named by, if it is.
type Arn = Option<Arc<str>>;

/// The templates of one operation.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// By the table's ARN; `None` is for all tables that are given by name.
    templates: RwLock<Vec<(Arn, Arc<Template>)>>,
    is_learning: AtomicBool,
    /// In seconds since 1970.
    rests_until: AtomicU64,
}

/// What there is to send with.
pub(super) enum Found {
    Template(Arc<Template>),
    /// It has to be learned first.
    Nothing,
    /// Not now.
    Resting,
}

impl Slot {
    /// The template for a request to this table at this time.
    pub(super) fn find(
        &self,
        arn: Option<&Arc<str>>,
        identity: &Identity,
        now: SystemTime,
        stamp: &Stamp,
    ) -> Found {
        let templates = self
            .templates
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let found = templates.iter().find(|(key, _)| key.as_ref() == arn);
        if let Some((_, template)) = found {
            let age = template.age(now);
            let is_young = |age: Option<Duration>, limit| age.is_some_and(|age| age < limit);
            if template.is_for(identity) {
                if is_young(age, LIFETIME) && template.signer.is_of_day(stamp) {
                    return Found::Template(template.clone());
                }
            } else if is_young(age, SETTLING) {
                return Found::Resting;
            }
        } else if arn.is_some() && templates.len() > REMEMBERED_ARNS {
            return Found::Resting;
        }
        let rests_until = self.rests_until.load(Ordering::Relaxed);
        let rest = rests_until.saturating_sub(seconds(now));
        // It is longer when the clock was set back.
        match (1..=REST.as_secs()).contains(&rest) {
            true => Found::Resting,
            false => Found::Nothing,
        }
    }

    /// Learns a template for requests of this kind. `None` when another task is at it.
    ///
    /// # Errors
    /// When there is none, with the reason; then nothing is learned for a while.
    pub(super) async fn learn<O: ApiOperation>(
        &self,
        plugins: &RuntimePlugins,
        tables: &Tables,
        body: &Bytes,
        identity: Identity,
        now: SystemTime,
        stamp: &Stamp,
    ) -> Option<Result<Arc<Template>, &'static str>> {
        let _learning = Learning::begin(&self.is_learning)?;
        let learned = learn::<O>(plugins, tables, body, identity, now).await;
        Some(match learned {
            // At midnight, or when the SDK has another idea of the service's clock.
            Ok(template) if !template.signer.is_of_day(stamp) => return None,
            Ok(template) => {
                let template = Arc::new(template);
                self.keep(arn(tables), template.clone());
                Ok(template)
            }
            Err(why) => {
                let until = seconds(now).saturating_add(REST.as_secs());
                self.rests_until.store(until, Ordering::Relaxed);
                Err(why)
            }
        })
    }

    fn keep(&self, arn: Arn, template: Arc<Template>) {
        let mut templates = self
            .templates
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match templates.iter_mut().find(|(key, _)| *key == arn) {
            Some((_, old)) => *old = template,
            None => templates.push((arn, template)),
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
struct Learning<'a>(&'a AtomicBool);

impl<'a> Learning<'a> {
    fn begin(is_learning: &'a AtomicBool) -> Option<Self> {
        let begun = is_learning.swap(true, Ordering::Acquire);
        (!begun).then_some(Learning(is_learning))
    }
}

impl Drop for Learning<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_learns_at_a_time() {
        let is_learning = AtomicBool::new(false);
        let first = Learning::begin(&is_learning);
        assert!(first.is_some());
        assert!(Learning::begin(&is_learning).is_none());
        drop(first);
        assert!(Learning::begin(&is_learning).is_some());
    }
}
