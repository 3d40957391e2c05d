//! `Projection` of a struct with a lifetime: it borrows from the page that it came in.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::projection::{
    fetched_with_key, names, places, read_loop, read_projected, schema_of, selectable, tokens,
};
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
    let (ty, ident) = (container.ty(), &container.ident);
    let tokens = tokens(projection);
    let names = names(projection, &tokens);
    let fetched = projection.fields.iter().zip(&tokens).map(|(field, token)| {
        let ty = &field.ty;
        let span = generated(ty.span());
        match projection.borrows(field) {
            true => quote_spanned!(span=> __d::fetched_borrowed::<#token, #ty>()),
            false => quote_spanned!(span=> __d::fetched::<#token, #ty, _>()),
        }
    });
    let places = places(&tokens);
    let fetched = fetched_with_key(projection, &quote!(&[#(#fetched),*]));
    let body = read_body(projection, &tokens, &names);
    let schema = schema_of(entity);
    let projection_impl = container.implement(
        quote!(__d::BorrowedProjection),
        &ty,
        quote! {
            type Of = #entity;
            type At<'__a> = #ident<'__a>;
            const ATTRIBUTES: &'static [&'static str] = &[#(#names),*];
            const PLACES: &'static [::core::option::Option<__d::KeyPlace>] = #places;
            const FETCHED: &'static [__d::Fetched] = #fetched;
            fn schema() -> ::core::option::Option<&'static __d::schema::EntitySchema> { #schema }
            fn read_borrowed<'__a>(
                __r: &mut __d::Reader<'__a>,
            ) -> ::core::result::Result<#ident<'__a>, __d::ReadError> { #body }
        },
    );
    // Inside of another one, as a document.
    let field_impl = container.implement(
        quote!(__d::BorrowedField<#lifetime>),
        &ty,
        quote! {
            const PARTS: &'static [__d::Fetched] =
                <Self as __d::BorrowedProjection>::FETCHED;
            fn read(
                __r: &mut __d::Reader<#lifetime>,
            ) -> ::core::result::Result<Self, __d::ReadError> {
                __r.begin_map_value()?;
                let __v = <Self as __d::BorrowedProjection>::read_borrowed(__r)?;
                __r.end_map_value()?;
                ::core::result::Result::Ok(__v)
            }
        },
    );
    let from_impl =
        container.implement(quote!(__d::BorrowedFrom<#entity>), &ty, TokenStream::new());
    let selectable = selectable(projection);
    let vis = &container.vis;
    let (params, _, clause) = container.generics.split_for_impl();
    let conversion = quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #params #ty #clause {
            /// Reads these attributes from the DynamoDB JSON of an item, and borrows their text from
            /// it. Text with escapes in its JSON is borrowed as `Cow<str>` only; `ItemJson` keeps it
            /// unescaped.
            #vis fn from_dynamo_json(
                __json: &#lifetime [::core::primitive::u8],
            ) -> ::core::result::Result<Self, __d::Error> {
                __d::borrowed_of_json::<Self>(__json)
            }
        }
    };
    scope(
        &container.root,
        quote!(#projection_impl #field_impl #from_impl #selectable #conversion),
    )
}

fn read_body(
    projection: &Projection,
    tokens: &[TokenStream],
    names: &[TokenStream],
) -> TokenStream {
    let Projection {
        container, fields, ..
    } = projection;
    let (ident, ty) = (&container.ident, container.ty());
    let slots: Vec<Ident> = (0..fields.len()).map(|i| format_ident!("__f{i}")).collect();
    let parts = fields.iter().zip(tokens).zip(&slots).zip(names);
    let (reads, values): (Vec<_>, Vec<_>) = parts
        .map(|(((field, token), slot), name)| {
            let (field_ident, ty) = (&field.ident, &field.ty);
            let span = generated(ty.span());
            let (read, value) = if projection.borrows(field) {
                let read = quote!(__r.borrow(#name, &mut #slot));
                // The type of the slot comes from the struct, with the page's lifetime.
                let value = quote_spanned!(span=> __d::borrowed::<#token, _>(#slot, __r)?);
                (read, value)
            } else {
                let read_projected = read_projected(field);
                let read = quote_spanned! {span=>
                    __d::#read_projected::<#token, #ty, _>(__r, &mut #slot)
                };
                let value = quote_spanned!(span=> __d::project::<#token, #ty, _>(#slot, __r)?);
                (read, value)
            };
            let value = match &field.attrs.default {
                None => quote!(#field_ident: #value),
                Some(_) => {
                    let default = super::codec::default_value(field);
                    quote!(#field_ident: if #slot.is_some() || __d::is_in_key::<#token>() { #value } else { #default })
                }
            };
            (read, value)
        })
        .unzip();
    let read = read_loop(
        projection,
        &quote!(<#ty as __d::BorrowedProjection>),
        &reads,
    );
    quote! {
        #(let mut #slots = ::core::option::Option::None;)*
        #read
        ::core::result::Result::Ok(#ident { #(#values,)* })
    }
}
