//! The constructors that take the parts of a key.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::codec::default_value;
use super::field_newtypes::{attribute_type, has_other_form};
use crate::model::{Container, Entity, Field, Index, generated, generated_ident};
use crate::names::plain;

/// The inherent functions that start an operation.
pub(super) fn constructors(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let ty = container.ty();
    let name = plain(&container.ident);
    let keys: Vec<&Field> = entity
        .partition()
        .into_iter()
        .chain(entity.sort())
        .collect();
    let args = keys.iter().map(|f| &f.ident);
    let keys = key_constructors(
        entity,
        &parameters(entity, &keys),
        &quote!(#(#args),*),
        &builder(entity, &keys),
    );
    let query_doc = format!("Queries the items of [`{name}`] in one partition.");
    let partition: Vec<&Field> = entity.partition().into_iter().collect();
    let query = query(
        entity,
        &function_name(entity, "query"),
        &query_doc,
        &partition,
        None,
    );
    let queries = entity.indexes.iter().map(|index| {
        let doc = format!(
            "Queries the items of [`{name}`] in one partition of the index `{}`.",
            index.stored_name.value
        );
        let function = generated_ident(&index.name);
        self::query(
            entity,
            &function,
            &doc,
            &entity.partition_of(index),
            Some(index),
        )
    });
    let lookups = lookups(entity);
    let new = new_constructor(entity);
    let (impl_params, _, clause) = container.generics.split_for_impl();
    let allow = container.allow_bounds();
    quote! {
        #allow
        #[automatically_derived]
        impl #impl_params #ty #clause {
            #keys
            #query
            #(#queries)*
            #lookups
            #new
        }
    }
}

/// `key`, and the operations on one item: `params` are the parts of the key as parameters, `args` as
/// arguments, `builder` collects them.
pub(super) fn key_constructors(
    entity: &Entity,
    params: &TokenStream,
    args: &TokenStream,
    builder: &TokenStream,
) -> TokenStream {
    let container = &entity.container;
    let Container { root, vis, .. } = container;
    let ty = container.ty();
    let name = plain(&container.ident);
    let key = function_name(entity, "key");
    let operations = [
        ("get", "Get", "Reads one item of [`{}`] by its key."),
        ("update", "Update", "Updates one item of [`{}`] by its key."),
        ("delete", "Delete", "Deletes one item of [`{}`] by its key."),
        (
            "check",
            "Check",
            "Checks a condition on one item of [`{}`], in a transaction.",
        ),
    ];
    let operations = operations.map(|(function, operation, doc)| {
        let function = function_name(entity, function);
        let operation = Ident::new(operation, Span::call_site());
        let doc = doc.replace("{}", &name);
        quote! {
            #[doc = #doc]
            #vis fn #function(#params) -> #root::#operation<#ty> {
                #root::#operation::new(<#ty>::#key(#args))
            }
        }
    });
    let key_doc = format!("The key of one item of [`{name}`].");
    quote! {
        #[doc = #key_doc]
        #vis fn #key(#params) -> #root::Key<#ty> {
            #root::Key::from_builder(#builder)
        }
        #(#operations)*
    }
}

