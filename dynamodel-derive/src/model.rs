//! What the derives know of a type: plain values with spans, no generated tokens.

mod document;

use std::collections::HashSet;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit::Visit;
use syn::{Attribute, Data, DeriveInput, Fields, GenericParam, Generics, Type, Visibility};

pub(crate) use self::document::{Document, Projection, Shape, Variant, VariantShape};
use crate::attr::{EntityAttrs, FieldAttrs, IndexAttr, OptionsAttr, Project, Spanned, StoredAttr};
use crate::errors::Errors;
use crate::names::{RenameRule, identifiers, plain, type_name};

/// The type itself.
pub(crate) struct Container {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    /// Without defaults, and with the bounds that the generated impls need.
    pub(crate) generics: Generics,
    /// The path of the runtime crate.
    pub(crate) root: TokenStream,
    /// Names that occur in the type's own code: generated names step aside.
    taken: HashSet<String>,
}

/// A named field.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    /// The attribute's name in DynamoDB, and where it was given.
    pub(crate) name: Spanned<String>,
    /// The token type of the field.
    pub(crate) token: Ident,
    /// The newtype of a `with` or `from` field.
    pub(crate) wrapper: Ident,
    pub(crate) attrs: FieldAttrs,
}

/// An entity.
pub(crate) struct Entity {
    pub(crate) container: Container,
    pub(crate) table: Option<Spanned<String>>,
    /// Whether all attributes were understood. If not, nothing can be said to be missing.
    pub(crate) understood: bool,
    pub(crate) fields: Vec<Field>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) options: OptionsAttr,
    pub(crate) functions: Vec<(String, Ident)>,
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
}

impl Entity {
    /// Reads the struct. `None` when it is not a struct with named fields.
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Entity> {
        let attrs = EntityAttrs::parse(&input.attrs, errors);
        let mut container = Container::new(input, attrs.root.as_ref());
        container.refuse_lifetimes("an entity", errors);
        let Some(named) = named_fields(input) else {
            errors.at(
                input.ident.span(),
                "an entity is a struct with named fields; an enum or tuple struct can be a field of it, with `#[derive(Document)]`",
            );
            return None;
        };
        let mut fields = Field::read_all(named, &container, attrs.rename_all, |attrs| {
            FieldAttrs::of_entity(attrs, errors)
        });
        container.settle(&mut fields);
        container.bound_params(&fields, true);
        let table = attrs.table.map(|text| Spanned {
            value: text.value(),
            span: text.span(),
        });
        let indexes = attrs.indexes.into_iter();
        Some(Entity {
            indexes: indexes.map(|i| Index::new(i, &container.ident)).collect(),
            container,
            table,
            understood: errors.is_empty(),
            fields,
            options: attrs.options,
            functions: attrs.functions,
        })
    }

    /// Makes the best of a struct with mistakes, so that its code compiles and they are the only
    /// errors. `None` when there is no field that could be the key.
    pub(crate) fn mended(mut self) -> Option<Entity> {
        if self.partition().is_none() {
            let first = self.fields.iter_mut().find(|f| f.is_stored())?;
            first.attrs.partition = Some(first.ident.span());
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

    /// Whether the field is part of the table's key.
    pub(crate) fn is_table_key(&self, field: &Field) -> bool {
        [self.partition(), self.sort()]
            .into_iter()
            .flatten()
            .any(|key| key.ident == field.ident)
    }

    /// Whether the field is part of the key of the index.
    pub(crate) fn is_key_of(&self, index: &Index, field: &Field) -> bool {
        let mut keys = self.partition_of(index);
        keys.extend(self.sort_of(index));
        keys.iter().any(|key| key.ident == field.ident)
    }

    /// Whether the index holds the field.
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
    fn new(attr: IndexAttr, entity: &Ident) -> Index {
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
            partition: attr.partition,
            sort: attr.sort.unwrap_or_default(),
            project: attr.project.unwrap_or(Project::All),
        }
    }
}

impl Field {
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
        let wrapper = RenameRule::Pascal.apply(&plain(&ident));
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
            token: ident.clone(),
            wrapper: Ident::new(&format!("__Stored{wrapper}"), generated(ident.span())),
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

