//! Bodies that write and read fields: one line per field, each a call into the runtime.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Ident, Type};

use super::field_newtypes::{attribute_type, has_other_form};
use crate::model::{Container, Field, SingleTable, generated};
use crate::names::json_escaped;

/// The limits that apply to a written field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// None but those of the item.
    Plain,
    /// In a partition key.
    Partition,
    /// In a sort key.
    Sort,
}

/// `,"name":`, as the writer takes it.
pub(super) fn name_literal(name: &str) -> Literal {
    Literal::string(&format!(",\"{}\":", json_escaped(name)))
}

/// The seconds of a `ttl` field.
pub(super) fn epoch_seconds(field: &Field) -> TokenStream {
    let Field { ident, ty, .. } = field;
    quote!(<#ty as __d::TtlTime>::epoch_seconds(&self.#ident))
}

/// One line that writes a field. `value` is a reference to it.
pub(super) fn write_line(
    container: &Container,
    field: &Field,
    value: &TokenStream,
    role: Role,
) -> TokenStream {
    let name = name_literal(&field.name.value);
    if field.attrs.stored.is_some() {
        return write_value(container, field, value, role);
    }
    if field.attrs.ttl.is_some() {
        let seconds = epoch_seconds(field);
        return quote!(__w.field(#name, &__d::Ttl(#seconds)););
    }
    let token = container.token(field);
    let method = match role {
        Role::Plain => "put",
        Role::Partition => "put_key",
        Role::Sort => "put_sort",
    };
    let method = Ident::new(method, generated(field.ty.span()));
    quote!(__w.#method::<#token>(#name, #value);)
}

/// [`write_line`] of a field without a token, or in another form than its type's own.
pub(super) fn write_value(
    container: &Container,
    field: &Field,
    value: &TokenStream,
    role: Role,
) -> TokenStream {
    let name = name_literal(&field.name.value);
    let span = generated(field.ty.span());
    let method = match role {
        Role::Plain => "field",
        Role::Partition => "key_field",
        Role::Sort => "sort_field",
    };
    if has_other_form(field) {
        let method = Ident::new(&format!("{method}_as"), span);
        let form = attribute_type(container, field);
        quote_spanned!(span=> __w.#method::<#form, _>(#name, #value);)
    } else {
        let method = Ident::new(method, span);
        quote_spanned!(span=> __w.#method(#name, #value);)
    }
}

/// Describes a value that is built from fields that were read.
pub(super) struct Construct<'a> {
    /// `Session`, or `Shape::Circle`.
    pub(super) path: TokenStream,
    pub(super) fields: Vec<&'a Field>,
    /// Members of the value beside the fields.
    pub(super) rest: Option<TokenStream>,
    /// The templates of an entity of a shared table, whose type and key are read beside the fields.
    pub(super) single_table: Option<&'a SingleTable>,
    /// The function that tells which attributes beside the fields are no `rest`.
    pub(super) is_own: TokenStream,
}

/// The field that keeps the attributes which no other one has.
pub(super) fn rest_field<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Option<&'a Field> {
    fields.into_iter().find(|field| field.attrs.rest.is_some())
}

/// The line that writes the attributes of the `rest` field; `value` is a reference to it.
pub(super) fn write_rest(field: &Field, value: &TokenStream, is_own: &TokenStream) -> TokenStream {
    let ty = &field.ty;
    // Located at the type, as in `read_rest`: an error about it shows there, and once.
    let map = quote_spanned!(generated(ty.span())=> <#ty as __d::RestMap>);
    quote!(#map::write_rest(#value, __w, #is_own);)
}

/// The function that tells if a name is one of the fields, or `tag`.
pub(super) fn is_named<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    tag: Option<&str>,
) -> TokenStream {
    let names = fields
        .into_iter()
        .filter(|field| field.is_stored())
        .map(|field| field.name.value.as_str());
    let names = tag.into_iter().chain(names);
    quote!(|__n| [#(#names),*].contains(&__n))
}

/// The variable that keeps the rest while a map is read, and the arm for an unknown attribute.
fn read_rest(construct: &Construct<'_>) -> (TokenStream, TokenStream) {
    let Some(field) = rest_field(construct.fields.iter().copied()) else {
        return (TokenStream::new(), quote!(__r.skip_value()));
    };
    let (ty, is_own) = (&field.ty, &construct.is_own);
    let map = quote_spanned!(generated(ty.span())=> <#ty as __d::RestMap>);
    (
        quote!(let mut __rest: #ty = ::core::default::Default::default();),
        quote!(#map::keep_unknown(&mut __rest, __r, #is_own)),
    )
}

/// Reads a map, with its braces, and builds the value.
pub(super) fn read_map(container: &Container, construct: &Construct<'_>) -> TokenStream {
    let stored: Vec<&Field> = construct
        .fields
        .iter()
        .copied()
        .filter(|f| f.is_attribute())
        .collect();
    let slots: Vec<Ident> = (0..stored.len()).map(|i| format_ident!("__f{i}")).collect();
    let arms = stored
        .iter()
        .zip(&slots)
        .enumerate()
        .map(|(i, (field, slot))| {
            let place = Literal::usize_unsuffixed(i);
            let token = container.token(field);
            // NULL stands for the default of a field that has one.
            let get = match field.attrs.default {
                Some(_) => quote!(get_unless_null),
                None => quote!(get),
            };
            quote!(#place => __r.#get::<#token>(&mut #slot),)
        });
    let names = stored
        .iter()
        .map(|field| field.name.value.to_token_stream());
    let names = names.chain(
        construct
            .single_table
            .map(|_| quote!(__d::type_attribute::<Self>())),
    );
    let key = StoredKey::new(construct, names.clone().count());
    let names = names.chain(key.names);
    let names: Vec<TokenStream> = names.collect();
    let names = read_names(names.len(), &quote!(&[#(#names),*]));
    let mut unused = slots.iter();
    let rest_field = rest_field(construct.fields.iter().copied()).map(|f| &f.ident);
    let values = construct.fields.iter().map(|field| {
        let ident = &field.ident;
        let slot = if field.is_attribute() {
            unused.next()
        } else {
            None
        };
        let value = match (slot, construct.single_table) {
            (None, _) if rest_field == Some(ident) => quote!(__rest),
            (Some(slot), _) => stored_value(container, field, slot),
            (None, Some(single)) if field.attrs.in_key.is_some() => in_key(single, field),
            (None, _) => default_value(field),
        };
        quote!(#ident: #value)
    });
    let Construct { path, rest, .. } = construct;
    let kind = construct.single_table.map(|_| {
        let place = Literal::usize_unsuffixed(stored.len());
        quote! {
            #place => {
                __kind = true;
                __d::check_type::<Self>(__r)
            }
        }
    });
    let (declared, checked) = match construct.single_table.is_some() {
        true => (
            quote!(let mut __kind = false;),
            quote!(__d::found_type::<Self>(__kind)?;),
        ),
        false => Default::default(),
    };
    let (begin, key_arms) = (key.begin, key.arms);
    let (rest_slot, unknown) = read_rest(construct);
    let value = quote!(#path { #(#values,)* #rest });
    let kept = construct.fields.iter().find(|f| f.attrs.keep_key.is_some());
    let value = match (key.is_checked, kept) {
        (true, Some(field)) => {
            let Field { ident, ty, .. } = field;
            let keeps = quote_spanned!(generated(ty.span())=> <#ty as __d::KeepsKey>);
            quote! {
                let mut __v = #value;
                __v.#ident = #keeps::from_stored(__d::read_stored_key(&__v, __r)?);
                ::core::result::Result::Ok(__v)
            }
        }
        (true, None) => quote! {
            let __v = #value;
            __d::check_stored_key(&__v, __r)?;
            ::core::result::Result::Ok(__v)
        },
        (false, _) => quote!(::core::result::Result::Ok(#value)),
    };
    quote! {
        #begin
        #declared
        #(let mut #slots = ::core::option::Option::None;)*
        #rest_slot
        let mut __n = __r.fields(#names);
        while let ::core::option::Option::Some(__i) = __n.next(__r)? {
            match __i {
                #(#arms)*
                #kind
                #key_arms
                _ => #unknown,
            }?;
        }
        #checked
        #value
    }
}

/// The value of a field that stands in the key alone.
fn in_key(single: &SingleTable, field: &Field) -> TokenStream {
    let ty = &field.ty;
    let position = single.position(std::slice::from_ref(&field.ident));
    quote_spanned!(generated(ty.span())=> __d::read_in_key::<Self, #ty>(__r, #position)?)
}

/// The key attributes of a shared table, which are read beside the fields.
#[derive(Default)]
struct StoredKey {
    begin: TokenStream,
    names: Vec<TokenStream>,
    arms: TokenStream,
    is_checked: bool,
}

impl StoredKey {
    /// The key attributes, whose places come after the first `count` names.
    fn new(construct: &Construct<'_>, count: usize) -> StoredKey {
        let Some(single) = construct.single_table else {
            return StoredKey::default();
        };
        let table = &single.table;
        let parts = [1_usize, 2].map(Literal::usize_unsuffixed);
        let names = parts
            .each_ref()
            .map(|part| quote!(__d::key_attribute(&<#table as __d::Table>::SCHEMA.key, #part)));
        let places = (count..).map(Literal::usize_unsuffixed);
        let arms = places
            .zip(&parts)
            .map(|(place, part)| quote!(#place => __r.pass_key(#part),));
        StoredKey {
            // The reader may have read another item before.
            begin: quote!(__r.forget_keys();),
            arms: arms.collect(),
            names: names.into(),
            is_checked: true,
        }
    }
}

/// Array of `count` names, in the form in which a reader looks for them.
pub(super) fn read_names(count: usize, names: &TokenStream) -> TokenStream {
    let count = Literal::usize_unsuffixed(count);
    quote!(const { &__d::Name::all::<#count>(#names) })
}

/// The value of a stored field from its slot.
fn stored_value(container: &Container, field: &Field, slot: &Ident) -> TokenStream {
    let ty = &field.ty;
    let unwrapped = |value: TokenStream| {
        if field.attrs.ttl.is_some() {
            quote!(#value.0)
        } else if has_other_form(field) {
            let form = attribute_type(container, field);
            quote!(<#form as __d::StoredAs<#ty>>::into_value(#value))
        } else {
            value
        }
    };
    if field.attrs.default.is_none() {
        let token = container.token(field);
        return unwrapped(quote!(__r.value::<#token>(#slot)?));
    }
    let default = default_value(field);
    let value = unwrapped(quote!(__v));
    quote! {
        match #slot {
            ::core::option::Option::Some(__v) => #value,
            ::core::option::Option::None => #default,
        }
    }
}

/// Value of a field for which nothing is stored.
pub(super) fn default_value(field: &Field) -> TokenStream {
    match &field.attrs.default {
        Some(Some(expr)) => expr.to_token_stream(),
        Some(None) | None => quote!(::core::default::Default::default()),
    }
}

/// The signature of a function that reads, with its body.
pub(super) fn read_fn(name: &str, body: &TokenStream) -> TokenStream {
    let name = format_ident!("{name}");
    quote! {
        fn #name(
            __r: &mut __d::Reader<'_>,
        ) -> ::core::result::Result<Self, __d::ReadError> { #body }
    }
}

/// The methods of `Attribute` of a type that is stored as its only field is.
pub(super) fn delegate(inner: &Type, get: &TokenStream, wrap: &TokenStream) -> TokenStream {
    let read = read_fn(
        "read",
        &quote!(<#inner as __d::Attribute>::read(__r).map(#wrap)),
    );
    quote! {
        type Value = Self;
        type Kind = <#inner as __d::Attribute>::Kind;
        const IS_EXACT: bool = <#inner as __d::Attribute>::IS_EXACT;
        fn write(&self, __w: &mut __d::Writer) {
            <#inner as __d::Attribute>::write(#get, __w)
        }
        #read
        fn is_absent(&self) -> bool { <#inner as __d::Attribute>::is_absent(#get) }
        fn absent() -> ::core::option::Option<Self> {
            <#inner as __d::Attribute>::absent().map(#wrap)
        }
    }
}
