//! `Collection`: an enum over entities, and a struct that gathers them.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::codec::read_fn;
use super::scope;
use crate::model::{Collection, Container, Member, generated};
use crate::names::plain;

/// The whole expansion.
pub(super) fn expand(collection: &Collection) -> TokenStream {
    let container = &collection.container;
    let Container { root, vis, .. } = container;
    let ty = container.ty();
    let name = plain(&container.ident);
    let entities: Vec<TokenStream> = collection
        .members
        .iter()
        .map(|m| entity(collection, m))
        .collect();
    let Some(first) = entities.first() else {
        return TokenStream::new();
    };
    let collection_impl = collection_impl(container, &ty, &name, &entities);
    let reader = if collection.gathers {
        gather(collection, &entities)
    } else {
        projection(
            container,
            &ty,
            &container.ident,
            collection.members.iter().map(|m| &m.ident),
            &entities,
        )
    };
    let checks = collection
        .members
        .iter()
        .zip(&entities)
        .skip(1)
        .map(|(member, other)| {
            quote_spanned! {generated(member.ty.span())=>
                __d::same_partition::<#first, #other>();
            }
        });
    let doc = format!("Queries the items of [`{name}`] in one partition.");
    let scope = scope(
        &container.root,
        quote! {
            #collection_impl
            #reader
            const _: fn() = || { #(#checks)* };
            const _: () = __d::distinct_members(<#ty as __d::Collection>::MEMBERS);
        },
    );
    quote! {
        #[automatically_derived]
        impl #ty {
            #[doc = #doc]
            #vis fn query(
                partition: impl #root::single_table::PartitionValues<<#first as #root::model::Templated>::Partition>,
            ) -> #root::CollectionQuery<#ty> {
                #root::CollectionQuery::new(partition)
            }
        }
        #scope
    }
}

/// The entity of a member.
fn entity(collection: &Collection, member: &Member) -> TokenStream {
    let (root, ty) = (&collection.container.root, &member.ty);
    if collection.gathers {
        quote_spanned!(generated(ty.span())=> <#ty as #root::single_table::GatherField>::Entity)
    } else {
        ty.to_token_stream()
    }
}

fn collection_impl(
    container: &Container,
    ty: &TokenStream,
    name: &str,
    entities: &[TokenStream],
) -> TokenStream {
    let first = entities.first();
    container.implement(
        quote!(__d::Collection),
        ty,
        quote! {
            type First = #first;
            const SCHEMA: &'static __d::schema::EntitySchema = &__d::schema::EntitySchema {
                entity: #name,
                ..*<#first as __d::Item>::ITEM_SCHEMA
            };
            const MEMBERS: &'static [&'static __d::schema::SingleTable] =
                &[#(<#entities as __d::Templated>::SINGLE_TABLE),*];
        },
    )
}

/// Reads an item as the variant that its discriminator names.
fn projection<'a>(
    container: &Container,
    ty: &TokenStream,
    path: &Ident,
    variants: impl Iterator<Item = &'a Ident>,
    entities: &[TokenStream],
) -> TokenStream {
    let first = entities.first();
    let read = read_fn(
        "read_item",
        &quote! {
            let __kind = __d::kind_of::<#first>(__r)?;
            let __kind = __kind.as_deref();
            #(
                if __d::is_of_type::<#entities>(__kind, __r) {
                    return <#entities as __d::Item>::read_item(__r).map(#path::#variants);
                }
            )*
            ::core::result::Result::Err(__d::unknown_kind::<#ty>())
        },
    );
    container.implement(
        quote!(__d::Projection),
        ty,
        quote! {
            type Entity = #first;
            const ATTRIBUTES: &'static [&'static str] = &[];
            const FETCHED: &'static [__d::Fetched] = &[];
            #read
            fn is_own(__r: &__d::Reader<'_>) -> bool {
                #(__d::is_own_item::<#entities>(__r))||*
            }
        },
    )
}

/// `Gather`, by an enum of the items.
fn gather(collection: &Collection, entities: &[TokenStream]) -> TokenStream {
    let container = &collection.container;
    let vis = &container.vis;
    let (ty, ident) = (container.ty(), &container.ident);
    let item = format_ident!("__{}Item", plain(ident));
    let variants: Vec<Ident> = (0..entities.len())
        .map(|i| format_ident!("__V{i}"))
        .collect();
    let slots: Vec<Ident> = (0..entities.len())
        .map(|i| format_ident!("__f{i}"))
        .collect();
    let this = item.to_token_stream();
    let as_collection = collection_impl(container, &this, &plain(ident), entities);
    let projection = projection(container, &this, &item, variants.iter(), entities);
    let fields = collection.members.iter().zip(&slots).map(|(member, slot)| {
        let (ident, ty, name) = (&member.ident, &member.ty, plain(&member.ident));
        quote!(#ident: <#ty as __d::GatherField>::of_items(#name, #slot)?,)
    });
    let gather = container.implement(
        quote!(__d::Gather),
        &ty,
        quote! {
            type Item = #item;
            fn gather(
                __items: __d::Vec<#item>,
            ) -> ::core::result::Result<Self, __d::Error> {
                #(let mut #slots = __d::Vec::new();)*
                for __item in __items {
                    match __item { #(#item::#variants(__e) => #slots.push(__e),)* }
                }
                ::core::result::Result::Ok(#ident { #(#fields)* })
            }
        },
    );
    quote! {
        #vis enum #item { #(#variants(#entities)),* }
        #as_collection
        #projection
        #gather
    }
}
