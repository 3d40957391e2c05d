//! [`Db`], to which operations are sent, and everything that requests share: requests and
//! responses, retries, spans, consumed capacity, tables and the embedded engine.

pub(crate) mod batch;
pub(crate) mod capacity;
#[cfg(feature = "sealed-cursors")]
pub(crate) mod cursor_keys;
pub(crate) mod db;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod observe;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod spawn;
pub(crate) mod table;
pub(crate) mod transact;

pub use capacity::{Capacity, ConsumedCapacity, Measured};
pub use db::{Builder, Db};
pub use dynamodel_transport::{FastPathStatus, TransportPath, TransportStatus};
pub use retry::Backoff;
pub use table::TableInfo;
