//! `Projection`: a part of an entity, whose fields go by the entity's tokens.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::codec::read_fn;
use super::paths::hash;
use super::{implement, located, scope};
use crate::model::{Field, Projection, generated};

/// The whole expansion.
pub(super) fn expand(projection: &Projection) -> TokenStream {
    let Projection {
        container, entity, ..
    } = projection;
    let ty = container.ty();
    let tokens = tokens(projection);
    let names = names(projection, &tokens);
    let read = read_fn("read_item", &read_body(projection, &tokens));
    let projection_impl = container.implement(
        quote!(__d::Projection),
        &ty,
        quote! {
            type Entity = #entity;
            const ATTRIBUTES: &'static [&'static str] = &[#(#names),*];
            #read
        },
    );
    let selectable = selectable(projection);
    scope(&container.root, quote!(#projection_impl #selectable))
}

/// The entity's tokens of the fields.
pub(super) fn tokens(projection: &Projection) -> Vec<TokenStream> {
    let entity = &projection.entity;
    let token = |f: &Field| {
        let hash = hash(&f.ident);
        // Located at the field: a field that the entity does not have is reported there.
        let token = quote!(__d::TokenOf<#entity, #hash>);
        located(token, f.ident.span())
    };
    projection.fields.iter().map(token).collect()
}

/// `SelectableFrom` each index that holds all the fields.
pub(super) fn selectable(projection: &Projection) -> TokenStream {
    let Projection {
        container,
        entity,
        fields,
        ..
    } = projection;
    let mut generics = container.generics_and("__I");
    let clause = generics.make_where_clause();
    for field in fields {
        let hash = hash(&field.ident);
        let bound = quote!(#entity: __d::UsableField<#hash, __d::InProjection<__I>>);
        if let Ok(predicate) = syn::parse2(bound) {
            clause.predicates.push(predicate);
        }
    }
    implement(
        &generics,
        quote!(__d::SelectableFrom<__I>),
        container.ty(),
        TokenStream::new(),
    )
}

/// The stored names of the fields.
pub(super) fn names(projection: &Projection, tokens: &[TokenStream]) -> Vec<TokenStream> {
    let fields = projection.fields.iter().zip(tokens);
    let name = |token: &TokenStream| quote!(<#token as __d::Token>::NAME);
    fields
        .map(|(field, token)| located(name(token), field.ident.span()))
        .collect()
}

fn read_body(projection: &Projection, tokens: &[TokenStream]) -> TokenStream {
    let Projection {
        container, fields, ..
    } = projection;
    let ident = &container.ident;
    let slots: Vec<Ident> = (0..fields.len()).map(|i| format_ident!("__f{i}")).collect();
    let ty = container.ty();
    let places = (0..fields.len()).map(Literal::usize_unsuffixed);
    let values = fields
        .iter()
        .zip(tokens)
        .zip(&slots)
        .map(|((field, token), slot)| {
            let (ident, ty) = (&field.ident, &field.ty);
            let span = generated(syn::spanned::Spanned::span(ty));
            let project = quote_spanned! {span=>
                __d::project::<#token, #ty>(#slot)?
            };
            match &field.attrs.default {
                None => quote!(#ident: #project),
                Some(_) => {
                    let default = super::codec::default_value(field);
                    quote!(#ident: if #slot.is_some() { #project } else { #default })
                }
            }
        });
    let names = quote!(<#ty as __d::Projection>::ATTRIBUTES);
    let names = super::codec::read_names(fields.len(), &names);
    quote! {
        #(let mut #slots = ::core::option::Option::None;)*
        let mut __n = __r.fields(#names);
        while let ::core::option::Option::Some(__i) = __n.next(__r)? {
            match __i {
                #(#places => __r.get::<#tokens>(&mut #slots),)*
                _ => __r.skip_value(),
            }?;
        }
        ::core::result::Result::Ok(#ident { #(#values,)* })
    }
}
