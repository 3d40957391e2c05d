//! The verified lane: first attempts past the SDK's orchestrator, for less than a tenth of its cost.
//!
//! 1. **Learn.** The orchestrator makes a request and signs it, but does not send it. That is the
//!    template: endpoint, headers, scope of the signature.
//! 2. **Verify.** Our signer signs the same request. Only when that gives the same bytes, for two
//!    requests that differ in nothing unknown, there is a template. It is learned anew for other
//!    credentials, every day, and every few minutes.
//! 3. **Send.** The first attempt of a call is the template with another body, time, invocation id
//!    and signature, sent by the client's own HTTP client.
//! 4. **Hand over.** Whatever comes back other than a success with a whole body is given to the
//!    orchestrator as the outcome of *its* first attempt; so is a request that is still under way
//!    after a second. From there on all is the SDK's.
//!
//! What a client is configured with that is not understood keeps the lane closed: see [`gate`].

mod attempt;
mod clock;
mod gate;
mod handover;
mod identity;
mod invocation;
mod learn;
mod patience;
mod sender;
mod signer;
mod slot;
mod status;
mod template;

use std::fmt;

use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugins;
use bytes::Bytes;

use self::handover::Handover;
use self::sender::Sender;
use self::status::{Counts, Obstacle};
use super::capture::Captured;
use super::{ApiOperation, Reply, Tables};

pub(crate) use self::slot::Slot;
pub use self::status::LaneStatus;

/// The lane of one client.
pub(super) struct Lane {
    /// What to send with; without it, the lane is closed for good.
    sender: Result<Sender, &'static str>,
    obstacle: Obstacle,
    counts: Counts,
}

/// What came of a first attempt.
pub(super) enum Tried<'a> {
    /// A success.
    Answered(Reply),
    /// Nothing was done that the orchestrator would have to know of.
    Not,
    /// The orchestrator has to go on from there.
    HandOver(Handover<'a>),
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lane").field(&self.status()).finish()
    }
}

impl Lane {
    pub(super) fn new(client: Captured) -> Self {
        let sender = match gate::obstacle(&client) {
            None => Sender::new(client),
            Some(why) => Err(why),
        };
        let obstacle = Obstacle::default();
        obstacle.set(sender.as_ref().err().copied());
        Lane {
            sender,
            obstacle,
            counts: Counts::default(),
        }
    }

    pub(super) fn status(&self) -> LaneStatus {
        LaneStatus::new(self.obstacle.get(), &self.counts)
    }

    /// Sends `body` as the first attempt of a request of operation `O`.
    pub(super) async fn attempt<O: ApiOperation>(
        &self,
        plugins: &RuntimePlugins,
        tables: &Tables,
        body: &Bytes,
    ) -> Tried<'_> {
        let Ok(sender) = &self.sender else {
            return Tried::Not;
        };
        let sending = sender.attempt::<O>(&self.obstacle, plugins, tables, body);
        let tried = sending.await;
        match &tried {
            Tried::Answered(reply) => {
                tracing::debug!(request_id = ?reply.request_id);
                self.counts.answered();
            }
            Tried::HandOver(handover) if handover.is_sent() => self.counts.handed_over(),
            Tried::HandOver(_) | Tried::Not => {}
        }
        tried
    }
}
