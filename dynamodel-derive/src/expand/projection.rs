//! `Projection`: a part of an entity, whose fields go by the entity's tokens.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::codec::read_fn;
use super::paths::hash;
use super::{implement, located, scope};
use crate::model::{Field, Projection, generated};

/// The whole expansion.
pub(super) fn expand(projection: &Projection) -> TokenStream {
    let Projection {
        container, entity, ..
    } = projection;
    let ty = container.ty();
    let tokens = tokens(projection);
    let names = names(projection, &tokens);
    let fetched = projection.fields.iter().zip(&tokens).map(|(field, token)| {
        let ty = &field.ty;
        let span = generated(syn::spanned::Spanned::span(ty));
        quote_spanned!(span=> __d::fetched::<#token, #ty, _>())
    });
    let places = places(&tokens);
    let fetched = fetched_with_key(projection, &quote!(&[#(#fetched),*]));
    let read = read_fn("read_body", &read_body(projection, &tokens));
    let body = container.implement(
        quote!(__d::ProjectionBody),
        &ty,
        quote! {
            const ATTRIBUTES: &'static [&'static str] = &[#(#names),*];
            const PLACES: &'static [::core::option::Option<__d::KeyPlace>] = #places;
            const FETCHED: &'static [__d::Fetched] = #fetched;
            #read
        },
    );
    // The type checker knows if the struct is a part of an entity or of a document: one of these two
    // bounds holds. A bound that is known to be false is an error, unless it is one for every lifetime.
    let of = |bound: TokenStream| {
        let mut generics = container.generics.clone();
        let clause = generics.make_where_clause();
        if let Ok(predicate) = syn::parse2(quote!(for<'__a> #entity: #bound)) {
            clause.predicates.push(predicate);
        }
        generics
    };
    let of_entity = implement(
        &of(quote!(__d::Item)),
        quote!(__d::Projection),
        &ty,
        quote! {
            type Entity = #entity;
            const ATTRIBUTES: &'static [&'static str] = <Self as __d::ProjectionBody>::ATTRIBUTES;
            const FETCHED: &'static [__d::Fetched] = <Self as __d::ProjectionBody>::FETCHED;
            fn read_item(
                __r: &mut __d::Reader<'_>,
            ) -> ::core::result::Result<Self, __d::ReadError> {
                __d::read_part_of::<#entity, Self>(__r)
            }
        },
    );
    let of_document = of(quote!(__d::Attribute));
    let attribute = implement(
        &of_document,
        quote!(__d::Attribute),
        &ty,
        quote! {
            type Value = Self;
            type Kind = __d::kind::M;
            fn write(&self, __w: &mut __d::Writer) { __d::write_part(__w) }
            fn read(
                __r: &mut __d::Reader<'_>,
            ) -> ::core::result::Result<Self, __d::ReadError> {
                <Self as __d::ProjectionBody>::read_value(__r)
            }
        },
    );
    let part = implement(
        &of_document,
        quote!(__d::DocumentPart),
        &ty,
        quote!(type Of = #entity;),
    );
    let selectable = selectable(projection);
    let conversions = conversions(projection);
    scope(
        &container.root,
        quote!(#body #of_entity #attribute #part #selectable #conversions),
    )
}

/// The inherent functions that read the struct from a whole item, without a request.
fn conversions(projection: &Projection) -> TokenStream {
    let Projection {
        container, entity, ..
    } = projection;
    let (ty, vis) = (container.ty(), &container.vis);
    let (params, _, clause) = container.generics.split_for_impl();
    let schema = schema_of(entity);
    quote! {
        #[automatically_derived]
        // A program may use none of them, or one.
        #[allow(dead_code)]
        impl #params #ty #clause {
            /// Reads these attributes from the SDK's map of an item.
            #vis fn from_item(
                __item: __d::AttributeMap,
            ) -> ::core::result::Result<Self, __d::Error> {
                __d::projection_of_item(&__item, #schema)
            }
            /// Reads these attributes from the DynamoDB JSON of an item.
            #vis fn from_dynamo_json(
                __json: &[::core::primitive::u8],
            ) -> ::core::result::Result<Self, __d::Error> {
                __d::projection_of_json(__json, #schema)
            }
        }
    }
}

/// The expression of the schema of an entity; `None` of a document.
pub(super) fn schema_of(entity: &syn::Type) -> TokenStream {
    quote!({
        // Used if the type is no entity.
        #[allow(unused_imports)]
        use __d::WithoutSchema as _;
        __d::PartOf::<#entity>::NEW.schema()
    })
}

/// The entity's tokens of the fields.
pub(super) fn tokens(projection: &Projection) -> Vec<TokenStream> {
    let entity = &projection.entity;
    let token = |f: &Field| {
        let hash = hash(&f.ident);
        // Located at the field: a field that the entity does not have is reported there.
        let token = quote!(__d::TokenOf<#entity, #hash>);
        located(token, f.ident.span())
    };
    projection.fields.iter().map(token).collect()
}

/// `SelectableFrom` each index that holds all the fields.
pub(super) fn selectable(projection: &Projection) -> TokenStream {
    let Projection {
        container,
        entity,
        fields,
        ..
    } = projection;
    let mut generics = container.generics_and("__I");
    let clause = generics.make_where_clause();
    for field in fields {
        let hash = hash(&field.ident);
        let bound = quote!(#entity: __d::UsableField<#hash, __d::InProjection<__I>>);
        if let Ok(predicate) = syn::parse2(bound) {
            clause.predicates.push(predicate);
        }
    }
    implement(
        &generics,
        quote!(__d::SelectableFrom<__I>),
        container.ty(),
        TokenStream::new(),
    )
}

/// The stored names of the fields.
pub(super) fn names(projection: &Projection, tokens: &[TokenStream]) -> Vec<TokenStream> {
    let fields = projection.fields.iter().zip(tokens);
    let name = |token: &TokenStream| quote!(<#token as __d::Token>::NAME);
    fields
        .map(|(field, token)| located(name(token), field.ident.span()))
        .collect()
}

/// The function that reads a field. NULL stands for the default of a field that has one.
pub(super) fn read_projected(field: &Field) -> Ident {
    match field.attrs.default {
        Some(_) => format_ident!("read_projected_unless_null"),
        None => format_ident!("read_projected"),
    }
}

/// The places of the fields in the key of a shared table.
pub(super) fn places(tokens: &[TokenStream]) -> TokenStream {
    quote!(&[#(<#tokens as __d::Token>::KEY_PLACE),*])
}

/// The attributes to fetch, given those of the fields, with the key where it is read.
pub(super) fn fetched_with_key(projection: &Projection, fields: &TokenStream) -> TokenStream {
    let count = Literal::usize_unsuffixed(projection.fields.len() + 2);
    quote! {
        __d::fetched_with_key(const {
            &__d::ProjectedKey::new(Self::PLACES).fetched::<#count>(#fields, Self::PLACES)
        })
    }
}

/// The loop that reads the attributes of a projection, and with them the key where it is needed.
/// `this` is the projection as the implementor of its trait.
pub(super) fn read_loop(
    projection: &Projection,
    this: &TokenStream,
    reads: &[TokenStream],
) -> TokenStream {
    let fields = projection.fields.len();
    let [partition, sort, all] = [fields, fields + 1, fields + 2].map(Literal::usize_unsuffixed);
    let places = (0..fields).map(Literal::usize_unsuffixed);
    let count = Literal::usize_unsuffixed(fields);
    quote! {
        let __key = const { __d::ProjectedKey::new(#this::PLACES) };
        let mut __at = [0; #count];
        if __key.is_read {
            __r.forget_keys();
        }
        let mut __n = __r.fields(const {
            &__d::ProjectedKey::new(#this::PLACES)
                .names::<#all>(#this::ATTRIBUTES, #this::PLACES)
        });
        while let ::core::option::Option::Some(__i) = __n.next(__r)? {
            if __key.is_compared && __i < #count {
                __at[__i] = __r.position();
            }
            match __i {
                #(#places => #reads,)*
                #partition => __r.pass_key(1),
                #sort => __r.pass_key(2),
                _ => __r.skip_value(),
            }?;
        }
        if __key.is_compared {
            __d::compare_key(__r, #this::PLACES, &__at)?;
        }
    }
}

fn read_body(projection: &Projection, tokens: &[TokenStream]) -> TokenStream {
    let Projection {
        container, fields, ..
    } = projection;
    let ident = &container.ident;
    let slots: Vec<Ident> = (0..fields.len()).map(|i| format_ident!("__f{i}")).collect();
    let ty = container.ty();
    let values = fields
        .iter()
        .zip(tokens)
        .zip(&slots)
        .map(|((field, token), slot)| {
            let (ident, ty) = (&field.ident, &field.ty);
            let span = generated(syn::spanned::Spanned::span(ty));
            let project = quote_spanned! {span=>
                __d::project::<#token, #ty, _>(#slot, __r)?
            };
            match &field.attrs.default {
                None => quote!(#ident: #project),
                Some(_) => {
                    let default = super::codec::default_value(field);
                    quote!(#ident: if #slot.is_some() || __d::is_in_key::<#token>() { #project } else { #default })
                }
            }
        });
    let reads = fields
        .iter()
        .zip(tokens)
        .zip(&slots)
        .map(|((field, token), slot)| {
            let ty = &field.ty;
            let span = generated(syn::spanned::Spanned::span(ty));
            let read_projected = read_projected(field);
            quote_spanned!(span=> __d::#read_projected::<#token, #ty, _>(__r, &mut #slot))
        });
    let reads: Vec<TokenStream> = reads.collect();
    let read = read_loop(projection, &quote!(<#ty as __d::ProjectionBody>), &reads);
    quote! {
        #(let mut #slots = ::core::option::Option::None;)*
        #read
        ::core::result::Result::Ok(#ident { #(#values,)* })
    }
}
