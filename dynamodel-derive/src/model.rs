//! The model of a type that is derived for: plain values with spans, no generated tokens.

mod borrowed_collection;
mod collection;
mod container;
mod document;
mod single_table;
mod table;

use std::collections::HashSet;

use proc_macro2::{Ident, Span};
use syn::{Attribute, Data, DeriveInput, Fields, Type, Visibility};

pub(crate) use self::borrowed_collection::BorrowedCollection;
pub(crate) use self::collection::{Collection, Member};
pub(crate) use self::container::Container;
pub(crate) use self::document::{Document, Projection, Shape, Variant, VariantShape};
pub(crate) use self::single_table::{PartRole, SingleTable, SingleTableIndex, adjacent};
pub(crate) use self::table::{Table, TableIndex, TableProjection};
use crate::attr::{
    EntityAttrs, FieldAttrs, IndexAttr, KeyPart, OptionsAttr, Project, Spanned, TableAttr,
};
use crate::errors::Errors;
use crate::names::{RenameRule, plain, type_name};

/// A named field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    /// The attribute's name in DynamoDB, and where it was given.
    pub(crate) name: Spanned<String>,
    /// The member of the variant that the field is in, of an enum.
    pub(crate) variant: Option<Ident>,
    /// The newtype of a `with` or `from` field.
    pub(crate) newtype: Ident,
    pub(crate) attrs: FieldAttrs,
}

/// An entity.
pub(crate) struct Entity {
    pub(crate) container: Container,
    pub(crate) table: Option<Spanned<String>>,
    /// `true` if all attributes were understood. If not, nothing is reported as missing.
    pub(crate) understood: bool,
    pub(crate) fields: Vec<Field>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) options: OptionsAttr,
    pub(crate) functions: Vec<(String, Ident)>,
    /// `true` when a struct with every field an `Option` is generated.
    pub(crate) partial: bool,
    /// `true` when `new` is generated.
    pub(crate) new: bool,
    /// The templates, of an entity in a shared table. Then there are no `indexes`.
    pub(crate) single_table: Option<SingleTable>,
}

/// A secondary index.
pub(crate) struct Index {
    pub(crate) local: bool,
    /// The name of the constructor.
    pub(crate) name: Ident,
    /// The name in DynamoDB.
    pub(crate) stored_name: Spanned<String>,
    /// The generated type.
    pub(crate) ty: Ident,
    /// `None` when it was not given.
    pub(crate) partition: Option<Vec<Ident>>,
    pub(crate) sort: Vec<Ident>,
    pub(crate) project: Project,
    /// Number of shards that its writes are spread over.
    pub(crate) shards: Option<Spanned<u16>>,
}

impl Entity {
    /// Reads the struct. `None` when it is not a struct with named fields.
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Entity> {
        let mut attrs = EntityAttrs::parse(&input.attrs, errors);
        let mut container = Container::new(input, attrs.root.as_ref());
        let shared = matches!(attrs.table, Some(TableAttr::Type(_)));
        let single_table = SingleTable::read(&mut attrs, &input.ident, errors);
        let Some(named) = named_fields(input) else {
            errors.at(
                input.ident.span(),
                "an entity is a struct with named fields; an enum or tuple struct can be a field of it, with `#[derive(Document)]`",
            );
            return None;
        };
        let fields = Field::read_all(named, &container, attrs.rename_all, |attrs| {
            FieldAttrs::of_entity(attrs, errors)
        });
        container.take_names(&fields);
        container.bound_params(&fields, true);
        let table = attrs.table.and_then(|table| match table {
            TableAttr::Name(text) => Some(Spanned {
                value: text.value(),
                span: text.span(),
            }),
            TableAttr::Type(_) => None,
        });
        let indexes = attrs.indexes.into_iter().filter(|_| !shared);
        let indexes = indexes
            .map(|i| Index::new(i, &container.ident, errors))
            .collect();
        Some(Entity {
            indexes,
            single_table,
            container,
            table,
            understood: errors.is_empty(),
            fields,
            options: attrs.options,
            functions: attrs.functions,
            partial: attrs.partial.is_some(),
            new: attrs.new.is_some(),
        })
    }

