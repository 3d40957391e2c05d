//! [`SignedRequest`]: a request of the SDK, captured and verified, that others are made from.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_smithy_runtime::client::retries::TokenBucket;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::FrozenLayer;
use bytes::Bytes;
use http::HeaderName;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};

use super::amz_date::Stamp;
use super::invocation::Invocation;
use super::signer::Signer;

pub(super) const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const INVOCATION: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
pub(super) const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");
/// The headers that differ from request to request.
pub(super) const VARYING: [HeaderName; 5] =
    [AUTHORIZATION, CONTENT_LENGTH, DATE, INVOCATION, TRACE];

/// Requests of one operation to one endpoint with one identity, on one day.
pub(super) struct SignedRequest {
    /// Without a body; the varying headers are empty.
    pub(super) request: HttpRequest,
    pub(super) signer: Signer,
    pub(super) identity: Identity,
    pub(super) captured: SystemTime,
    /// The retry quota that the client's calls share.
    pub(super) quota: TokenBucket,
    /// The SDK's settings of the operation, which tell what reads its responses.
    pub(super) settings: FrozenLayer,
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedRequest").finish_non_exhaustive()
    }
}

impl SignedRequest {
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

    pub(super) fn is_for(&self, identity: &Identity) -> bool {
        let credentials = (self.identity.data(), identity.data::<Credentials>());
        let (Some(ours), Some(theirs)) = credentials else {
            return false;
        };
        // The SDK's cache gives the same ones again and again.
        std::ptr::eq::<Credentials>(ours, theirs)
            || (ours.access_key_id() == theirs.access_key_id()
                && ours.secret_access_key() == theirs.secret_access_key()
                && ours.session_token() == theirs.session_token()
                && ours.account_id() == theirs.account_id()
                && features(ours) == features(theirs))
    }

    pub(super) fn age(&self, now: SystemTime) -> Option<Duration> {
        now.duration_since(self.captured).ok()
    }
}

/// The ways by which the credentials came; the user agent tells them.
fn features(credentials: &Credentials) -> Option<&Vec<AwsCredentialFeature>> {
    credentials.get_property()
}
