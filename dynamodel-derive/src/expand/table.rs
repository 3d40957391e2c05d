//! `Table`: the schema of a shared table, and a type for each of its indexes.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::paths::{hash, hash_of};
use super::schema::options;
use super::scope;
use crate::attr::Spanned;
use crate::model::{Table, TableIndex, TableProjection, generated};
use crate::names::plain;

/// The whole expansion.
pub(super) fn expand(table: &Table) -> TokenStream {
    let container = &table.container;
    let ty = container.ty();
    let owner = plain(&container.ident);
    let name = table.name.as_ref().map_or("", |n| n.value.as_str());
    let key = key(table.partition.as_ref(), table.sort.as_ref());
    let indexes: Vec<TokenStream> = table.indexes.iter().map(index_schema).collect();
    let ttl = match &table.ttl {
        Some(Spanned { value, .. }) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    };
    let discriminator = match &table.discriminator {
        Some(Spanned { value, .. }) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    };
    let attributes = key_types(table);
    let options = options(&table.options);
    let table_impl = container.implement(
        quote!(__d::Table),
        &ty,
        quote! {
            const SCHEMA: &'static __d::schema::TableSchema = &__d::schema::TableSchema {
                owner: #owner,
                table: #name,
                key: #key,
                indexes: &[#(#indexes),*],
                attributes: &[#(#attributes),*],
                ttl: #ttl,
                discriminator: #discriminator,
                options: #options,
            };
        },
    );
    let has_table = container.implement(
        quote!(__d::HasTable),
        &ty,
        quote!(const TABLE: __d::schema::TableSchema = *<#ty as __d::Table>::SCHEMA;),
    );
    let sort = sort_marker(&ty, &ty, table.sort.is_some());
    let with_sort = table
        .sort
        .as_ref()
        .map(|_| container.implement(quote!(__d::TableWithSort), &ty, TokenStream::new()));
    let markers = table.indexes.iter().zip(&indexes).map(|(index, schema)| {
        let marker = marker(&index.name);
        let hash = hash(&index.name);
        let sort = sort_marker(&ty, marker.to_token_stream(), index.sort.is_some());
        let kind = if index.local {
            "LocalIndexOf"
        } else {
            "GlobalIndexOf"
        };
        let kind = Ident::new(kind, Span::call_site());
        let projects = match index.project {
            TableProjection::All => "ProjectsAll",
            TableProjection::Keys | TableProjection::Include(_) => "ProjectsSome",
        };
        let projects = Ident::new(projects, Span::call_site());
        let holds = holds(index, &marker);
        quote! {
            pub enum #marker {}
            #[automatically_derived]
            impl __d::IndexOfTable for #marker {
                const SCHEMA: __d::schema::IndexSchema = #schema;
                type Projects = __d::#projects;
            }
            #holds
            #[automatically_derived]
            impl<__E> __d::TableIndex<#hash, __E> for #ty { type Index = #marker; }
            #[automatically_derived]
            impl<__E> __d::#kind<#ty, __E> for #marker {}
            #sort
        }
    });
    scope(
        &container.root,
        quote!(#table_impl #has_table #sort #with_sort #(#markers)*),
    )
}

/// The key attributes that are not text.
fn key_types(table: &Table) -> Vec<TokenStream> {
    let mut seen = HashSet::new();
    let others = table.key_types.iter().filter(|(_, kind)| kind.value != "S");
    let others = others.filter(|(name, _)| seen.insert(name));
    let attribute = |(name, kind): &(String, Spanned<&'static str>)| {
        let kind = kind.value;
        quote!(__d::schema::AttributeSchema { name: #name, field: #name, kind: #kind })
    };
    others.map(attribute).collect()
}

/// Impls for the attributes that the index holds beside the keys.
fn holds(index: &TableIndex, marker: &Ident) -> TokenStream {
    if let TableProjection::All = index.project {
        return quote! {
            #[automatically_derived]
            impl<const __H: u64> __d::HoldsAttribute<__H> for #marker {}
        };
    }
    let names = index.project.names().iter();
    let holds = names.map(|name| {
        let hash = hash_of(&name.value);
        quote! {
            #[automatically_derived]
            impl __d::HoldsAttribute<#hash> for #marker {}
        }
    });
    holds.collect()
}

fn marker(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(generated(name.span()));
    name
}

fn sort_marker(table: &TokenStream, of: impl ToTokens, sorted: bool) -> TokenStream {
    let name = if sorted { "WithSort" } else { "WithoutSort" };
    let name = Ident::new(name, Span::call_site());
    quote! {
        #[automatically_derived]
        impl<__E> __d::#name<#table, __E> for #of {}
    }
}

fn key(partition: Option<&Spanned<String>>, sort: Option<&Spanned<String>>) -> TokenStream {
    let partition = partition.map(|n| &n.value).into_iter();
    let sort = sort.map(|n| &n.value).into_iter();
    quote!(__d::schema::KeySchema { partition: &[#(#partition),*], sort: &[#(#sort),*] })
}

fn index_schema(index: &TableIndex) -> TokenStream {
    let (name, local) = (&index.stored_name.value, index.local);
    let key = key(index.partition.as_ref(), index.sort.as_ref());
    let projection = match &index.project {
        TableProjection::All => quote!(All),
        TableProjection::Keys => quote!(KeysOnly),
        TableProjection::Include(names) => {
            let names = names.iter().map(|name| &name.value);
            quote!(Include(&[#(#names),*]))
        }
    };
    quote! {
        __d::schema::IndexSchema {
            name: #name,
            local: #local,
            key: #key,
            projection: __d::schema::IndexProjection::#projection,
            shards: ::core::option::Option::None,
        }
    }
}
