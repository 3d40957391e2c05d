//! `SessionPartial`: the entity with every field an `Option`.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::codec::read_names;
use super::indexes::{phantom_member, std_traits};
use super::keys::located;
use super::stored::{attribute_type, has_other_form};
use crate::model::{Container, Entity, Field, generated};
use crate::names::plain;

/// The name of the type.
pub(super) fn partial_name(container: &Container) -> Ident {
    format_ident!(
        "{}Partial",
        plain(&container.ident),
        span = generated(container.ident.span())
    )
}

/// The type, which users name.
pub(super) fn partial_type(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let Container { vis, .. } = container;
    let name = partial_name(container);
    let doc = format!(
        "[`{}`] with every field an `Option`: what an update that returns the changed attributes has read.",
        plain(&container.ident)
    );
    let members = entity.stored().map(|field| {
        let Field { vis, docs, .. } = field;
        let ident = located(&field.ident);
        let default = format!("The attribute `{}`.", field.name.value);
        let docs = if docs.is_empty() {
            quote!(#[doc = #default])
        } else {
            quote!(#(#docs)*)
        };
        let ty = member_type(container, field);
        quote!(#docs #vis #ident: #ty,)
    });
    let phantom = phantom_member(container, |phantom| quote!(#phantom));
    let (params, _, clause) = container.generics.split_for_impl();
    quote! {
        #[doc = #doc]
        #vis struct #name #params #clause { #(#members)* #phantom }
    }
}

/// `Option` of the field's type, looking through an `Option` of its own.
fn member_type(container: &Container, field: &Field) -> TokenStream {
    let (root, ty) = (&container.root, &field.ty);
    let span = generated(ty.span());
    if has_other_form(field) {
        quote!(::core::option::Option<#ty>)
    } else {
        quote_spanned!(span=> ::core::option::Option<#root::ValueOf<#ty>>)
    }
}

/// The members of `Entity` that read it.
pub(super) fn partial_members(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let root = &container.root;
    let name = partial_name(container);
    let ty = container.with_args(&name);
    let fields: Vec<&Field> = entity.stored().collect();
    let idents: Vec<Ident> = fields.iter().map(|f| located(&f.ident)).collect();
    let names = fields.iter().map(|field| &field.name.value);
    let names = read_names(root, fields.len(), &quote!(&[#(#names),*]));
    let arms = fields
        .iter()
        .zip(&idents)
        .enumerate()
        .map(|(i, (field, ident))| {
            let place = Literal::usize_unsuffixed(i);
            let stored = &field.name.value;
            let read = if has_other_form(field) {
                let form = attribute_type(container, field);
                quote!(part_as::<#form, _>)
            } else {
                quote!(part)
            };
            quote!(#place => __r.#read(#stored, &mut __p.#ident),)
        });
    let phantom = phantom_member(container, |_| quote!(::core::marker::PhantomData));
    quote! {
        type Partial = #ty;
        fn read_partial(
            __r: &mut #root::wire::Reader<'_>,
        ) -> ::core::result::Result<#ty, #root::wire::ReadError> {
            let mut __p = #name { #(#idents: ::core::option::Option::None,)* #phantom };
            let mut __n = __r.fields(#names);
            while let ::core::option::Option::Some(__i) = __n.next(__r)? {
                match __i {
                    #(#arms)*
                    _ => __r.skip_value(),
                }?;
            }
            ::core::result::Result::Ok(__p)
        }
    }
}

/// `Debug`, `Clone` and `PartialEq`, where the fields have them.
pub(super) fn partial_impls(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let name = partial_name(container);
    let fields: Vec<&Field> = entity.stored().collect();
    std_traits(
        container,
        &name,
        &container.with_args(&name),
        &fields,
        |f| member_type(container, f),
    )
}
