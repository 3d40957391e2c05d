//! Identities that the orchestrator need not ask for, because the fast path has done so.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::{
    Identity, IdentityFuture, ResolveCachedIdentity, SharedIdentityCache, SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Identity cache that returns a fixed identity without calling the provider.
#[derive(Debug)]
pub(super) struct Known(pub(super) Identity);

impl ResolveCachedIdentity for Known {
    fn resolve_cached_identity<'a>(
        &'a self,
        _resolver: SharedIdentityResolver,
        _components: &'a RuntimeComponents,
        _cfg: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::ready(Ok(self.0.clone()))
    }
}

/// The client's cache, which was asked once already and had no identity to give.
pub(super) struct Refused {
    error: Mutex<Option<BoxError>>,
    behind: SharedIdentityCache,
}

impl Refused {
    pub(super) fn new(error: BoxError, behind: SharedIdentityCache) -> Self {
        Refused {
            error: Mutex::new(Some(error)),
            behind,
        }
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refused").field(&self.behind).finish()
    }
}

impl ResolveCachedIdentity for Refused {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        cfg: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        let mut error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        match error.take() {
            Some(error) => IdentityFuture::ready(Err(error)),
            None => self
                .behind
                .resolve_cached_identity(resolver, components, cfg),
        }
    }
}
