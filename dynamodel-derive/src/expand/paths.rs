//! Typed paths: the fields struct, and a token per field that states where it may be used.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Generics, Ident, Type, Visibility, WherePredicate};

use super::codec::name_literal;
use super::field_newtypes::attribute_type;
use super::implement;
use crate::model::{Container, Field, generated, generated_ident};
use crate::names::{field_hash, plain};

/// The FNV-1a hash of a name, as the runtime's traits take it.
pub(super) fn hash_of(name: &str) -> Literal {
    Literal::u64_unsuffixed(field_hash(name))
}

/// The number by which `HasField` finds a field.
pub(super) fn hash(field: &Ident) -> Literal {
    Literal::u64_unsuffixed(field_hash(&plain(field)))
}

/// A struct of typed paths: of a type, or of a variant of an enum.
pub(super) struct Paths<'a> {
    container: &'a Container,
    name: Ident,
    doc: String,
    members: Vec<Member>,
    /// Bounds that the types of members need beside those of the type.
    bounds: Vec<WherePredicate>,
}

/// A member of a struct of typed paths.
struct Member {
    docs: TokenStream,
    vis: TokenStream,
    ident: Ident,
    ty: TokenStream,
    /// The value, made of the prefix `__at`.
    value: TokenStream,
}

impl<'a> Paths<'a> {
    /// The paths of a type, without members yet. `part` is for a part of the type.
    pub(super) fn new(container: &'a Container, part: &str, doc: String) -> Paths<'a> {
        let name = format!("{}{part}Fields", plain(&container.ident));
        Paths {
            container,
            name: Ident::new(&name, generated(container.ident.span())),
            doc,
            members: Vec::new(),
            bounds: Vec::new(),
        }
    }

    /// The paths of a struct: a member for each field.
    pub(super) fn of_fields(container: &'a Container, fields: &[&Field]) -> Paths<'a> {
        let doc = format!("The typed paths of [`{}`].", plain(&container.ident));
        let mut paths = Paths::new(container, "", doc);
        for field in fields {
            paths.field(field, field.vis.to_token_stream());
        }
        paths
    }

    /// Adds the path of a field.
    pub(super) fn field(&mut self, field: &Field, vis: TokenStream) {
        let token = self.container.token(field);
        self.path(field_docs(field), vis, &field.ident, &token);
    }

    /// Adds the paths of a document that a variant embeds.
    pub(super) fn embed(
        &mut self,
        docs: TokenStream,
        vis: TokenStream,
        member: &Ident,
        inner: &Type,
    ) {
        let root = &self.container.root;
        let fields = quote!(#root::__private::Fields);
        let mut paths = quote!(#inner);
        if self.container.mentioned(inner).is_empty() {
            // `Tokens::embed` reports a type that is no document; this bound adds no second error.
            let late = quote!(#root::__private::Late);
            let bound = syn::parse2(quote!(for<'__a> #late<'__a, #inner>: #fields));
            self.bounds.extend(bound);
            paths = quote!(#late<'static, #inner>);
        }
        let ty = quote!(<#paths as #fields>::Fields<__Sc>);
        let value = quote!(<#paths as #fields>::fields(__at));
        self.member(docs, vis, member, ty, value);
    }

    /// The parameters of the type with what the members need.
    fn bounded(&self, mut generics: Generics) -> Generics {
        if !self.bounds.is_empty() {
            let clause = generics.make_where_clause();
            clause.predicates.extend(self.bounds.iter().cloned());
        }
        generics
    }

    /// Adds a path.
    pub(super) fn path(
        &mut self,
        docs: TokenStream,
        vis: TokenStream,
        ident: &Ident,
        token: &TokenStream,
    ) {
        let root = &self.container.root;
        let ty = quote!(#root::expr::Path<#token, __Sc>);
        self.member(docs, vis, ident, ty, quote!(__at.path()));
    }

    /// Adds a member of any kind.
    pub(super) fn member(
        &mut self,
        docs: TokenStream,
        vis: TokenStream,
        ident: &Ident,
        ty: TokenStream,
        value: TokenStream,
    ) {
        let mut ident = ident.clone();
        ident.set_span(generated(ident.span()));
        self.members.push(Member {
            docs,
            vis,
            ident,
            ty,
            value,
        });
    }

    /// The type, with the place of use.
    pub(super) fn ty(&self) -> TokenStream {
        self.container.with_args_and(&self.name, quote!(__Sc))
    }

    /// The declaration, which users name.
    pub(super) fn declaration(&self) -> TokenStream {
        let Container { vis, .. } = self.container;
        let (name, doc) = (&self.name, &self.doc);
        let ty = self.container.ty();
        let generics = self.bounded(self.container.generics_and("__Sc"));
        let clause = &generics.where_clause;
        let members = self.members.iter().map(|m| {
            let Member {
                docs,
                vis,
                ident,
                ty,
                ..
            } = m;
            quote!(#docs #vis #ident: #ty,)
        });
        // Without fields, nothing else would mention the parameter.
        let nothing = self
            .members
            .is_empty()
            .then(|| quote!(__scope: ::core::marker::PhantomData<fn() -> (__Sc, #ty)>,));
        quote! {
            #[doc = #doc]
            #vis struct #name #generics #clause { #(#members)* #nothing }
        }
    }

    /// The value, made of the prefix `__at`.
    pub(super) fn value(&self) -> TokenStream {
        let name = &self.name;
        let members = self.members.iter().map(|m| {
            let Member { ident, value, .. } = m;
            quote!(#ident: #value,)
        });
        let nothing = self
            .members
            .is_empty()
            .then(|| quote!(__scope: ::core::marker::PhantomData,));
        quote!(#name { #(#members)* #nothing })
    }

    /// `Fields` of the type.
    pub(super) fn fields_impl(&self) -> TokenStream {
        let fields_ty = self.ty();
        let value = self.value();
        let at = if self.members.is_empty() {
            format_ident!("_")
        } else {
            format_ident!("__at")
        };
        implement(
            &self.bounded(self.container.generics.clone()),
            quote!(__d::Fields),
            self.container.ty(),
            quote! {
                type Fields<__Sc> = #fields_ty;
                fn fields<__Sc>(#at: &__d::Prefix) -> #fields_ty { #value }
            },
        )
    }

    /// `Debug` of the struct.
    pub(super) fn debug_impl(&self) -> TokenStream {
        let shown = self.name.to_string();
        implement(
            &self.bounded(self.container.generics_and("__Sc")),
            quote!(::core::fmt::Debug),
            self.ty(),
            quote! {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    __f.debug_struct(#shown).finish_non_exhaustive()
                }
            },
        )
    }
}

/// The documentation of a generated member for a field.
pub(super) fn field_docs(field: &Field) -> TokenStream {
    let default = format!("The attribute `{}`.", field.name.value);
    let docs = &field.docs;
    if docs.is_empty() {
        quote!(#[doc = #default])
    } else {
        quote!(#(#docs)*)
    }
}

/// The tokens of a type: a module with a type for each field, and what these implement.
pub(super) struct Tokens<'a> {
    container: &'a Container,
    declared: TokenStream,
    impls: TokenStream,
}

impl<'a> Tokens<'a> {
    /// No tokens yet.
    pub(super) fn new(container: &'a Container) -> Tokens<'a> {
        Tokens {
            container,
            declared: TokenStream::new(),
            impls: TokenStream::new(),
        }
    }

    /// Adds the token of a field that others find by its name.
    pub(super) fn field(
        &mut self,
        field: &Field,
        uses: &TokenStream,
        key_part: Option<TokenStream>,
    ) {
        let token = self.container.token(field);
        let uses = &absence(field, uses);
        self.declared.extend(self.declaration(&field.ident, 1));
        let mut stored = stored_type(self.container, field);
        stored.extend(key_part);
        self.implement(&token, &stored, &field.name.value, uses);
        let hash = hash(&field.ident);
        self.impls.extend(self.container.implement(
            quote!(__d::HasField<#hash>),
            self.container.ty(),
            quote!(type Token = #token;),
        ));
    }

    /// Adds the tokens of the fields of a variant, in a module of their own.
    pub(super) fn variant(&mut self, member: &Ident, fields: &[&Field]) {
        let declared: TokenStream = fields
            .iter()
            .map(|field| self.declaration(&field.ident, 2))
            .collect();
        let (member, vis) = (generated_ident(member), self.visibility(1));
        self.declared.extend(quote!(#vis mod #member { #declared }));
        for field in fields {
            let stored = stored_type(self.container, field);
            let token = self.container.token(field);
            let uses = absence(field, &quote!(__d::Everywhere));
            self.implement(&token, &stored, &field.name.value, &uses);
        }
    }

    /// Adds the token of a variant that embeds a document.
    pub(super) fn embed(&mut self, member: &Ident, inner: &Type) {
        self.declared.extend(self.declaration(member, 1));
        let token = self.container.own_token(None, member);
        // Located at the type: an error about it shows there.
        let body = quote_spanned!(generated(inner.span())=> type Body = #inner;);
        self.impls
            .extend(self.container.implement(quote!(__d::Embedded), token, body));
    }

    /// Adds the token of the name of the variant, in the attribute `tag`.
    pub(super) fn tag(&mut self, tag: &str) -> TokenStream {
        let ident = Ident::new("variant", Span::call_site());
        let token = self.container.own_token(None, &ident);
        self.declared.extend(self.declaration(&ident, 1));
        let stored = quote!(
            type Type = __d::String;
        );
        // A variant is changed with its fields, by setting the whole value.
        self.implement(
            &token,
            &stored,
            tag,
            &quote!(__d::Limited<__d::Fixed, __d::All>),
        );
        token
    }

    fn declaration(&self, ident: &Ident, depth: usize) -> TokenStream {
        let (ident, vis) = (generated_ident(ident), self.visibility(depth));
        if self.container.is_generic() {
            quote!(#vis struct #ident<__E>(::core::marker::PhantomData<fn() -> __E>);)
        } else {
            quote!(#vis enum #ident {})
        }
    }

    fn implement(
        &mut self,
        token: &TokenStream,
        stored: &TokenStream,
        name: &str,
        uses: &TokenStream,
    ) {
        self.impls.extend(self.container.implement(
            quote!(__d::Token),
            token,
            quote!(#stored const NAME: &'static str = #name; type Uses = #uses;),
        ));
    }

    /// The visibility of the type, as seen from `depth` modules further in.
    fn visibility(&self, depth: usize) -> TokenStream {
        let supers = (0..depth).map(|_| quote!(super));
        match &self.container.vis {
            Visibility::Public(vis) => vis.to_token_stream(),
            Visibility::Inherited => quote!(pub(in #(#supers)::*)),
            Visibility::Restricted(vis) => {
                let first = vis.path.segments.first().map(|s| s.ident.to_string());
                let (path, rest) = (&vis.path, vis.path.segments.iter().skip(1));
                match first.as_deref() {
                    Some("self") => quote!(pub(in #(#supers::)* #(#rest)::*)),
                    Some("super") => quote!(pub(in #(#supers::)* #path)),
                    _ => quote!(pub(in #path)),
                }
            }
        }
    }

    /// The module, which the struct of typed paths names.
    pub(super) fn module(&self) -> TokenStream {
        let Container { vis, .. } = self.container;
        let (module, declared) = (self.container.module(), &self.declared);
        quote! {
            // A token has the name of its field.
            #[allow(non_camel_case_types, missing_debug_implementations)]
            #[doc(hidden)]
            #vis mod #module { #declared }
        }
    }

    /// Impls of the tokens.
    pub(super) fn impls(&self) -> &TokenStream {
        &self.impls
    }
}

/// The uses of a field, and what the type of its token does not tell about its absence.
fn absence(field: &Field, uses: &TokenStream) -> TokenStream {
    let ty = &field.ty;
    if field.attrs.default.is_some() {
        quote!(__d::Defaulted<#uses>)
    } else if field.attrs.ttl.is_some() {
        quote!(__d::Timed<#uses, #ty>)
    } else {
        uses.clone()
    }
}

/// `Type` of a token, and what the codec asks of a key.
fn stored_type(container: &Container, field: &Field) -> TokenStream {
    let stored = attribute_type(container, field);
    // Located at the type: an error about it shows there.
    let mut stored = quote_spanned!(generated(field.ty.span())=> type Type = #stored;);
    let key_part = match &field.attrs {
        attrs if attrs.partition.is_some() => Some(1_usize),
        attrs if attrs.sort.is_some() => Some(2),
        _ => None,
    };
    if let Some(part) = key_part.map(Literal::usize_unsuffixed) {
        let member = name_literal(&field.name.value);
        stored.extend(quote!(const KEY_PART: usize = #part; const MEMBER: &'static str = #member;));
    }
    if field.attrs.version.is_some() {
        stored.extend(quote!(
            const IS_VERSION: bool = true;
        ));
    }
    stored
}
