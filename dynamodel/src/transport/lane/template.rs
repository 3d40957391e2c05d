//! What the lane's requests are made from: a request of the SDK, learned and verified.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_smithy_runtime::client::orchestrator::{StopPoint, invoke_with_stop_point};
use aws_smithy_runtime::client::retries::TokenBucket;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, Input,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::{
    RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugins, StaticRuntimePlugin};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use http::HeaderName;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};

use super::clock::Stamp;
use super::identity::Known;
use super::invocation::Invocation;
use super::signer::Signer;
use crate::transport::attempt::Call;
use crate::transport::plugin::RawInput;
use crate::transport::{ApiOperation, Tables};

/// How long a template is used before it is learned anew.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How long nothing is learned after it did not work out.
const REST: Duration = Duration::from_secs(60);
/// How long a template is kept at least, when it turns out to be for other credentials.
const SETTLING: Duration = Duration::from_secs(1);
/// Past this many tables that are named by ARN, requests go through the orchestrator.
const REMEMBERED_ARNS: usize = 64;

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const INVOCATION: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
/// The headers that differ from request to request.
const VARYING: [HeaderName; 5] = [AUTHORIZATION, CONTENT_LENGTH, DATE, INVOCATION, TRACE];

/// Requests of one operation to one endpoint with one identity, on one day.
pub(super) struct Template {
    /// Without a body; the varying headers are empty.
    request: HttpRequest,
    signer: Signer,
    identity: Identity,
    learned: SystemTime,
    /// The retry quota that the client's calls share.
    pub(super) quota: TokenBucket,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").finish_non_exhaustive()
    }
}

impl Template {
    /// The request with this body.
    ///
    /// `None` when it can't be made; that is left to the SDK then.
    pub(super) fn request(
        &self,
        body: &Bytes,
        stamp: Stamp,
        invocation: Invocation,
        trace: Option<String>,
    ) -> Option<HttpRequest> {
        let mut request = self.request.try_clone()?;
        let authorization = self.signer.sign(stamp.as_str(), body);
        let length = itoa::Buffer::new().format(body.len()).to_owned();
        let headers = request.headers_mut();
        headers.try_insert(AUTHORIZATION, authorization).ok()?;
        headers.try_insert(CONTENT_LENGTH, length).ok()?;
        headers.try_insert(DATE, stamp.into_string()).ok()?;
        headers.try_insert(INVOCATION, invocation.text()).ok()?;
        if let Some(trace) = trace {
            headers.try_insert(TRACE, trace).ok()?;
        }
        *request.body_mut() = SdkBody::from(body.clone());
        Some(request)
    }

    fn is_for(&self, identity: &Identity) -> bool {
        let credentials = (self.identity.data(), identity.data::<Credentials>());
        let (Some(ours), Some(theirs)) = credentials else {
            return false;
        };
        // The SDK's cache gives the same ones again and again.
        std::ptr::eq::<Credentials>(ours, theirs)
            || (ours.access_key_id() == theirs.access_key_id()
                && ours.secret_access_key() == theirs.secret_access_key()
                && ours.session_token() == theirs.session_token()
                && ours.account_id() == theirs.account_id())
    }

    fn age(&self, now: SystemTime) -> Option<Duration> {
        now.duration_since(self.learned).ok()
    }
}

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
        } else if templates.len() > REMEMBERED_ARNS {
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

/// Learns from two requests with different bodies. They show what differs between requests; when
/// that is more than what is known, nothing is learned.
async fn learn<O: ApiOperation>(
    plugins: &RuntimePlugins,
    tables: &Tables,
    body: &Bytes,
    identity: Identity,
    now: SystemTime,
) -> Result<Template, &'static str> {
    let credentials = identity.data::<Credentials>();
    let credentials = credentials.ok_or("the client's identity is not one of AWS credentials")?;
    let other = Bytes::from_static(br#"{"ReturnConsumedCapacity":"NONE"}"#);
    let (one, quota) = show::<O>(plugins, tables, body, &identity).await?;
    let (two, _) = show::<O>(plugins, tables, &other, &identity).await?;

    let signer = Signer::learn(&one, body, credentials)?;
    Signer::learn(&two, &other, credentials)?;
    if one.headers().get("x-amz-security-token") != credentials.session_token() {
        return Err("the SDK sends session tokens in an unknown way");
    }
    if one.uri() != two.uri() || !fixed(&one).eq(fixed(&two)) {
        return Err("the SDK's requests differ in an unknown way");
    }
    if tells_the_day(&one) {
        return Err("the SDK's requests tell the time in an unknown way");
    }
    let mut request = one;
    *request.body_mut() = SdkBody::empty();
    for name in VARYING {
        // An empty text in its place, so that later ones need no room.
        if request.headers().contains_key(&name) {
            request.headers_mut().insert(name, "");
        }
    }
    request.headers_mut().remove(TRACE);
    Ok(Template {
        request,
        signer,
        identity,
        learned: now,
        quota,
    })
}

/// The headers that must be the same in every request.
fn fixed(request: &HttpRequest) -> impl Iterator<Item = (&str, &[u8])> {
    let headers = request.headers().iter_bytes();
    headers.filter(|(name, _)| !VARYING.iter().any(|varying| varying == name))
}

/// Whether the day is in a header that is taken for one that stays the same. Two requests are learned
/// from within one second, so that comparing them does not show it.
fn tells_the_day(request: &HttpRequest) -> bool {
    let Some(day) = request.headers().get(DATE).and_then(|date| date.get(..8)) else {
        return true;
    };
    // A session token is the same for all requests, whatever is in it.
    let mut headers = fixed(request).filter(|(name, _)| *name != "x-amz-security-token");
    headers.any(|(_, value)| memchr::memmem::find(value, day.as_bytes()).is_some())
}

/// The request that the SDK would send as this identity, and the quota of its retries. Nothing is sent,
/// and nothing waited for.
async fn show<O: ApiOperation>(
    plugins: &RuntimePlugins,
    tables: &Tables,
    body: &Bytes,
    identity: &Identity,
) -> Result<(HttpRequest, TokenBucket), &'static str> {
    let seen = Arc::new(Mutex::new(None));
    let ours = RuntimeComponentsBuilder::new("dynamodel::Learner")
        .with_interceptor(Learner(seen.clone()))
        .with_identity_cache(Some(Known(identity.clone())));
    let ours = StaticRuntimePlugin::new().with_runtime_components(ours);
    let plugins = plugins.clone().with_operation_plugin(ours);
    let input = Input::erase(RawInput {
        body: body.clone(),
        tables: tables.clone(),
        call: Call::default(),
    });
    let stop = StopPoint::BeforeTransmit;
    let shown = invoke_with_stop_point("DynamoDB", O::NAME, input, &plugins, stop).await;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (shown, seen) {
        (Err(_), Some(seen)) => Ok(seen),
        _ => Err("the SDK did not show a request"),
    }
}

/// Takes a copy of the signed request, and ends the call.
#[derive(Debug)]
struct Learner(Arc<Mutex<Option<(HttpRequest, TokenBucket)>>>);

#[dyn_dispatch_hint]
impl Intercept for Learner {
    fn name(&self) -> &'static str {
        "dynamodel::Learner"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(request) = context.request().try_clone()
            && let Some(quota) = cfg.load::<TokenBucket>()
        {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *seen = Some((request, quota.clone()));
        }
        // As a failure it is not counted as a success in the quota of retries.
        Err("the request was seen".into())
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
