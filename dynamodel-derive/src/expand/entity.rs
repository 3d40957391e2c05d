//! `impl Entity`: the schema, the codec and the fields that the library writes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::DeriveInput;

use super::attrs::{Usable, fields_impls, fields_struct, token};
use super::checks::checks;
use super::codec::{Construct, Role, read_fn, read_map, write_line};
use super::keys::{builder_of, constructors, index_impls, index_types};
use super::scope;
use super::stored::{attribute_type, wrappers};
use crate::attr::{BillingAttr, EncryptionAttr, EntityAttrs, OptionsAttr, Project};
use crate::errors::Errors;
use crate::model::{Container, Entity, Field, Index};
use crate::names::plain;

/// The whole expansion. `valid` is false when the struct has mistakes: then the code is there to
/// keep other code compiling, and nothing more is checked.
pub(super) fn expand(entity: &Entity, valid: bool) -> TokenStream {
    let container = &entity.container;
    let fields: Vec<&Field> = entity.stored().collect();
    let scopes = Scopes::new(entity);
    let fields_struct = fields_struct(container, &fields);
    let index_types = index_types(entity);
    let constructors = constructors(entity);
    let wrappers = wrappers(container, fields.iter().copied());
    let tokens = fields
        .iter()
        .map(|f| token(container, f, &scopes.of(entity, f)));
    let fields_impls = fields_impls(container, &fields);
    let entity_impl = entity_impl(entity);
    let index_impls = index_impls(entity, &scopes);
    let checks = valid.then(|| checks(entity));
    let scope = scope(quote! {
        #wrappers
        #(#tokens)*
        #fields_impls
        #entity_impl
        #index_impls
        #checks
    });
    quote!(#fields_struct #index_types #constructors #scope)
}

/// Whether nothing restricts where the field is used.
pub(super) fn is_free(entity: &Entity, field: &Field) -> bool {
    is_updatable(entity, field)
        && entity
            .indexes
            .iter()
            .all(|i| entity.holds(i, field) && !entity.is_key_of(i, field))
}

/// Whether an update may change the field: not the key, nor what the library itself writes.
fn is_updatable(entity: &Entity, field: &Field) -> bool {
    let attrs = &field.attrs;
    let own = [
        attrs.version,
        attrs.created_at,
        attrs.updated_at,
        attrs.write_token,
    ];
    !entity.is_table_key(field) && own.iter().all(Option::is_none)
}

/// The places of use of an entity's fields.
pub(super) struct Scopes {
    root: TokenStream,
    pub(super) entity: TokenStream,
    /// A query of the table.
    pub(super) primary: TokenStream,
    /// A scan.
    whole: TokenStream,
}

impl Scopes {
    fn new(entity: &Entity) -> Scopes {
        let root = entity.container.root.clone();
        let ty = entity.container.ty();
        Scopes {
            primary: quote!(#root::__private::Primary<#ty>),
            whole: quote!(#root::__private::Whole<#ty>),
            entity: ty,
            root,
        }
    }

    fn of(&self, entity: &Entity, field: &Field) -> Usable {
        if is_free(entity, field) {
            return Usable::Everywhere;
        }
        let mut scopes = Vec::new();
        let mut add = |scope: &str, of: &TokenStream| {
            let (root, scope) = (&self.root, Ident::new(scope, Span::call_site()));
            scopes.push(quote!(#root::__private::#scope<#of>));
        };
        add("InCondition", &self.entity);
        if is_updatable(entity, field) {
            add("InUpdate", &self.entity);
        }
        add("InFilter", &self.whole);
        add("InProjection", &self.whole);
        if !entity.is_table_key(field) {
            add("InFilter", &self.primary);
        }
        add("InProjection", &self.primary);
        for index in entity.indexes.iter().filter(|i| entity.holds(i, field)) {
            let ty = entity.container.with_args(&index.ty);
            if !entity.is_key_of(index, field) {
                add("InFilter", &ty);
            }
            add("InProjection", &ty);
        }
        Usable::In(scopes)
    }
}

fn entity_impl(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let root = &container.root;
    let ty = container.ty();
    let schema = schema(entity);
    let lock = match role(entity, |f| f.attrs.version.is_some()) {
        Some(_) => quote!(#root::Versioned),
        None => quote!(#root::Unversioned),
    };
    let lines = entity.stored().map(|f| {
        let ident = &f.ident;
        write_line(container, f, &quote!(&self.#ident), key_role(entity, f))
    });
    let construct = Construct {
        path: container.ident.to_token_stream(),
        fields: entity.fields.iter().collect(),
        rest: None,
    };
    let read = read_fn(root, "read_item", &read_map(container, &construct));
    let keys: Vec<&Field> = entity
        .partition()
        .into_iter()
        .chain(entity.sort())
        .collect();
    let key = builder_of(entity, &keys, |f| {
        let ident = &f.ident;
        quote!(&self.#ident)
    });
    let hooks = hooks(entity);
    let entity_impl = container.implement(
        quote!(#root::Entity),
        &ty,
        quote! {
            const SCHEMA: &'static #root::schema::EntitySchema = &#schema;
            type Lock = #lock;
            fn write_item(&self, __w: &mut #root::wire::Writer) {
                __w.begin_map();
                #(#lines)*
                __w.end_map();
            }
            #read
            fn key_of(&self) -> #root::Key<#ty> { #root::Key::from_builder(#key) }
            #hooks
        },
    );
    let has_ttl = role(entity, |f| f.attrs.ttl.is_some())
        .map(|_| container.implement(quote!(#root::__private::HasTtl), &ty, TokenStream::new()));
    quote!(#entity_impl #has_ttl)
}

/// The stored field with a role.
fn role(entity: &Entity, is: impl Fn(&Field) -> bool) -> Option<&Field> {
    entity.stored().find(|f| is(f))
}

/// The limits of a field: those of the smallest key that it is part of.
fn key_role(entity: &Entity, field: &Field) -> Role {
    let is = |parts: Vec<&Field>| parts.iter().any(|p| p.ident == field.ident);
    let sorts = entity.sort().into_iter().collect();
    let partitions = entity.partition().into_iter().collect();
    if is(sorts) || entity.indexes.iter().any(|i| is(entity.sort_of(i))) {
        Role::Sort
    } else if is(partitions) || entity.indexes.iter().any(|i| is(entity.partition_of(i))) {
        Role::Partition
    } else {
        Role::Plain
    }
}

/// The methods for fields that the library writes.
fn hooks(entity: &Entity) -> TokenStream {
    let root = &entity.container.root;
    let private = quote!(#root::__private);
    let version = role(entity, |f| f.attrs.version.is_some()).map(|f| {
        let ident = &f.ident;
        quote! {
            fn version(&self) -> u64 { #private::VersionNumber::to_u64(&self.#ident) }
            fn set_version(&mut self, __v: u64) {
                self.#ident = #private::VersionNumber::from_u64(__v);
            }
        }
    });
    let ttl = role(entity, |f| f.attrs.ttl.is_some()).map(|f| {
        let ident = &f.ident;
        quote! {
            fn expires_at(&self) -> ::core::option::Option<u64> {
                #private::TtlTime::epoch_seconds(&self.#ident)
            }
        }
    });
    let touched: Vec<TokenStream> = entity
        .stored()
        .filter_map(|f| {
            let ident = &f.ident;
            let touch = match (f.attrs.created_at, f.attrs.updated_at) {
                (Some(_), _) => format_ident!("touch_created"),
                (None, Some(_)) => format_ident!("touch_updated"),
                (None, None) => return None,
            };
            Some(quote!(#private::Timestamp::#touch(&mut self.#ident, __now);))
        })
        .collect();
    let touch = (!touched.is_empty()).then(|| {
        quote! {
            fn touch(&mut self, __now: ::std::time::SystemTime) { #(#touched)* }
        }
    });
    let token = role(entity, |f| f.attrs.write_token.is_some()).map(|f| {
        let ident = &f.ident;
        quote! {
            fn set_write_token(&mut self, __t: u128) {
                #private::TokenValue::set(&mut self.#ident, __t);
            }
        }
    });
    quote!(#version #ttl #touch #token)
}

/// The schema as a literal.
fn schema(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let root = &container.root;
    let name = plain(&container.ident);
    let table = entity.table.as_ref().map_or("", |t| t.value.as_str());
    let attributes = entity.stored().map(|f| {
        let (name, field) = (&f.name.value, plain(&f.ident));
        let ty = attribute_type(container, f);
        quote! {
            #root::schema::AttributeSchema {
                name: #name,
                field: #field,
                kind: <#root::KindOf<#ty> as #root::kind::Kind>::NAME,
            }
        }
    });
    let partition: Vec<&Field> = entity.partition().into_iter().collect();
    let sort: Vec<&Field> = entity.sort().into_iter().collect();
    let key = key_schema(root, &partition, &sort);
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
    let options = options(root, &entity.options);
    quote! {
        #root::schema::EntitySchema {
            entity: #name,
            table: #table,
            attributes: &[#(#attributes),*],
            key: #key,
            indexes: &[#(#indexes),*],
            version: #version,
            ttl: #ttl,
            created_at: #created_at,
            updated_at: #updated_at,
            write_token: #write_token,
            options: #options,
        }
    }
}

/// A key as a literal.
pub(super) fn key_schema(root: &TokenStream, partition: &[&Field], sort: &[&Field]) -> TokenStream {
    let partition = partition.iter().map(|f| &f.name.value);
    let sort = sort.iter().map(|f| &f.name.value);
    quote!(#root::schema::KeySchema { partition: &[#(#partition),*], sort: &[#(#sort),*] })
}

fn index_schema(entity: &Entity, index: &Index) -> TokenStream {
    let root = &entity.container.root;
    let name = &index.stored_name.value;
    let local = index.local;
    let key = key_schema(root, &entity.partition_of(index), &entity.sort_of(index));
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
        #root::schema::IndexSchema {
            name: #name,
            local: #local,
            key: #key,
            projection: #root::schema::IndexProjection::#projection,
        }
    }
}

/// The table options that were given, over the default.
fn options(root: &TokenStream, options: &OptionsAttr) -> TokenStream {
    let schema = quote!(#root::schema);
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

/// An impl for a type that has no fields or no key to go by, so that the mistake is the only error.
pub(super) fn stub(input: &DeriveInput) -> TokenStream {
    // What is wrong with the attributes has been reported.
    let mut again = Errors::new();
    let attrs = EntityAttrs::parse(&input.attrs, &mut again);
    drop(again.finish());
    let container = Container::new(input, attrs.root.as_ref());
    let root = &container.root;
    let ty = container.ty();
    let name = plain(&container.ident);
    let entity = container.implement(
        quote!(#root::Entity),
        &ty,
        quote! {
            const SCHEMA: &'static #root::schema::EntitySchema = &#root::schema::EntitySchema {
                entity: #name,
                table: #name,
                attributes: &[],
                key: #root::schema::KeySchema { partition: &[], sort: &[] },
                indexes: &[],
                version: ::core::option::Option::None,
                ttl: ::core::option::Option::None,
                created_at: ::core::option::Option::None,
                updated_at: ::core::option::Option::None,
                write_token: ::core::option::Option::None,
                options: #root::schema::TableOptions::DEFAULT,
            };
            type Lock = #root::Unversioned;
            fn write_item(&self, _: &mut #root::wire::Writer) {}
            fn read_item(
                _: &mut #root::wire::Reader<'_>,
            ) -> ::core::result::Result<Self, #root::wire::ReadError> { loop {} }
            fn key_of(&self) -> #root::Key<#ty> { loop {} }
        },
    );
    let fields = container.implement(
        quote!(#root::__private::Fields),
        &ty,
        quote! {
            type Fields<__Sc> = ();
            fn fields<__Sc>(_: &#root::__private::Prefix) {}
        },
    );
    scope(quote!(#fields #entity))
}
