//! Entities of several kinds that share a table and a partition and are read together.

pub(crate) mod collection;
pub(crate) mod gather;
pub(crate) mod partition;
pub(crate) mod sort;

pub use collection::{Collection, CollectionQuery};
pub use gather::{Gather, GatherField};
pub use partition::PartitionValues;
pub use sort::{SortKey, SortRange};
