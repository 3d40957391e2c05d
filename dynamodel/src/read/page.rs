//! Pages, cursors and streams of Query and Scan.

mod cursor;
mod in_flight;
mod items;
mod parallel;
mod raw_page;
mod reader;
mod scan_cursor;
mod seal;
mod sharded;
mod stream;

pub(crate) use cursor::Cursors;
pub(crate) use cursor::sealed;
pub use cursor::{Cursor, IntoCursor, ReadsPages};
pub(crate) use items::{AllItems, OwnedPage, PageItems};
pub(crate) use parallel::{all_of_segments, count_of_segments};
pub(crate) use raw_page::{RawItem, RawPage};
pub(crate) use reader::{PageReader, request};
pub(crate) use scan_cursor::{Beginning, Position};
pub use scan_cursor::{ScanCursor, ScanStream};
pub(crate) use seal::Seal;
pub(crate) use sharded::{MergedPage, MergedPages, merged};
pub use stream::ItemStream;
pub(crate) use stream::stream;

use std::time::SystemTime;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::FutureExt;

use self::items::{OwnItems, read_items};
use self::reader::PageSequence;
use crate::client::capacity::ConsumedCapacity;
use crate::client::db::Db;
use crate::client::request::Sending;
use crate::error::Error;
use crate::model::entity::Projection;
use crate::model::expr::ast::{Comparator, Node, Operand, Value};
use crate::read::plan::ReadPlan;
use crate::transport::shown::is_request_id;
use crate::transport::{self, Failure, FailureKind};
use crate::wire::{Decimal, ReadError};

/// One page of a query or scan.
///
/// ```
/// # use dynamodel::{Db, Entity};
/// # #[derive(Debug, Clone, PartialEq, Entity)]
/// # #[dynamo(table = "songs", index(by_year, partition = year, sort = title))]
/// # struct Song { #[dynamo(partition)] artist: String, #[dynamo(sort)] title: String, year: u32, plays: u64 }
/// # fn song(title: &str, year: u32) -> Song { Song { artist: "Nina".into(), title: title.into(), year, plays: 0 } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Song>().await?;
/// # for (title, year) in [("Aria", 2001), ("Ballad", 2002), ("Coda", 2002)] { song(title, year).put().send(&db).await?; }
/// let page = Song::query("Nina").page_size(2).page(&db).await?;
/// assert_eq!(page.items.len(), 2);
///
/// let last = Song::query("Nina").page_size(2).start_at(page.next).page(&db).await?;
/// assert_eq!(last.items[0].title, "Coda");
/// assert!(last.next.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Cursor of the next page; `None` after the last.
    pub next: Option<Cursor>,
    /// Number of items that DynamoDB returned.
    pub count: u64,
    /// Number of items that DynamoDB read, before the filter.
    pub scanned_count: u64,
    /// Consumed capacity, if requested with `measured`.
    pub consumed_capacity: Option<ConsumedCapacity>,
}

impl<T> Page<T> {
    /// Splits the page into its items and the page without them.
    pub(crate) fn split(self) -> (Vec<T>, Page<()>) {
        let page = Page {
            items: Vec::new(),
            next: self.next,
            count: self.count,
            scanned_count: self.scanned_count,
            consumed_capacity: self.consumed_capacity,
        };
        (self.items, page)
    }

    /// Returns the page with other items.
    pub(crate) fn with_items<U>(self, items: Vec<U>) -> Page<U> {
        Page {
            items,
            next: self.next,
            count: self.count,
            scanned_count: self.scanned_count,
            consumed_capacity: self.consumed_capacity,
        }
    }
}

/// Adds entity and operation to the errors of single items.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    entity: &'static str,
    operation: &'static str,
}

impl Named {
    pub(crate) fn of(plan: &ReadPlan) -> Self {
        Named {
            entity: plan.schema.entity,
            operation: plan.operation(),
        }
    }

    pub(crate) fn error(self, error: Error) -> Error {
        error.of_entity(self.entity).in_operation(self.operation)
    }

    pub(crate) fn read(self, error: ReadError) -> Error {
        self.error(Error::read(error))
    }

    /// Converts the result of one item to a result of the operation.
    pub(crate) fn result<T>(self, result: Result<T, ReadError>) -> Result<T, Error> {
        result.map_err(|e| self.read(e))
    }

    /// Creates the error of a stored response that is not valid JSON.
    pub(crate) fn malformed(self, error: ReadError, page: &RawPage) -> Error {
        let response = page.response();
        self.error(Error::failure(Failure {
            attempts: response.attempts,
            uncertain: false,
            open: false,
            request_id: response.request_id.clone().filter(|id| is_request_id(id)),
            kind: FailureKind::Decode(error),
        }))
    }
}

