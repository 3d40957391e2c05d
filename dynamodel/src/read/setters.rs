//! Settings that several reads have, written once.

/// Defines the named setters for a read with `fn with(self, change: impl FnOnce(&mut ReadPlan))`.
macro_rules! setters {
    ($($name:ident),+ $(,)?) => { $($crate::read::setters::setter!($name);)+ };
}

macro_rules! setter {
    (limit) => {
        /// Ends after this many items, counted after the filter.
        pub fn limit(self, items: usize) -> Self {
            self.with(|plan| plan.limit = Some(items as u64))
        }
    };
    (page_size) => {
        /// Reads at most this many items per round trip, counted before the filter: DynamoDB's
        /// `Limit`.
        pub fn page_size(self, items: usize) -> Self {
            self.with(|plan| plan.page_size = Some(items as u64))
        }
    };
    (measured) => {
        /// Requests the capacity that each page consumes:
        /// [`Page::consumed_capacity`](crate::read::Page::consumed_capacity).
        pub fn measured(self) -> Self {
            self.with(|plan| plan.measure = true)
        }
    };
    (descending) => {
        /// Reads in descending order of the sort key.
        pub fn descending(self) -> Self {
            self.with(|plan| plan.descending = true)
        }
    };
    (ascending) => {
        /// Reads in ascending order of the sort key, which is the default.
        pub fn ascending(self) -> Self {
            self.with(|plan| plan.descending = false)
        }
    };
    (start_at) => {
        /// Starts where the page that this cursor comes from ended: a [`Cursor`](crate::Cursor), an
        /// `Option<Cursor>` as a page has it, or the result of
        /// [`Cursor::after`](crate::Cursor::after), whose error is reported when the read is sent.
        pub fn start_at(self, cursor: impl IntoCursor) -> Self {
            let cursor = cursor.into_cursor();
            let plan = self.plan.try_with(|plan| plan.start_at(cursor));
            Self { plan, ..self }
        }
    };
    (unexpired) => {
        /// Leaves out items that have expired by the [`Db`'s clock](crate::Builder::clock) and that
        /// DynamoDB has not deleted yet. As with every filter, they are read and paid for. An index that is read has
        /// to hold the Time to Live attribute, outside its key if it is queried; otherwise the read
        /// is an error.
        pub fn unexpired(self) -> Self
        where
            E: HasTtl,
        {
            self.with(|plan| plan.unexpired = E::ITEM_SCHEMA.ttl)
        }
    };
    (any_type) => {
        /// Reads items of all entities of the table, instead of leaving those of others out by a
        /// filter: for a partition or index in which no other entity has items. An item of another
        /// entity is then [unreadable](crate::Error::is_unreadable). Without effect for an entity
        /// with a table of its own.
        pub fn any_type(self) -> Self {
            self.with(|plan| plan.any_type = true)
        }
    };
    (consistent) => {
        /// Reads with strong consistency: every write that was acknowledged before is seen. Costs
        /// twice as much.
        pub fn consistent(self) -> Self
        where
            I::Locality: ReadsConsistently,
        {
            self.with(|plan| plan.consistent = true)
        }
    };
}

pub(crate) use {setter, setters};
