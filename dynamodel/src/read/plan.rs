//! [`ReadPlan`]: the common part of Query and Scan.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::SystemTime;

use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::{Index, Item};
use crate::model::expr::ast::{Comparator, Function, Node, Operand, Place, Value};
use crate::model::expr::render::Body;
use crate::model::schema::{
    EntitySchema, IndexProjection, IndexSchema, Piece, Shards, SingleTable,
};
use crate::read::page::{Cursor, Seal};
use crate::wire::Fetched;

/// Types that a query or scan has at compile time: the entity, the index and the item type.
pub(crate) type Types<E, I, O> = PhantomData<fn() -> (E, I, O)>;

/// Plan of a query or scan, or the first error of its settings, which is reported when it is sent.
///
/// `pub` for the sealed trait that hands it to [`Cursor::after`]; outside of the crate it has no path.
#[derive(Clone)]
pub struct Planned(Result<ReadPlan, Arc<Error>>);

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned").finish_non_exhaustive()
    }
}

impl Planned {
    pub(crate) fn new(plan: Result<ReadPlan, Error>) -> Self {
        Planned(plan.map_err(Arc::new))
    }

    /// Returns the plan, unless a setting was refused.
    pub(crate) fn plan(&self) -> Option<&ReadPlan> {
        self.0.as_ref().ok()
    }

    /// Changes the plan. After an error nothing is changed: the first one is reported.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut ReadPlan)) -> Self {
        if let Ok(plan) = &mut self.0 {
            change(plan);
        }
        self
    }

    /// Changes the plan by a setting that can be refused.
    pub(crate) fn try_with(
        mut self,
        change: impl FnOnce(&mut ReadPlan) -> Result<(), Error>,
    ) -> Self {
        if let Ok(plan) = &mut self.0
            && let Err(error) = change(plan)
        {
            self.0 = Err(Arc::new(error));
        }
        self
    }

    /// Returns the plan, or a copy of the error that a clone may report too.
    pub(crate) fn into_result(self) -> Result<ReadPlan, Error> {
        self.0
            .map_err(|error| Arc::try_unwrap(error).unwrap_or_else(|error| error.refused_again()))
    }
}

/// Untyped query or scan: which items to read, and how.
#[derive(Clone)]
pub(crate) struct ReadPlan {
    pub(crate) schema: &'static EntitySchema,
    pub(crate) index: Option<&'static str>,
    pub(crate) scan: bool,
    pub(crate) key: Option<Node>,
    pub(crate) filter: Option<Node>,
    /// `true` to read items of all types; else those of other entities of the table are left out.
    pub(crate) any_type: bool,
    /// Time to Live attribute, if expired items are left out.
    pub(crate) unexpired: Option<&'static str>,
    pub(crate) projection: &'static [Fetched],
    pub(crate) consistent: bool,
    pub(crate) descending: bool,
    pub(crate) limit: Option<u64>,
    pub(crate) page_size: Option<u64>,
    pub(crate) start: Option<Cursor>,
    /// Number of the segment, and total number of segments.
    pub(crate) segment: Option<(u32, u32)>,
    pub(crate) measure: bool,
    /// `true` if the next page is requested before the current one is used up; `None` for the
    /// default.
    pub(crate) prefetch: Option<bool>,
    /// Shards of the index, each of which is read by its own requests.
    pub(crate) shards: Option<Shards>,
    /// Number of shards that are read at a time.
    pub(crate) concurrency: usize,
    /// `true` to request the number of items instead of the items.
    pub(crate) count_only: bool,
    /// Attributes that are fetched in addition to the projection.
    pub(crate) also: Vec<&'static str>,
    /// `true` if the compiler does not know the index, so that the plan is checked against it.
    pub(crate) is_index_chosen: bool,
    /// Seal of its cursors; `None` until the `Db` is known, and if that has no key for cursors.
    pub(crate) seal: Option<Seal>,
}

impl ReadPlan {
    pub(crate) fn new<I: Index>(scan: bool) -> Self {
        let shards = if scan { None } else { I::SHARDS };
        Self::with_schema(I::Entity::ITEM_SCHEMA, I::NAME, scan, shards)
    }

