//! `SessionPartial`: the entity with every field an `Option`.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::codec::read_names;
use super::field_newtypes::{attribute_type, has_other_form};
use super::index::{phantom_member, std_traits};
use super::paths::field_docs;
use crate::model::{Container, Entity, Field, generated, generated_ident};
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
    let members = entity.attributes().map(|field| {
        let vis = &field.vis;
        let ident = generated_ident(&field.ident);
        let docs = field_docs(field);
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

/// `HasPartial`, and `Debug`, `Clone` and `PartialEq` where the fields have them.
pub(super) fn partial_impls(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let name = partial_name(container);
    let fields: Vec<&Field> = entity.attributes().collect();
    let ty = container.with_args(&name);
    let traits = std_traits(container, &name, &ty, &fields, |f| {
        member_type(container, f)
    });
    let has_partial = container.implement(
        quote!(__d::HasPartial),
        container.ty(),
        partial_members(entity),
    );
    let idents = fields.iter().map(|f| generated_ident(&f.ident));
    let phantom = phantom_member(container, |_| quote!(::core::marker::PhantomData));
    let default = container.implement(
        quote!(::core::default::Default),
        &ty,
        quote! {
            fn default() -> Self {
                #name { #(#idents: ::core::option::Option::None,)* #phantom }
            }
        },
    );
    quote!(#has_partial #traits #default)
}

/// The members of `HasPartial`.
fn partial_members(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let name = partial_name(container);
    let ty = container.with_args(&name);
    let fields: Vec<&Field> = entity.attributes().collect();
    let idents: Vec<Ident> = fields.iter().map(|f| generated_ident(&f.ident)).collect();
    let names = fields.iter().map(|field| &field.name.value);
    let names = read_names(fields.len(), &quote!(&[#(#names),*]));
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
    let set = fields.iter().zip(&idents).map(|(field, ident)| {
        let stored = &field.name.value;
        let set = if has_other_form(field) {
            let form = attribute_type(container, field);
            quote!(set_as::<#form, _>)
        } else {
            quote!(set)
        };
        quote!(__patch.#set(#stored, &__p.#ident);)
    });
    quote! {
        type Partial = #ty;
        fn patch(__p: &#ty, __patch: &mut __d::Patch) { #(#set)* }
        fn read_partial(
            __r: &mut __d::Reader<'_>,
        ) -> ::core::result::Result<#ty, __d::ReadError> {
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
