//! The entities of most tests: those of the tour.

use std::collections::{BTreeSet, HashMap};

use dynamodel::{Document, Entity, Projection};

#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "sessions")]
#[dynamo(index(by_token, partition = auth_token))]
#[dynamo(index(by_device, partition = (tenant, device), sort = (last_accessed), project = [user_agent]))]
#[dynamo(local_index(by_activity, sort = last_accessed))]
pub(crate) struct Session {
    #[dynamo(partition)]
    pub user_id: String,
    #[dynamo(sort)]
    pub session_id: String,
    #[dynamo(rename = "Token")]
    pub auth_token: String,
    pub tenant: String,
    pub device: Device,
    pub last_accessed: u64,
    pub user_agent: Option<String>,
    pub tags: BTreeSet<String>,
    pub views: u64,
    pub data: SessionData,
    #[dynamo(ttl)]
    pub expires_at: u64,
    #[dynamo(version)]
    pub version: u64,
    #[dynamo(skip)]
    pub cached: u32,
}

#[derive(Debug, Clone, PartialEq, Default, Document)]
pub(crate) struct SessionData {
    pub current_page: String,
    pub cart: Vec<CartLine>,
    pub prefs: HashMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Document)]
pub(crate) struct CartLine {
    pub sku: String,
    pub quantity: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Document)]
pub(crate) enum Device {
    Mobile,
    Desktop,
}

#[derive(Debug, PartialEq, Projection)]
#[dynamo(of = Session)]
pub(crate) struct SessionSummary {
    pub user_id: String,
    pub last_accessed: u64,
}

/// Returns a session that is not stored yet.
pub(crate) fn session(user_id: &str, session_id: &str) -> Session {
    Session {
        user_id: user_id.into(),
        session_id: session_id.into(),
        auth_token: format!("token-{user_id}-{session_id}"),
        tenant: "acme".into(),
        device: Device::Mobile,
        last_accessed: 1_000,
        user_agent: None,
        tags: BTreeSet::new(),
        views: 0,
        data: SessionData {
            current_page: "/".into(),
            cart: vec![CartLine {
                sku: "apple".into(),
                quantity: 1,
            }],
            prefs: HashMap::from([("theme".to_owned(), "light".to_owned())]),
        },
        expires_at: 4_000_000_000,
        version: 0,
        cached: 0,
    }
}
