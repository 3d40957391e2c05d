//! `Table`: the schema of a shared table, and a type for each of its indexes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::attrs::{hash, hash_of};
use super::schema::options;
use super::scope;
use crate::attr::Spanned;
use crate::model::{Table, TableIndex, TableProjection, generated};
use crate::names::plain;

/// The whole expansion.
pub(super) fn expand(table: &Table) -> TokenStream {
    let container = &table.container;
    let root = &container.root;
    let ty = container.ty();
    let owner = plain(&container.ident);
    let name = table.name.as_ref().map_or("", |n| n.value.as_str());
    let key = key(root, table.partition.as_ref(), table.sort.as_ref());
    let indexes: Vec<TokenStream> = table
        .indexes
        .iter()
        .map(|i| index_schema(root, i))
        .collect();
    let ttl = match &table.ttl {
        Some(Spanned { value, .. }) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    };
    let discriminator = &table.discriminator.value;
    let options = options(root, &table.options);
    let table_impl = container.implement(
        quote!(#root::Table),
        &ty,
        quote! {
            const SCHEMA: &'static #root::schema::TableSchema = &#root::schema::TableSchema {
                owner: #owner,
                table: #name,
                key: #key,
                indexes: &[#(#indexes),*],
                attributes: &[],
                ttl: #ttl,
                discriminator: ::core::option::Option::Some(#discriminator),
                options: #options,
            };
            const DISCRIMINATOR: &'static str = #discriminator;
        },
    );
    let has_table = container.implement(
        quote!(#root::HasTable),
        &ty,
        quote!(const TABLE: #root::schema::TableSchema = *<#ty as #root::Table>::SCHEMA;),
    );
    let sort = sort_marker(root, &ty, &ty, table.sort.is_some());
    let with_sort = table.sort.as_ref().map(|_| {
        container.implement(
            quote!(#root::__private::TableWithSort),
            &ty,
            TokenStream::new(),
        )
    });
    let markers = table.indexes.iter().zip(&indexes).map(|(index, schema)| {
        let marker = marker(&index.name);
        let hash = hash(&index.name);
        let sort = sort_marker(root, &ty, marker.to_token_stream(), index.sort.is_some());
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
        let holds = holds(root, index, &marker);
        quote! {
            pub enum #marker {}
            #[automatically_derived]
            impl #root::__private::IndexOfTable for #marker {
                const SCHEMA: #root::schema::IndexSchema = #schema;
                type Projects = #root::__private::#projects;
            }
            #holds
            #[automatically_derived]
            impl<__E> #root::__private::TableIndex<#hash, __E> for #ty { type Index = #marker; }
            #[automatically_derived]
            impl<__E> #root::__private::#kind<#ty, __E> for #marker {}
            #sort
        }
    });
    scope(quote!(#table_impl #has_table #sort #with_sort #(#markers)*))
}

/// Which attributes the index holds beside the keys.
fn holds(root: &TokenStream, index: &TableIndex, marker: &Ident) -> TokenStream {
    if let TableProjection::All = index.project {
        return quote! {
            #[automatically_derived]
            impl<const __H: u64> #root::__private::HoldsAttribute<__H> for #marker {}
        };
    }
    let names = index.project.names().iter();
    let holds = names.map(|name| {
        let hash = hash_of(&name.value);
        quote! {
            #[automatically_derived]
            impl #root::__private::HoldsAttribute<#hash> for #marker {}
        }
    });
    holds.collect()
}

fn marker(name: &Ident) -> Ident {
    let mut name = name.clone();
    name.set_span(generated(name.span()));
    name
}

fn sort_marker(
    root: &TokenStream,
    table: &TokenStream,
    of: impl ToTokens,
    sorted: bool,
) -> TokenStream {
    let name = if sorted { "WithSort" } else { "WithoutSort" };
    let name = Ident::new(name, Span::call_site());
    quote! {
        #[automatically_derived]
        impl<__E> #root::__private::#name<#table, __E> for #of {}
    }
}

fn key(
    root: &TokenStream,
    partition: Option<&Spanned<String>>,
    sort: Option<&Spanned<String>>,
) -> TokenStream {
    let partition = partition.map(|n| &n.value).into_iter();
    let sort = sort.map(|n| &n.value).into_iter();
    quote!(#root::schema::KeySchema { partition: &[#(#partition),*], sort: &[#(#sort),*] })
}

fn index_schema(root: &TokenStream, index: &TableIndex) -> TokenStream {
    let (name, local) = (&index.stored_name.value, index.local);
    let key = key(root, index.partition.as_ref(), index.sort.as_ref());
    let projection = match &index.project {
        TableProjection::All => quote!(All),
        TableProjection::Keys => quote!(KeysOnly),
        TableProjection::Include(names) => {
            let names = names.iter().map(|name| &name.value);
            quote!(Include(&[#(#names),*]))
        }
    };
    quote! {
        #root::schema::IndexSchema {
            name: #name,
            local: #local,
            key: #key,
            projection: #root::schema::IndexProjection::#projection,
            shards: ::core::option::Option::None,
        }
    }
}