    fn with_schema(
        schema: &'static EntitySchema,
        index: Option<&'static str>,
        scan: bool,
        shards: Option<Shards>,
    ) -> Self {
        ReadPlan {
            schema,
            index,
            scan,
            key: None,
            filter: None,
            any_type: false,
            unexpired: None,
            projection: &[],
            consistent: false,
            descending: false,
            limit: None,
            page_size: None,
            start: None,
            segment: None,
            measure: false,
            prefetch: None,
            shards,
            concurrency: usize::MAX,
            count_only: false,
            also: Vec::new(),
            is_index_chosen: false,
            seal: None,
        }
    }

    /// Returns the first of these plans, which are a query or the remaining segments of a scan.
    ///
    /// # Errors
    /// The error of the first plan, or that no segment is left.
    pub(crate) fn first(plans: Vec<Result<Self, Error>>) -> Result<Self, Error> {
        plans.into_iter().next().unwrap_or_else(|| {
            let error = "nothing is left to read; the cursor is that of a finished scan";
            Err(Error::invalid_request(error).in_operation("Scan"))
        })
    }

    /// Returns the only one of these plans.
    ///
    /// # Errors
    /// As [`first`](Self::first), or that there are several.
    pub(crate) fn only(plans: Vec<Result<Self, Error>>) -> Result<Self, Error> {
        let several = plans.len() > 1;
        let plan = Self::first(plans)?;
        if several {
            let error = "a page belongs to one segment; use `segment(i, n)`";
            let error = Error::invalid_request(error).in_operation(plan.operation());
            return Err(error.of_entity(plan.schema.entity));
        }
        Ok(plan)
    }

    /// Prepares the plan for this `Db`, whose key seals and opens its cursors. In place: plans are
    /// large, and a copy would stay in the futures that read.
    pub(crate) fn bind(&mut self, db: &Db) {
        self.seal = Seal::of(db, self);
    }

    /// Returns the plan, [prepared](Self::bind) for this `Db`.
    pub(crate) fn on(mut self, db: &Db) -> Self {
        self.bind(db);
        self
    }

    /// Returns the values that the key condition requires with `=`, in its order.
    pub(crate) fn equalities(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let nodes = match &self.key {
            Some(Node::And(nodes)) => nodes.as_slice(),
            Some(node) => std::slice::from_ref(node),
            None => &[],
        };
        nodes.iter().filter_map(equality)
    }

