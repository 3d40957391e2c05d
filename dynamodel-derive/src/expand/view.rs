//! `Projection` of a struct with a lifetime: it borrows from the page that it came in.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::projection::{names, selectable, tokens};
use super::scope;
use crate::model::{Projection, generated};

/// The whole expansion.
pub(super) fn expand(projection: &Projection) -> TokenStream {
    let Projection {
        container,
        entity,
        lifetime,
        ..
    } = projection;
    let root = &container.root;
    let (ty, ident) = (container.ty(), &container.ident);
    let tokens = tokens(projection);
    let names = names(projection, &tokens);
    let body = read_body(projection, &tokens, &names);
    let projection_impl = container.implement(
        quote!(#root::__private::BorrowedProjection),
        &ty,
        quote! {
            type Of = #entity;
            type At<'__a> = #ident<'__a>;
            const ATTRIBUTES: &'static [&'static str] = &[#(#names),*];
            fn read_borrowed<'__a>(
                __r: &mut #root::wire::Reader<'__a>,
            ) -> ::core::result::Result<#ident<'__a>, #root::wire::ReadError> { #body }
        },
    );
    // Inside of another one, as a document.
    let field_impl = container.implement(
        quote!(#root::__private::BorrowedField<#lifetime>),
        &ty,
        quote! {
            fn read(
                __r: &mut #root::wire::Reader<#lifetime>,
            ) -> ::core::result::Result<Self, #root::wire::ReadError> {
                __r.begin_map_value()?;
                let __v = <Self as #root::__private::BorrowedProjection>::read_borrowed(__r)?;
                __r.end_map_value()?;
                ::core::result::Result::Ok(__v)
            }
        },
    );
    let from_impl = container.implement(
        quote!(#root::__private::BorrowedFrom<#entity>),
        &ty,
        TokenStream::new(),
    );
    let selectable = selectable(projection);
    scope(quote!(#projection_impl #field_impl #from_impl #selectable))
}

fn read_body(
    projection: &Projection,
    tokens: &[TokenStream],
    names: &[TokenStream],
) -> TokenStream {
    let Projection {
        container, fields, ..
    } = projection;
    let (root, ident, ty) = (&container.root, &container.ident, container.ty());
    let places = (0..fields.len()).map(Literal::usize_unsuffixed);
    let slots: Vec<Ident> = (0..fields.len()).map(|i| format_ident!("__f{i}")).collect();
    let parts = fields.iter().zip(tokens).zip(&slots).zip(names);
    let (reads, values): (Vec<_>, Vec<_>) = parts
        .map(|(((field, token), slot), name)| {
            let (field_ident, ty) = (&field.ident, &field.ty);
            let span = generated(ty.span());
            let (read, value) = if projection.borrows(field) {
                let read = quote!(__r.borrow(#name, &mut #slot)?);
                // The type of the slot comes from the struct, with the page's lifetime.
                let value = quote_spanned!(span=> #root::__private::borrowed::<#token, _>(#slot)?);
                (read, value)
            } else {
                let read = quote!(__r.get::<#token>(&mut #slot)?);
                let value = quote_spanned!(span=> #root::__private::project::<#token, #ty>(#slot)?);
                (read, value)
            };
            let value = match &field.attrs.default {
                None => quote!(#field_ident: #value),
                Some(_) => {
                    let default = super::codec::default_value(field);
                    quote!(#field_ident: if #slot.is_some() { #value } else { #default })
                }
            };
            (read, value)
        })
        .unzip();
    let names = quote!(<#ty as #root::__private::BorrowedProjection>::ATTRIBUTES);
    let names = super::codec::read_names(root, fields.len(), &names);
    quote! {
        #(let mut #slots = ::core::option::Option::None;)*
        let mut __n = __r.fields(#names);
        while let ::core::option::Option::Some(__i) = __n.next(__r)? {
            match __i {
                #(#places => #reads,)*
                _ => __r.skip_value()?,
            }
        }
        ::core::result::Result::Ok(#ident { #(#values,)* })
    }
}
