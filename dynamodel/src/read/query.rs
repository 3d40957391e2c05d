//! Query: [`Query`].

use std::fmt;
use std::marker::PhantomData;

use super::plan::{Planned, ReadPlan, Types};
use super::setters::setters;
use super::sort::IntoSort;
use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::{
    AnyIndex, HasSort, HasTtl, Index, Item, Primary, Projection, ReadsConsistently, SelectableFrom,
    Sharded,
};
use crate::model::expr::ast::{Node, Value};
use crate::model::expr::render::debug_node;
use crate::model::expr::{Condition, Fields, InFilter, Prefix};
use crate::model::key::KeyBuilder;
use crate::model::schema::{EntitySchema, IndexKey, KeySchema};
use crate::model::unique;
use crate::read::borrowed::{BorrowedProjection, BorrowedRead};
use crate::read::page::AllItems;
use crate::read::page::{self, IntoCursor, ItemStream, Page, ReadsPages};

/// Reads the items of one partition, in the order of the sort key: Query. Made by the entity's
/// `query` constructor and by one for each index.
///
/// Nothing is read until [`all`](Self::all), [`first`](Self::first), [`count`](Self::count),
/// [`page`](Self::page) or [`stream`](Self::stream). DynamoDB returns pages of at most 1 MB: one
/// round trip each. Costs half a read unit for each 4 KB read, twice that when consistent; items
/// that a filter leaves out are paid for too.
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
/// let early = Song::query("Nina").sort(|k| k.title.lt("C")).descending().all(&db).await?;
/// assert_eq!(early[0].title, "Ballad");
///
/// let of_2002 = Song::by_year(2002).sort(|k| k.title.begins_with("Co")).first(&db).await?;
/// assert_eq!(of_2002.map(|s| s.title), Some("Coda".to_owned()));
///
/// assert_eq!(Song::query("Nina").filter(|s| s.year.gt(2001)).count(&db).await?, 2);
/// # Ok(())
/// # }
/// ```
///
/// # Sharded indexes
///
/// An index with `shards = n` is queried like any other, and read by n requests, all at a time
/// unless [`concurrency`](Self::concurrency) limits them. The items come in the exact order of the
/// sort key (text and binary by their bytes, numbers by their value, part by part); items with
/// equal sort keys come by the number of their shard, and within a shard in DynamoDB's order. An
/// index without a sort key has no order.
///
/// `limit`, `page_size` and cursors refer to the merged items. To return k of them, each shard is
/// requested for at most `min(k, 2 * ceil(k / n) + 2)` items, and requested again only when more of
/// its items are needed. Items that were read but not returned are read again by the next page, but
/// only once by `all` and `stream`. So a page costs at least half a read unit for each shard, and
/// about twice as much as its items; without a `page_size` or `limit`, up to 1 MB of each shard.
/// With a filter, each shard is read once for a page, which then can be short. The counts and
/// capacities of a page are those of all requests. When a shard fails, the whole page fails, and
/// its cursor stays valid. [Borrowed](Self::borrowed) pages are the same, with the same cursors.
///
/// ```
/// # use dynamodel::{Db, Entity};
/// #[derive(Debug, Entity)]
/// #[dynamo(table = "orders", index(by_status, partition = status, sort = placed_at, shards = 16))]
/// struct Order { #[dynamo(partition)] id: u64, status: String, placed_at: u64 }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Order>().await?;
/// for id in 0..50 {
///     Order { id, status: "open".into(), placed_at: 1_000 - id }.put().send(&db).await?;
/// }
/// let page = Order::by_status("open").page_size(20).page(&db).await?;
/// assert!(page.items.iter().map(|o| o.placed_at).eq(951..=970));
///
/// let page = Order::by_status("open").page_size(20).start_at(page.next).page(&db).await?;
/// assert_eq!(page.items[0].placed_at, 971);
/// # Ok(())
/// # }
/// ```
///
/// Source: [Query](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html),
/// [write sharding](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-sharding.html).
#[must_use = "a query does nothing until it is read"]
pub struct Query<E, I = Primary<E>, O = E> {
    plan: Planned,
    _types: Types<E, I, O>,
}