    pub(crate) fn is_stored(&self) -> bool {
        self.attrs.skip.is_none()
    }
}

impl Container {
    pub(crate) fn new(input: &DeriveInput, root: Option<&syn::Path>) -> Container {
        let mut generics = input.generics.clone();
        for param in &mut generics.params {
            match param {
                GenericParam::Type(t) => (t.eq_token, t.default) = (None, None),
                GenericParam::Const(c) => (c.eq_token, c.default) = (None, None),
                GenericParam::Lifetime(_) => {}
            }
        }
        let root = root.map_or_else(|| quote!(::dynamodel), ToTokens::to_token_stream);
        let mut taken = HashSet::new();
        identifiers(quote!(#root #generics), &mut taken);
        taken.insert(plain(&input.ident));
        Container {
            ident: input.ident.clone(),
            vis: input.vis.clone(),
            generics,
            root,
            taken,
        }
    }

    fn refuse_lifetimes(&self, what: &str, errors: &mut Errors) {
        for lifetime in self.generics.lifetimes() {
            errors.on(
                lifetime,
                format!(
                    "{what} owns its data; use `String`, `Vec` or `Arc` in place of the borrow"
                ),
            );
        }
    }

    /// Replaces `Self` in the type of a field, because generated items have another `Self`.
    fn without_self(&self, ty: &Type) -> Type {
        let (_, args, _) = self.generics.split_for_impl();
        let ident = &self.ident;
        let replaced = replace_self(ty.to_token_stream(), &quote!(#ident #args));
        match replaced {
            Some(tokens) => syn::parse2(tokens).unwrap_or_else(|_| ty.clone()),
            None => ty.clone(),
        }
    }

    /// Chooses the names of the tokens: the field's own, unless the type's code mentions that name.
    fn settle<'a>(&mut self, fields: impl IntoIterator<Item = &'a mut Field>) {
        let mut fields: Vec<&mut Field> = fields.into_iter().collect();
        for field in &fields {
            identifiers(field.ty.to_token_stream(), &mut self.taken);
            match &field.attrs.stored {
                Some(StoredAttr::With { module, .. }) => {
                    identifiers(module.to_token_stream(), &mut self.taken);
                }
                Some(StoredAttr::Convert { ty, .. }) => {
                    identifiers(ty.to_token_stream(), &mut self.taken);
                }
                None => {}
            }
            if let Some(Some(expr)) = &field.attrs.default {
                identifiers(expr.to_token_stream(), &mut self.taken);
            }
        }
        let names: HashSet<String> = fields.iter().map(|f| plain(&f.ident)).collect();
        for field in &mut fields {
            let mut name = plain(&field.ident);
            if self.taken.contains(&name) {
                name.push('_');
                while self.taken.contains(&name) || names.contains(&name) {
                    name.push('_');
                }
                field.token = Ident::new(&name, field.ident.span());
            }
            field.token.set_span(generated(field.ident.span()));
        }
        self.taken.extend(names);
    }

    /// A name for a generated type: the given one, unless the type's code mentions it.
    pub(crate) fn free(&self, name: &str, span: Span) -> Ident {
        let mut name = name.to_owned();
        while self.taken.contains(&name) {
            name.push('_');
        }
        Ident::new(&name, generated(span))
    }

    /// Adds the bounds that the impls need on type parameters: what a stored field mentions is an
    /// attribute type, what a skipped one mentions has a default.
    fn bound_params<'a>(&mut self, fields: impl IntoIterator<Item = &'a Field>, entity: bool) {
        for field in fields {
            match (&field.attrs.stored, &field.attrs.default) {
                _ if !field.is_stored() => match &field.attrs.default {
                    Some(Some(_)) => {}
                    _ => {
                        if !self.mentioned(&field.ty).is_empty() {
                            let ty = &field.ty;
                            self.bound([quote!(#ty: ::core::default::Default)]);
                        }
                    }
                },
                (None, _) => self.bound_type(&field.ty),
                (Some(StoredAttr::Convert { ty, .. }), _) => self.bound_type(ty),
                (Some(StoredAttr::With { .. }), _) => {}
            }
        }
        if entity {
            self.bound_owned();
        }
    }

    /// The type parameters that a type mentions are attribute types.
    fn bound_type(&mut self, ty: &Type) {
        let root = self.root.clone();
        let found = self.mentioned(ty);
        self.bound(found.iter().map(|ty| quote!(#ty: #root::Attribute)));
    }

    /// The type parameters that the only field of a variant mentions are attribute types, and when
    /// the field is one of them, it is stored as a map.
    fn bound_body(&mut self, ty: &Type) {
        let root = self.root.clone();
        self.bound_type(ty);
        let body = ty.to_token_stream().to_string();
        if self.generics.type_params().any(|p| p.ident == body) {
            self.bound([quote!(#ty: #root::__private::MapBody)]);
        }
    }

    /// Type parameters are owned and can be sent to other threads.
    fn bound_owned(&mut self) {
        let params: Vec<Ident> = self
            .generics
            .type_params()
            .map(|p| p.ident.clone())
            .collect();
        self.bound(
            params
                .iter()
                .map(|param| quote!(#param: ::core::marker::Send + ::core::marker::Sync + 'static)),
        );
    }

    fn mentioned(&self, ty: &Type) -> Vec<TokenStream> {
        let mut mentioned = Mentioned {
            params: self
                .generics
                .type_params()
                .map(|p| p.ident.clone())
                .collect(),
            found: Vec::new(),
        };
        mentioned.visit_type(ty);
        mentioned.found
    }

    /// Adds predicates that are not there yet.
    fn bound(&mut self, predicates: impl IntoIterator<Item = TokenStream>) {
        for predicate in predicates {
            let Ok(predicate) = syn::parse2::<syn::WherePredicate>(predicate) else {
                continue;
            };
            let clause = self.generics.make_where_clause();
            if !clause.predicates.iter().any(|p| *p == predicate) {
                clause.predicates.push(predicate);
            }
        }
    }
}

/// The type parameters, and projections of them, that a type mentions.
struct Mentioned {
    params: Vec<Ident>,
    found: Vec<TokenStream>,
}

impl<'ast> Visit<'ast> for Mentioned {
    fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
        let first = ty.path.segments.first().map(|s| &s.ident);
        if ty.qself.is_none() && first.is_some_and(|first| self.params.contains(first)) {
            self.found.push(ty.to_token_stream());
        }
        syn::visit::visit_type_path(self, ty);
    }
}

/// The span of a user's token for an identifier that the derive makes: located there, but not the
/// user's own code for lints.
pub(crate) fn generated(span: Span) -> Span {
    Span::call_site().located_at(span)
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

/// The tokens with `Self` replaced, or `None` when there is none.
fn replace_self(tokens: TokenStream, by: &TokenStream) -> Option<TokenStream> {
    let mut found = false;
    let mut out = TokenStream::new();
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) if ident == "Self" => {
                found = true;
                out.extend(by.clone());
            }
            TokenTree::Group(group) => match replace_self(group.stream(), by) {
                Some(stream) => {
                    found = true;
                    let mut replaced = Group::new(group.delimiter(), stream);
                    replaced.set_span(group.span());
                    out.extend([TokenTree::Group(replaced)]);
                }
                None => out.extend([TokenTree::Group(group)]),
            },
            other => out.extend([other]),
        }
    }
    found.then_some(out)
}
