//! `impl Entity`: the codec and the fields that the library writes.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::DeriveInput;
use syn::spanned::Spanned as _;

use super::checks::checks;
use super::codec::{
    Construct, Role, epoch_seconds, read_fn, read_map, rest_field, write_line, write_rest,
};
use super::constructors::constructors;
use super::field_newtypes::{attribute_type, has_other_form, newtypes};
use super::index::{index_impls, index_types};
use super::partial::{partial_impls, partial_type};
use super::paths::{Paths, Tokens, hash_of};
use super::schema::schema;
use super::{scope, single_table};
use crate::attr::EntityAttrs;
use crate::errors::Errors;
use crate::model::{Container, Entity, Field, PartRole, SingleTable, generated};
use crate::names::plain;
use crate::template::{Template, dotted};

/// The whole expansion. `valid` is false when the struct has mistakes: then the code is there to
/// keep other code compiling, and nothing more is checked.
pub(super) fn expand(entity: &Entity, valid: bool) -> TokenStream {
    let container = &entity.container;
    let fields: Vec<&Field> = entity.stored().collect();
    let mut paths = Paths::of_fields(container, &fields);
    if let Some(single) = &entity.single_table {
        single_table::members(entity, single, &mut paths);
    }
    let mut tokens = Tokens::new(container);
    for field in &fields {
        tokens.field(field, &uses(entity, field), key_part(entity, field));
    }
    let (index_types, constructors, index_impls) = match &entity.single_table {
        Some(single) => (
            single_table::types(entity, single),
            single_table::constructors(entity, single),
            single_table::impls(entity, single),
        ),
        None => (
            index_types(entity),
            constructors(entity),
            index_impls(entity),
        ),
    };
    let checks = valid.then(|| {
        let single = entity.single_table.as_ref();
        let single = single.map(|s| single_table::checks(entity, s));
        let checks = checks(entity);
        quote!(#checks #single)
    });
    let (partial_type, partial_impls) = match entity.partial {
        true => (partial_type(entity), partial_impls(entity)),
        false => Default::default(),
    };
    let (module, fields_struct) = (tokens.module(), paths.declaration());
    let newtypes = newtypes(container, fields.iter().copied());
    let token_impls = tokens.impls();
    let (fields_impl, debug_impl) = (paths.fields_impl(), paths.debug_impl());
    let entity_impl = entity_impl(entity);
    let scope = scope(
        &container.root,
        quote! {
            #newtypes
            #token_impls
            #fields_impl
            #debug_impl
            #entity_impl
            #partial_impls
            #index_impls
            #checks
        },
    );
    quote!(#module #fields_struct #partial_type #index_types #constructors #scope)
}

/// Returns `true` if the field can be used everywhere.
pub(super) fn is_free(entity: &Entity, field: &Field) -> bool {
    is_updatable(entity, field)
        && entity
            .indexes
            .iter()
            .all(|i| entity.holds(i, field) && !entity.is_key_of(i, field))
}

/// Returns `true` if an update may change the field: no key, and nothing that the library writes.
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
        && attrs.immutable.is_none()
        && own.iter().all(Option::is_none)
}

/// Returns `true` if neither the key nor the library fills the attribute of a new item.
fn is_filled(entity: &Entity, field: &Field) -> bool {
    let attrs = &field.attrs;
    let own = [
        attrs.version,
        attrs.created_at,
        attrs.updated_at,
        attrs.write_token,
    ];
    let name = plain(&field.ident);
    let single = entity.single_table.as_ref();
    let mut parts = single.iter().flat_map(|s| s.parts.iter().take(s.key_parts));
    let is_part = parts.any(|path| matches!(path.as_slice(), [field] if plain(field) == name));
    !entity.is_table_key(field) && !is_part && own.iter().all(Option::is_none)
}

/// Uses of a field, as the type that its token states.
fn uses(entity: &Entity, field: &Field) -> TokenStream {
    if field.attrs.in_key.is_some() {
        return quote!(__d::KeyOnly);
    }
    let of_table = entity.single_table.iter().any(|s| !s.indexes.is_empty());
    if is_free(entity, field) && !of_table {
        return quote!(__d::Everywhere);
    }
    let update = if is_updatable(entity, field) {
        format_ident!("Changed")
    } else if field.attrs.immutable.is_some() && entity.part_role(field) == PartRole::None {
        match entity.is_table_key(field) {
            true => format_ident!("Fixed"),
            false => format_ident!("Once"),
        }
    } else {
        let uses = match entity.part_role(field) {
            PartRole::Alone => "Set",
            PartRole::Around { alone: true } => "SetAround",
            PartRole::Around { alone: false } => "Around",
            PartRole::None | PartRole::Primary | PartRole::Together => "Fixed",
        };
        format_ident!("{uses}")
    };
    if of_table {
        // Only the table knows which attributes its indexes hold.
        let hash = hash_of(&field.name.value);
        return quote!(__d::HeldBy<__d::#update, #hash>);
    }
    let in_table = if entity.is_table_key(field) {
        "InKey"
    } else {
        "Held"
    };
    let in_indexes = entity.indexes.iter().map(|index| {
        if entity.is_key_of(index, field) {
            "InKey"
        } else if entity.holds(index, field) {
            "Held"
        } else {
            "Hidden"
        }
    });
    let places: Vec<&str> = std::iter::once(in_table).chain(in_indexes).collect();
    let listed = places
        .iter()
        .rposition(|p| *p != "Held")
        .map_or(0, |i| i + 1);
    let places = places.iter().take(listed).rev();
    let places = places.fold(quote!(__d::All), |rest, place| {
        let place = format_ident!("{place}");
        quote!((__d::#place, #rest))
    });
    quote!(__d::Limited<__d::#update, #places>)
}

fn entity_impl(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let ty = container.ty();
    let schema = schema(entity);
    let lock = match role(entity, |f| f.attrs.version.is_some()) {
        Some(_) => quote!(__d::Versioned),
        None => quote!(__d::Unversioned),
    };
    let filled: Vec<&Field> = entity.stored().filter(|f| is_filled(entity, f)).collect();
    let mut filled = filled.iter().rev().fold(quote!(()), |rest, f| {
        let token = container.token(f);
        quote!((#token, #rest))
    });
    let parts = entity
        .single_table
        .as_ref()
        .map(|s| s.parts.iter().take(s.key_parts));
    if parts.into_iter().flatten().any(|path| path.len() > 1) {
        // Nothing fills the document around a part of the key: no list of attributes.
        filled = ty.clone();
    }
    let guards = match entity.unique().next() {
        Some(_) => format_ident!("Guarded"),
        None => format_ident!("Unguarded"),
    };
    let lines = entity.attributes().map(|f| {
        let ident = &f.ident;
        write_line(container, f, &quote!(&self.#ident), key_role(entity, f))
    });
    let construct = Construct {
        path: container.ident.to_token_stream(),
        fields: entity.fields.iter().collect(),
        rest: None,
        single_table: entity.single_table.as_ref(),
        is_own: quote!(__d::is_own_attribute::<Self>),
    };
    let rest = rest_field(&entity.fields).map(|f| {
        let ident = &f.ident;
        write_rest(f, &quote!(&self.#ident), &construct.is_own)
    });
    let read = read_fn("read_item", &read_map(container, &construct));
    let keys: Vec<&Field> = entity
        .partition()
        .into_iter()
        .chain(entity.sort())
        .collect();
    let parts = keys.iter().map(|f| {
        let ident = &f.ident;
        let token = container.token(f);
        if has_other_form(f) {
            quote!(.part::<#token>(&self.#ident))
        } else {
            quote!(.own_part::<#token>(&self.#ident))
        }
    });
    let key = match &entity.single_table {
        Some(single) => single_table::key_of(entity, single),
        None => quote!(__d::KeyBuilder::new() #(#parts)*),
    };
    let kept = single_table::kept_key(entity).map(|kept| quote!(.kept(#kept)));
    let templates = entity
        .single_table
        .as_ref()
        .map(|_| quote!(__d::write_templates(self, __w);));
    let shards = entity
        .indexes
        .iter()
        .any(|i| i.shards.is_some())
        .then(|| quote!(__d::write_shards(self, __w);));
    let hooks = hooks(entity);
    let entity_impl = container.implement(
        quote!(__d::Item),
        &ty,
        quote! {
            const ITEM_SCHEMA: &'static __d::schema::EntitySchema = &#schema;
            type Lock = #lock;
            type Guards = __d::#guards;
            type Filled = #filled;
            fn write_item(&self, __w: &mut __d::Writer) {
                __w.begin_map();
                #(#lines)*
                #templates
                #shards
                #rest
                __w.end_map();
            }
            #read
            fn item_key(&self) -> __d::Key<#ty> { __d::Key::from_builder(#key) #kept }
            #hooks
        },
    );
    let has_ttl = role(entity, |f| f.attrs.ttl.is_some())
        .map(|_| container.implement(quote!(__d::HasTtl), &ty, TokenStream::new()));
    quote!(#entity_impl #has_ttl)
}

/// The stored field with a role.
pub(super) fn role(entity: &Entity, is: impl Fn(&Field) -> bool) -> Option<&Field> {
    entity.stored().find(|f| is(f))
}

/// The place of a field in the key of a shared table, for its token.
fn key_part(entity: &Entity, field: &Field) -> Option<TokenStream> {
    let single = entity.single_table.as_ref()?;
    let (table, name, ty) = (&single.table, &field.name.value, &field.ty);
    let path = std::slice::from_ref(&field.ident);
    let mut parts = single.parts.iter().take(single.key_parts);
    if !parts.any(|part| dotted(part) == dotted(path)) {
        return None;
    }
    let (part, in_key) = (single.position(path), field.attrs.in_key.is_some());
    let keeps_key = entity.keep_key().is_some();
    let this = entity.container.ty();
    let span = generated(ty.span());
    let place = quote_spanned! {span=>
        const KEY_PLACE: ::core::option::Option<__d::KeyPlace> =
            ::core::option::Option::Some(__d::key_place::<#this, #ty>(#part, #in_key, #keeps_key));
    };
    let [partition, sort] = single.alone(field);
    let own = ((partition || sort) && !in_key).then(|| {
        quote! {
            const KEY_PART: usize = __d::own_key_part(
                <#table as __d::Table>::SCHEMA,
                #name,
                [#partition, #sort],
            );
        }
    });
    Some(quote!(#place #own))
}

/// The limits of a field that is the whole text of keys in a shared table.
fn template_role(single: &SingleTable, field: &Field) -> Role {
    let name = plain(&field.ident);
    let is = |template: &Template| matches!(template.alone(), Some([own]) if plain(own) == name);
    let indexes = || single.indexes.iter();
    if single
        .sort
        .iter()
        .chain(indexes().filter_map(|i| i.sort.as_ref()))
        .any(is)
    {
        Role::Sort
    } else if is(&single.partition) || indexes().any(|i| is(&i.partition)) {
        Role::Partition
    } else {
        Role::Plain
    }
}

/// The limits of a field: those of the smallest key that it is part of.
fn key_role(entity: &Entity, field: &Field) -> Role {
    if let Some(single) = &entity.single_table {
        return template_role(single, field);
    }
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
    let container = &entity.container;
    // Through the type, so that an error about it shows there, and once.
    let version = role(entity, |f| f.attrs.version.is_some()).map(|f| {
        let Field { ident, ty, .. } = f;
        quote! {
            fn item_version(&self) -> u64 { <#ty as __d::VersionNumber>::to_u64(&self.#ident) }
            fn set_version(&mut self, __v: u64) {
                self.#ident = <#ty as __d::VersionNumber>::from_u64(__v);
            }
        }
    });
    let ttl = role(entity, |f| f.attrs.ttl.is_some()).map(|f| {
        let seconds = epoch_seconds(f);
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
            Some(quote!(<#ty as __d::Timestamp>::#touch(&mut self.#ident, __now);))
        })
        .collect();
    let touch = (!touched.is_empty())
        .then(|| quote!(fn touch(&mut self, __now: __d::SystemTime) { #(#touched)* }));
    let write_now = |function: &str, field: Option<&Field>| {
        let function = format_ident!("{function}");
        field.map(|f| {
            let ty = &f.ty;
            let write = match has_other_form(f) {
                false => quote!(<#ty as __d::Timestamp>::write_now(__now, __w)),
                true => {
                    let form = attribute_type(container, f);
                    quote! {
                        let __t = <#ty as __d::Timestamp>::from_system_time(__now);
                        <#form as __d::StoredAs<#ty>>::write_stored(&__t, __w)
                    }
                }
            };
            quote! {
                fn #function(__now: __d::SystemTime, __w: &mut __d::Writer) { #write }
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
    let immutable = entity.stored().filter(|f| f.attrs.immutable.is_some());
    let immutable: Vec<&str> = immutable.map(|f| f.name.value.as_str()).collect();
    let immutable = (!immutable.is_empty())
        .then(|| quote!(const IMMUTABLE: &'static [&'static str] = &[#(#immutable),*];));
    let filled: Vec<TokenStream> = entity
        .stored()
        .filter_map(|f| {
            let Field { ident, ty, .. } = f;
            let fill = format_ident!("{}", f.attrs.id.as_ref()?.value);
            // Located at the type: an error about it shows there.
            let span = generated(ty.span());
            Some(quote_spanned!(span=> __d::#fill::<#ty>(&mut self.#ident, __now)?;))
        })
        .collect();
    let ids = (!filled.is_empty()).then(|| {
        quote! {
            fn fill_ids(
                &mut self,
                __now: __d::SystemTime,
            ) -> ::core::result::Result<(), __d::Error> {
                #(#filled)*
                ::core::result::Result::Ok(())
            }
        }
    });
    let token = role(entity, |f| f.attrs.write_token.is_some()).map(|f| {
        let Field { ident, ty, .. } = f;
        quote! {
            fn set_write_token(&mut self, __t: u128) {
                <#ty as __d::TokenValue>::set(&mut self.#ident, __t);
            }
        }
    });
    quote!(#version #ttl #touch #created #updated #token #immutable #ids)
}

/// An impl for a type that has no fields or no key to go by, so that the mistake is the only error.
pub(super) fn stub(input: &DeriveInput) -> TokenStream {
    // Mistakes in the attributes have been reported already.
    let mut again = Errors::new();
    let attrs = EntityAttrs::parse(&input.attrs, &mut again);
    drop(again.finish());
    let container = Container::new(input, attrs.root.as_ref());
    let ty = container.ty();
    let name = plain(&container.ident);
    let entity = container.implement(
        quote!(__d::Item),
        &ty,
        quote! {
            const ITEM_SCHEMA: &'static __d::schema::EntitySchema = &__d::schema::EntitySchema {
                entity: #name,
                table: #name,
                attributes: &[],
                key: __d::schema::KeySchema { partition: &[], sort: &[] },
                indexes: &[],
                version: ::core::option::Option::None,
                ttl: ::core::option::Option::None,
                created_at: ::core::option::Option::None,
                updated_at: ::core::option::Option::None,
                write_token: ::core::option::Option::None,
                unique: &[],
                options: __d::schema::TableOptions::DEFAULT,
                single_table: ::core::option::Option::None,
            };
            type Lock = __d::Unversioned;
            type Guards = __d::Unguarded;
            type Filled = ();
            fn write_item(&self, _: &mut __d::Writer) {}
            fn read_item(
                _: &mut __d::Reader<'_>,
            ) -> ::core::result::Result<Self, __d::ReadError> { loop {} }
            fn item_key(&self) -> __d::Key<#ty> { loop {} }
        },
    );
    let fields = container.implement(
        quote!(__d::Fields),
        &ty,
        quote! {
            type Fields<__Sc> = ();
            fn fields<__Sc>(_: &__d::Prefix) {}
        },
    );
    scope(&container.root, quote!(#fields #entity))
}