/// Bounds on none of the types: the plan is the same for all.
impl<E, I, O> Clone for Query<E, I, O> {
    fn clone(&self) -> Self {
        Query {
            plan: self.plan.clone(),
            _types: PhantomData,
        }
    }
}

impl<E: Item, I, O> ReadsPages for Query<E, I, O> {
    type Entity = E;
}

impl<E, I, O> page::sealed::Planned for Query<E, I, O> {
    fn planned(&self) -> Planned {
        self.plan.clone()
    }
}

impl<E: Item, I: Index, O> fmt::Debug for Query<E, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Query");
        s.field("entity", &E::ITEM_SCHEMA.entity);
        if let Some(plan) = self.plan.plan() {
            s.field("index", &plan.index)
                .field("key", &debug_node(plan.key.as_ref()))
                .field("filter", &debug_node(plan.filter.as_ref()));
        }
        s.finish_non_exhaustive()
    }
}

impl<E: Item, I: Index<Entity = E>> Query<E, I> {
    #[doc(hidden)]
    pub fn new(partition: &KeyBuilder) -> Self {
        let plan = ReadPlan::new::<I>(false);
        Query {
            plan: Planned::new(in_partition(plan, partition, &I::KEY, I::TEMPLATES)),
            _types: PhantomData,
        }
    }
}

/// Restricts a query to one partition.
fn in_partition(
    mut plan: ReadPlan,
    partition: &KeyBuilder,
    key: &KeySchema,
    templates: Option<IndexKey>,
) -> Result<ReadPlan, Error> {
    let schema = plan.schema;
    // Use only the part of the template that belongs to the partition key.
    let of_partition = templates.map(|mut templates| {
        templates.key.sort = &[];
        templates
    });
    let nodes = partition
        .checked(key, of_partition.as_ref())
        .and_then(|parts| {
            for (name, value) in &parts {
                unique::check_partition(schema, name, value)?;
            }
            let equals = |(name, json)| Node::equals(name, Value::Json(json));
            let mut nodes: Vec<Node> = parts.into_iter().map(equals).collect();
            nodes.extend(super::sort::nodes(
                Vec::new(),
                None,
                key,
                templates.as_ref(),
            )?);
            Ok(nodes)
        });
    let nodes = nodes.map_err(|e| named(schema, Error::invalid_key(e)))?;
    plan.key = Node::all(nodes);
    let filter = plan.index;
    let filter = filter.and_then(|name| unique::index_filter(schema, name, key));
    if let Some(filter) = filter {
        plan.add_filter(filter);
    }
    Ok(plan)
}

fn named(schema: &EntitySchema, error: Error) -> Error {
    error.of_entity(schema.entity).in_operation("Query")
}

impl<E: Item, I: Index<Entity = E>, O> Query<E, I, O> {
    fn with(self, change: impl FnOnce(&mut ReadPlan)) -> Self {
        Query {
            plan: self.plan.with(change),
            ..self
        }
    }

    /// Leaves out items of other entities only if what is read holds the type: otherwise the items
    /// behind it tell.
    pub(crate) fn with_known_type(self) -> Self {
        self.with(|plan| plan.any_type |= !plan.holds_type())
    }

