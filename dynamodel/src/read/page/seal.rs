//! [`Seal`]: encrypts the cursors of one read and binds them to it, with feature `sealed-cursors`.

use crate::client::db::Db;
use crate::read::plan::ReadPlan;

/// Keys of a `Db` for cursors, and the read that a cursor belongs to.
#[cfg(feature = "sealed-cursors")]
#[derive(Clone)]
pub(crate) struct Seal {
    keys: std::sync::Arc<crate::client::cursor_keys::CursorKeys>,
    /// Table, index and partition.
    context: std::sync::Arc<[u8]>,
}

/// No cursor is sealed without the feature `sealed-cursors`.
#[cfg(not(feature = "sealed-cursors"))]
#[derive(Clone)]
pub(crate) enum Seal {}

#[cfg(feature = "sealed-cursors")]
impl Seal {
    /// Returns the seal of this read, if the `Db` has a key for cursors.
    pub(crate) fn of(db: &Db, plan: &ReadPlan) -> Option<Self> {
        let keys = db.cursor_keys()?.clone();
        let context = context(plan).into();
        Some(Seal { keys, context })
    }

    pub(super) fn close(&self, content: &[u8]) -> Option<Vec<u8>> {
        self.keys.seal(content, &self.context)
    }

    pub(super) fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        self.keys.open(sealed, &self.context)
    }
}

#[cfg(not(feature = "sealed-cursors"))]
impl Seal {
    pub(crate) fn of(_: &Db, _: &ReadPlan) -> Option<Self> {
        None
    }

    pub(super) fn close(&self, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(super) fn open(&self, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }
}

/// Returns what a cursor is bound to: table, index, and the values of the partition key, each with its
/// length, so that no two reads have the same text.
#[cfg(feature = "sealed-cursors")]
fn context(plan: &ReadPlan) -> Vec<u8> {
    let index = plan.index.and_then(|name| plan.schema.index(name));
    let key = index.map_or(&plan.schema.key, |index| &index.key);
    let mut context = Vec::with_capacity(96);
    let mut add = |part: &[u8]| {
        context.extend_from_slice(&(part.len() as u64).to_be_bytes());
        context.extend_from_slice(part);
    };
    add(plan.schema.table.as_bytes());
    add(plan.index.unwrap_or_default().as_bytes());
    for (name, json) in plan.equalities() {
        if key.partition.contains(&name) {
            add(name.as_bytes());
            add(json);
        }
    }
    context
}
