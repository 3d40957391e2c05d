//! A table that several entities share.

use proc_macro2::Ident;
use syn::{DeriveInput, LitStr};

use super::Container;
use crate::attr::{
    Discriminator, KeyName, OptionsAttr, Spanned, TableAttrs, TableIndexAttr, TableProject,
};
use crate::errors::Errors;
use crate::names::plain;

/// A table.
pub(crate) struct Table {
    pub(crate) container: Container,
    pub(crate) name: Option<Spanned<String>>,
    /// `true` if all attributes were understood. If not, nothing is reported as missing.
    pub(crate) understood: bool,
    pub(crate) partition: Option<Spanned<String>>,
    pub(crate) sort: Option<Spanned<String>>,
    pub(crate) ttl: Option<Spanned<String>>,
    /// `None` for a table whose items have no attribute with their type.
    pub(crate) discriminator: Option<Spanned<String>>,
    pub(crate) indexes: Vec<TableIndex>,
    /// The types of key attributes that are given, by their names.
    pub(crate) key_types: Vec<(String, Spanned<&'static str>)>,
    pub(crate) options: OptionsAttr,
}

/// An index of a table.
pub(crate) struct TableIndex {
    pub(crate) local: bool,
    /// Name by which entities refer to the index.
    pub(crate) name: Ident,
    /// The name in DynamoDB.
    pub(crate) stored_name: Spanned<String>,
    /// Of a local index, the table's.
    pub(crate) partition: Option<Spanned<String>>,
    pub(crate) sort: Option<Spanned<String>>,
    pub(crate) project: TableProjection,
}

/// Attributes that an index of a table holds beside the keys.
pub(crate) enum TableProjection {
    All,
    Keys,
    Include(Vec<Spanned<String>>),
}

impl TableProjection {
    /// The names of the list.
    pub(crate) fn names(&self) -> &[Spanned<String>] {
        match self {
            TableProjection::Include(names) => names,
            TableProjection::All | TableProjection::Keys => &[],
        }
    }
}

fn spanned(text: LitStr) -> Spanned<String> {
    Spanned {
        value: text.value(),
        span: text.span(),
    }
}

fn key_name(key: KeyName) -> Spanned<String> {
    spanned(key.name)
}

impl Table {
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Table {
        let attrs = TableAttrs::parse(&input.attrs, errors);
        let container = Container::new(input, attrs.root.as_ref());
        if let Some(param) = input.generics.params.first() {
            errors.on(param, "a table has no parameters; remove them");
        }
        let own = attrs.indexes.iter().flat_map(|i| [&i.partition, &i.sort]);
        let keys = [&attrs.partition, &attrs.sort].into_iter().chain(own);
        let key_types = keys
            .flatten()
            .filter_map(|k| Some((k.name.value(), k.kind.clone()?)));
        let key_types = key_types.collect();
        let partition = attrs.partition.map(key_name);
        let indexes = attrs.indexes.into_iter();
        Table {
            name: attrs.name.map(spanned),
            understood: errors.is_empty(),
            indexes: indexes
                .map(|i| TableIndex::new(i, partition.as_ref()))
                .collect(),
            partition,
            sort: attrs.sort.map(key_name),
            key_types,
            ttl: attrs.ttl.map(spanned),
            discriminator: match attrs.discriminator {
                Some(Discriminator::None) => None,
                Some(Discriminator::Attribute(name)) => Some(spanned(name)),
                None => Some(Spanned {
                    value: "_type".to_owned(),
                    span: container.ident.span(),
                }),
            },
            options: attrs.options,
            container,
        }
    }
}

impl TableIndex {
    fn new(attr: TableIndexAttr, partition: Option<&Spanned<String>>) -> TableIndex {
        let stored_name = match attr.stored_name {
            Some(text) => spanned(text),
            None => Spanned {
                value: plain(&attr.name),
                span: attr.name.span(),
            },
        };
        TableIndex {
            local: attr.local,
            partition: if attr.local {
                partition.cloned()
            } else {
                attr.partition.map(key_name)
            },
            sort: attr.sort.map(key_name),
            project: match attr.project {
                None | Some(TableProject::All) => TableProjection::All,
                Some(TableProject::Keys) => TableProjection::Keys,
                Some(TableProject::Include(names)) => {
                    TableProjection::Include(names.into_iter().map(spanned).collect())
                }
            },
            name: attr.name,
            stored_name,
        }
    }
}
