//! `Attribute` for structs and enums.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{DeriveInput, Member, Type};

use super::codec::{
    Construct, Role, delegate, is_named, read_fn, read_map, rest_field, write_line, write_rest,
};
use super::enum_variants::variants_of;
use super::field_newtypes::{Form, newtypes};
use super::paths::{Paths, Tokens};
use super::scope;
use crate::attr::{DocumentAttrs, StoredAttr};
use crate::errors::Errors;
use crate::model::{Container, Document, Field, Shape, Variant, VariantShape};
use crate::names::one_of;

/// The whole expansion.
pub(super) fn expand(document: &Document) -> TokenStream {
    let container = &document.container;
    match &document.shape {
        Shape::Struct(fields) => structure(container, fields),
        Shape::Transparent { inner, fields } => transparent(container, *inner, fields),
        Shape::Converted { ty, fallible } => converted(container, ty, *fallible),
        Shape::Words(variants) => words(container, variants),
        Shape::Tagged { tag, variants } => tagged(container, &tag.value, variants),
    }
}

/// A map with typed paths.
fn structure(container: &Container, fields: &[Field]) -> TokenStream {
    let stored: Vec<&Field> = fields.iter().filter(|f| f.is_stored()).collect();
    let paths = Paths::of_fields(container, &stored);
    let fields_struct = paths.declaration();
    let newtypes = newtypes(container, fields);
    let mut tokens = Tokens::new(container);
    for field in &stored {
        tokens.field(field, &quote!(__d::Everywhere), None);
    }
    let (module, tokens) = (tokens.module(), tokens.impls());
    let (fields_impl, debug_impl) = (paths.fields_impl(), paths.debug_impl());
    let lines = stored.iter().map(|f| {
        let ident = &f.ident;
        write_line(container, f, &quote!(&self.#ident), Role::Plain)
    });
    let ident = &container.ident;
    let construct = Construct {
        path: quote!(#ident),
        fields: fields.iter().collect(),
        rest: None,
        single_table: None,
        is_own: quote!(|_| false),
    };
    let read = read_map(container, &construct);
    let rest = rest_field(fields).map(|f| {
        let ident = &f.ident;
        write_rest(f, &quote!(&self.#ident), &is_named(fields, None))
    });
    let keeps_rest = rest.as_ref().map(|_| quote!(true));
    let attribute = map_attribute(container, &quote!(#(#lines)* #rest), &read, keeps_rest);
    let document = is_document(container);
    let scope = scope(
        &container.root,
        quote!(#newtypes #tokens #fields_impl #debug_impl #attribute #document),
    );
    quote!(#module #fields_struct #scope)
}

/// `Document`, whose methods go by `MapBody`.
fn is_document(container: &Container) -> TokenStream {
    container.implement(quote!(__d::Document), container.ty(), TokenStream::new())
}

/// An entity that is a document, too: `Attribute` by its items. The derive of `Entity` writes the
/// typed paths.
pub(super) fn of_entity(container: &Container) -> TokenStream {
    let write = quote!(<Self as __d::EmbeddedItem>::write_embedded(self, __w););
    let attribute = map_attribute(
        container,
        &write,
        &quote!(<Self as __d::EmbeddedItem>::read_embedded(__r)),
        Some(quote!(true)),
    );
    scope(&container.root, attribute)
}

/// `MapBody` from the two bodies, and `Attribute` from `MapBody`.
/// `keeps_rest` tells if the value may keep attributes that its type does not know.
fn map_attribute(
    container: &Container,
    write: &TokenStream,
    read: &TokenStream,
    keeps_rest: Option<TokenStream>,
) -> TokenStream {
    let ty = container.ty();
    let read = read_fn("read_item", read);
    let keeps_rest = keeps_rest.map(|is| quote!(const KEEPS_REST: bool = #is;));
    let body = container.implement(
        quote!(__d::MapBody),
        &ty,
        quote! {
            #keeps_rest
            fn write_fields(&self, __w: &mut __d::Writer) { #write }
            #read
        },
    );
    let read_value = read_fn(
        "read",
        &quote! {
            __r.begin_map_value()?;
            let __v = <#ty as __d::MapBody>::read_item(__r)?;
            __r.end_map_value()?;
            ::core::result::Result::Ok(__v)
        },
    );
    let attribute = container.implement(
        quote!(__d::Attribute),
        &ty,
        quote! {
            type Value = #ty;
            type Kind = __d::kind::M;
            fn write(&self, __w: &mut __d::Writer) {
                __w.map_value(|__w| {
                    __w.begin_map();
                    __d::MapBody::write_fields(self, __w);
                    __w.end_map();
                });
            }
            #read_value
        },
    );
    quote!(#body #attribute)
}

/// Stored as the only stored field is.
fn transparent(container: &Container, inner: usize, fields: &[(Member, Type)]) -> TokenStream {
    let ident = &container.ident;
    let Some((member, ty)) = fields.get(inner) else {
        return TokenStream::new();
    };
    let values = fields.iter().enumerate().map(|(i, (member, _))| {
        if i == inner {
            quote!(#member: __v)
        } else {
            quote!(#member: ::core::default::Default::default())
        }
    });
    let wrap = quote!(|__v| #ident { #(#values),* });
    let part = part_behind(container, ty, &quote!(&self.#member), &quote!(.map(#wrap)));
    let attribute = container.implement(
        quote!(__d::Attribute),
        container.ty(),
        delegate(ty, &quote!(&self.#member), &wrap),
    );
    scope(&container.root, quote!(#attribute #part))
}

/// `TemplatePart` of a type that is stored as another one, where that is a part of templates. The bound
/// is on a reference of any lifetime, because a plain bound that is known to be false would be an error.
fn part_behind(
    container: &Container,
    inner: &Type,
    value: &TokenStream,
    wrap: &TokenStream,
) -> TokenStream {
    let mut generics = container.generics.clone();
    let bound = quote!(for<'__a> &'__a #inner: __d::PartBehind<Owned = #inner>);
    if let Ok(predicate) = syn::parse2(bound) {
        generics.make_where_clause().predicates.push(predicate);
    }
    super::implement(
        &generics,
        quote!(__d::TemplatePart),
        container.ty(),
        quote! {
            const WIDTH: ::core::option::Option<usize> =
                <&#inner as __d::PartBehind>::WIDTH;
            const NATURE: __d::Nature = <&#inner as __d::PartBehind>::NATURE;
            fn write_part(
                &self,
                __out: &mut __d::String,
            ) -> ::core::result::Result<(), __d::WriteError> {
                __d::PartBehind::write(#value, __out)
            }
            fn read_part(__text: &str) -> ::core::option::Option<Self> {
                <&#inner as __d::PartBehind>::read(__text) #wrap
            }
            fn write_plain(
                &self,
                __out: &mut __d::String,
            ) -> ::core::result::Result<(), __d::WriteError> {
                __d::PartBehind::write_plain(#value, __out)
            }
            fn read_plain(__text: &str) -> ::core::option::Option<Self> {
                <&#inner as __d::PartBehind>::read_plain(__text) #wrap
            }
        },
    )
}

/// Stored as another type.
fn converted(container: &Container, inner: &Type, fallible: bool) -> TokenStream {
    let this = container.ty();
    let Ok(own) = syn::parse2::<Type>(this.clone()) else {
        return TokenStream::new();
    };
    let stored = StoredAttr::Convert {
        ty: Box::new(inner.clone()),
        fallible,
        span: container.ident.span(),
    };
    let form = Form::new(&own, &stored);
    let absent = form.absent(None);
    let Form {
        kind,
        write,
        read,
        is_absent,
        ..
    } = &form;
    let read = read_fn("read", &quote!(::core::result::Result::Ok(#read)));
    let into =
        quote!(<#own as ::core::convert::Into<#inner>>::into(::core::clone::Clone::clone(self)));
    let wrap = if fallible {
        quote!(.and_then(|__v| <#own as ::core::convert::TryFrom<#inner>>::try_from(__v).ok()))
    } else {
        quote!(.map(<#own as ::core::convert::From<#inner>>::from))
    };
    let part = part_behind(container, inner, &quote!(&#into), &wrap);
    let attribute = container.implement(
        quote!(__d::Attribute),
        &this,
        quote! {
            type Value = #this;
            type Kind = #kind;
            fn write(&self, __w: &mut __d::Writer) {
                let __v = self;
                #write
            }
            #read
            fn is_absent(&self) -> bool {
                let __v = self;
                #is_absent
            }
            #absent
        },
    );
    scope(&container.root, quote!(#attribute #part))
}

/// Text: the names of the variants.
fn words(container: &Container, variants: &[Variant]) -> TokenStream {
    let ident = &container.ident;
    let this = container.ty();
    let idents: Vec<&Ident> = variants.iter().map(|v| &v.ident).collect();
    let names: Vec<&str> = variants.iter().map(|v| v.name.value.as_str()).collect();
    let expected = expected(variants);
    let read = read_fn(
        "read",
        &quote! {
            match &*__r.string()? {
                #(#names => ::core::result::Result::Ok(#ident::#idents),)*
                _ => ::core::result::Result::Err(__d::ReadError::expected(#expected)),
            }
        },
    );
    let part = container.implement(
        quote!(__d::TemplatePart),
        &this,
        quote! {
            const NATURE: __d::Nature = __d::Nature::Text;
            fn write_part(
                &self,
                __out: &mut __d::String,
            ) -> ::core::result::Result<(), __d::WriteError> {
                __d::write_word(self, __out)
            }
            fn read_part(__text: &str) -> ::core::option::Option<Self> {
                __d::read_word(__text)
            }
        },
    );
    let attribute = container.implement(
        quote!(__d::Attribute),
        &this,
        quote! {
            type Value = #this;
            type Kind = __d::kind::S;
            fn write(&self, __w: &mut __d::Writer) {
                __w.string(match self { #(#ident::#idents => #names,)* });
            }
            #read
        },
    );
    scope(&container.root, quote!(#attribute #part))
}

/// The variants that there are, for an error.
fn expected(variants: &[Variant]) -> String {
    let names = one_of(variants.iter().map(|v| v.name.value.as_str()));
    if variants.len() == 1 {
        names
    } else {
        format!("one of {names}")
    }
}

/// A map with the name of the variant in an attribute.
fn tagged(container: &Container, tag: &str, variants: &[Variant]) -> TokenStream {
    let all = variants.iter().flat_map(|v| match &v.shape {
        VariantShape::Struct(fields) => fields.as_slice(),
        VariantShape::Unit | VariantShape::Newtype(_) => &[],
    });
    let newtypes = newtypes(container, all);
    let writes = variants.iter().map(|v| write_arm(container, tag, v));
    let reads = variants.iter().map(|v| {
        let name = &v.name.value;
        let body = read_variant(container, tag, v);
        quote!(::core::option::Option::Some(#name) => { #body })
    });
    let expected = format!("{} in `{tag}`", expected(variants));
    let read = quote! {
        match __r.peek_text_in_map(#tag)?.as_deref() {
            #(#reads)*
            _ => ::core::result::Result::Err(__d::ReadError::expected(#expected)),
        }
    };
    let write = quote!(match self { #(#writes)* });
    let attribute = map_attribute(container, &write, &read, keeps_rest(container, variants));
    let (declarations, impls) = variants_of(container, tag, variants);
    let document = is_document(container);
    let scope = scope(
        &container.root,
        quote!(#newtypes #impls #attribute #document),
    );
    quote!(#declarations #scope)
}

/// The expression that tells if a variant keeps attributes that the enum does not know.
fn keeps_rest(container: &Container, variants: &[Variant]) -> Option<TokenStream> {
    let kept = variants.iter().filter_map(|variant| match &variant.shape {
        VariantShape::Unit => None,
        VariantShape::Struct(fields) => rest_field(fields).map(|_| quote!(true)),
        VariantShape::Newtype(_) => {
            let body = container.own_token(None, &variant.member);
            Some(quote!(__d::keeps_rest::<#body>()))
        }
    });
    kept.reduce(|a, b| quote!(#a || #b))
}

fn write_arm(container: &Container, tag_name: &str, variant: &Variant) -> TokenStream {
    let (this, ident, name) = (&container.ident, &variant.ident, &variant.name.value);
    let tag = tag_name;
    let tag = quote!(__w.entry_with(#tag, |__w| __w.string(#name)););
    let body = container.own_token(None, &variant.member);
    match &variant.shape {
        VariantShape::Unit => quote!(#this::#ident => { #tag }),
        VariantShape::Newtype(_) => quote! {
            #this::#ident(__v) => {
                #tag
                __d::write_body::<#body>(__v, #tag_name, __w);
            }
        },
        VariantShape::Struct(fields) => {
            let stored: Vec<&Field> = fields.iter().filter(|f| f.is_stored()).collect();
            let slots: Vec<Ident> = (0..stored.len()).map(|i| format_ident!("__f{i}")).collect();
            let idents = stored.iter().map(|f| &f.ident);
            let lines = stored
                .iter()
                .zip(&slots)
                .map(|(f, slot)| write_line(container, f, &quote!(#slot), Role::Plain));
            let rest = rest_field(fields);
            let bound = rest.map(|f| &f.ident).map(|f| quote!(#f: __rest,));
            let rest =
                rest.map(|f| write_rest(f, &quote!(__rest), &is_named(fields, Some(tag_name))));
            quote! {
                #this::#ident { #(#idents: #slots,)* #bound .. } => { #tag #(#lines)* #rest }
            }
        }
    }
}

/// Reads the map that starts here as one variant.
fn read_variant(container: &Container, tag: &str, variant: &Variant) -> TokenStream {
    let (this, ident) = (&container.ident, &variant.ident);
    let body = container.own_token(None, &variant.member);
    match &variant.shape {
        VariantShape::Unit => read_map(
            container,
            &Construct {
                path: quote!(#this::#ident),
                fields: Vec::new(),
                rest: None,
                single_table: None,
                is_own: TokenStream::new(),
            },
        ),
        VariantShape::Newtype(_) => quote! {
            __d::read_body::<#body>(__r, #tag).map(#this::#ident)
        },
        VariantShape::Struct(fields) => read_map(
            container,
            &Construct {
                path: quote!(#this::#ident),
                fields: fields.iter().collect(),
                rest: None,
                single_table: None,
                is_own: quote!(|__n| __n == #tag),
            },
        ),
    }
}

/// An impl for a type that has no shape to go by, so that the mistake is the only error.
pub(super) fn stub(input: &DeriveInput) -> TokenStream {
    // Mistakes in the attributes have been reported already.
    let mut again = Errors::new();
    let attrs = DocumentAttrs::parse(&input.attrs, &mut again);
    drop(again.finish());
    let container = Container::new(input, attrs.root.as_ref());
    let ty = container.ty();
    scope(
        &container.root,
        container.implement(
            quote!(__d::Attribute),
            &ty,
            quote! {
                type Value = #ty;
                type Kind = __d::kind::M;
                fn write(&self, _: &mut __d::Writer) {}
                fn read(
                    _: &mut __d::Reader<'_>,
                ) -> ::core::result::Result<Self, __d::ReadError> { loop {} }
            },
        ),
    )
}
