//! Capture of a signed request, from two that the SDK makes and does not send.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

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
use aws_smithy_runtime_api::client::runtime_plugin::{
    RuntimePlugin, RuntimePlugins, StaticRuntimePlugin,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;

use super::identity::Known;
use super::signed_request::{DATE, SignedRequest, TRACE, VARYING};
use super::signer::Signer;
use crate::call::Call;
use crate::orchestrator::RawInput;
use crate::{ApiOperation, Tables};

/// Captures two requests with different bodies for different tables. They show what differs between
/// requests; when that is more than what is known, nothing is captured.
pub(super) async fn capture<O: ApiOperation>(
    plugins: &RuntimePlugins,
    tables: &Tables,
    body: &Bytes,
    identity: Identity,
    now: SystemTime,
) -> Result<SignedRequest, &'static str> {
    let credentials = identity.data::<Credentials>();
    let credentials = credentials.ok_or("the client's identity is not one of AWS credentials")?;
    let settings = O::sdk_plugin().config();
    let settings = settings.ok_or("an SDK operation has no settings")?;
    let other = Bytes::from_static(br#"{"ReturnConsumedCapacity":"NONE"}"#);
    let (one, quota) = show::<O>(plugins, tables, body, &identity).await?;
    let (two, _) = show::<O>(plugins, &other_tables(tables), &other, &identity).await?;

    let signer = Signer::capture(&one, body, credentials)?;
    Signer::capture(&two, &other, credentials)?;
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
    Ok(SignedRequest {
        request,
        signer,
        identity,
        captured: now,
        quota,
        settings,
    })
}

/// Other tables of the same kind: of other names, and for ARNs of the same account.
fn other_tables(tables: &Tables) -> Tables {
    let other = |table: &Arc<str>| -> Arc<str> {
        match table.rsplit_once('/') {
            Some((account, _)) if table.starts_with("arn:") => {
                format!("{account}/dynamodel-other").into()
            }
            _ if table.starts_with("arn:") => table.clone(),
            _ => "dynamodel-other".into(),
        }
    };
    match tables {
        Tables::One(table) => Tables::One(other(table)),
        Tables::Many(tables) => Tables::Many(tables.iter().map(other).collect()),
    }
}

/// The headers that must be the same in every request.
fn fixed(request: &HttpRequest) -> impl Iterator<Item = (&str, &[u8])> {
    let headers = request.headers().iter_bytes();
    headers.filter(|(name, _)| !VARYING.iter().any(|varying| varying == name))
}

/// `true` if the day is in a header that is taken for one that stays the same. Two requests are captured
/// from within one second, so that comparing them does not show it.
fn tells_the_day(request: &HttpRequest) -> bool {
    let Some(day) = request.headers().get(DATE).and_then(|date| date.get(..8)) else {
        return true;
    };
    // A session token is the same for all requests, whatever is in it.
    let mut headers = fixed(request).filter(|(name, _)| *name != "x-amz-security-token");
    headers.any(|(_, value)| memchr::memmem::find(value, day.as_bytes()).is_some())
}

/// The request that the SDK would send as this identity, with what belongs to it. Nothing is sent, and
/// nothing waited for.
async fn show<O: ApiOperation>(
    plugins: &RuntimePlugins,
    tables: &Tables,
    body: &Bytes,
    identity: &Identity,
) -> Result<(HttpRequest, TokenBucket), &'static str> {
    let seen = Arc::new(Mutex::new(None));
    let ours = RuntimeComponentsBuilder::new("dynamodel::Recorder")
        .with_interceptor(Recorder(seen.clone()))
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
struct Recorder(Arc<Mutex<Option<(HttpRequest, TokenBucket)>>>);

#[dyn_dispatch_hint]
impl Intercept for Recorder {
    fn name(&self) -> &'static str {
        "dynamodel::Recorder"
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
