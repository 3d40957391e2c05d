//! Pages of merged items, as they came.

use std::task::{Context, Poll, ready};

use super::merge::{Effort, Merge};
use crate::client::capacity::ConsumedCapacity;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::schema::Shards;
use crate::read::page::reader::Decode;
use crate::read::page::{Cursor, RawItem, RawPage, smaller};
use crate::read::plan::Plan;

/// Items of several shards in the order of the index, each in the answer that it came in.
pub(crate) struct MergedPage {
    pub(crate) items: Vec<RawItem>,
    pub(crate) next: Option<Cursor>,
    /// What was asked for for this page, of all shards.
    pub(crate) count: u64,
    pub(crate) scanned_count: u64,
    pub(crate) capacity: Option<ConsumedCapacity>,
}

/// One page, and the plan that it was read by.
pub(crate) async fn merged(
    db: &Db,
    mut plan: Plan,
    shards: Shards,
    decode: Decode<RawPage>,
) -> Result<(MergedPage, Plan), Error> {
    plan.limit = smaller(plan.page_size.map(u64::from), plan.limit);
    plan.page_size = plan.limit.and_then(|limit| u32::try_from(limit).ok());
    let mut pages = MergedPages::reading(db, plan, shards, decode)?;
    let page = std::future::poll_fn(|cx| pages.poll_page(cx)).await?;
    Ok((page, pages.merge.into_plan()))
}

/// Pages one after the other, each as far as one goes. What was read and not given out goes into the next
/// one, so that nothing is read twice.
pub(crate) struct MergedPages {
    merge: Merge,
    /// Those of the page at hand, so far.
    items: Vec<RawItem>,
    is_over: bool,
}

impl MergedPages {
    /// Pages to borrow from.
    pub(crate) fn new(db: &Db, plan: Plan, shards: Shards) -> Result<Self, Error> {
        Self::reading(db, plan, shards, RawPage::read_borrowed)
    }

    fn reading(
        db: &Db,
        plan: Plan,
        shards: Shards,
        decode: Decode<RawPage>,
    ) -> Result<Self, Error> {
        Ok(MergedPages {
            is_over: plan.limit == Some(0),
            merge: Merge::new(db, plan, shards, Effort::Page, decode)?,
            items: Vec::new(),
        })
    }

    pub(crate) fn plan(&self) -> &Plan {
        self.merge.plan()
    }

    /// The next page; `None` after the last. A page of which a shard fails is an error as a whole.
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
