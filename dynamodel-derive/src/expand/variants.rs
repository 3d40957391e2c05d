//! The typed paths of an enum: the name of the variant, and the fields of each.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::attrs::{Paths, Usable, hash_of, token_of_type};
use super::stored::attribute_type;
use crate::model::{Container, Field, Variant, VariantShape, generated};
use crate::names::{RenameRule, plain};

/// The structs of paths, which users name, and what belongs to them.
pub(super) fn variants_of(
    container: &Container,
    tag: &str,
    variants: &[Variant],
) -> (TokenStream, TokenStream) {
    let root = &container.root;
    let vis = container.vis.to_token_stream();
    let doc = format!(
        "The typed paths of [`{}`]: of a value of one variant, the paths of the others are missing.",
        plain(&container.ident)
    );
    let mut paths = Paths::new(container, "", doc);
    let (mut declarations, mut impls) = (TokenStream::new(), TokenStream::new());

    let ident = Ident::new("variant", Span::call_site());
    let name_hash = hash_of("variant of");
    let docs = format!("The name of the variant, in the attribute `{tag}`.");
    paths.path(quote!(#[doc = #docs]), vis.clone(), &ident, &name_hash);
    let token = container.free("variant", Span::call_site());
    impls.extend(token_of_type(
        container,
        &token,
        &name_hash,
        &quote!(
            type Type = ::std::string::String;
        ),
        tag,
        // A variant is changed with its fields, by setting the whole value.
        &Usable::Tested,
    ));

    let mut taken = HashSet::from([plain(&ident)]);
    for variant in variants {
        let member = member_name(variant, &mut taken);
        let doc = format!("The paths of the variant `{}`.", plain(&variant.ident));
        let docs = quote!(#[doc = #doc]);
        match &variant.shape {
            VariantShape::Unit => {}
            VariantShape::Newtype(inner) => {
                let span = generated(inner.span());
                let ty = quote_spanned! {span=>
                    <#inner as #root::__private::Fields>::Fields<__Sc>
                };
                let value = quote!(<#inner as #root::__private::Fields>::fields(__at));
                paths.member(docs, vis.clone(), &member, ty, value);
            }
            VariantShape::Struct(fields) => {
                let fields: Vec<&Field> = fields.iter().filter(|f| f.is_stored()).collect();
                if fields.is_empty() {
                    continue;
                }
                let own = struct_paths(container, variant, &fields, &mut impls);
                paths.member(docs, vis.clone(), &member, own.ty(), own.value());
                declarations.extend(own.declaration());
                impls.extend(own.debug_impl());
            }
        }
    }
    declarations.extend(paths.declaration());
    impls.extend(paths.fields_impl());
    impls.extend(paths.debug_impl());
    (declarations, impls)
}

/// The paths of a variant with named fields; its tokens are added to the impls.
fn struct_paths<'a>(
    container: &'a Container,
    variant: &Variant,
    fields: &[&Field],
    impls: &mut TokenStream,
) -> Paths<'a> {
    let name = plain(&variant.ident);
    let doc = format!(
        "The typed paths of the variant `{name}` of [`{}`].",
        plain(&container.ident)
    );
    let mut paths = Paths::new(container, &name, doc);
    for field in fields {
        let hash = hash_of(&format!("{name}::{}", plain(&field.ident)));
        let token = format!("{}_of_{name}", plain(&field.ident));
        let token = container.free(&token, field.ident.span());
        let stored = attribute_type(container, field);
        let stored = quote_spanned!(generated(field.ty.span())=> type Type = #stored;);
        impls.extend(token_of_type(
            container,
            &token,
            &hash,
            &stored,
            &field.name.value,
            &Usable::Everywhere,
        ));
        paths.field(field, container.vis.to_token_stream(), &hash);
    }
    paths
}

/// The member for a variant: its name in snake case, raw where that is a keyword.
fn member_name(variant: &Variant, taken: &mut HashSet<String>) -> Ident {
    let mut name = RenameRule::Snake.apply_to_variant(&plain(&variant.ident));
    let cannot_be_raw = ["self", "super", "crate", "_"];
    while cannot_be_raw.contains(&name.as_str()) || !taken.insert(name.clone()) {
        name.push('_');
    }
    match syn::parse_str::<Ident>(&name) {
        Ok(_) => Ident::new(&name, variant.ident.span()),
        Err(_) => format_ident!("r#{name}", span = variant.ident.span()),
    }
}
