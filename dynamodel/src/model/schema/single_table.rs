//! The plain description of a table that several entities share, and of their key templates.

use super::{AttributeSchema, EntitySchema, IndexSchema, KeySchema, Shards, TableOptions};
use crate::wire::WriteError;

/// The schema of a table, from which it is created and with which it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableSchema {
    /// The Rust name of the table or of the entity that it belongs to.
    pub owner: &'static str,
    /// The table's name, before the prefix and names of [`Builder`](crate::Builder).
    pub table: &'static str,
    /// The primary key.
    pub key: KeySchema,
    /// Global and local secondary indexes.
    pub indexes: &'static [IndexSchema],
    /// The attributes of known type. A key attribute that is not among them is an S.
    pub attributes: &'static [AttributeSchema],
    /// The name of the Time to Live attribute.
    pub ttl: Option<&'static str>,
    /// The attribute that holds an item's type, in a table that several entities share.
    pub discriminator: Option<&'static str>,
    /// The options with which the table is created.
    pub options: TableOptions,
}

impl TableSchema {
    /// Returns the attribute of this name, if its type is known.
    pub fn attribute(&self, name: &str) -> Option<&'static AttributeSchema> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// Returns the DynamoDB type of a key attribute.
    pub(crate) fn key_kind(&self, name: &str) -> &'static str {
        let shards = |i: &IndexSchema| i.shards.and_then(|s| s.attribute) == Some(name);
        match self.attribute(name) {
            Some(attribute) => attribute.kind,
            None if self.indexes.iter().any(shards) => "N",
            None => "S",
        }
    }

    /// Returns the index of this name.
    pub fn index(&self, name: &str) -> Option<&'static IndexSchema> {
        self.indexes.iter().find(|i| i.name == name)
    }
}

impl EntitySchema {
    /// Returns the schema of the table: the one that the entity shares, or its own.
    pub const fn table_schema(&self) -> TableSchema {
        match self.single_table {
            Some(single) => *single.table,
            None => TableSchema {
                owner: self.entity,
                table: self.table,
                key: self.key,
                indexes: self.indexes,
                attributes: self.attributes,
                ttl: self.ttl,
                discriminator: None,
                options: self.options,
            },
        }
    }
}

/// The part of an entity's schema that concerns a shared table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SingleTable {
    /// The table.
    pub table: &'static TableSchema,
    /// The value of the table's discriminator attribute in the entity's items: their type.
    pub kind: &'static str,
    /// Further types that are read as the entity: those that earlier releases or other programs
    /// wrote.
    pub kind_aliases: &'static [&'static str],
    /// `true` if items without the discriminator attribute are read as the entity.
    pub untyped: bool,
    /// `true` if the texts of parts may contain delimiters of the templates: no other entity's key
    /// begins with one of this entity's.
    pub any_text: bool,
    /// Every part of the templates, each once; those of the primary key first.
    pub parts: &'static [PartSchema],
    /// The number of parts, from the first, that are in the primary key.
    pub key_parts: usize,
    /// The templates of the primary key.
    pub key: KeyTemplates,
    /// The templates of the index keys.
    pub indexes: &'static [IndexTemplates],
}

/// The templates of a key. The sort template is empty when there is no sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTemplates {
    /// The template of the partition key.
    pub partition: &'static [Piece],
    /// The template of the sort key.
    pub sort: &'static [Piece],
}

/// The templates of an index key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexTemplates {
    /// The entity's name of the index.
    pub alias: &'static str,
    /// The index.
    pub index: IndexSchema,
    /// The templates.
    pub key: KeyTemplates,
    /// The shards over which the entity's writes to the index are spread.
    pub shards: Option<Shards>,
}

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// Text that is part of every key.
    Literal(&'static str),
    /// The part at this position of [`SingleTable::parts`].
    Part(usize),
}

/// A field as a part of templates.
#[derive(Clone, Copy)]
pub struct PartSchema {
    /// The field, for instance `address.zip`.
    pub field: &'static str,
    /// The names of the attributes that lead to the value.
    pub path: &'static [&'static str],
    /// Byte length of the text if fixed, otherwise `None`.
    pub width: Option<usize>,
    /// Function from a value in its wire form to its text; `None` for an absent value.
    #[doc(hidden)]
    pub text: fn(&[u8]) -> Result<Option<String>, WriteError>,
}

impl std::fmt::Debug for PartSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartSchema")
            .field("field", &self.field)
            .field("path", &self.path)
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

/// Compares the descriptions only: functions have no useful equality.
impl PartialEq for PartSchema {
    fn eq(&self, other: &Self) -> bool {
        (self.field, self.path, self.width) == (other.field, other.path, other.width)
    }
}
impl Eq for PartSchema {}

/// The templates of the key of one index, with the parts that they name.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct IndexKey {
    pub parts: &'static [PartSchema],
    pub key: KeyTemplates,
}

impl SingleTable {
    /// Returns the templates of the primary key, with their parts.
    pub(crate) const fn primary(&self) -> IndexKey {
        IndexKey {
            parts: self.parts,
            key: self.key,
        }
    }
}
