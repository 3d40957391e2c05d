//! Collections: entities of several kinds in one partition, which are read together.

use super::gather::Gather;
use super::partition::PartitionValues;
use super::sort::{SortKey, SortRange};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::{Primary, Projection};
use crate::model::expr::ast::{Node, Value};
use crate::model::item_type;
use crate::model::key::KeyBuilder;
use crate::model::schema::{EntitySchema, IndexKey, SingleTable};
use crate::model::table::{TableWithSort, Templated};
use crate::read::borrowed::{BorrowedProjection, BorrowedRead};
use crate::read::page::AllItems;
use crate::read::page::{self, IntoCursor, ItemStream, Page};
use crate::read::plan::{Planned, ReadPlan};
use crate::read::setters::setters;
use crate::wire::{ReadError, Reader};

/// Entities of one [`Table`](crate::Table) with one partition template, which are read together.
///
/// Implemented by [`#[derive(Collection)]`](derive@crate::Collection): on an enum, whose values are
/// the items of a partition one by one, and on a struct, which gathers a partition as a whole.
///
/// ```
/// use dynamodel::{Collection, Db, Entity, Table};
///
/// #[derive(Table)]
/// #[dynamo(name = "app", partition = "pk", sort = "sk")]
/// struct App;
/// #[derive(Debug, PartialEq, Entity)]
/// #[dynamo(table = App, key(partition = "USER#{user_id}", sort = "PROFILE"))]
/// struct User { user_id: String }
/// #[derive(Debug, PartialEq, Entity)]
/// #[dynamo(table = App, key(partition = "USER#{user_id}", sort = "ORDER#{number}"))]
/// struct Order { user_id: String, number: u32 }
///
/// #[derive(Debug, PartialEq, Collection)]
/// enum UserItem { User(User), Order(Order) }
///
/// #[derive(Debug, PartialEq, Collection)]
/// struct Account { user: User, orders: Vec<Order> }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<App>().await?;
/// User { user_id: "u1".into() }.create().send(&db).await?;
/// Order { user_id: "u1".into(), number: 1 }.create().send(&db).await?;
///
/// let items = UserItem::query("u1").all(&db).await?;
/// assert!(matches!(&items[..], [UserItem::Order(_), UserItem::User(_)]));
///
/// let account = Account::query("u1").gather(&db).await?;
/// assert_eq!(account.orders.len(), 1);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a collection",
    label = "not a collection",
    note = "derive it: `#[derive(Collection)] enum {Self} {{ User(User), Order(Order) }}`"
)]
pub trait Collection: Sized + Send + Sync + 'static {
    /// The first of the entities, whose templates give the partition keys.
    type First: Templated;
    /// The schema of the first entity, under the collection's name.
    #[doc(hidden)]
    const SCHEMA: &'static EntitySchema;
    /// The entities, as they stand in the table.
    #[doc(hidden)]
    const MEMBERS: &'static [&'static SingleTable];
}

/// Reads the items of one partition that belong to a collection: Query. Made by the collection's
/// `query` constructor.
///
/// Costs and pages are those of [`Query`](crate::Query).
#[must_use = "a query does nothing until it is read"]
pub struct CollectionQuery<C> {
    plan: Planned,
    _collection: PhantomData<fn() -> C>,
}

impl<C: Collection> fmt::Debug for CollectionQuery<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectionQuery")
            .field("collection", &C::SCHEMA.entity)
            .finish_non_exhaustive()
    }
}

fn named<C: Collection>(error: Error) -> Error {
    error.of_entity(C::SCHEMA.entity).in_operation("Query")
}

impl<C: Collection> CollectionQuery<C> {
    #[doc(hidden)]
    pub fn new(partition: impl PartitionValues<<C::First as Templated>::Partition>) -> Self {
        let single = C::First::SINGLE_TABLE;
        let mut templates: IndexKey = single.primary();
        templates.key.sort = &[];
        let names = single.parts.iter().map(|part| part.field);
        let builder = KeyBuilder::of_values(names.zip(partition.values()));
        let parts = builder.checked(&C::SCHEMA.key, Some(&templates));
        let plan = parts.map(|parts| {
            let equals = |(name, json)| Node::equals(name, Value::Json(json));
            let mut plan = ReadPlan::new::<Primary<C::First>>(false);
            plan.schema = C::SCHEMA;
            // An item of another entity is an error, unless `skip_unknown` leaves it out.
            plan.any_type = true;
            plan.key = Node::all(parts.into_iter().map(equals).collect());
            plan
        });
        CollectionQuery {
            plan: Planned::new(plan.map_err(|e| named::<C>(Error::invalid_key(e)))),
            _collection: PhantomData,
        }
    }