/// Starts the request for a page of at most `limit` items after the key `start`: one round trip.
fn start_request<'d>(
    db: &'d Db,
    plan: &ReadPlan,
    limit: Option<u64>,
    start: Option<&[u8]>,
) -> Result<Sending<'d>, Error> {
    if limit == Some(0) {
        let error = "a page has at least 1 item; raise `page_size` or `limit`, or leave it out";
        return Err(Named::of(plan).error(Error::invalid_request(error)));
    }
    let table = db.resolve(plan.schema.table);
    let body = plan
        .body(&table, limit, start, || db.now())
        .map_err(|e| Named::of(plan).error(e))?;
    Ok(match plan.scan {
        true => db.ask(transport::Operation::Scan, table, plan.index, body),
        false => db.ask(transport::Operation::Query, table, plan.index, body),
    })
}

/// Returns the key that the plan's cursor starts after.
pub(crate) fn start_key(plan: &ReadPlan) -> Result<Option<Vec<u8>>, Error> {
    let start = plan.start.as_ref().map(|cursor| {
        let key = cursor.key_for(plan)?;
        if plan
            .key
            .as_ref()
            .is_some_and(|key_condition| !within(&key, key_condition))
        {
            return Err(Error::cursor("it comes from another query"));
        }
        Ok(key)
    });
    start.transpose().map_err(|e| Named::of(plan).error(e))
}

/// Returns `true` if the key has the values that the key condition requires with `=`: those of the
/// partition key, and those of a sort key's leading parts.
fn within(key: &[u8], condition: &Node) -> bool {
    let Ok(key) = crate::wire::item_from_slice(key) else {
        return false;
    };
    let nodes = match condition {
        Node::And(nodes) => nodes.as_slice(),
        node => std::slice::from_ref(node),
    };
    nodes.iter().all(|node| match node {
        Node::Compare(Operand::Path(place), Comparator::Eq, Operand::Value(Value::Json(json))) => {
            let demanded = crate::wire::from_slice(json).ok();
            let found = key.get(place.top());
            found.zip(demanded).is_some_and(|(a, b)| is_equal(a, &b))
        }
        _ => true,
    })
}

/// Compares two values. Numbers are equal regardless of how their digits are written.
fn is_equal(a: &AttributeValue, b: &AttributeValue) -> bool {
    let (AttributeValue::N(x), AttributeValue::N(y)) = (a, b) else {
        return a == b;
    };
    match (Decimal::parse(x), Decimal::parse(y)) {
        (Ok(x), Ok(y)) => x == y,
        _ => x == y,
    }
}

/// Returns DynamoDB's `Limit` for the next page: the page size, but no more than the items still
/// wanted. DynamoDB counts before the filter, so with a filter a small limit would cause many empty
/// pages.
pub(crate) fn page_limit(plan: &ReadPlan, remaining: Option<u64>) -> Option<u64> {
    let wanted = remaining.filter(|_| plan.filter.is_none());
    smaller(plan.page_size, wanted)
}

/// Returns the smaller of two limits, as DynamoDB takes it: a positive 32-bit integer.
pub(crate) fn smaller(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    let limit = match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    limit.map(|limit| limit.min(i32::MAX.unsigned_abs().into()))
}

/// A read of all items, boxed so that it compiles once, here.
type Reading<'d> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'd>>;

/// Reads all items. From the second page on, the next page is requested before the items of one are
/// decoded, unless `prefetch(false)` is set. The first page is decoded before: most reads end with it,
/// or with an item in it that cannot be read.
pub(crate) fn all<'d>(db: &'d Db, plan: ReadPlan, items: &'d mut dyn PageItems) -> Reading<'d> {
    Box::pin(collect(db, plan, items))
}

async fn collect(db: &Db, mut plan: ReadPlan, items: &mut dyn PageItems) -> Result<(), Error> {
    plan.bind(db);
    if let Some(shards) = plan.shards {
        return sharded::all(db, plan, shards, items).await;
    }
    let start = start_key(&plan)?;
    let named = Named::of(&plan);
    let (limit, prefetch) = (plan.limit, plan.prefetch != Some(false));
    let mut pages = PageSequence::new(Arc::new(plan), start, RawPage::read);
    let (mut unreadable, mut is_first) = (None, true);
    loop {
        let remaining = limit.map(|limit| limit.saturating_sub(items.len() as u64));
        if remaining == Some(0) {
            let limit = limit.and_then(|limit| usize::try_from(limit).ok());
            items.truncate(limit.unwrap_or(usize::MAX));
            return Ok(());
        }
        if let Some(error) = unreadable {
            return Err(named.read(error));
        }
        let page_limit = |remaining, pages: &PageSequence<_>| page_limit(pages.plan(), remaining);
        let Some(page) = pages.next(db, page_limit(remaining, &pages)).await? else {
            return Ok(());
        };
        let left = remaining.map(|n| n.saturating_sub(page.envelope.count));
        if prefetch && !std::mem::take(&mut is_first) && left != Some(0) {
            pages.prefetch(db, page_limit(left, &pages)).await;
        }
        unreadable = read_items(&page, items).map_err(|e| named.malformed(e, &page))?;
    }
}

