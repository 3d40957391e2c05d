//! The schema of an entity as a literal.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::entity::role;
use crate::attr::{BillingAttr, EncryptionAttr, OptionsAttr, Project};
use crate::model::{Entity, Field, Index};
use crate::names::plain;

/// The schema as a literal.
pub(super) fn schema(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let name = plain(&container.ident);
    let table = entity.table.as_ref().map_or("", |t| t.value.as_str());
    let table = quote!(#table);
    let attributes = entity.attributes().map(|f| {
        let field = plain(&f.ident);
        let token = container.token(f);
        quote!(__d::schema::AttributeSchema::of::<#token>(#field))
    });
    let partition: Vec<&Field> = entity.partition().into_iter().collect();
    let sort: Vec<&Field> = entity.sort().into_iter().collect();
    let key = key_schema(&partition, &sort);
    let indexes = entity.indexes.iter().map(|i| index_schema(entity, i));
    let name_of = |is: fn(&Field) -> bool| match role(entity, is) {
        Some(field) => {
            let name = &field.name.value;
            quote!(::core::option::Option::Some(#name))
        }
        None => quote!(::core::option::Option::None),
    };
    let version = name_of(|f| f.attrs.version.is_some());
    let ttl = name_of(|f| f.attrs.ttl.is_some());
    let created_at = name_of(|f| f.attrs.created_at.is_some());
    let updated_at = name_of(|f| f.attrs.updated_at.is_some());
    let write_token = name_of(|f| f.attrs.write_token.is_some());
    let unique = entity.unique().map(|f| {
        let field = plain(&f.ident);
        let token = container.token(f);
        quote!(__d::schema::UniqueSchema::of::<#token>(#field))
    });
    let unique = quote!(&[#(#unique),*]);
    let options = options(&entity.options);
    let indexes = quote!(&[#(#indexes),*]);
    let (table, key, indexes, options, single_table) = match &entity.single_table {
        None => (
            table,
            key,
            indexes,
            options,
            quote!(::core::option::Option::None),
        ),
        Some(single) => {
            let (of, ty) = (&single.table, container.ty());
            let schema = quote!(<#of as __d::Table>::SCHEMA);
            let templates = quote!(<#ty as __d::Templated>::SINGLE_TABLE);
            (
                quote!(#schema.table),
                quote!(#schema.key),
                quote!(#schema.indexes),
                quote!(#schema.options),
                quote!(::core::option::Option::Some(#templates)),
            )
        }
    };
    quote! {
        __d::schema::EntitySchema {
            entity: #name,
            table: #table,
            attributes: &[#(#attributes),*],
            key: #key,
            indexes: #indexes,
            version: #version,
            ttl: #ttl,
            created_at: #created_at,
            updated_at: #updated_at,
            write_token: #write_token,
            unique: #unique,
            options: #options,
            single_table: #single_table,
        }
    }
}

/// A key as a literal.
pub(super) fn key_schema(partition: &[&Field], sort: &[&Field]) -> TokenStream {
    let partition = partition.iter().map(|f| &f.name.value);
    let sort = sort.iter().map(|f| &f.name.value);
    quote!(__d::schema::KeySchema { partition: &[#(#partition),*], sort: &[#(#sort),*] })
}

fn index_schema(entity: &Entity, index: &Index) -> TokenStream {
    let name = &index.stored_name.value;
    let local = index.local;
    let key = index_key(entity, index);
    let shards = match shards(index) {
        Some(shards) => quote!(::core::option::Option::Some(#shards)),
        None => quote!(::core::option::Option::None),
    };
    let projection = match &index.project {
        Project::All => quote!(All),
        Project::Keys => quote!(KeysOnly),
        Project::Include(names) => {
            let fields = names.iter().filter_map(|name| entity.field(name));
            let names = fields.map(|f| &f.name.value);
            quote!(Include(&[#(#names),*]))
        }
    };
    quote! {
        __d::schema::IndexSchema {
            name: #name,
            local: #local,
            key: #key,
            projection: __d::schema::IndexProjection::#projection,
            shards: #shards,
        }
    }
}

/// The key of an index as a literal: the shard is the last attribute of the partition key.
pub(super) fn index_key(entity: &Entity, index: &Index) -> TokenStream {
    let names = |fields: Vec<&Field>| -> Vec<String> {
        fields.into_iter().map(|f| f.name.value.clone()).collect()
    };
    let mut partition = names(entity.partition_of(index));
    partition.extend(index.shard_attribute());
    let sort = names(entity.sort_of(index));
    quote!(__d::schema::KeySchema { partition: &[#(#partition),*], sort: &[#(#sort),*] })
}

/// Sharding of an index, as a literal.
pub(super) fn shards(index: &Index) -> Option<TokenStream> {
    let count = index.shards.as_ref()?.value;
    let name = index.shard_attribute()?;
    Some(quote! {
        __d::schema::Shards { count: #count, attribute: ::core::option::Option::Some(#name) }
    })
}

/// The table options that were given, over the default.
pub(super) fn options(options: &OptionsAttr) -> TokenStream {
    let schema = quote!(__d::schema);
    let some = |value: TokenStream| quote!(::core::option::Option::Some(#value));
    let mut given = Vec::new();
    match &options.billing {
        Some(BillingAttr::Provisioned { read, write }) => {
            given.push(
                quote!(billing: #schema::Billing::Provisioned { read: #read, write: #write }),
            );
        }
        Some(BillingAttr::OnDemand) | None => {}
    }
    if let Some(view) = options.stream {
        let view = format_ident!("{view}");
        let view = some(quote!(#schema::StreamView::#view));
        given.push(quote!(stream: #view));
    }
    if let Some(encryption) = &options.encryption {
        let encryption = match encryption {
            EncryptionAttr::AwsManaged => quote!(AwsManaged),
            EncryptionAttr::Key(key) => quote!(CustomerManaged(#key)),
        };
        let encryption = some(quote!(#schema::Encryption::#encryption));
        given.push(quote!(encryption: #encryption));
    }
    if let Some(tags) = &options.tags {
        let tags = tags.iter().map(|(key, value)| quote!((#key, #value)));
        given.push(quote!(tags: &[#(#tags),*]));
    }
    if options.deletion_protection.is_some() {
        given.push(quote!(deletion_protection: true));
    }
    if options.point_in_time_recovery.is_some() {
        given.push(quote!(point_in_time_recovery: true));
    }
    if let Some(class) = options.table_class {
        let class = format_ident!("{class}");
        let class = some(quote!(#schema::TableClass::#class));
        given.push(quote!(table_class: #class));
    }
    if given.is_empty() {
        quote!(#schema::TableOptions::DEFAULT)
    } else {
        quote!(#schema::TableOptions { #(#given,)* ..#schema::TableOptions::DEFAULT })
    }
}
