//! The user agent of a client's requests, made once.

use std::env;
use std::sync::{PoisonError, RwLock};

use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_runtime::sdk_feature::AwsSdkFeature;
use aws_smithy_runtime::client::sdk_feature::SmithySdkFeature;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{
    Intercept, SharedInterceptor, dyn_dispatch_hint,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use http::HeaderName;
use http::header::USER_AGENT;

use super::sdk_internals::{self, Effect};

const X_AMZ_USER_AGENT: HeaderName = HeaderName::from_static("x-amz-user-agent");

/// Takes out what the SDK's interceptors do for every request to no effect, or to the same one.
/// Only for a client that has no others, which could change what they work on.
pub(super) fn lean(interceptors: Vec<SharedInterceptor>) -> Vec<SharedInterceptor> {
    let is_lambda = env::var_os("AWS_LAMBDA_FUNCTION_NAME").is_some();
    let lean = interceptors.into_iter().filter_map(|sdk| {
        match sdk_internals::effect(sdk.name(), is_lambda) {
            Effect::None => None,
            Effect::UserAgent => Some(SharedInterceptor::permanent(UserAgent {
                sdk,
                known: RwLock::default(),
            })),
            Effect::Own => Some(sdk),
        }
    });
    lean.collect()
}

/// The SDK's interceptor, asked again only for other features than the last time.
#[derive(Debug)]
struct UserAgent {
    sdk: SharedInterceptor,
    known: RwLock<Option<Known>>,
}

/// The headers for a list of features. All else that they tell of is the client's.
#[derive(Debug)]
struct Known {
    smithy: Vec<SmithySdkFeature>,
    sdk: Vec<AwsSdkFeature>,
    credentials: Vec<AwsCredentialFeature>,
    user_agent: String,
    x_amz_user_agent: String,
}

impl Known {
    fn is_for(&self, cfg: &ConfigBag) -> bool {
        cfg.load::<SmithySdkFeature>().eq(&self.smithy)
            && cfg.load::<AwsSdkFeature>().eq(&self.sdk)
            && cfg.load::<AwsCredentialFeature>().eq(&self.credentials)
    }
}

#[dyn_dispatch_hint]
impl Intercept for UserAgent {
    fn name(&self) -> &'static str {
        self.sdk.name()
    }

    fn read_after_serialization(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.sdk.read_after_serialization(context, components, cfg)
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.is_for(cfg)) {
            let headers = context.request_mut().headers_mut();
            headers.try_append(USER_AGENT, known.user_agent.clone())?;
            headers.try_append(X_AMZ_USER_AGENT, known.x_amz_user_agent.clone())?;
            return Ok(());
        }
        drop(known);
        self.sdk.modify_before_signing(context, components, cfg)?;
        let headers = context.request().headers();
        let only = |name: HeaderName| {
            let mut values = headers.get_all(name);
            values
                .next()
                .filter(|_| values.next().is_none())
                .map(str::to_owned)
        };
        if let (Some(user_agent), Some(x_amz_user_agent)) =
            (only(USER_AGENT), only(X_AMZ_USER_AGENT))
        {
            let known = Known {
                smithy: cfg.load::<SmithySdkFeature>().cloned().collect(),
                sdk: cfg.load::<AwsSdkFeature>().cloned().collect(),
                credentials: cfg.load::<AwsCredentialFeature>().cloned().collect(),
                user_agent,
                x_amz_user_agent,
            };
            let mut place = self.known.write().unwrap_or_else(PoisonError::into_inner);
            *place = Some(known);
        }
        Ok(())
    }
}
