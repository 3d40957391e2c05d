//! `Attribute` for structs and enums.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{DeriveInput, Member, Type};

use super::attrs::{Paths, Usable, token};
use super::codec::{Construct, Role, delegate, read_fn, read_map, write_line, write_value};
use super::scope;
use super::stored::{Form, wrappers};
use super::variants::variants_of;
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
    let wrappers = wrappers(container, fields);
    let tokens = stored
        .iter()
        .map(|f| token(container, f, &Usable::Everywhere));
    let (fields_impl, debug_impl) = (paths.fields_impl(), paths.debug_impl());
    let lines = stored.iter().map(|f| {
        let ident = &f.ident;
        write_line(container, f, &quote!(&self.#ident), Role::Plain)
    });
    let ident = &container.ident;
    let construct = Construct {
        path: quote!(#ident),
        fields: fields.iter().collect(),
        tokens: true,
        rest: None,
        kind: None,
    };
    let read = read_map(container, &construct);
    let attribute = map_attribute(container, &quote!(#(#lines)*), &read);
    let scope = scope(quote!(#wrappers #(#tokens)* #fields_impl #debug_impl #attribute));
    quote!(#fields_struct #scope)
}

/// `MapBody` from the two bodies, and `Attribute` from `MapBody`.
fn map_attribute(container: &Container, write: &TokenStream, read: &TokenStream) -> TokenStream {
    let root = &container.root;
    let ty = container.ty();
    let read = read_fn(root, "read_item", read);
    let body = container.implement(
        quote!(#root::__private::MapBody),
        &ty,
        quote! {
            fn write_fields(&self, __w: &mut #root::wire::Writer) { #write }
            #read
        },
    );
    let read_value = read_fn(
        root,
        "read",
        &quote! {
            __r.begin_map_value()?;
            let __v = <#ty as #root::__private::MapBody>::read_item(__r)?;
            __r.end_map_value()?;
            ::core::result::Result::Ok(__v)
        },
    );
    let attribute = container.implement(
        quote!(#root::Attribute),
        &ty,
        quote! {
            type Value = #ty;
            type Kind = #root::kind::M;
            fn write(&self, __w: &mut #root::wire::Writer) {
                __w.map_value(|__w| {
                    __w.begin_map();
                    #root::__private::MapBody::write_fields(self, __w);
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
    let root = &container.root;
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
    let part = part_behind(
        container,
        ty,
        &quote!(#root::__private::PartBehind::write(&self.#member, __out)),
        &quote!(.map(#wrap)),
    );
    let attribute = container.implement(
        quote!(#root::Attribute),
        container.ty(),
        delegate(root, ty, &quote!(&self.#member), &wrap),
    );
    scope(quote!(#attribute #part))
}

/// `TemplatePart` of a type that is stored as another one, where that is a part of templates. The bound
/// is on a reference of any lifetime, because a plain bound that is known to be false would be an error.
fn part_behind(
    container: &Container,
    inner: &Type,
    write: &TokenStream,
    wrap: &TokenStream,
) -> TokenStream {
    let root = &container.root;
    let mut generics = container.generics.clone();
    let bound = quote!(for<'__a> &'__a #inner: #root::__private::PartBehind<Owned = #inner>);
    if let Ok(predicate) = syn::parse2(bound) {
        generics.make_where_clause().predicates.push(predicate);
    }
    super::implement(
        &generics,
        quote!(#root::__private::TemplatePart),
        container.ty(),
        quote! {
            const WIDTH: ::core::option::Option<usize> =
                <&#inner as #root::__private::PartBehind>::WIDTH;
            fn write_part(
                &self,
                __out: &mut #root::__private::String,
            ) -> ::core::result::Result<(), #root::wire::WriteError> { #write }
            fn read_part(__text: &str) -> ::core::option::Option<Self> {
                <&#inner as #root::__private::PartBehind>::read(__text) #wrap
            }
        },
    )
}

/// Stored as another type.
fn converted(container: &Container, inner: &Type, fallible: bool) -> TokenStream {
    let root = &container.root;
    let this = container.ty();
    let Ok(own) = syn::parse2::<Type>(this.clone()) else {
        return TokenStream::new();
    };
    let stored = StoredAttr::Convert {
        ty: Box::new(inner.clone()),
        fallible,
        span: container.ident.span(),
    };
    let form = Form::new(root, &own, &stored);
    let absent = form.absent(None);
    let Form {
        kind,
        write,
        read,
        is_absent,
        ..
    } = &form;
    let read = read_fn(root, "read", &quote!(::core::result::Result::Ok(#read)));
    let into =
        quote!(<#own as ::core::convert::Into<#inner>>::into(::core::clone::Clone::clone(self)));
    let wrap = if fallible {
        quote!(.and_then(|__v| <#own as ::core::convert::TryFrom<#inner>>::try_from(__v).ok()))
    } else {
        quote!(.map(<#own as ::core::convert::From<#inner>>::from))
    };
    let part = part_behind(
        container,
        inner,
        &quote!(#root::__private::PartBehind::write(&#into, __out)),
        &wrap,
    );
    let attribute = container.implement(
        quote!(#root::Attribute),
        &this,
        quote! {
            type Value = #this;
            type Kind = #kind;
            fn write(&self, __w: &mut #root::wire::Writer) {
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
    scope(quote!(#attribute #part))
}

/// Text: the names of the variants.
fn words(container: &Container, variants: &[Variant]) -> TokenStream {
    let root = &container.root;
    let ident = &container.ident;
    let this = container.ty();
    let idents: Vec<&Ident> = variants.iter().map(|v| &v.ident).collect();
    let names: Vec<&str> = variants.iter().map(|v| v.name.value.as_str()).collect();
    let expected = expected(variants);
    let read = read_fn(
        root,
        "read",
        &quote! {
            match &*__r.string()? {
                #(#names => ::core::result::Result::Ok(#ident::#idents),)*
                _ => ::core::result::Result::Err(#root::wire::ReadError::expected(#expected)),
            }
        },
    );
    let part = container.implement(
        quote!(#root::__private::TemplatePart),
        &this,
        quote! {
            fn write_part(
                &self,
                __out: &mut #root::__private::String,
            ) -> ::core::result::Result<(), #root::wire::WriteError> {
                #root::__private::write_word(self, __out)
            }
            fn read_part(__text: &str) -> ::core::option::Option<Self> {
                #root::__private::read_word(__text)
            }
        },
    );
    let attribute = container.implement(
        quote!(#root::Attribute),
        &this,
        quote! {
            type Value = #this;
            type Kind = #root::kind::S;
            fn write(&self, __w: &mut #root::wire::Writer) {
                __w.string(match self { #(#ident::#idents => #names,)* });
            }
            #read
        },
    );
    scope(quote!(#attribute #part))
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
    let root = &container.root;
    let all = variants.iter().flat_map(|v| match &v.shape {
        VariantShape::Struct(fields) => fields.as_slice(),
        VariantShape::Unit | VariantShape::Newtype(_) => &[],
    });
    let wrappers = wrappers(container, all);
    let writes = variants.iter().map(|v| write_arm(container, tag, v));
    let reads = variants.iter().map(|v| {
        let name = &v.name.value;
        let body = read_variant(container, v);
        quote!(::core::option::Option::Some(#name) => { #body })
    });
    let expected = format!("{} in `{tag}`", expected(variants));
    let read = quote! {
        match __r.peek_text_in_map(#tag)?.as_deref() {
            #(#reads)*
            _ => ::core::result::Result::Err(#root::wire::ReadError::expected(#expected)),
        }
    };
    let attribute = map_attribute(container, &quote!(match self { #(#writes)* }), &read);
    let (declarations, impls) = variants_of(container, tag, variants);
    let scope = scope(quote!(#wrappers #impls #attribute));
    quote!(#declarations #scope)
}

fn write_arm(container: &Container, tag: &str, variant: &Variant) -> TokenStream {
    let root = &container.root;
    let (this, ident, name) = (&container.ident, &variant.ident, &variant.name.value);
    let tag = quote!(__w.entry_with(#tag, |__w| __w.string(#name)););
    match &variant.shape {
        VariantShape::Unit => quote!(#this::#ident => { #tag }),
        VariantShape::Newtype(_) => quote! {
            #this::#ident(__v) => {
                #tag
                #root::__private::MapBody::write_fields(__v, __w);
            }
        },
        VariantShape::Struct(fields) => {
            let stored: Vec<&Field> = fields.iter().filter(|f| f.is_stored()).collect();
            let slots: Vec<Ident> = (0..stored.len()).map(|i| format_ident!("__f{i}")).collect();
            let idents = stored.iter().map(|f| &f.ident);
            let lines = stored
                .iter()
                .zip(&slots)
                .map(|(f, slot)| write_value(container, f, &quote!(#slot), Role::Plain));
            quote! {
                #this::#ident { #(#idents: #slots,)* .. } => { #tag #(#lines)* }
            }
        }
    }
}

/// Reads the map that starts here as one variant.
fn read_variant(container: &Container, variant: &Variant) -> TokenStream {
    let root = &container.root;
    let (this, ident) = (&container.ident, &variant.ident);
    match &variant.shape {
        VariantShape::Unit => read_map(
            container,
            &Construct {
                path: quote!(#this::#ident),
                fields: Vec::new(),
                tokens: false,
                rest: None,
                kind: None,
            },
        ),
        VariantShape::Newtype(inner) => quote! {
            <#inner as #root::__private::MapBody>::read_item(__r).map(#this::#ident)
        },
        VariantShape::Struct(fields) => read_map(
            container,
            &Construct {
                path: quote!(#this::#ident),
                fields: fields.iter().collect(),
                tokens: false,
                rest: None,
                kind: None,
            },
        ),
    }
}

/// An impl for a type that has no shape to go by, so that the mistake is the only error.
pub(super) fn stub(input: &DeriveInput) -> TokenStream {
    // What is wrong with the attributes has been reported.
    let mut again = Errors::new();
    let attrs = DocumentAttrs::parse(&input.attrs, &mut again);
    drop(again.finish());
    let container = Container::new(input, attrs.root.as_ref());
    let root = &container.root;
    let ty = container.ty();
    scope(container.implement(
        quote!(#root::Attribute),
        &ty,
        quote! {
            type Value = #ty;
            type Kind = #root::kind::M;
            fn write(&self, _: &mut #root::wire::Writer) {}
            fn read(
                _: &mut #root::wire::Reader<'_>,
            ) -> ::core::result::Result<Self, #root::wire::ReadError> { loop {} }
        },
    ))
}
