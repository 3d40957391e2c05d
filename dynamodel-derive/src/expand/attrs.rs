//! Typed paths: the fields struct, a token per field, and where each may be used.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Generics, Ident};

use super::implement;
use super::stored::attribute_type;
use crate::model::{Container, Field, generated};
use crate::names::{field_hash, plain};

/// Where the path of a field may be used.
pub(super) enum Usable {
    Everywhere,
    In {
        scopes: Vec<TokenStream>,
        /// Scopes with any index `__I`.
        any_index: Vec<TokenStream>,
        /// Where the field is only set, as a part of a derived key.
        settable: Option<TokenStream>,
    },
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

/// The struct of typed paths, named after the type.
pub(super) fn fields_struct(
    container: &Container,
    fields: &[&Field],
    more: &TokenStream,
) -> TokenStream {
    let Container {
        ident, vis, root, ..
    } = container;
    let name = fields_name(container);
    let ty = container.ty();
    let doc = format!("The typed paths of [`{}`].", plain(ident));
    let generics = container.generics_and("__Sc");
    let clause = &generics.where_clause;
    let members = fields.iter().map(|field| {
        let Field {
            ident, vis, docs, ..
        } = field;
        let default = format!("The attribute `{}`.", field.name.value);
        let docs = if docs.is_empty() {
            quote!(#[doc = #default])
        } else {
            quote!(#(#docs)*)
        };
        let token = token_of(root, &ty, ident);
        let mut ident = ident.clone();
        ident.set_span(generated(ident.span()));
        quote!(#docs #vis #ident: #root::expr::Path<#token, __Sc>,)
    });
    // Without fields, nothing else would mention the parameter.
    let nothing = fields
        .is_empty()
        .then(|| quote!(__scope: ::core::marker::PhantomData<fn() -> (__Sc, #ty)>,));
    quote! {
        #[doc = #doc]
        #vis struct #name #generics #clause { #(#members)* #more #nothing }
    }
}

fn fields_name(container: &Container) -> Ident {
    let name = format!("{}Fields", plain(&container.ident));
    Ident::new(&name, generated(container.ident.span()))
}

/// `Fields` and `Debug` of the struct of typed paths.
pub(super) fn fields_impls(
    container: &Container,
    fields: &[&Field],
    more: &TokenStream,
) -> TokenStream {
    let root = &container.root;
    let name = fields_name(container);
    let fields_ty = container.with_args_and(&name, quote!(__Sc));
    let members = fields.iter().map(|f| {
        let mut ident = f.ident.clone();
        ident.set_span(generated(ident.span()));
        quote!(#ident: __at.path(),)
    });
    let nothing = fields
        .is_empty()
        .then(|| quote!(__scope: ::core::marker::PhantomData,));
    let at = if fields.is_empty() {
        format_ident!("_")
    } else {
        format_ident!("__at")
    };
    let fields_impl = container.implement(
        quote!(#root::__private::Fields),
        container.ty(),
        quote! {
            type Fields<__Sc> = #fields_ty;
            fn fields<__Sc>(#at: &#root::__private::Prefix) -> #fields_ty {
                #name { #(#members)* #more #nothing }
            }
        },
    );
    let shown = name.to_string();
    let debug_impl = implement(
        &container.generics_and("__Sc"),
        quote!(::core::fmt::Debug),
        &fields_ty,
        quote! {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __f.debug_struct(#shown).finish_non_exhaustive()
            }
        },
    );
    quote!(#fields_impl #debug_impl)
}

/// The token of one field.
pub(super) fn token(container: &Container, field: &Field, usable: &Usable) -> TokenStream {
    let root = &container.root;
    let Field { token, ident, .. } = field;
    let Container { vis, .. } = container;
    let declaration = if container.is_generic() {
        let (params, phantom) = (container.bare_params(), container.phantom());
        quote!(#vis struct #token #params (#phantom);)
    } else {
        quote!(#vis enum #token {})
    };
    let this = container.with_args(token);
    let stored = attribute_type(container, field);
    let name = &field.name.value;
    let hash = hash(ident);
    // Located at the type: an error about it shows there.
    let stored = quote_spanned!(generated(field.ty.span())=> type Type = #stored;);
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
        Usable::In {
            scopes,
            any_index,
            settable,
        } => {
            let settable = settable.iter().map(|scope| {
                let of = quote!(#root::__private::SettableIn<#scope>);
                implement(&container.generics, of, &this, TokenStream::new())
            });
            let scopes = scopes
                .iter()
                .map(|scope| usable_in(&container.generics, scope));
            let generics = container.generics_and("__I");
            let any = any_index.iter().map(|scope| usable_in(&generics, scope));
            scopes.chain(any).chain(settable).collect()
        }
    };
    quote!(#declaration #token_impl #has_field #usable)
}
