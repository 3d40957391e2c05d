//! The newtypes of `with`, `serde` and `from` fields, which carry the stored form as an attribute type.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Type};

use super::located;
use crate::attr::StoredAttr;
use crate::model::{Container, Field, generated};

/// The attribute type of a field: its own, or the newtype of its stored form.
pub(super) fn attribute_type(container: &Container, field: &Field) -> TokenStream {
    let ty = &field.ty;
    match &field.attrs.stored {
        Some(_) => container.with_args(&field.newtype),
        None if field.attrs.ttl.is_some() => {
            let ttl = quote!(__d::Ttl);
            let ttl = located(ttl, field.ty.span());
            quote_spanned!(generated(field.ty.span())=> #ttl<#ty>)
        }
        None => ty.to_token_stream(),
    }
}

/// Returns `true` if the attribute type differs from the field's type.
pub(super) fn has_other_form(field: &Field) -> bool {
    field.attrs.stored.is_some() || field.attrs.ttl.is_some()
}

/// The newtypes of all fields that have another stored form.
pub(super) fn newtypes<'a>(
    container: &Container,
    fields: impl IntoIterator<Item = &'a Field>,
) -> TokenStream {
    fields
        .into_iter()
        .filter(|f| f.is_stored())
        .filter_map(|f| Some(newtype(container, f, f.attrs.stored.as_ref()?)))
        .collect()
}

