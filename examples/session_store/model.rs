//! The session as the shop's code sees it.

use std::collections::{BTreeSet, HashMap};

use dynamodel::{Document, Entity, Projection};

use crate::record::{CartLineRecord, DeviceRecord, SessionRecord};

/// A visit of a user to the shop.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "sessions")]
#[dynamo(index(by_token, partition = auth_token))]
#[dynamo(index(by_device, partition = (tenant, device), sort = (last_accessed), project = [user_agent]))]
#[dynamo(local_index(by_activity, sort = last_accessed))]
pub(crate) struct Session {
    #[dynamo(partition)]
    pub(crate) user_id: String,
    #[dynamo(sort)]
    pub(crate) session_id: String,
    #[dynamo(rename = "Token")]
    pub(crate) auth_token: String,
    pub(crate) tenant: String,
    pub(crate) device: Device,
    pub(crate) last_accessed: u64,
    pub(crate) user_agent: Option<String>,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) views: u64,
    pub(crate) data: SessionData,
    #[dynamo(ttl)]
    pub(crate) expires_at: u64,
    #[dynamo(version)]
    pub(crate) version: u64,
}

/// Kind of device; stored as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
pub(crate) enum Device {
    Mobile,
    Desktop,
}

/// Content of a session: page, cart and settings; stored as a map.
#[derive(Debug, Clone, PartialEq, Document)]
pub(crate) struct SessionData {
    pub(crate) current_page: String,
    pub(crate) cart: Vec<CartLine>,
    pub(crate) prefs: HashMap<String, String>,
}

/// One article in the cart.
#[derive(Debug, Clone, PartialEq, Eq, Document)]
pub(crate) struct CartLine {
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    pub(crate) price_cents: u64,
}

/// Row in a list of sessions; a read of this projection fetches these attributes only.
#[derive(Debug, Projection)]
#[dynamo(of = Session)]
pub(crate) struct SessionSummary {
    pub(crate) session_id: String,
    pub(crate) device: Device,
    pub(crate) views: u64,
}

impl SessionData {
    /// The price of everything in the cart.
    pub(crate) fn cart_cents(&self) -> u64 {
        let lines = self.cart.iter();
        lines.map(|l| u64::from(l.quantity) * l.price_cents).sum()
    }
}

impl From<SessionRecord> for Session {
    fn from(r: SessionRecord) -> Self {
        Session {
            user_id: r.user_id,
            session_id: r.session_id,
            auth_token: r.auth_token,
            tenant: r.tenant,
            device: match r.device {
                DeviceRecord::Mobile => Device::Mobile,
                DeviceRecord::Desktop => Device::Desktop,
            },
            last_accessed: r.last_accessed,
            user_agent: r.user_agent,
            tags: r.tags,
            views: r.views,
            data: SessionData {
                current_page: r.data.current_page,
                cart: r.data.cart.into_iter().map(CartLine::from).collect(),
                prefs: r.data.prefs.into_iter().collect(),
            },
            expires_at: r.expires_at,
            version: 0,
        }
    }
}

impl From<CartLineRecord> for CartLine {
    fn from(r: CartLineRecord) -> Self {
        CartLine {
            sku: r.sku,
            quantity: r.quantity,
            price_cents: r.price_cents,
        }
    }
}