/// `new`, which takes the fields that the library does not write.
pub(super) fn new_constructor(entity: &Entity) -> Option<TokenStream> {
    if !entity.new {
        return None;
    }
    let container = &entity.container;
    let Container { root, vis, .. } = container;
    let name = plain(&container.ident);
    let function = function_name(entity, "new");
    let is_given = |field: &&Field| {
        let attrs = &field.attrs;
        let own = [
            attrs.version,
            attrs.created_at,
            attrs.updated_at,
            attrs.write_token,
            attrs.skip,
            attrs.rest,
            attrs.keep_key,
        ];
        own.iter().all(Option::is_none) && attrs.id.is_none()
    };
    let params = entity.fields.iter().filter(is_given).map(|field| {
        let (ident, ty) = (&field.ident, &field.ty);
        quote!(#ident: impl #root::__private::FieldValue<#ty>)
    });
    let values = entity.fields.iter().map(|field| {
        let ident = &field.ident;
        match is_given(&field) {
            true => quote!(#ident: #root::__private::FieldValue::into_field(#ident)),
            false => {
                let (attrs, ty) = (&field.attrs, &field.ty);
                let value = if attrs.created_at.or(attrs.updated_at).is_some() {
                    quote!(<#ty as #root::__private::Timestamp>::unset())
                } else {
                    default_value(field)
                };
                quote!(#ident: #value)
            }
        }
    });
    let doc = format!(
        "A [`{name}`] that is not stored yet: with version 0, and without the times, tokens and ids that the library writes."
    );
    Some(quote! {
        #[doc = #doc]
        #[allow(clippy::too_many_arguments)]
        #vis fn #function(#(#params),*) -> Self {
            Self { #(#values),* }
        }
    })
}

/// `get_by_<field>` for each unique field.
pub(super) fn lookups(entity: &Entity) -> TokenStream {
    let container = &entity.container;
    let Container { root, vis, .. } = container;
    let ty = container.ty();
    let name = plain(&container.ident);
    let lookups = entity.unique().map(|field| {
        let ident = &field.ident;
        let function = generated_ident(&field.lookup_name());
        let doc = format!(
            "Reads the item of [`{name}`] that has this `{}`, which is unique.",
            plain(ident)
        );
        let params = parameters(entity, &[field]);
        let token = container.token(field);
        quote! {
            #[doc = #doc]
            #vis fn #function(#params) -> #root::GetUnique<#ty> {
                #root::GetUnique::new::<#token>(#ident)
            }
        }
    });
    quote!(#(#lookups)*)
}

fn query(
    entity: &Entity,
    function: &Ident,
    doc: &str,
    partition: &[&Field],
    index: Option<&Index>,
) -> TokenStream {
    let container = &entity.container;
    let Container { root, vis, .. } = container;
    let ty = container.ty();
    let (params, parts) = (parameters(entity, partition), builder(entity, partition));
    let index = index.map(|i| {
        let index = container.with_args(&i.ty);
        quote!(, #index)
    });
    quote! {
        #[doc = #doc]
        #vis fn #function(#params) -> #root::Query<#ty #index> {
            #root::Query::new(#parts)
        }
    }
}

/// The name of a constructor, perhaps given by `rename_fn`.
pub(super) fn function_name(entity: &Entity, name: &str) -> Ident {
    match entity.functions.iter().find(|(old, _)| old == name) {
        Some((_, new)) => generated_ident(new),
        None => Ident::new(name, Span::call_site()),
    }
}

/// Parts of a key as parameters.
fn parameters(entity: &Entity, parts: &[&Field]) -> TokenStream {
    let container = &entity.container;
    let root = &container.root;
    let params = parts.iter().map(|field| {
        let ident = &field.ident;
        let ty = if has_other_form(field) {
            // The newtype of the stored form has no name out here.
            let token = container.token(field);
            quote!(<#token as #root::__private::Token>::Type)
        } else {
            attribute_type(container, field)
        };
        // Located at the type: that it is no attribute type is one error for all constructors.
        let value = quote_spanned!(generated(field.ty.span())=> #root::ValueOf<#ty>);
        quote!(#ident: impl #root::ValueFor<#value>)
    });
    quote!(#(#params),*)
}

/// A builder with the parts of a key from the parameters.
fn builder(entity: &Entity, parts: &[&Field]) -> TokenStream {
    let container = &entity.container;
    let root = &container.root;
    let parts = parts.iter().map(|field| {
        let ident = &field.ident;
        let token = container.token(field);
        quote!(.part::<#token>(#ident))
    });
    built(root, parts)
}

/// A builder with these parts, borrowed: also without any, as for a key of constants.
pub(super) fn built(root: &TokenStream, parts: impl Iterator<Item = TokenStream>) -> TokenStream {
    let parts: Vec<_> = parts.collect();
    let borrow = parts.is_empty().then(|| quote!(&mut));
    quote!(#borrow #root::__private::KeyBuilder::new() #(#parts)*)
}