    /// The fields whose values are unique.
    pub(crate) fn unique(&self) -> impl Iterator<Item = &Field> {
        self.stored().filter(|f| f.attrs.unique.is_some())
    }

    /// Makes the best of a struct with mistakes, so that its code compiles and they are the only
    /// errors. `None` when there is no field that could be the key.
    pub(crate) fn mended(mut self) -> Option<Entity> {
        if self.single_table.is_some() {
            return None;
        }
        if self.partition().is_none() {
            let first = self.fields.iter_mut().find(|f| f.is_stored())?;
            first.attrs.partition = Some(first.ident.span());
        }
        for field in &mut self.fields {
            field.attrs.unique = None;
        }
        for field in self
            .fields
            .iter_mut()
            .filter(|f| f.attrs.partition.is_some())
        {
            field.attrs.sort = None;
        }
        let mut names: HashSet<String> = ["key", "get", "update", "delete", "check", "query"]
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        self.functions.retain(|(_, new)| names.insert(plain(new)));
        let mut types = HashSet::new();
        self.indexes
            .retain(|i| types.insert(i.ty.to_string()) && names.insert(plain(&i.name)));
        Some(self)
    }

    /// The field of this Rust name.
    pub(crate) fn field(&self, name: &Ident) -> Option<&Field> {
        let name = plain(name);
        self.fields.iter().find(|f| plain(&f.ident) == name)
    }

    /// The fields that are stored.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|f| f.is_stored())
    }

    /// The fields that are attributes: the stored ones without those that stand in the key alone.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|f| f.is_attribute())
    }

    /// The field that keeps the key under which the item was read.
    pub(crate) fn keep_key(&self) -> Option<&Field> {
        self.fields.iter().find(|f| f.attrs.keep_key.is_some())
    }

    /// The field that is the partition key.
    pub(crate) fn partition(&self) -> Option<&Field> {
        self.stored().find(|f| f.attrs.partition.is_some())
    }

    /// The field that is the sort key.
    pub(crate) fn sort(&self) -> Option<&Field> {
        self.stored().find(|f| f.attrs.sort.is_some())
    }

    /// The fields of the partition key of an index.
    pub(crate) fn partition_of<'a>(&'a self, index: &'a Index) -> Vec<&'a Field> {
        if index.local {
            return self.partition().into_iter().collect();
        }
        self.resolved(index.partition.iter().flatten())
    }

    /// The fields of the sort key of an index.
    pub(crate) fn sort_of<'a>(&'a self, index: &'a Index) -> Vec<&'a Field> {
        self.resolved(&index.sort)
    }

    fn resolved<'a>(&'a self, names: impl IntoIterator<Item = &'a Ident>) -> Vec<&'a Field> {
        let fields = names.into_iter().filter_map(|name| self.field(name));
        fields.filter(|f| f.is_stored()).collect()
    }

    /// Returns `true` if the field is part of the table's key.
    pub(crate) fn is_table_key(&self, field: &Field) -> bool {
        [self.partition(), self.sort()]
            .into_iter()
            .flatten()
            .any(|key| key.ident == field.ident)
    }

    /// Returns `true` if the field is part of the key of the index.
    pub(crate) fn is_key_of(&self, index: &Index, field: &Field) -> bool {
        let mut keys = self.partition_of(index);
        keys.extend(self.sort_of(index));
        keys.iter().any(|key| key.ident == field.ident)
    }

    /// Returns `true` if the index holds the field.
    pub(crate) fn holds(&self, index: &Index, field: &Field) -> bool {
        match &index.project {
            Project::All => true,
            Project::Include(names) if names.iter().any(|n| plain(n) == plain(&field.ident)) => {
                true
            }
            Project::Include(_) | Project::Keys => {
                self.is_table_key(field) || self.is_key_of(index, field)
            }
        }
    }
}

