//! The typed paths of an enum: the name of the variant, and the fields of each.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use super::paths::{Paths, Tokens};
use crate::model::{Container, Field, Variant, VariantShape};
use crate::names::plain;

/// The structs of paths, which users name, and what belongs to them.
pub(super) fn variants_of(
    container: &Container,
    tag: &str,
    variants: &[Variant],
) -> (TokenStream, TokenStream) {
    let vis = container.vis.to_token_stream();
    let doc = format!(
        "The typed paths of [`{}`]: of a value of one variant, the paths of the others are missing.",
        plain(&container.ident)
    );
    let mut paths = Paths::new(container, "", doc);
    let mut tokens = Tokens::new(container);
    let (mut declarations, mut impls) = (TokenStream::new(), TokenStream::new());

    let ident = Ident::new("variant", Span::call_site());
    let docs = format!("The name of the variant, in the attribute `{tag}`.");
    let token = tokens.tag(tag);
    paths.path(quote!(#[doc = #docs]), vis.clone(), &ident, &token);
    for variant in variants {
        let member = &variant.member;
        let doc = format!("The paths of the variant `{}`.", plain(&variant.ident));
        let docs = quote!(#[doc = #doc]);
        match &variant.shape {
            VariantShape::Unit => {}
            VariantShape::Newtype(inner) => {
                tokens.embed(member, inner);
                paths.embed(docs, vis.clone(), member, inner);
            }
            VariantShape::Struct(fields) => {
                let fields: Vec<&Field> = fields.iter().filter(|f| f.is_stored()).collect();
                if fields.is_empty() {
                    continue;
                }
                let own = struct_paths(container, variant, &fields);
                tokens.variant(member, &fields);
                paths.member(docs, vis.clone(), member, own.ty(), own.value());
                declarations.extend(own.declaration());
                impls.extend(own.debug_impl());
            }
        }
    }
    declarations.extend(tokens.module());
    declarations.extend(paths.declaration());
    impls.extend(tokens.impls().clone());
    impls.extend(paths.fields_impl());
    impls.extend(paths.debug_impl());
    (declarations, impls)
}

/// The paths of a variant with named fields.
fn struct_paths<'a>(container: &'a Container, variant: &Variant, fields: &[&Field]) -> Paths<'a> {
    let name = plain(&variant.ident);
    let doc = format!(
        "The typed paths of the variant `{name}` of [`{}`].",
        plain(&container.ident)
    );
    let mut paths = Paths::new(container, &name, doc);
    for field in fields {
        paths.field(field, container.vis.to_token_stream());
    }
    paths
}