fn newtype(container: &Container, field: &Field, stored: &StoredAttr) -> TokenStream {
    let Container { vis, .. } = container;
    let ty = &field.ty;
    let ident = &field.newtype;
    let this = container.with_args(ident);
    let (params, _, clause) = container.generics.split_for_impl();
    let (rest, phantom) = if container.is_generic() {
        let phantom = container.phantom();
        (quote!(, #phantom), quote!(, ::core::marker::PhantomData))
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    let form = Form::new(ty, stored);
    let (kind, write, read) = (&form.kind, &form.write, &form.read);
    let absent = form.absent(Some(&quote!(|__v| #ident(__v #phantom))));
    let is_absent = form.is_absent.as_ref().map(|is_absent| {
        quote! {
            fn stored_is_absent(__v: &#ty) -> bool { #is_absent }
        }
    });
    let own_is_absent = is_absent.as_ref().map(|_| {
        quote! {
            fn is_absent(&self) -> bool {
                <#this as __d::StoredAs<#ty>>::stored_is_absent(&self.0)
            }
        }
    });
    let attribute = container.implement(
        quote!(__d::Attribute),
        &this,
        quote! {
            type Value = #this;
            type Kind = #kind;
            fn write(&self, __w: &mut __d::Writer) {
                <#this as __d::StoredAs<#ty>>::write_stored(&self.0, __w)
            }
            fn read(
                __r: &mut __d::Reader<'_>,
            ) -> ::core::result::Result<Self, __d::ReadError> {
                ::core::result::Result::Ok(#ident(#read #phantom))
            }
            #own_is_absent
            #absent
        },
    );
    let stored_as = container.implement(
        quote!(__d::StoredAs<#ty>),
        &this,
        quote! {
            fn write_stored(__v: &#ty, __w: &mut __d::Writer) { #write }
            fn into_value(self) -> #ty { self.0 }
            #is_absent
        },
    );
    let operands = operands(container, ty, &this);
    quote! {
        #vis struct #ident #params (#ty #rest) #clause;
        #attribute
        #stored_as
        #operands
    }
}

/// The field's own values are operands: of conditions, keys and updates.
fn operands(container: &Container, ty: &Type, this: &TokenStream) -> TokenStream {
    // A bare type parameter cannot implement a foreign trait.
    let text = ty.to_token_stream().to_string();
    if container.generics.type_params().any(|p| p.ident == text) {
        return TokenStream::new();
    }
    let operands = [(quote!(#ty), quote!(self)), (quote!(&#ty), quote!(*self))];
    operands
        .into_iter()
        .map(|(operand, value)| {
            let write = quote! {
                fn write_value(&self, __w: &mut __d::Writer) {
                    <#this as __d::StoredAs<#ty>>::write_stored(#value, __w)
                }
            };
            let value_for = container.implement(quote!(__d::ValueFor<#this>), &operand, &write);
            let set_value = container.implement(
                quote!(__d::SetValue<#this>),
                &operand,
                quote! {
                    #write
                    fn is_removal(&self) -> bool {
                        <#this as __d::StoredAs<#ty>>::stored_is_absent(#value)
                    }
                },
            );
            quote!(#value_for #set_value)
        })
        .chain([projected(container, ty, this)])
        .collect()
}

/// A projection has the field's own type too, or an `Option` of it.
fn projected(container: &Container, ty: &Type, this: &TokenStream) -> TokenStream {
    let into_value = quote!(<#this as __d::StoredAs<#ty>>::into_value);
    let field = container.implement(
        quote!(__d::ProjectedFrom<#this, __d::how::Stored>),
        ty,
        quote! {
            type Read = #this;
            fn from_read(__v: #this) -> Self { #into_value(__v) }
            fn missing() -> ::core::option::Option<Self> {
                <#this as __d::Attribute>::absent().map(#into_value)
            }
        },
    );
    let option = container.implement(
        quote!(__d::ProjectedFrom<#this, __d::how::OptionalStored>),
        quote!(::core::option::Option<#ty>),
        quote! {
            type Read = #this;
            fn from_read(__v: #this) -> Self {
                ::core::option::Option::Some(#into_value(__v))
            }
            fn missing() -> ::core::option::Option<Self> {
                ::core::option::Option::Some(::core::option::Option::None)
            }
        },
    );
    quote!(#field #option)
}

/// The pieces of a stored form, as code over the names `__v`, `__w` and `__r`.
pub(super) struct Form {
    pub(super) kind: TokenStream,
    /// Writes `__v`, a reference to the value.
    pub(super) write: TokenStream,
    /// Reads the value.
    pub(super) read: TokenStream,
    /// Tests if `__v` is left out of the item, for forms that can be.
    pub(super) is_absent: Option<TokenStream>,
    /// An `Option` of the value of a missing attribute, where there is one.
    missing: Option<TokenStream>,
}

impl Form {
    pub(super) fn new(ty: &Type, stored: &StoredAttr) -> Form {
        match stored {
            StoredAttr::With { module, kind, .. } => {
                let kind: Ident = format_ident!("{}", kind.unwrap_or("Any"));
                Form {
                    kind: quote!(__d::kind::#kind),
                    write: quote!(#module::write(__v, __w)),
                    read: quote!(#module::read(__r)?),
                    is_absent: None,
                    missing: None,
                }
            }
            StoredAttr::Serde { kind, .. } => {
                let kind: Ident = format_ident!("{}", kind.unwrap_or("Any"));
                Form {
                    kind: quote!(__d::kind::#kind),
                    write: quote!(__d::serde_write::<#ty>(__v, __w)),
                    read: quote!(__d::serde_read::<#ty>(__r)?),
                    is_absent: Some(quote!(__d::serde_is_absent::<#ty>(__v))),
                    missing: Some(quote!(__d::serde_missing::<#ty>())),
                }
            }
            StoredAttr::Convert {
                ty: inner,
                fallible,
                ..
            } => {
                let into = quote! {
                    <#ty as ::core::convert::Into<#inner>>::into(::core::clone::Clone::clone(__v))
                };
                let read = quote!(<#inner as __d::Attribute>::read(__r)?);
                let missing = quote!(<#inner as __d::Attribute>::absent());
                let (read, missing) = if *fallible {
                    let expected = format!(
                        "a valid `{}`",
                        ty.to_token_stream().to_string().replace(' ', "")
                    );
                    let from = quote!(<#ty as ::core::convert::TryFrom<#inner>>::try_from);
                    (
                        quote! {
                            #from(#read).map_err(|_| __d::ReadError::expected(#expected))?
                        },
                        quote!(#missing.and_then(|__v| #from(__v).ok())),
                    )
                } else {
                    let from = quote!(<#ty as ::core::convert::From<#inner>>::from);
                    (quote!(#from(#read)), quote!(#missing.map(#from)))
                };
                Form {
                    kind: quote!(<#inner as __d::Attribute>::Kind),
                    write: quote!(<#inner as __d::Attribute>::write(&#into, __w)),
                    read,
                    is_absent: Some(quote!(<#inner as __d::Attribute>::is_absent(&#into))),
                    missing: Some(missing),
                }
            }
        }
    }

    /// The method `absent`, with what makes the value a `Self` if it is not one.
    pub(super) fn absent(&self, wrap: Option<&TokenStream>) -> Option<TokenStream> {
        let missing = self.missing.as_ref()?;
        let wrap = wrap.map(|wrap| quote!(.map(#wrap)));
        Some(quote! {
            fn absent() -> ::core::option::Option<Self> { #missing #wrap }
        })
    }
}