    /// Restricts the sort key, from its first part on: `|k| k.placed_at.ge(day)`. Only matching
    /// items are read and paid for.
    pub fn sort<S: IntoSort<I>>(self, condition: impl FnOnce(I::Sort) -> S) -> Self
    where
        I: HasSort,
    {
        let nodes = condition(I::sort()).into_sort().into_nodes();
        let plan = self.plan.try_with(|plan| {
            let nodes = nodes.map_err(|e| named(plan.schema, Error::invalid_key(e)))?;
            plan.key = Node::all(match plan.key.take() {
                Some(Node::And(mut and)) => {
                    if I::TEMPLATES.is_some() {
                        // Drop the condition that restricts the sort key to the entity's own
                        // texts: DynamoDB takes one condition on an attribute, and the new one
                        // stays within those texts.
                        and.truncate(1);
                    }
                    and.extend(nodes);
                    and
                }
                key => key.into_iter().chain(nodes).collect(),
            });
            Ok(())
        });
        Query { plan, ..self }
    }

    /// Leaves out items that do not meet the condition, after they were read and paid for. Called
    /// twice, both have to hold.
    pub fn filter(
        self,
        condition: impl FnOnce(<E as Fields>::Fields<InFilter<I>>) -> Condition<E>,
    ) -> Self {
        let node = condition(E::fields(&Prefix::ROOT)).into_node();
        self.with(|plan| plan.add_filter(node))
    }

    setters!(
        unexpired, descending, ascending, consistent, limit, page_size, start_at, measured,
        any_type
    );

    /// Sets whether the next page is in flight while the items of one are decoded and handled, so
    /// that its round trip costs no time.
    ///
    /// [`all`](Self::all) and [`BorrowedRead::each`] read to the end anyway, so they prefetch by
    /// default. A [`stream`](Self::stream) does not: one that is dropped early would have read, and
    /// paid for, one page too many. At most one page is in flight, none beyond the
    /// [`limit`](Self::limit), and an error of a page is reported after the items of the page
    /// before it. A sharded index has no prefetch: all its shards are read in parallel.
    pub fn prefetch(self, ahead: bool) -> Self {
        self.with(|plan| plan.prefetch = Some(ahead))
    }

    /// Reads items that borrow their text from the pages, as a struct that derives
    /// [`Projection`](derive@crate::Projection) and has a lifetime: about twice as fast as owned
    /// items, for code that need not keep them. See [`BorrowedProjection`].
    pub fn borrowed<V>(self) -> BorrowedRead<V>
    where
        V: BorrowedProjection<Of = E> + SelectableFrom<I>,
    {
        BorrowedRead::new(vec![self.plan.into_result()], None)
    }

    /// Limits the number of shards of a sharded index that are read at a time. By default, all are.
    pub fn concurrency(self, requests: usize) -> Self
    where
        I: Sharded,
    {
        self.with(|plan| plan.concurrency = requests.max(1))
    }

    /// Reads only the attributes of `P`, which the index has to hold. Costs as much as whole items,
    /// but saves transfer and decoding.
    pub fn select<P>(self) -> Query<E, I, P>
    where
        P: Projection<Entity = E> + SelectableFrom<I>,
    {
        Query {
            plan: self.with(|plan| plan.projection = P::FETCHED).plan,
            _types: PhantomData,
        }
    }

    /// Forgets the index in the type, so that a query of the table and queries of several indexes
    /// are of one type, and the rest of a program need not be written for each.
    ///
    /// The compiler no longer checks what the index serves: a filter on its key, and `consistent` or
    /// `select` where it does not serve them, are errors before anything is sent. Settings that
    /// belong to one index ([`sort`](Self::sort), [`concurrency`](Self::concurrency)) come before
    /// this.
    ///
    /// ```
    /// use dynamodel::{AnyIndex, Db, Entity, Query};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "songs", index(by_year, partition = year, sort = title))]
    /// # struct Song { #[dynamo(partition)] artist: String, #[dynamo(sort)] title: String, year: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Song>().await?;
    /// # Song { artist: "Nina".into(), title: "Aria".into(), year: 2001 }.create().send(&db).await?;
    /// fn songs(artist: Option<&str>, year: u32) -> Query<Song, AnyIndex<Song>> {
    ///     match artist {
    ///         Some(artist) => Song::query(artist).any_index(),
    ///         None => Song::by_year(year).any_index(),
    ///     }
    /// }
    /// assert_eq!(songs(Some("Nina"), 0).page_size(10).page(&db).await?.items.len(), 1);
    /// assert_eq!(songs(None, 2001).page_size(10).page(&db).await?.items.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn any_index(self) -> Query<E, AnyIndex<E>, O>
    where
        O: SelectableFrom<I>,
    {
        Query {
            plan: self.with(|plan| plan.is_index_chosen = true).plan,
            _types: PhantomData,
        }
    }