    fn with(self, change: impl FnOnce(&mut ReadPlan)) -> Self {
        CollectionQuery {
            plan: self.plan.with(change),
            ..self
        }
    }

    /// Restricts the sort key by its text, across the kinds: `|k| k.begins_with("ORDER#")`.
    pub fn sort(self, condition: impl FnOnce(SortKey) -> SortRange) -> Self
    where
        <C::First as Templated>::Table: TableWithSort,
    {
        // Never empty: the table has a sort key, by the bound `TableWithSort`.
        let name = C::SCHEMA.key.sort.first().copied().unwrap_or_default();
        let node = condition(SortKey::new()).into_node(name);
        let plan = self.plan.try_with(|plan| {
            let node = node.map_err(|e| named::<C>(Error::invalid_key(e)))?;
            let partition = match plan.key.take() {
                Some(Node::And(nodes)) => nodes.into_iter().next(),
                node => node,
            };
            plan.key = Node::all(partition.into_iter().chain([node]).collect());
            Ok(())
        });
        CollectionQuery { plan, ..self }
    }

    /// Leaves out items of other kinds, by a filter: they are read and paid for. Without this, such
    /// an item is an error.
    pub fn skip_unknown(self) -> Self {
        let types = C::MEMBERS.iter().filter_map(|member| member.item_type());
        let filter = item_type::any_of(types);
        self.with(|plan| plan.filter = Node::also(plan.filter.take(), filter))
    }

    setters!(descending, ascending, page_size, measured);

    /// Reads with strong consistency: every write that was acknowledged before is seen. Costs twice
    /// as much.
    pub fn consistent(self) -> Self {
        self.with(|plan| plan.consistent = true)
    }

    /// Sets whether the next page is in flight while the items of one are decoded and handled, as
    /// [`Query::prefetch`](crate::Query::prefetch) does.
    pub fn prefetch(self, ahead: bool) -> Self {
        self.with(|plan| plan.prefetch = Some(ahead))
    }

    /// Reads items that borrow their text from the pages, as an enum with a lifetime that derives
    /// [`Projection`](derive@crate::Projection) and has a variant for each entity of the
    /// collection. See [`BorrowedProjection`].
    ///
    /// ```
    /// # use dynamodel::{Collection, Db, Entity, Projection, Table};
    /// # #[derive(Table)]
    /// # #[dynamo(name = "app", partition = "pk", sort = "sk")]
    /// # struct App;
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = App, key(partition = "USER#{user_id}", sort = "PROFILE"))]
    /// # struct User { user_id: String, name: String }
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = App, key(partition = "USER#{user_id}", sort = "ORDER#{number}"))]
    /// # struct Order { user_id: String, number: u32, note: String }
    /// #[derive(Debug, Collection)]
    /// enum UserItem { User(User), Order(Order) }
    ///
    /// #[derive(Debug, Projection)]
    /// #[dynamo(of = UserItem)]
    /// enum UserItemView<'a> { User(UserView<'a>), Order(OrderView<'a>) }
    ///
    /// #[derive(Debug, Projection)]
    /// #[dynamo(of = User)]
    /// struct UserView<'a> { name: &'a str }
    /// # #[derive(Debug, Projection)]
    /// # #[dynamo(of = Order)]
    /// # struct OrderView<'a> { number: u32, note: &'a str }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<App>().await?;
    /// # User { user_id: "u1".into(), name: "Ann".into() }.create().send(&db).await?;
    /// # Order { user_id: "u1".into(), number: 1, note: String::new() }.create().send(&db).await?;
    /// let page = UserItem::query("u1").borrowed::<UserItemView>().page(&db).await?;
    /// let items = page.items()?;
    /// assert!(matches!(items[..], [UserItemView::Order(_), UserItemView::User(UserView { name: "Ann" })]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn borrowed<V>(self) -> BorrowedRead<V>
    where
        V: BorrowedProjection<Of = C>,
    {
        BorrowedRead::new(vec![self.plan.into_result()], None)
    }

    /// Counts the items, without fetching them.
    ///
    /// # Errors
    /// An invalid key before anything is sent; or the service or network fails.
    pub async fn count(self, db: &Db) -> Result<u64, Error> {
        page::count(db, self.plan.into_result()?).await
    }

    /// Returns the request for the first page as JSON, as it is sent but with the table's name as
    /// the code declares it.
    ///
    /// # Errors
    /// When a key is invalid.
    pub fn to_json(self) -> Result<String, Error> {
        page::to_json(&self.plan.into_result()?)
    }
}