    pub(crate) fn operation(&self) -> &'static str {
        if self.scan { "Scan" } else { "Query" }
    }

    /// Starts after this cursor.
    ///
    /// # Errors
    /// Those of a cursor that could not be made.
    pub(crate) fn start_at(&mut self, cursor: Result<Option<Cursor>, Error>) -> Result<(), Error> {
        let named = |e: Error| {
            e.of_entity(self.schema.entity)
                .in_operation(self.operation())
        };
        self.start = cursor.map_err(named)?;
        Ok(())
    }

    pub(crate) fn add_filter(&mut self, node: Node) {
        self.filter = Node::all(self.filter.take().into_iter().chain([node]).collect());
    }

    /// Returns the request for a page of at most `limit` items that starts after the key `start`.
    pub(crate) fn body(
        &self,
        table: &str,
        limit: Option<u64>,
        start: Option<&[u8]>,
        now: impl FnOnce() -> SystemTime,
    ) -> Result<Vec<u8>, Error> {
        let filter = self.filter_at(now);
        self.check(filter.as_deref())?;
        let filter = self.with_type_filter(filter);
        let filter = filter.as_deref();
        let mut body = Body::new(table, 384);
        if let Some(index) = self.index {
            body.member_with("IndexName", |w| {
                w.raw(b"\"");
                w.text(index);
                w.raw(b"\"");
            });
        }
        body.condition("KeyConditionExpression", self.key.as_ref());
        body.condition("FilterExpression", filter);
        if self.count_only {
            body.word("Select", "COUNT");
        } else {
            let also = self.also.iter().map(|name| Fetched::whole(name));
            let fetched = self.projection.iter().copied();
            body.projection(fetched.chain(also).chain(self.telling()));
        }
        if self.consistent {
            body.member("ConsistentRead", b"true");
        }
        if self.descending {
            body.member("ScanIndexForward", b"false");
        }
        if let Some(limit) = limit {
            body.member("Limit", itoa::Buffer::new().format(limit).as_bytes());
        }
        if let Some((segment, total)) = self.segment {
            body.member("Segment", itoa::Buffer::new().format(segment).as_bytes());
            body.member(
                "TotalSegments",
                itoa::Buffer::new().format(total).as_bytes(),
            );
        }
        if let Some(start) = start {
            body.member("ExclusiveStartKey", start);
        }
        if self.measure {
            body.word("ReturnConsumedCapacity", "INDEXES");
        }
        body.finish()
    }

    /// Refuses settings that the index does not serve, as far as the compiler does not.
    fn check(&self, filter: Option<&Node>) -> Result<(), Error> {
        let index = self.index.and_then(|name| self.schema.index(name));
        if let Some(index) = index.filter(|_| self.is_index_chosen) {
            self.check_chosen(index)?;
        }
        self.check_filter(index, filter)
    }

    /// Refuses consistent reads and projections that an index which is chosen at run time does not
    /// serve: for other indexes these do not compile.
    fn check_chosen(&self, index: &IndexSchema) -> Result<(), Error> {
        if self.consistent && !index.local {
            return Err(Error::invalid_request(format!(
                "index `{}` is global, which has no consistent reads; leave out `consistent`, or read the table",
                index.name
            )));
        }
        let missing = self
            .projection
            .iter()
            .map(|fetched| fetched.name)
            .find(|name| !holds(self.schema, index, name));
        if let Some(name) = missing {
            return Err(Error::invalid_request(format!(
                "index `{}` does not hold `{name}`; select what it projects, or `hydrate`",
                index.name
            )));
        }
        Ok(())
    }

    /// Refuses a filter on a key of what is queried, and on attributes that the index does not hold:
    /// it would treat every item as one without the attribute.
    fn check_filter(
        &self,
        index: Option<&IndexSchema>,
        filter: Option<&Node>,
    ) -> Result<(), Error> {
        let Some(filter) = filter else {
            return Ok(());
        };
        let key = index.map_or(&self.schema.key, |index| &index.key);
        let mut problem = None;
        filter.places(&mut |place| {
            let name = place.top();
            if !self.scan && key.contains(name) {
                problem = Some(format!(
                    "the filter names `{name}`, a key of the queried index; restrict it with `sort`"
                ));
            } else if let Some(index) = index.filter(|index| !holds(self.schema, index, name)) {
                problem = Some(format!(
                    "the filter names `{name}`, which index `{}` does not hold; filter on what it projects, or read the table",
                    index.name
                ));
            }
        });
        problem.map_or(Ok(()), |problem| Err(Error::invalid_request(problem)))
    }

    /// Returns the filter of a request that is sent at this time.
    fn filter_at(&self, now: impl FnOnce() -> SystemTime) -> Option<Cow<'_, Node>> {
        let Some(ttl) = self.unexpired else {
            return self.filter.as_ref().map(Cow::Borrowed);
        };
        let now = crate::wire::attribute::time::epoch_seconds(now());
        let unexpired = Node::Or(vec![
            Node::Compare(
                Operand::Path(Place::root(ttl)),
                Comparator::Gt,
                Operand::Value(Value::write(|w| w.integer(now))),
            ),
            Node::not_exists(ttl),
        ]);
        Node::all(self.filter.iter().cloned().chain([unexpired]).collect()).map(Cow::Owned)
    }
}

impl ReadPlan {
    /// `true` if items of other entities are left out.
    pub(crate) fn filters_type(&self) -> bool {
        !self.any_type && self.schema.single_table.is_some()
    }

