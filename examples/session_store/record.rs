//! One line of `sessions.jsonl`: plain data, as another system would export it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A session in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionRecord {
    /// The user that the session belongs to.
    pub(crate) user_id: String,
    /// Start of the session and a short random suffix: sorts by time.
    pub(crate) session_id: String,
    /// Secret by which the browser identifies itself as this session.
    pub(crate) auth_token: String,
    /// The customer that the user belongs to.
    pub(crate) tenant: String,
    /// Kind of device.
    pub(crate) device: DeviceRecord,
    /// Seconds since the Unix epoch.
    pub(crate) last_accessed: u64,
    /// Absent if the client did not send one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// Labels, none to three.
    pub(crate) tags: BTreeSet<String>,
    /// Pages seen.
    pub(crate) views: u64,
    /// Content of the session: page, cart and settings.
    pub(crate) data: DataRecord,
    /// Seconds since the Unix epoch; the session is invalid after that.
    pub(crate) expires_at: u64,
}

/// Kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DeviceRecord {
    /// Phone or tablet.
    Mobile,
    /// Anything with a keyboard.
    Desktop,
}

/// Content of a session: page, cart and settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataRecord {
    /// Path of the page that the user looks at.
    pub(crate) current_page: String,
    /// Articles in the cart.
    pub(crate) cart: Vec<CartLineRecord>,
    /// Settings by name, for instance `theme`.
    pub(crate) prefs: BTreeMap<String, String>,
}

/// One article in the cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CartLineRecord {
    /// The article.
    pub(crate) sku: String,
    /// Number of pieces.
    pub(crate) quantity: u32,
    /// Price of one piece, in cents.
    pub(crate) price_cents: u64,
}
