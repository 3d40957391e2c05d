//! The plain description of a table that several entities share, and of their key templates.

use super::{AttributeSchema, EntitySchema, IndexSchema, KeySchema, Shards, TableOptions};
use crate::model::table::same;
use crate::wire::{Form, WriteError};

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

/// Returns the type of an attribute; S if it is not among them.
pub(crate) const fn kind_in(attributes: &[AttributeSchema], name: &str) -> &'static str {
    let mut i = 0;
    while i < attributes.len() {
        if same(attributes[i].name, name) {
            return attributes[i].kind;
        }
        i += 1;
    }
    "S"
}

impl TableSchema {
    /// Returns the attribute of this name, if its type is known.
    pub fn attribute(&self, name: &str) -> Option<&'static AttributeSchema> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// Returns `true` if the attribute of a shared table is text, as all are that are not declared
    /// otherwise.
    pub(crate) const fn is_text(&self, name: &str) -> bool {
        same(kind_in(self.attributes, name), "S")
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

impl KeyTemplates {
    /// Returns the templates with their numbers: 1 for the partition key, 2 for the sort key.
    pub(crate) const fn numbered(&self) -> [(usize, &'static [Piece]); 2] {
        [(1, self.partition), (2, self.sort)]
    }
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
    /// The text of the part at this position of [`SingleTable::parts`], in a form.
    Part(usize, Form),
    /// The value of the part at this position as it is stored: the whole key attribute, which is a
    /// number, or the field itself.
    Value(usize),
}

impl Piece {
    /// Returns the position of the part.
    pub(crate) const fn part(&self) -> Option<usize> {
        match *self {
            Piece::Literal(_) => None,
            Piece::Part(part, _) | Piece::Value(part) => Some(part),
        }
    }
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
    /// `true` if the field is stored as an attribute, and not in the key alone.
    pub stored: bool,
    /// `true` if the value is a number.
    pub number: bool,
    /// Function that appends the text of a value in its wire form; `false` for an absent value.
    #[doc(hidden)]
    pub text: fn(&[u8], Form, &mut String) -> Result<bool, WriteError>,
}

impl PartSchema {
    /// Returns the text of a value in its wire form; `None` for an absent value.
    pub(crate) fn text_of(&self, json: &[u8], form: Form) -> Result<Option<String>, WriteError> {
        let mut text = String::new();
        Ok((self.text)(json, form, &mut text)?.then_some(text))
    }

    /// Returns `true` if the field is the attribute of this name.
    pub(crate) fn is_attribute(&self, name: &str) -> bool {
        self.stored && matches!(self.path, [own] if *own == name)
    }
}

impl std::fmt::Debug for PartSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartSchema")
            .field("field", &self.field)
            .field("path", &self.path)
            .field("width", &self.width)
            .field("stored", &self.stored)
            .finish_non_exhaustive()
    }
}

/// Compares the descriptions only: functions have no useful equality.
impl PartialEq for PartSchema {
    fn eq(&self, other: &Self) -> bool {
        (self.field, self.path, self.width, self.stored)
            == (other.field, other.path, other.width, other.stored)
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
    /// Returns `true` if the part is the field that is stored under this name.
    pub(crate) fn is_field(&self, part: usize, name: &str) -> bool {
        self.parts
            .get(part)
            .is_some_and(|part| part.is_attribute(name))
    }

    /// Returns the templates of the primary key, with their parts.
    pub(crate) const fn primary(&self) -> IndexKey {
        IndexKey {
            parts: self.parts,
            key: self.key,
        }
    }
}