    /// Counts the items, without fetching them. Reads and costs as much as fetching; a
    /// [`limit`](Self::limit) bounds the count.
    ///
    /// # Errors
    /// An invalid key or value before anything is sent; or the service or network fails.
    pub async fn count(self, db: &Db) -> Result<u64, Error> {
        page::count(db, self.plan.into_result()?).await
    }

    /// Returns the request for the first page as it is sent, as JSON, with the table's name as the
    /// code declares it; of a sharded index, a list of the requests.
    ///
    /// # Errors
    /// When a key or value is invalid.
    pub fn to_json(self) -> Result<String, Error> {
        page::to_json(&self.plan.into_result()?)
    }
}

/// Methods that read. The index has to hold `O`.
impl<E: Item, I: Index<Entity = E>, O: Projection<Entity = E>> Query<E, I, O> {
    /// Reads all items into one `Vec`, with one round trip for each page.
    ///
    /// # Errors
    /// An invalid key or value before anything is sent; an item that cannot be read
    /// ([`is_unreadable`](Error::is_unreadable)); or the service or network fails.
    pub async fn all(self, db: &Db) -> Result<Vec<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        let mut all = AllItems::new();
        page::all(db, self.plan.into_result()?, &mut all).await?;
        Ok(all.items)
    }

    /// Reads the first item, if there is one. One round trip (one to each shard of a sharded
    /// index), unless a filter leaves out whole pages.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(self, db: &Db) -> Result<Option<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        let mut first = AllItems::new();
        page::first(db, self.plan.into_result()?, &mut first).await?;
        Ok(first.items.pop())
    }

    /// Reads one page, which has the cursor of the next page. One round trip; of a sharded index,
    /// one or two to each shard in parallel.
    ///
    /// A page can have fewer items than requested, even none, and still not be the last: only
    /// [`next`](Page::next) shows whether it is.
    ///
    /// # Errors
    /// An invalid key, value or cursor before anything is sent; an item that cannot be read
    /// ([`is_unreadable`](Error::is_unreadable)); or the service or network fails.
    pub async fn page(self, db: &Db) -> Result<Page<O>, Error>
    where
        O: SelectableFrom<I>,
    {
        page::page(db, self.plan.into_result()?).await
    }

    /// Reads one page as [`page`](Self::page) does, but with the result of each item: an item that
    /// cannot be read is an `Err` that names the attribute, and does not affect the others.
    ///
    /// # Errors
    /// An invalid key, value or cursor before anything is sent; or the service or network fails.
    pub async fn page_results(self, db: &Db) -> Result<Page<Result<O, Error>>, Error>
    where
        O: SelectableFrom<I>,
    {
        page::page_results(db, self.plan.into_result()?).await
    }

    /// Returns the items as a stream, which reads page after page as needed and ends at the first
    /// error.
    pub fn stream(self, db: &Db) -> ItemStream<O>
    where
        O: SelectableFrom<I>,
    {
        page::stream(db, vec![self.plan.into_result()], false)
    }

    /// Returns a stream as [`stream`](Self::stream) does, but an item that cannot be read is one
    /// `Err` and the stream continues behind it. Ends at the first error of the service or network.
    pub fn stream_results(self, db: &Db) -> ItemStream<O>
    where
        O: SelectableFrom<I>,
    {
        page::stream(db, vec![self.plan.into_result()], true)
    }
}
