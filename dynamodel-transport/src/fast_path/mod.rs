//! The fast path: first attempts bypass the SDK's orchestrator, for less than a fifth of its processor time.
//!
//! 1. **Capture.** The orchestrator makes a request and signs it, but does not send it. That signed
//!    request holds the endpoint, the headers and the scope of the signature.
//! 2. **Verify.** Our signer signs the same request. Only when that gives the same bytes, for two
//!    requests that differ in nothing unknown, the signed request is cached. It is captured again for
//!    other credentials, every day, and every few minutes.
//! 3. **Send.** The first attempt of a call is the cached request with another body, time, invocation
//!    id and signature, sent by the client's own HTTP client.
//! 4. **Fall back.** Whatever comes back other than a success with a whole body, or a refusal that is
//!    final (a condition that is not met, a canceled transaction), is given to the orchestrator as the
//!    outcome of *its* first attempt; so is a request that is still in flight after a second, or after
//!    longer when many are. From there on all is the SDK's.
//!
//! A client that is configured with anything unknown is not eligible: see [`eligibility`].

mod amz_date;
mod cache;
mod capture;
mod deadline;
mod eligibility;
mod fallback;
mod identity;
mod invocation;
mod read_body;
mod send;
mod signed_request;
mod signer;
mod status;

use std::fmt;

use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugins;
use bytes::Bytes;

use self::fallback::Fallback;
use self::send::Sender;
use self::status::{Counts, Ineligibility};
use super::client_parts::ClientParts;
use super::operations::ApiOperation;
use super::shown::is_request_id;
use super::{Failure, FastPathStatus, Response, Tables};

pub(crate) use self::cache::Cache;

/// The fast path of one client.
pub(super) struct FastPath {
    /// Sends the attempts; without it, no request of the client is eligible.
    sender: Result<Sender, &'static str>,
    ineligible_because: Ineligibility,
    counts: Counts,
}

/// Outcome of a first attempt.
pub(super) enum Outcome<'a> {
    /// A success.
    Response(Response),
    /// A refusal that is final.
    Refused(Box<Failure>),
    /// Nothing was done that the orchestrator would have to know of.
    NotSent,
    /// The orchestrator has to go on from there.
    Fallback(Fallback<'a>),
}

impl fmt::Debug for FastPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FastPath").field(&self.status()).finish()
    }
}

impl FastPath {
    pub(super) fn new(client: ClientParts) -> Self {
        let sender = match eligibility::ineligible_because(&client) {
            None => Sender::new(client),
            Some(why) => Err(why),
        };
        let ineligible_because = Ineligibility::default();
        ineligible_because.set(sender.as_ref().err().copied());
        FastPath {
            sender,
            ineligible_because,
            counts: Counts::default(),
        }
    }

    pub(super) fn status(&self) -> FastPathStatus {
        self.counts.status(self.ineligible_because.get())
    }

    /// Sends `body` as the first attempt of a request of operation `O`.
    pub(super) async fn attempt<O: ApiOperation>(
        &self,
        plugins: &RuntimePlugins,
        tables: &Tables,
        body: &Bytes,
    ) -> Outcome<'_> {
        let Ok(sender) = &self.sender else {
            return Outcome::NotSent;
        };
        let sending = sender.attempt::<O>(&self.ineligible_because, plugins, tables, body);
        let outcome = sending.await;
        match &outcome {
            Outcome::Response(response) => {
                let id = response.request_id.as_deref();
                tracing::debug!(request_id = ?id.filter(|id| is_request_id(id)));
                self.counts.count_success();
            }
            Outcome::Refused(_) => self.counts.count_success(),
            Outcome::Fallback(fallback) if fallback.is_sent() => self.counts.count_fallback(),
            Outcome::Fallback(_) | Outcome::NotSent => {}
        }
        outcome
    }
}
