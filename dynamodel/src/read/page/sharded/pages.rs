//! Pages of merged items that are not decoded.

use std::task::{Context, Poll, ready};

use super::merge::{Effort, Merge};
use crate::client::capacity::ConsumedCapacity;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::schema::Shards;
use crate::read::page::reader::Decode;
use crate::read::page::{Cursor, RawItem, RawPage, smaller};
use crate::read::plan::ReadPlan;

/// Items of several shards in the order of the index, each within the response that contained it.
pub(crate) struct MergedPage {
    pub(crate) items: Vec<RawItem>,
    pub(crate) next: Option<Cursor>,
    /// Number of items that all shards returned for this page.
    pub(crate) count: u64,
    pub(crate) scanned_count: u64,
    pub(crate) capacity: Option<ConsumedCapacity>,
}

/// Reads one page, and returns it with the plan that it was read by.
pub(crate) async fn merged(
    db: &Db,
    mut plan: ReadPlan,
    shards: Shards,
    decode: Decode<RawPage>,
) -> Result<(MergedPage, ReadPlan), Error> {
    plan.limit = smaller(plan.page_size, plan.limit);
    plan.page_size = plan.limit;
    let mut pages = MergedPages::reading(db, plan, shards, decode)?;
    let page = std::future::poll_fn(|cx| pages.poll_page(cx)).await?;
    Ok((page, pages.merge.into_plan()))
}

/// Successive pages, each of the extent of a single page. Items that were read but not returned go
/// into the next page, so that nothing is read twice.
pub(crate) struct MergedPages {
    merge: Merge,
    /// Items of the current page so far.
    items: Vec<RawItem>,
    is_over: bool,
}

impl MergedPages {
    /// Creates the source of pages to borrow from.
    pub(crate) fn new(db: &Db, plan: ReadPlan, shards: Shards) -> Result<Self, Error> {
        Self::reading(db, plan, shards, RawPage::read_borrowed)
    }

    fn reading(
        db: &Db,
        plan: ReadPlan,
        shards: Shards,
        decode: Decode<RawPage>,
    ) -> Result<Self, Error> {
        Ok(MergedPages {
            is_over: plan.limit == Some(0),
            merge: Merge::new(db, plan, shards, Effort::Page, decode)?,
            items: Vec::new(),
        })
    }

    pub(crate) fn plan(&self) -> &ReadPlan {
        self.merge.plan()
    }

    /// Returns the next page; `None` after the last. A page with a failed shard is an error as a
    /// whole.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<MergedPage, Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let page = ready!(self.poll_page(cx));
        self.is_over = match &page {
            Ok(page) => page.next.is_none() || self.merge.is_enough(),
            Err(_) => true,
        };
        Poll::Ready(Some(page))
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<MergedPage, Error>> {
        while let Some(item) = ready!(self.merge.poll_next(cx)) {
            self.items.push(item?);
        }
        let items = std::mem::take(&mut self.items);
        Poll::Ready(Ok(self.merge.end_page(items)))
    }
}