impl Index {
    fn new(attr: IndexAttr, entity: &Ident, errors: &mut Errors) -> Index {
        if let Some(alias) = &attr.alias {
            errors.at(alias.span(), "an alias belongs to an index of a shared table; give the index this name, and its stored name by `name = \"..\"`");
        }
        let mut fields = |key: Option<KeyPart>| {
            key.map(|key| match key {
                KeyPart::Fields(fields) => fields,
                KeyPart::Template(template) => {
                    errors.at(template.span, "templates belong to entities of a shared table; name the fields, `partition = field` or `(a, b)`");
                    Vec::new()
                }
            })
        };
        let (partition, sort) = (fields(attr.partition), fields(attr.sort));
        let stored_name = match &attr.stored_name {
            Some(text) => Spanned {
                value: text.value(),
                span: text.span(),
            },
            None => Spanned {
                value: plain(&attr.name),
                span: attr.name.span(),
            },
        };
        Index {
            local: attr.local,
            ty: Ident::new(
                &type_name(entity, &plain(&attr.name)),
                generated(attr.name.span()),
            ),
            name: attr.name,
            stored_name,
            partition,
            sort: sort.unwrap_or_default(),
            project: attr.project.unwrap_or(Project::All),
            shards: attr.shards,
        }
    }

    /// The attribute that holds the shard of an item.
    pub(crate) fn shard_attribute(&self) -> Option<String> {
        let name = &self.stored_name.value;
        self.shards.as_ref().map(|_| format!("_{name}_shard"))
    }
}

impl Field {
    /// The name of the constructor that reads by this unique field.
    pub(crate) fn lookup_name(&self) -> Ident {
        Ident::new(&format!("get_by_{}", plain(&self.ident)), self.ident.span())
    }

    fn new(field: &syn::Field, attrs: FieldAttrs, container: &Container) -> Option<Field> {
        let ident = field.ident.clone()?;
        let name = match &attrs.rename {
            Some(text) => Spanned {
                value: text.value(),
                span: text.span(),
            },
            None => Spanned {
                value: plain(&ident),
                span: ident.span(),
            },
        };
        let newtype = RenameRule::Pascal.apply(&plain(&ident));
        Some(Field {
            name,
            vis: field.vis.clone(),
            ty: container.without_self(&field.ty),
            docs: field
                .attrs
                .iter()
                .filter(|a| a.path().is_ident("doc"))
                .cloned()
                .collect(),
            variant: None,
            newtype: Ident::new(&format!("__Stored{newtype}"), generated(ident.span())),
            ident,
            attrs,
        })
    }

    /// Reads the named fields of a struct or variant.
    fn read_all(
        fields: &syn::FieldsNamed,
        container: &Container,
        rule: Option<RenameRule>,
        mut attrs: impl FnMut(&[Attribute]) -> FieldAttrs,
    ) -> Vec<Field> {
        let mut out: Vec<Field> = fields
            .named
            .iter()
            .filter_map(|f| Field::new(f, attrs(&f.attrs), container))
            .collect();
        if let Some(rule) = rule {
            for field in out.iter_mut().filter(|f| f.attrs.rename.is_none()) {
                field.name.value = rule.apply(&field.name.value);
            }
        }
        out
    }

    /// Returns `true` if the field is in the item, as an attribute or in the key alone: neither skipped nor
    /// the map of the other attributes.
    pub(crate) fn is_stored(&self) -> bool {
        let attrs = &self.attrs;
        attrs.skip.is_none() && attrs.rest.is_none() && attrs.keep_key.is_none()
    }

    /// Returns `true` if the field is an attribute of the item.
    pub(crate) fn is_attribute(&self) -> bool {
        self.is_stored() && self.attrs.in_key.is_none()
    }
}

/// The span of a user's token for an identifier that the derive makes: located there, but not the
/// user's own code for lints.
pub(crate) fn generated(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// An identifier of the user's for an item that the derive makes, see [`generated`].
pub(crate) fn generated_ident(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(generated(ident.span()));
    ident
}

/// The fields of a struct with named fields.
fn named_fields(input: &DeriveInput) -> Option<&syn::FieldsNamed> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(fields),
            Fields::Unnamed(_) | Fields::Unit => None,
        },
        Data::Enum(_) | Data::Union(_) => None,
    }
}