    /// Returns the attributes that tell if a part of an item is the entity's: the type, or the key in
    /// a table without types.
    fn telling(&self) -> impl Iterator<Item = Fetched> {
        let of_type = self.schema.item_type().map(|of| of.attribute);
        let of_type = of_type.filter(|name| self.holds(name));
        let key = self.told_by_key().map(|_| self.schema.key.attributes());
        let names = of_type.into_iter().chain(key.into_iter().flatten());
        let is_fetched = |name: &&str| {
            let mut fetched = self.projection.iter().map(|fetched| fetched.name);
            fetched.any(|other| other == *name) || self.also.contains(name)
        };
        let names = names.filter(move |name| !self.projection.is_empty() && !is_fetched(name));
        names.map(Fetched::whole)
    }

    /// Returns the templates of the entity, if only they tell its items from those of others: the
    /// service cannot count them.
    pub(crate) fn told_by_key(&self) -> Option<&'static SingleTable> {
        let single = self.schema.single_table?;
        (!self.any_type && single.table.discriminator.is_none()).then_some(single)
    }

    /// Reads the keys of the table only.
    pub(crate) fn of_keys(mut self) -> Self {
        self.projection = &[];
        self.also = self.schema.key.attributes().collect();
        self
    }

    /// `true` if what is read holds what tells the entity of an item.
    pub(crate) fn holds_type(&self) -> bool {
        let of_type = self.schema.item_type();
        of_type.is_none_or(|of| self.holds(of.attribute))
    }

    /// `true` if what is read holds the attribute.
    fn holds(&self, name: &str) -> bool {
        let index = self
            .index
            .and_then(|name| self.schema.table_schema().index(name));
        index.is_none_or(|index| holds(self.schema, index, name))
    }

    /// Adds the condition that an item is of the entity to the filter of a request.
    fn with_type_filter<'n>(&self, filter: Option<Cow<'n, Node>>) -> Option<Cow<'n, Node>> {
        let Some(single) = self.schema.single_table.filter(|_| self.filters_type()) else {
            return filter;
        };
        let of_type = single.item_type().filter(|of| self.holds(of.attribute));
        // Only the key tells the entity of an item without a type: one that has the entity's own form
        // is read, and the decoder tells that it has no type.
        let key = self.key_filter(single);
        let of_entity = match of_type {
            None => key,
            Some(of) => {
                let untyped = Node::and([Node::not_exists(of.attribute)].into_iter().chain(key));
                Some(Node::or([of.condition_of_type(), untyped]))
            }
        };
        match (of_entity, filter) {
            (None, filter) => filter,
            (Some(of_entity), filter) => {
                let nodes = filter.map(Cow::into_owned).into_iter().chain([of_entity]);
                Node::all(nodes.collect()).map(Cow::Owned)
            }
        }
    }

    /// Returns the condition that the key of the table begins as the entity's templates do, as far as
    /// a filter may name it.
    fn key_filter(&self, single: &SingleTable) -> Option<Node> {
        let of_queried = match self.index.and_then(|name| single.table.index(name)) {
            Some(index) => &index.key,
            None => &self.schema.key,
        };
        let parts = [
            (single.table.key.partition, single.key.partition),
            (single.table.key.sort, single.key.sort),
        ];
        let nodes = parts.into_iter().filter_map(|(names, pieces)| {
            let (name, literal) = match (names, pieces) {
                ([name], [Piece::Literal(literal), ..]) => (*name, *literal),
                _ => return None,
            };
            let is_free = self.scan || !of_queried.contains(name);
            let text = Operand::Value(Value::write(|w| w.string(literal)));
            is_free.then(|| Node::Call(Function::BeginsWith, Place::root(name), Some(text)))
        });
        Node::all(nodes.collect())
    }
}

/// Returns the value that the node requires with `=`.
pub(crate) fn equality(node: &Node) -> Option<(&'static str, &[u8])> {
    match node {
        Node::Compare(Operand::Path(place), Comparator::Eq, Operand::Value(Value::Json(json))) => {
            Some((place.top(), json))
        }
        _ => None,
    }
}

/// Returns `true` if the index has the attribute.
fn holds(schema: &EntitySchema, index: &IndexSchema, name: &str) -> bool {
    let is_projected = match index.projection {
        IndexProjection::All => true,
        IndexProjection::KeysOnly => false,
        IndexProjection::Include(names) => names.contains(&name),
    };
    is_projected || index.key.contains(name) || schema.key.contains(name)
}