/// Reads the first item, if there is one.
pub(crate) fn first<'d>(
    db: &'d Db,
    mut plan: ReadPlan,
    items: &'d mut dyn PageItems,
) -> Reading<'d> {
    plan.limit = Some(1);
    all(db, plan, items)
}

pub(crate) async fn count(db: &Db, mut plan: ReadPlan) -> Result<u64, Error> {
    if let Some(single) = plan.told_by_key() {
        let mut own = OwnItems::new(single);
        all(db, plan.of_keys(), &mut own).await?;
        return Ok(own.len() as u64);
    }
    plan.bind(db);
    plan.count_only = true;
    if let Some(shards) = plan.shards {
        return sharded::count(db, plan, shards).await;
    }
    let start = start_key(&plan)?;
    count_from(db, &plan, start).await
}

/// Counts the items after this key.
async fn count_from(db: &Db, plan: &ReadPlan, mut start: Option<Vec<u8>>) -> Result<u64, Error> {
    let mut count = 0_u64;
    loop {
        let remaining = plan.limit.map(|limit| limit.saturating_sub(count));
        if remaining == Some(0) {
            break;
        }
        let limit = page_limit(plan, remaining);
        let page = request(db, plan, limit, start.as_deref(), RawPage::read).await?;
        count += page.envelope.count;
        start = page.envelope.last_key;
        if start.is_none() {
            break;
        }
    }
    Ok(plan.limit.map_or(count, |limit| count.min(limit)))
}

/// Reads one page. The first item that cannot be read is its error.
///
/// A function that returns the future of [`read_page`], because an async one would hold a second copy
/// of the plan.
pub(crate) fn page<O: Projection>(
    db: &Db,
    plan: ReadPlan,
) -> impl Future<Output = Result<Page<O>, Error>> + Send {
    read_page(db, plan).map(|page| {
        let (page, rest) = page?;
        match rest.into_iter().find_map(Result::err) {
            Some(error) => Err(error),
            None => Ok(page),
        }
    })
}

/// Reads one page, with the result of each item.
pub(crate) fn page_results<O: Projection>(
    db: &Db,
    plan: ReadPlan,
) -> impl Future<Output = Result<Page<Result<O, Error>>, Error>> + Send {
    read_page::<O>(db, plan).map(|page| {
        let (page, rest) = page?;
        let (items, page) = page.split();
        let items = items.into_iter().map(Ok).chain(rest);
        Ok(page.with_items(items.collect()))
    })
}

/// Reads one page: the items up to the first that cannot be read, and the results from that one on.
async fn read_page<O: Projection>(
    db: &Db,
    mut plan: ReadPlan,
) -> Result<(Page<O>, Vec<Result<O, Error>>), Error> {
    plan.bind(db);
    if let Some(shards) = plan.shards {
        return sharded::page(db, plan, shards).await;
    }
    let start = start_key(&plan)?;
    let limit = smaller(plan.page_size, plan.limit);
    let page = request(db, &plan, limit, start.as_deref(), OwnedPage::<O>::read).await?;
    let named = Named::of(&plan);
    let rest = page.rest.into_iter().map(|r| named.result(r)).collect();
    let envelope = page.envelope;
    let next = envelope.last_key;
    let page = Page {
        items: page.items,
        next: next.map(|key| Cursor::new(&plan, key)),
        count: envelope.count,
        scanned_count: envelope.scanned_count,
        consumed_capacity: envelope.capacity,
    };
    Ok((page, rest))
}

pub(crate) fn to_json(plan: &ReadPlan) -> Result<String, Error> {
    if let Some(shards) = plan.shards {
        return sharded::to_json(plan, shards);
    }
    let start = start_key(plan)?;
    let body = plan.body(
        plan.schema.table,
        page_limit(plan, plan.limit),
        start.as_deref(),
        SystemTime::now,
    );
    crate::client::request::text(body?)
}
