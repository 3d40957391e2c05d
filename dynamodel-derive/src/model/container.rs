//! The type that is derived for: its name, parameters and the bounds they need.

use std::collections::HashSet;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit::Visit;
use syn::{DeriveInput, GenericParam, Generics, Type, Visibility};

use super::{Field, generated};
use crate::attr::StoredAttr;
use crate::names::{identifiers, plain};

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

    /// Replaces `Self` in the type of a field, because generated items have another `Self`.
    pub(super) fn without_self(&self, ty: &Type) -> Type {
        let (_, args, _) = self.generics.split_for_impl();
        let ident = &self.ident;
        let replaced = replace_self(ty.to_token_stream(), &quote!(#ident #args));
        match replaced {
            Some(tokens) => syn::parse2(tokens).unwrap_or_else(|_| ty.clone()),
            None => ty.clone(),
        }
    }

    /// Takes note of the names that the code of the fields mentions, for [`free`](Self::free).
    pub(super) fn take_names<'a>(&mut self, fields: impl IntoIterator<Item = &'a Field>) {
        for field in fields {
            self.taken.insert(plain(&field.ident));
            identifiers(field.ty.to_token_stream(), &mut self.taken);
            match &field.attrs.stored {
                Some(StoredAttr::With { module, .. }) => {
                    identifiers(module.to_token_stream(), &mut self.taken);
                }
                Some(StoredAttr::Convert { ty, .. }) => {
                    identifiers(ty.to_token_stream(), &mut self.taken);
                }
                Some(StoredAttr::Serde { .. }) | None => {}
            }
            if let Some(Some(expr)) = &field.attrs.default {
                identifiers(expr.to_token_stream(), &mut self.taken);
            }
        }
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
    pub(super) fn bound_params<'a>(
        &mut self,
        fields: impl IntoIterator<Item = &'a Field>,
        entity: bool,
    ) {
        for field in fields {
            match (&field.attrs.stored, &field.attrs.default) {
                _ if field.attrs.rest.is_some() => {
                    if !self.mentioned(&field.ty).is_empty() {
                        let (root, ty) = (self.root.clone(), &field.ty);
                        self.bound([quote!(#ty: #root::__private::RestMap)]);
                    }
                }
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
                (Some(StoredAttr::Serde { .. }), _) => {
                    if !self.mentioned(&field.ty).is_empty() {
                        let (root, ty) = (self.root.clone(), &field.ty);
                        self.bound([quote!(#ty: #root::__private::SerdeField)]);
                    }
                }
            }
        }
        if entity {
            self.bound_owned();
        }
    }

    /// The type parameters that a type mentions are attribute types.
    pub(super) fn bound_type(&mut self, ty: &Type) {
        let root = self.root.clone();
        let found = self.mentioned(ty);
        self.bound(found.iter().map(|ty| quote!(#ty: #root::Attribute)));
    }

    /// The type parameters that the only field of a variant mentions are attribute types, and when
    /// the field is one of them, it is stored as a map.
    pub(super) fn bound_body(&mut self, ty: &Type) {
        let root = self.root.clone();
        self.bound_type(ty);
        let body = ty.to_token_stream().to_string();
        if self.generics.type_params().any(|p| p.ident == body) {
            self.bound([quote!(#ty: #root::__private::MapBody + #root::__private::Fields)]);
        }
    }

    /// Type parameters are owned and can be sent to other threads.
    pub(super) fn bound_owned(&mut self) {
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

    /// The type parameters, and projections of them, that a type mentions.
    pub(crate) fn mentioned(&self, ty: &Type) -> Vec<TokenStream> {
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
