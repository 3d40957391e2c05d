//! The plain description of an entity, which the derive writes and the runtime reads.

mod shards;
mod single_table;
mod unique;

pub use crate::wire::Form;
pub use shards::Shards;
#[doc(hidden)]
pub use single_table::IndexKey;
pub(crate) use single_table::kind_in;
pub use single_table::{IndexTemplates, KeyTemplates, PartSchema, Piece, SingleTable, TableSchema};
pub use unique::UniqueSchema;

/// The schema of an entity, known at compile time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntitySchema {
    /// The Rust name of the entity, as it appears in errors.
    pub entity: &'static str,
    /// The table's name, before the prefix and names of [`Builder`](crate::Builder).
    pub table: &'static str,
    /// Every stored attribute, in the order of the fields.
    pub attributes: &'static [AttributeSchema],
    /// The primary key.
    pub key: KeySchema,
    /// Global and local secondary indexes.
    pub indexes: &'static [IndexSchema],
    /// The name of the version attribute.
    pub version: Option<&'static str>,
    /// The name of the Time to Live attribute.
    pub ttl: Option<&'static str>,
    /// The name of the attribute with the time of creation.
    pub created_at: Option<&'static str>,
    /// The name of the attribute with the time of the last write.
    pub updated_at: Option<&'static str>,
    /// The name of the attribute with the token of the last write.
    pub write_token: Option<&'static str>,
    /// The attributes whose values are unique, enforced by unique items.
    pub unique: &'static [UniqueSchema],
    /// The options with which the table is created.
    pub options: TableOptions,
    /// The key templates, if the entity belongs to a table of several entities.
    pub single_table: Option<&'static SingleTable>,
}

/// One stored attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeSchema {
    /// The attribute's name in DynamoDB.
    pub name: &'static str,
    /// The Rust field.
    pub field: &'static str,
    /// The DynamoDB type: `S`, `N`, `M` ..
    pub kind: &'static str,
}

/// The attributes of a key, by name. One partition attribute and at most one sort attribute in a
/// table or local index, up to four of each in a global index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySchema {
    /// The partition key.
    pub partition: &'static [&'static str],
    /// The sort key; empty when there is none.
    pub sort: &'static [&'static str],
}

/// A secondary index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexSchema {
    /// The index's name in DynamoDB.
    pub name: &'static str,
    /// `true` for a local index: same partition key as the table, strong reads possible.
    pub local: bool,
    /// The index's key.
    pub key: KeySchema,
    /// The attributes that the index holds beside its own and the table's key.
    pub projection: IndexProjection,
    /// The shards over which its writes are spread, for the index of an entity with a table of its
    /// own.
    pub shards: Option<Shards>,
}

/// The attributes that an index holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexProjection {
    /// All attributes.
    All,
    /// The keys only.
    KeysOnly,
    /// The keys and these attributes.
    Include(&'static [&'static str]),
}

/// Options with which a table is created. `None` and `false` stand for DynamoDB's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableOptions {
    /// On-demand or provisioned capacity.
    pub billing: Billing,
    /// The stream of changes.
    pub stream: Option<StreamView>,
    /// Server-side encryption; `None` uses the key that AWS owns.
    pub encryption: Option<Encryption>,
    /// Tags, as key and value.
    pub tags: &'static [(&'static str, &'static str)],
    /// `true` if the table is protected from deletion.
    pub deletion_protection: bool,
    /// `true` if point-in-time recovery is switched on.
    pub point_in_time_recovery: bool,
    /// The table class.
    pub table_class: Option<TableClass>,
}

impl TableOptions {
    /// On-demand capacity and DynamoDB's defaults.
    pub const DEFAULT: TableOptions = TableOptions {
        billing: Billing::OnDemand,
        stream: None,
        encryption: None,
        tags: &[],
        deletion_protection: false,
        point_in_time_recovery: false,
        table_class: None,
    };
}

/// Billing of reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// `PAY_PER_REQUEST`.
    OnDemand,
    /// `PROVISIONED`, in capacity units a second, for the table and each global index.
    Provisioned {
        /// Read capacity units.
        read: u32,
        /// Write capacity units.
        write: u32,
    },
}

/// The content of a table's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamView {
    /// The keys of the changed item.
    KeysOnly,
    /// The item after the change.
    NewImage,
    /// The item before the change.
    OldImage,
    /// The item before and after the change.
    NewAndOldImages,
}

impl StreamView {
    /// Returns DynamoDB's name of the view.
    pub const fn as_str(self) -> &'static str {
        match self {
            StreamView::KeysOnly => "KEYS_ONLY",
            StreamView::NewImage => "NEW_IMAGE",
            StreamView::OldImage => "OLD_IMAGE",
            StreamView::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }
}

/// Server-side encryption key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// The key that AWS manages in the account's KMS.
    AwsManaged,
    /// A KMS key of the account: its id, ARN or alias.
    CustomerManaged(&'static str),
}

/// The table class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableClass {
    /// `STANDARD`.
    Standard,
    /// `STANDARD_INFREQUENT_ACCESS`.
    StandardInfrequentAccess,
}

impl EntitySchema {
    /// Returns the number of bytes that a buffer for one item starts with: 64 for each attribute,
    /// at least a kilobyte.
    pub fn item_capacity(&self) -> usize {
        (256 + 64 * self.attributes.len()).max(1024)
    }

    /// Returns the index of this name.
    pub fn index(&self, name: &str) -> Option<&'static IndexSchema> {
        self.indexes.iter().find(|i| i.name == name)
    }

    /// Returns the attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&'static AttributeSchema> {
        self.attributes.iter().find(|a| a.name == name)
    }
}

impl KeySchema {
    /// Returns partition and sort attributes, in that order.
    pub fn attributes(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.partition.iter().chain(self.sort).copied()
    }

    /// Returns `true` if the attribute is part of the key.
    pub fn contains(&self, name: &str) -> bool {
        self.attributes().any(|a| a == name)
    }
}
