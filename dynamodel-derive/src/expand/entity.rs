//! `impl Entity`: the codec and the fields that the library writes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::DeriveInput;

use super::attrs::{Paths, Usable, hash_of, token};
use super::checks::checks;
use super::codec::{Construct, Role, epoch_seconds, read_fn, read_map, write_line};
use super::indexes::{index_impls, index_types};
use super::keys::constructors;
use super::partial::{partial_impls, partial_members, partial_type};
use super::schema::schema;
use super::stored::{has_other_form, wrappers};
use super::{scope, single};
use crate::attr::EntityAttrs;
use crate::errors::Errors;
use crate::model::{Container, Entity, Field, PartRole};
use crate::names::plain;

/// The whole expansion. `valid` is false when the struct has mistakes: then the code is there to
/// keep other code compiling, and nothing more is checked.
pub(super) fn expand(entity: &Entity, valid: bool) -> TokenStream {
    let container = &entity.container;
    let fields: Vec<&Field> = entity.stored().collect();
    let scopes = Scopes::new(entity);
    let mut paths = Paths::of_fields(container, &fields);
    if let Some(single) = &entity.single {
        single::members(entity, single, &mut paths);
    }
    let fields_struct = paths.declaration();
    let (index_types, constructors) = match &entity.single {
        Some(single) => (
            single::types(entity, single),
            single::constructors(entity, single),
        ),
        None => (index_types(entity), constructors(entity)),
    };
    let wrappers = wrappers(container, fields.iter().copied());
    let tokens = fields
        .iter()
        .map(|f| token(container, f, &scopes.of(entity, f)));
    let (fields_impl, debug_impl) = (paths.fields_impl(), paths.debug_impl());
    let entity_impl = entity_impl(entity);
    let partial_type = partial_type(entity);
    let partial_impls = partial_impls(entity);
    let index_impls = match &entity.single {
        Some(single) => single::impls(entity, single, &scopes.primary),
        None => index_impls(entity, &scopes),
    };
    let checks = valid.then(|| {
        let single = entity.single.as_ref().map(|s| single::checks(entity, s));
        let checks = checks(entity);
        quote!(#checks #single)
    });
    let scope = scope(quote! {
        #wrappers
        #(#tokens)*
        #fields_impl
        #debug_impl
        #entity_impl
        #partial_impls
        #index_impls
        #checks
    });
    quote!(#fields_struct #partial_type #index_types #constructors #scope)
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
    !entity.is_table_key(field)
        && entity.part_role(field) == PartRole::None
        && own.iter().all(Option::is_none)
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

    /// Where the field is used. One impl for any index, where all are alike.
    fn of(&self, entity: &Entity, field: &Field) -> Usable {
        let of_table = entity.single.iter().any(|s| !s.indexes.is_empty());
        if is_free(entity, field) && !of_table {
            return Usable::Everywhere;
        }
        let table_key = entity.is_table_key(field);
        let mut held = vec![self.whole.clone(), self.primary.clone()];
        let mut filtered = vec![self.whole.clone()];
        if !table_key {
            filtered.push(self.primary.clone());
        }
        for index in entity.indexes.iter().filter(|i| entity.holds(i, field)) {
            let ty = entity.container.with_args(&index.ty);
            if !entity.is_key_of(index, field) {
                filtered.push(ty.clone());
            }
            held.push(ty);
        }
        let scope = |scope: &str, of: &TokenStream| {
            let (root, scope) = (&self.root, Ident::new(scope, Span::call_site()));
            quote!(#root::__private::#scope<#of>)
        };
        let mut scopes = vec![scope("InCondition", &self.entity)];
        if is_updatable(entity, field) {
            scopes.push(scope("InUpdate", &self.entity));
        }
        let mut any_index = Vec::new();
        for (name, places) in [("InFilter", filtered), ("InProjection", held)] {
            if places.len() == entity.indexes.len() + 2 {
                any_index.push(scope(name, &quote!(__I)));
            } else {
                scopes.extend(places.iter().map(|i| scope(name, i)));
            }
        }
        let settable = single::is_settable(entity, field).then(|| scope("InUpdate", &self.entity));
        Usable::In {
            scopes,
            any_index,
            settable,
            // What an index of a shared table holds, the table says.
            held: of_table.then(|| hash_of(&field.name.value)),
        }
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
    let guards = match entity.unique().next() {
        Some(_) => format_ident!("Guarded"),
        None => format_ident!("Unguarded"),
    };
    let lines = entity.stored().map(|f| {
        let ident = &f.ident;
        write_line(container, f, &quote!(&self.#ident), key_role(entity, f))
    });
    let construct = Construct {
        path: container.ident.to_token_stream(),
        fields: entity.fields.iter().collect(),
        tokens: true,
        rest: None,
        kind: entity.single.as_ref().map(|single| {
            let table = &single.table;
            (
                quote!(<#table as #root::Table>::DISCRIMINATOR),
                plain(&container.ident),
            )
        }),
    };
    let read = read_fn(root, "read_item", &read_map(container, &construct));
    let keys: Vec<&Field> = entity
        .partition()
        .into_iter()
        .chain(entity.sort())
        .collect();
    let parts = keys.iter().map(|f| {
        let ident = &f.ident;
        let token = container.with_args(&f.token);
        if has_other_form(f) {
            quote!(.part::<#token>(&self.#ident))
        } else {
            quote!(.own_part::<#token>(&self.#ident))
        }
    });
    let key = match &entity.single {
        Some(single) => single::key_of(entity, single),
        None => quote!(#root::__private::KeyBuilder::new() #(#parts)*),
    };
    let templates = entity
        .single
        .as_ref()
        .map(|_| quote!(#root::__private::write_templates(self, __w);));
    let shards = entity
        .indexes
        .iter()
        .any(|i| i.shards.is_some())
        .then(|| quote!(#root::__private::write_shards(self, __w);));
    let hooks = hooks(entity);
    let partial = partial_members(entity);
    let entity_impl = container.implement(
        quote!(#root::__private::Item),
        &ty,
        quote! {
            const ITEM_SCHEMA: &'static #root::schema::EntitySchema = &#schema;
            type Lock = #lock;
            type Guards = #root::__private::#guards;
            fn write_item(&self, __w: &mut #root::wire::Writer) {
                __w.begin_map();
                #(#lines)*
                #templates
                #shards
                __w.end_map();
            }
            #read
            fn item_key(&self) -> #root::Key<#ty> { #root::Key::from_builder(#key) }
            #partial
            #hooks
        },
    );
    let has_ttl = role(entity, |f| f.attrs.ttl.is_some())
        .map(|_| container.implement(quote!(#root::__private::HasTtl), &ty, TokenStream::new()));
    quote!(#entity_impl #has_ttl)
}

/// The stored field with a role.
pub(super) fn role(entity: &Entity, is: impl Fn(&Field) -> bool) -> Option<&Field> {
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
    // Through the type, so that an error about it shows there, and once.
    let version = role(entity, |f| f.attrs.version.is_some()).map(|f| {
        let Field { ident, ty, .. } = f;
        quote! {
            fn item_version(&self) -> u64 { <#ty as #private::VersionNumber>::to_u64(&self.#ident) }
            fn set_version(&mut self, __v: u64) {
                self.#ident = <#ty as #private::VersionNumber>::from_u64(__v);
            }
        }
    });
    let ttl = role(entity, |f| f.attrs.ttl.is_some()).map(|f| {
        let seconds = epoch_seconds(&entity.container, f);
        quote!(fn item_expiry(&self) -> ::core::option::Option<u64> { #seconds })
    });
    let touched: Vec<TokenStream> = entity
        .stored()
        .filter_map(|f| {
            let Field { ident, ty, .. } = f;
            let touch = match (f.attrs.created_at, f.attrs.updated_at) {
                (Some(_), _) => format_ident!("touch_created"),
                (None, Some(_)) => format_ident!("touch_updated"),
                (None, None) => return None,
            };
            Some(quote!(<#ty as #private::Timestamp>::#touch(&mut self.#ident, __now);))
        })
        .collect();
    let touch = (!touched.is_empty())
        .then(|| quote!(fn touch(&mut self, __now: #private::SystemTime) { #(#touched)* }));
    let write_now = |function: &str, field: Option<&Field>| {
        let function = format_ident!("{function}");
        field.map(|f| {
            let ty = &f.ty;
            quote! {
                fn #function(__now: #private::SystemTime, __w: &mut #root::wire::Writer) {
                    <#ty as #private::Timestamp>::write_now(__now, __w)
                }
            }
        })
    };
    let created = write_now(
        "write_created_at",
        role(entity, |f| f.attrs.created_at.is_some()),
    );
    let updated = write_now(
        "write_updated_at",
        role(entity, |f| f.attrs.updated_at.is_some()),
    );
    let token = role(entity, |f| f.attrs.write_token.is_some()).map(|f| {
        let Field { ident, ty, .. } = f;
        quote! {
            fn set_write_token(&mut self, __t: u128) {
                <#ty as #private::TokenValue>::set(&mut self.#ident, __t);
            }
        }
    });
    quote!(#version #ttl #touch #created #updated #token)
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
        quote!(#root::__private::Item),
        &ty,
        quote! {
            const ITEM_SCHEMA: &'static #root::schema::EntitySchema = &#root::schema::EntitySchema {
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
                unique: &[],
                options: #root::schema::TableOptions::DEFAULT,
                single_table: ::core::option::Option::None,
            };
            type Lock = #root::Unversioned;
            type Guards = #root::__private::Unguarded;
            fn write_item(&self, _: &mut #root::wire::Writer) {}
            fn read_item(
                _: &mut #root::wire::Reader<'_>,
            ) -> ::core::result::Result<Self, #root::wire::ReadError> { loop {} }
            fn item_key(&self) -> #root::Key<#ty> { loop {} }
            type Partial = ();
            fn read_partial(
                _: &mut #root::wire::Reader<'_>,
            ) -> ::core::result::Result<(), #root::wire::ReadError> { loop {} }
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