/// Methods of enums, which are read item by item.
impl<C: Collection + Projection> CollectionQuery<C> {
    setters!(limit, start_at);

    /// Reads all items into one `Vec`, with one round trip for each page.
    ///
    /// # Errors
    /// An invalid key before anything is sent; an item of another kind or that cannot be read
    /// ([`is_unreadable`](Error::is_unreadable)); or the service or network fails.
    pub async fn all(self, db: &Db) -> Result<Vec<C>, Error> {
        let mut all = AllItems::new();
        page::all(db, self.plan.into_result()?, &mut all).await?;
        Ok(all.items)
    }

    /// Reads the first item, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(self, db: &Db) -> Result<Option<C>, Error> {
        let mut first = AllItems::new();
        page::first(db, self.plan.into_result()?, &mut first).await?;
        Ok(first.items.pop())
    }

    /// Reads one page, which has the cursor of the next page. One round trip.
    ///
    /// # Errors
    /// An invalid key or cursor before anything is sent; an item of another kind or that cannot be
    /// read ([`is_unreadable`](Error::is_unreadable)); or the service or network fails.
    pub async fn page(self, db: &Db) -> Result<Page<C>, Error> {
        page::page(db, self.plan.into_result()?).await
    }

    /// Reads one page as [`page`](Self::page) does, but with the result of each item: an item of
    /// another kind is an `Err`, and does not affect the others.
    ///
    /// # Errors
    /// An invalid key or cursor before anything is sent; or the service or network fails.
    pub async fn page_results(self, db: &Db) -> Result<Page<Result<C, Error>>, Error> {
        page::page_results(db, self.plan.into_result()?).await
    }

    /// Returns the items as a stream, which reads page after page as needed and ends at the first
    /// error.
    pub fn stream(self, db: &Db) -> ItemStream<C> {
        page::stream(db, vec![self.plan.into_result()], false)
    }

    /// Returns a stream as [`stream`](Self::stream) does, but an item that cannot be read is one
    /// `Err` and the stream continues behind it.
    pub fn stream_results(self, db: &Db) -> ItemStream<C> {
        page::stream(db, vec![self.plan.into_result()], true)
    }
}

/// Methods of structs, which gather whole partitions.
impl<C: Gather> CollectionQuery<C> {
    /// Reads the whole partition, all its pages, into one value.
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when an entity that has to be there is not;
    /// [`is_unreadable`](Error::is_unreadable) for an item of another kind, or when there are several
    /// where the struct has one; or the service or network fails.
    pub async fn gather(self, db: &Db) -> Result<C, Error> {
        let mut all = AllItems::<C::Item>::new();
        page::all(db, self.plan.into_result()?, &mut all).await?;
        C::gather(all.items).map_err(named::<C>)
    }
}

/// Returns the discriminator of the item that starts here.
#[doc(hidden)]
pub fn kind_of<'a, E: Templated>(r: &Reader<'a>) -> Result<Option<Cow<'a, str>>, ReadError> {
    r.peek_text_in_map(item_type::type_attribute::<E>())
}

/// Creates the error for an item whose type is none of the collection's entities.
#[doc(hidden)]
pub fn unknown_kind<C: Collection>() -> ReadError {
    let kinds: Vec<&str> = C::MEMBERS.iter().map(|member| member.kind).collect();
    let expected = format!("an item of type `{}`", kinds.join("`, `"));
    let name = item_type::type_attribute::<C::First>();
    ReadError::new(expected, "another type; `skip_unknown` leaves it out").in_field(name)
}
