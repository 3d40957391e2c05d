//! Bounds on the types of key fields: one call per field, located at the field's type.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned as _;

use super::field_newtypes::attribute_type;
use crate::model::{Entity, Field, generated};

/// The checks of an entity.
pub(super) fn checks(entity: &Entity) -> TokenStream {
    let mut calls = Vec::new();
    let mut call = |check: &str, field: &Field, ty: TokenStream| {
        let check = Ident::new(check, Span::call_site());
        let span = generated(field.ty.span());
        calls.push(quote_spanned!(span=> __d::#check::<#ty>();));
    };
    for field in entity.stored() {
        let attrs = &field.attrs;
        let stored = attribute_type(&entity.container, field);
        if attrs.partition.is_some() {
            call("partition_key", field, stored);
        } else if attrs.sort.is_some() {
            call("sort_key", field, stored);
        } else if entity.indexes.iter().any(|i| entity.is_key_of(i, field)) {
            call("index_key", field, stored);
        }
        if attrs.unique.is_some() {
            call(
                "unique_value",
                field,
                attribute_type(&entity.container, field),
            );
        }
        if attrs.partition.is_some() && entity.unique().next().is_some() {
            call(
                "guarded_partition",
                field,
                attribute_type(&entity.container, field),
            );
        }
    }
    let generics = &entity.container.generics;
    if entity.container.is_generic() {
        let (params, _, clause) = generics.split_for_impl();
        // The function is there to be type-checked, and nothing calls it.
        quote!(#[allow(dead_code, clippy::multiple_bound_locations)] fn __checks #params () #clause { #(#calls)* })
    } else {
        quote!(const _: fn() = || { #(#calls)* };)
    }
}
