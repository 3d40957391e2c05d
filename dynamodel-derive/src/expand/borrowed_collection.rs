//! `Projection` of an enum with a lifetime: the items of a collection, borrowed.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Lifetime;
use syn::spanned::Spanned as _;

use super::scope;
use crate::model::{BorrowedCollection, generated};

/// The whole expansion.
pub(super) fn expand(borrowed: &BorrowedCollection) -> TokenStream {
    let BorrowedCollection {
        container,
        collection,
        members,
        lifetime,
    } = borrowed;
    let (ty, ident) = (container.ty(), &container.ident);
    let variants: Vec<&Ident> = members.iter().map(|m| &m.ident).collect();
    let (types, entities): (Vec<_>, Vec<_>) = members
        .iter()
        .map(|member| {
            let (ty, span) = (&member.ty, generated(member.ty.span()));
            let borrowed = quote_spanned!(span=> <#ty as __d::BorrowedProjection>);
            let entity = quote_spanned!(span=> #borrowed::Of);
            (borrowed, entity)
        })
        .unzip();
    let all = entities.iter().map(|entity| {
        let entity = for_ever(entity.clone(), lifetime);
        quote!(<#entity as __d::Templated>::SINGLE_TABLE)
    });
    let projection_impl = container.implement(
        quote!(__d::BorrowedProjection),
        &ty,
        quote! {
            type Of = #collection;
            type At<'__a> = #ident<'__a>;
            const ATTRIBUTES: &'static [&'static str] = &[];
            const FETCHED: &'static [__d::Fetched] = &[];
            fn read_borrowed<'__a>(
                __r: &mut __d::Reader<'__a>,
            ) -> ::core::result::Result<#ident<'__a>, __d::ReadError> {
                let __kind = __d::kind_of::<
                    <#collection as __d::Collection>::First
                >(__r)?;
                let __kind = __kind.as_deref();
                #(
                    if __d::is_of_type::<#entities>(__kind, __r) {
                        return #types::read_borrowed(__r).map(#ident::#variants);
                    }
                )*
                ::core::result::Result::Err(__d::unknown_kind::<#collection>())
            }
        },
    );
    scope(
        &container.root,
        quote! {
            #projection_impl
            const _: () = __d::same_members(
                <#collection as __d::Collection>::MEMBERS,
                &[#(#all),*],
            );
        },
    )
}

/// The tokens with `'static` in the place of the lifetime, for where it is not known.
fn for_ever(tokens: TokenStream, lifetime: &Lifetime) -> TokenStream {
    let mut is_quoted = false;
    let mut out = TokenStream::new();
    for tree in tokens {
        let after_quote = std::mem::take(&mut is_quoted);
        match tree {
            TokenTree::Ident(ident) if after_quote && ident == lifetime.ident => {
                Ident::new("static", ident.span()).to_tokens(&mut out);
            }
            TokenTree::Group(group) => {
                let inner = for_ever(group.stream(), lifetime);
                let mut replaced = Group::new(group.delimiter(), inner);
                replaced.set_span(group.span());
                replaced.to_tokens(&mut out);
            }
            TokenTree::Punct(punct) => {
                is_quoted = punct.as_char() == '\'';
                punct.to_tokens(&mut out);
            }
            other => other.to_tokens(&mut out),
        }
    }
    out
}
