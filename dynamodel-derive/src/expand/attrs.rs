//! Typed paths: the fields struct, a token per field, and where each may be used.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Generics, Ident, WherePredicate};

use super::codec::name_literal;
use super::implement;
use super::stored::attribute_type;
use crate::model::{Container, Field, generated};
use crate::names::{field_hash, plain};

/// Where the path of a field may be used.
pub(super) enum Usable {
    Everywhere,
    /// In conditions and filters.
    Tested,
    In {
        scopes: Vec<TokenStream>,
        /// Scopes with any index `__I`.
        any_index: Vec<TokenStream>,
        /// Where the field is only set, as a part of a derived key.
        settable: Option<TokenStream>,
        /// The hash of the attribute that the index has to hold.
        held: Option<Literal>,
    },
}

/// The number of what a path is found by for `HasField`: not a field's name.
pub(super) fn hash_of(name: &str) -> Literal {
    Literal::u64_unsuffixed(field_hash(name))
}

/// The number of a field for `HasField`.
pub(super) fn hash(field: &Ident) -> Literal {
    Literal::u64_unsuffixed(field_hash(&plain(field)))
}

/// `TokenOf<Entity, HASH>`: the token of a field, nameable everywhere.
pub(super) fn token_of(root: &TokenStream, entity: impl ToTokens, field: &Ident) -> TokenStream {
    let hash = hash(field);
    quote!(#root::__private::TokenOf<#entity, #hash>)
}

/// A struct of typed paths: of a type, or of a variant of an enum.
pub(super) struct Paths<'a> {
    container: &'a Container,
    name: Ident,
    doc: String,
    members: Vec<Member>,
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
        }
    }

    /// The paths of a struct: a member for each field.
    pub(super) fn of_fields(container: &'a Container, fields: &[&Field]) -> Paths<'a> {
        let doc = format!("The typed paths of [`{}`].", plain(&container.ident));
        let mut paths = Paths::new(container, "", doc);
        for field in fields {
            let hash = hash(&field.ident);
            paths.field(field, field.vis.to_token_stream(), &hash);
        }
        paths
    }

    /// Adds the path of a field.
    pub(super) fn field(&mut self, field: &Field, vis: TokenStream, hash: &Literal) {
        let default = format!("The attribute `{}`.", field.name.value);
        let docs = &field.docs;
        let docs = if docs.is_empty() {
            quote!(#[doc = #default])
        } else {
            quote!(#(#docs)*)
        };
        self.path(docs, vis, &field.ident, hash);
    }

    /// Adds a path.
    pub(super) fn path(
        &mut self,
        docs: TokenStream,
        vis: TokenStream,
        ident: &Ident,
        hash: &Literal,
    ) {
        let root = &self.container.root;
        let of = self.container.ty();
        let ty = quote!(#root::expr::Path<#root::__private::TokenOf<#of, #hash>, __Sc>);
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
        let generics = self.container.generics_and("__Sc");
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
        let root = &self.container.root;
        let fields_ty = self.ty();
        let value = self.value();
        let at = if self.members.is_empty() {
            format_ident!("_")
        } else {
            format_ident!("__at")
        };
        self.container.implement(
            quote!(#root::__private::Fields),
            self.container.ty(),
            quote! {
                type Fields<__Sc> = #fields_ty;
                fn fields<__Sc>(#at: &#root::__private::Prefix) -> #fields_ty { #value }
            },
        )
    }

    /// `Debug` of the struct.
    pub(super) fn debug_impl(&self) -> TokenStream {
        let shown = self.name.to_string();
        implement(
            &self.container.generics_and("__Sc"),
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

/// The token of one field.
pub(super) fn token(container: &Container, field: &Field, usable: &Usable) -> TokenStream {
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
    let hash = hash(&field.ident);
    token_of_type(
        container,
        &field.token,
        &hash,
        &stored,
        &field.name.value,
        usable,
    )
}

/// A token that is found by its hash.
pub(super) fn token_of_type(
    container: &Container,
    token: &Ident,
    hash: &Literal,
    stored: &TokenStream,
    name: &str,
    usable: &Usable,
) -> TokenStream {
    let root = &container.root;
    let Container { vis, .. } = container;
    let declaration = if container.is_generic() {
        let (params, phantom) = (container.bare_params(), container.phantom());
        quote!(#vis struct #token #params (#phantom);)
    } else {
        quote!(#vis enum #token {})
    };
    let this = container.with_args(token);
    let token_impl = container.implement(
        quote!(#root::__private::Token),
        &this,
        quote!(#stored const NAME: &'static str = #name;),
    );
    let has_field = container.implement(
        quote!(#root::__private::HasField<#hash>),
        container.ty(),
        quote!(type Token = #this;),
    );
    let usable_in = |generics: &Generics, scope: &TokenStream| {
        let of = quote!(#root::__private::UsableIn<#scope>);
        implement(generics, of, &this, TokenStream::new())
    };
    let usable: TokenStream = match usable {
        Usable::Everywhere => usable_in(&container.generics_and("__Sc"), &quote!(__Sc)),
        Usable::Tested => ["InCondition", "InFilter"]
            .map(|scope| {
                let scope = Ident::new(scope, Span::call_site());
                usable_in(
                    &container.generics_and("__T"),
                    &quote!(#root::__private::#scope<__T>),
                )
            })
            .into_iter()
            .collect(),
        Usable::In {
            scopes,
            any_index,
            settable,
            held,
        } => {
            let settable = settable.iter().map(|scope| {
                let of = quote!(#root::__private::SettableIn<#scope>);
                implement(&container.generics, of, &this, TokenStream::new())
            });
            let scopes = scopes
                .iter()
                .map(|scope| usable_in(&container.generics, scope));
            let mut generics = container.generics_and("__I");
            if let Some(hash) = held {
                let bound = quote!(__I: #root::__private::HoldsAttribute<#hash>);
                let clause = generics.make_where_clause();
                clause
                    .predicates
                    .extend(syn::parse2::<WherePredicate>(bound));
            }
            let any = any_index.iter().map(|scope| usable_in(&generics, scope));
            scopes.chain(any).chain(settable).collect()
        }
    };
    quote!(#declaration #token_impl #has_field #usable)
}
