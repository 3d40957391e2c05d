//! Queries of a sharded index: one reader for each shard, merged in sort order.

mod layout;
mod merge;
mod pages;
mod position;

pub(super) use self::merge::{Effort, Merge};
pub(crate) use self::pages::{MergedPage, MergedPages, merged};

use std::time::SystemTime;

use futures_util::{StreamExt, TryStreamExt};

use super::{Cursor, Named, Page, PageItems, RawItem, RawPage, count_from};
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::Projection;
use crate::model::schema::Shards;
use crate::read::plan::ReadPlan;
use layout::Layout;

/// Decodes a merged item.
pub(super) fn decode<O: Projection>(plan: &ReadPlan, item: &RawItem) -> Result<O, Error> {
    O::read_item(&mut item.reader()).map_err(|e| Named::of(plan).read(e))
}

/// Reads all items.
pub(super) async fn all(
    db: &Db,
    plan: ReadPlan,
    shards: Shards,
    items: &mut dyn PageItems,
) -> Result<(), Error> {
    let named = Named::of(&plan);
    let mut merge = Merge::new(db, plan, shards, Effort::All, RawPage::read)?;
    while let Some(item) = merge.next().await? {
        let read = items.read_item(&mut item.reader());
        read.map_err(|e| named.read(e))?;
    }
    Ok(())
}

/// Reads one page of the merged items, up to the first that cannot be read, and the results from that
/// one on.
pub(super) async fn page<O: Projection>(
    db: &Db,
    plan: ReadPlan,
    shards: Shards,
) -> Result<(Page<O>, Vec<Result<O, Error>>), Error> {
    let (merged, plan) = merged(db, plan, shards, RawPage::read).await?;
    let (mut items, mut rest) = (Vec::with_capacity(merged.items.len()), Vec::new());
    for item in &merged.items {
        match decode(&plan, item) {
            Ok(item) if rest.is_empty() => items.push(item),
            result => rest.push(result),
        }
    }
    let page = Page {
        items,
        next: merged.next,
        count: merged.count,
        scanned_count: merged.scanned_count,
        consumed_capacity: merged.capacity,
    };
    Ok((page, rest))
}

/// Counts the items of all shards.
pub(super) async fn count(db: &Db, plan: ReadPlan, shards: Shards) -> Result<u64, Error> {
    let (limit, concurrency) = (plan.limit, plan.concurrency.max(1));
    let layout = Layout::new(&plan, shards)?;
    let starts = layout.starts(&plan)?;
    let counts = starts.into_iter().map(|(plan, start)| async move {
        match start {
            position::Start::End => Ok(0),
            start => count_from(db, &plan, start.into_key()).await,
        }
    });
    let counts = futures_util::stream::iter(counts).buffer_unordered(concurrency);
    let sum = |sum: u64, count: u64| std::future::ready(Ok(sum.saturating_add(count)));
    let count = counts.try_fold(0, sum).await?;
    Ok(limit.map_or(count, |limit| count.min(limit)))
}

/// Returns the requests for the first page, as a JSON list.
pub(super) fn to_json(plan: &ReadPlan, shards: Shards) -> Result<String, Error> {
    let layout = Layout::new(plan, shards)?;
    let limit = merge::shard_limit(plan, shards, plan.limit);
    let mut requests = Vec::new();
    for (plan, start) in layout.starts(plan)? {
        if let position::Start::End = start {
            continue;
        }
        let start = start.into_key();
        let body = plan.body(plan.schema.table, limit, start.as_deref(), SystemTime::now)?;
        requests.push(crate::client::request::text(body)?);
    }
    Ok(format!("[{}]", requests.join(",")))
}

impl Cursor {
    fn with_shards(plan: &ReadPlan, body: Vec<u8>) -> Self {
        Cursor::of(super::cursor::SHARDED, plan, body)
    }
}
