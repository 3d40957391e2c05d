//! An entity in a shared table: its templates, the constructors that take their parts, and a type for
//! each index.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::constructors::{built, function_name, key_constructors, lookups, new_constructor};
use super::field_newtypes::attribute_type;
use super::index::{SortLink, constant_shards, sort_condition};
use super::paths::{Paths, hash};
use crate::model::{
    Container, Entity, Field, SingleTable, SingleTableIndex, adjacent, generated, generated_ident,
};
use crate::names::{field_hash, plain, type_name};
use crate::template::{Form, Piece, Template, dotted};

/// A part of a template, as code.
struct Part {
    /// The parameter of constructors.
    param: Ident,
    /// The attribute type.
    ty: TokenStream,
    token: TokenStream,
    /// The value in `self`.
    value: TokenStream,
    /// The names of the attributes that lead to it.
    path: TokenStream,
    span: Span,
}

fn part(entity: &Entity, path: &[Ident]) -> Option<Part> {
    let container = &entity.container;
    let root = &container.root;
    let (first, rest) = path.split_first()?;
    let field = entity.field(first)?;
    let mut ty = attribute_type(container, field);
    let mut token = container.token(field);
    let mut tokens = vec![token.clone()];
    for name in rest {
        let hash = hash(name);
        token = quote!(#root::__private::TokenOf<#root::ValueOf<#ty>, #hash>);
        tokens.push(token.clone());
        ty = quote!(<#token as #root::__private::Token>::Type);
    }
    let names = tokens
        .iter()
        .map(|token| quote!(<#token as __d::Token>::NAME));
    let ident = &field.ident;
    Some(Part {
        param: if rest.is_empty() {
            field.ident.clone()
        } else {
            let joined: Vec<String> = path.iter().map(plain).collect();
            Ident::new(&joined.join("_"), generated(first.span()))
        },
        value: quote!(&self.#ident #(.#rest)*),
        path: quote!(&[#(#names),*]),
        span: generated(field.ty.span()),
        ty,
        token,
    })
}

fn parts<'a>(entity: &'a Entity, single: &'a SingleTable) -> impl Iterator<Item = Part> + 'a {
    single.parts.iter().filter_map(|path| part(entity, path))
}

/// The distinct parts of templates, in order.
fn parts_of(entity: &Entity, templates: &[&Template]) -> Vec<Part> {
    let mut seen = std::collections::HashSet::new();
    let paths = templates.iter().flat_map(|t| t.parts());
    let paths = paths.filter(|path| seen.insert(dotted(path)));
    paths.filter_map(|path| part(entity, path)).collect()
}

/// The pieces of a template. `attribute` is the key with the number of the attribute that the
/// template makes, as code.
fn pieces(
    entity: &Entity,
    single: &SingleTable,
    template: Option<&Template>,
    attribute: &TokenStream,
) -> TokenStream {
    let Some(template) = template else {
        return quote!(&[]);
    };
    let all = template
        .pieces
        .iter()
        .enumerate()
        .map(|(at, piece)| match piece {
            Piece::Literal(text) => quote!(__d::schema::Piece::Literal(#text)),
            Piece::Part(path, form) => {
                let (position, form) = (single.position(path), self::form(template, at, *form));
                quote!(__d::schema::Piece::Part(#position, #form))
            }
        });
    let all = quote!(&[#(#all),*]);
    let part = template
        .alone()
        .and_then(|path| Some((path, part(entity, path)?)));
    let Some((path, Part { path: names, .. })) = part else {
        return all;
    };
    // Only the table knows if the key attribute is the field itself, or a number.
    let (table, position) = (&single.table, single.position(path));
    quote! {
        __d::value_or_text(
            <#table as __d::Table>::SCHEMA,
            __d::key_attribute(#attribute),
            #names,
            &[__d::schema::Piece::Value(#position)],
            #all,
        )
    }
}

/// The form of the piece at this position, as code.
fn form(template: &Template, at: usize, form: Form) -> TokenStream {
    let form = match form {
        Form::Sorted => quote!(Sorted),
        Form::Plain => quote!(Plain),
        Form::Padded(digits) => quote!(Padded(#digits)),
        Form::Lower => quote!(Lower),
        Form::Upper => quote!(Upper),
        Form::Escaped => {
            let special = template.special(at);
            quote!(Escaped(#special))
        }
    };
    quote!(__d::Form::#form)
}

/// The index of the table, as a type.
fn table_index(index: &SingleTableIndex) -> TokenStream {
    let ty = &index.ty;
    let index_of_table = quote!(<#ty as __d::OfTable>::Index);
    super::located(index_of_table, generated(index.name.span()))
}

/// The one place that looks for the index of the table: that there is none is one error.
fn of_table(entity: &Entity, single: &SingleTable, index: &SingleTableIndex) -> TokenStream {
    let (table, ty, hash) = (&single.table, entity.container.ty(), hash(&index.name));
    let found = quote_spanned! {generated(index.name.span())=>
        type Index = <#table as __d::TableIndex<#hash, #ty>>::Index;
    };
    let of = quote!(__d::OfTable);
    entity.container.implement(of, &index.ty, found)
}

fn index_schema(index: &SingleTableIndex) -> TokenStream {
    let span = generated(index.name.span());
    let index = table_index(index);
    let schema = quote!(<#index as __d::IndexOfTable>::SCHEMA);
    super::located(schema, span)
}

/// The types of the indexes and of the members that set their parts, which users name.
pub(super) fn types(entity: &Entity, single: &SingleTable) -> TokenStream {
    let Container { vis, ident, .. } = &entity.container;
    let owner = plain(ident);
    let types = single.indexes.iter().map(|index| {
        let (ty, name) = (&index.ty, plain(&index.name));
        let doc = format!("The index `{name}` of the table of [`{owner}`].");
        let member = (!single.group(index).is_empty()).then(|| {
            let member = member_type(index);
            let doc = format!("Sets the parts of the key of [`{ty}`] together, in an update.");
            quote! {
                #[doc = #doc]
                #vis struct #member<__Sc>(::core::marker::PhantomData<fn() -> __Sc>);
            }
        });
        quote! {
            #[doc = #doc]
            #[derive(
                ::core::fmt::Debug,
                ::core::clone::Clone,
                ::core::marker::Copy,
                ::core::cmp::PartialEq,
                ::core::cmp::Eq,
            )]
            #vis struct #ty;
            #member
        }
    });
    types.collect()
}

fn member_type(index: &SingleTableIndex) -> Ident {
    format_ident!("{}Key", index.ty)
}

/// Adds the members of the struct of typed paths that set the parts of an index.
pub(super) fn members(entity: &Entity, single: &SingleTable, paths: &mut Paths<'_>) {
    let vis = &entity.container.vis;
    for index in single
        .indexes
        .iter()
        .filter(|i| !single.group(i).is_empty())
    {
        let ty = member_type(index);
        let doc = format!("Sets the parts of the key of [`{}`] together.", index.ty);
        paths.member(
            quote!(#[doc = #doc]),
            vis.to_token_stream(),
            &index.alias,
            quote!(#ty<__Sc>),
            quote!(#ty(::core::marker::PhantomData)),
        );
    }
}

/// The inherent functions that start an operation.
pub(super) fn constructors(entity: &Entity, single: &SingleTable) -> TokenStream {
    let container = &entity.container;
    let Container { root, vis, .. } = container;
    let ty = container.ty();
    let name = plain(&container.ident);
    let key: Vec<&Template> = std::iter::once(&single.partition)
        .chain(&single.sort)
        .collect();
    let key = parts_of(entity, &key);
    let args = key.iter().map(|p| &p.param);
    let keys = key_constructors(
        entity,
        &parameters(root, &key),
        &quote!(#(#args),*),
        &builder(root, &key),
    );
    let query = |function: Ident, doc: String, template: &Template, index: Option<&Ident>| {
        let parts = parts_of(entity, &[template]);
        let (params, parts) = (parameters(root, &parts), builder(root, &parts));
        quote! {
            #[doc = #doc]
            #vis fn #function(#params) -> #root::Query<#ty, #index> { #root::Query::new(#parts) }
        }
    };
    let doc = format!("Queries the items of [`{name}`] in one partition.");
    let primary = query(function_name(entity, "query"), doc, &single.partition, None);
    let indexes = single.indexes.iter().map(|index| {
        let doc = format!(
            "Queries the items of [`{name}`] in one partition of the index `{}`.",
            plain(&index.name)
        );
        query(
            generated_ident(&index.alias),
            doc,
            &index.partition,
            Some(&index.ty),
        )
    });
    let lookups = lookups(entity);
    let new = new_constructor(entity);
    quote! {
        #[automatically_derived]
        impl #ty {
            #keys
            #primary
            #(#indexes)*
            #lookups
            #new
        }
    }
}

fn parameters(root: &TokenStream, parts: &[Part]) -> TokenStream {
    let params = parts
        .iter()
        .map(|Part { param, ty, .. }| quote!(#param: impl #root::ValueFor<#root::ValueOf<#ty>>));
    quote!(#(#params),*)
}

fn builder(root: &TokenStream, parts: &[Part]) -> TokenStream {
    let parts = parts
        .iter()
        .map(|Part { param, token, .. }| quote!(.part::<#token>(#param)));
    built(root, parts)
}

/// The key of `self`.
pub(super) fn key_of(entity: &Entity, single: &SingleTable) -> TokenStream {
    let root = &entity.container.root;
    let parts = parts(entity, single).take(single.key_parts);
    let parts = parts.map(|Part { token, value, .. }| quote!(.part::<#token>(#value)));
    built(root, parts)
}

/// `Templated`, the indexes, their sort conditions and the members that set their parts.
pub(super) fn impls(entity: &Entity, single: &SingleTable) -> TokenStream {
    let container = &entity.container;
    let ty = container.ty();
    let templated = templated(entity, single);
    let of = quote!(__d::EntityWithSort);
    let name = type_name(&container.ident, "sort");
    let sort = sort_chain(
        entity,
        single.sort.as_ref(),
        &name,
        &of,
        &ty,
        &quote!(__d::Primary<#ty>),
    );
    let indexes = single.indexes.iter().map(|index| {
        let this = index.ty.to_token_stream();
        let schema = index_schema(index);
        let key = quote!(&#schema.key);
        let templates =
            key_templates(entity, single, Some(&index.partition), index.sort.as_ref(), &key);
        let locality = format_ident!("{}", if index.local { "TableOrLocal" } else { "Global" });
        let table_index = table_index(index);
        let shards = shards(index);
        let is_sharded = shards.as_ref().map(|_| {
            let of = quote!(__d::Sharded);
            container.implement(of, &this, TokenStream::new())
        });
        let shards = shards.map(|shards| constant_shards(&shards));
        let index_impl = container.implement(
            quote!(__d::Index),
            &this,
            quote! {
                type Entity = #ty;
                const NAME: ::core::option::Option<&'static str> = ::core::option::Option::Some(#schema.name);
                const KEY: __d::schema::KeySchema = #schema.key;
                const TEMPLATES: ::core::option::Option<__d::IndexKey> =
                    ::core::option::Option::Some(__d::IndexKey {
                        parts: <#ty as __d::Templated>::SINGLE_TABLE.parts,
                        key: #templates,
                    });
                #shards
                type Projects = <#table_index as __d::IndexOfTable>::Projects;
                type Locality = __d::#locality;
                type Position = __d::Anywhere;
            },
        );
        let holds = quote! {
            #[automatically_derived]
            impl<const __H: u64> __d::HoldsAttribute<__H> for #this
            where
                #table_index: __d::HoldsAttribute<__H>,
            {}
        };
        let of = quote!(__d::HasSort);
        let name = format!("{}Sort", index.ty);
        let sort = sort_chain(entity, index.sort.as_ref(), &name, &of, &this, &this);
        let member = member(entity, single, index);
        let of_table = of_table(entity, single, index);
        // Errors about the index of the table are at one place, so that they are one.
        let of_table = quote!(#of_table #index_impl #holds);
        let of_table = super::located(of_table, generated(index.name.span()));
        quote!(#of_table #is_sharded #sort #member)
    });
    quote!(#templated #sort #(#indexes)*)
}

fn templated(entity: &Entity, single: &SingleTable) -> TokenStream {
    let container = &entity.container;
    let (ty, table) = (container.ty(), &single.table);
    let (kind, aliases) = (&single.kind, &single.kind_aliases);
    let (untyped, any_text) = (single.untyped, single.any_text);
    let schemas = parts(entity, single)
        .zip(&single.parts)
        .map(|(part, path)| {
            let (ty, names, field) = (&part.ty, &part.path, dotted(path));
            let is_stored = path.first().and_then(|first| entity.field(first));
            let is_stored = is_stored.is_some_and(Field::is_attribute);
            quote! {
                __d::schema::PartSchema {
                    field: #field,
                    path: #names,
                    width: __d::width::<#ty>(),
                    stored: #is_stored,
                    number: __d::is_number::<#ty>(),
                    text: __d::wire_text::<#ty>,
                }
            }
        });
    let key_parts = single.key_parts;
    let of_table = quote!(&<#table as __d::Table>::SCHEMA.key);
    let key = key_templates(
        entity,
        single,
        Some(&single.partition),
        single.sort.as_ref(),
        &of_table,
    );
    let indexes = single.indexes.iter().map(|index| {
        let alias = plain(&index.alias);
        let schema = index_schema(index);
        let partition = Some(&index.partition).filter(|_| !index.local);
        let of_index = quote!(&#schema.key);
        let key = key_templates(entity, single, partition, index.sort.as_ref(), &of_index);
        let shards = match shards(index) {
            Some(shards) => quote!(::core::option::Option::Some(#shards)),
            None => quote!(::core::option::Option::None),
        };
        quote! {
            __d::schema::IndexTemplates {
                alias: #alias,
                index: #schema,
                key: #key,
                shards: #shards,
            }
        }
    });
    let texts = parts(entity, single).enumerate().map(|(i, part)| {
        let value = part.value;
        quote!(#i => __d::write_part_text(#value, __form, __out),)
    });
    let keeps_key =
        kept_key(entity).map(|kept| quote!(fn keeps_key(&self) -> bool { #kept.is_kept() }));
    let shape = field_hash(&single.partition.shape());
    let partition = parts_of(entity, &[&single.partition]);
    let types = partition.iter().map(|p| &p.ty);
    container.implement(
        quote!(__d::Templated),
        &ty,
        quote! {
            type Table = #table;
            type Partition = __d::PartitionOf<#table, #shape, (#(__d::ValueOf<#types>,)*)>;
            const SINGLE_TABLE: &'static __d::schema::SingleTable = &__d::schema::SingleTable {
                table: <#table as __d::Table>::SCHEMA,
                kind: #kind,
                kind_aliases: &[#(#aliases),*],
                untyped: #untyped,
                any_text: #any_text,
                parts: &[#(#schemas),*],
                key_parts: #key_parts,
                key: #key,
                indexes: &[#(#indexes),*],
            };
            fn write_part(
                &self,
                __part: usize,
                __form: __d::Form,
                __out: &mut __d::String,
            ) -> ::core::result::Result<bool, __d::WriteError> {
                match __part {
                    #(#texts)*
                    _ => ::core::result::Result::Ok(false),
                }
            }
            #keeps_key
        },
    )
}

/// The key that `self` keeps.
pub(super) fn kept_key(entity: &Entity) -> Option<TokenStream> {
    let Field { ident, ty, .. } = entity.keep_key()?;
    // Located at the type: an error about it shows there, and once.
    let keeps = quote_spanned!(generated(ty.span())=> <#ty as __d::KeepsKey>);
    Some(quote!(#keeps::stored(&self.#ident)))
}

/// Sharding of an index for the entity's writes, as a literal.
fn shards(index: &SingleTableIndex) -> Option<TokenStream> {
    let count = index.shards.as_ref()?.value;
    let attribute = quote!(::core::option::Option::None);
    Some(quote!(__d::schema::Shards { count: #count, attribute: #attribute }))
}

/// The templates of a key, which is given as code.
fn key_templates(
    entity: &Entity,
    single: &SingleTable,
    partition: Option<&Template>,
    sort: Option<&Template>,
    key: &TokenStream,
) -> TokenStream {
    let partition = pieces(entity, single, partition, &quote!(#key, 1));
    let sort = pieces(entity, single, sort, &quote!(#key, 2));
    quote!(__d::schema::KeyTemplates { partition: #partition, sort: #sort })
}

/// The chain of sort conditions of a template, when it has parts.
fn sort_chain(
    entity: &Entity,
    template: Option<&Template>,
    name: &str,
    of: &TokenStream,
    implementor: &TokenStream,
    index: &TokenStream,
) -> TokenStream {
    let Some(template) = template else {
        return TokenStream::new();
    };
    let links = template.pieces.iter().filter_map(|piece| {
        let Piece::Part(path, form) = piece else {
            return None;
        };
        let Part { param, token, .. } = part(entity, path)?;
        Some(SortLink {
            member: param,
            token,
            has_order: *form != Form::Plain,
        })
    });
    let links: Vec<SortLink> = links.collect();
    let ends = matches!(template.pieces.last(), Some(Piece::Part(..)));
    sort_condition(
        &entity.container,
        name,
        of,
        implementor,
        index,
        &links,
        Some(ends),
    )
}

/// `set` and `set_assuming` of the member of an index.
fn member(entity: &Entity, single: &SingleTable, index: &SingleTableIndex) -> TokenStream {
    let vis = &entity.container.vis;
    let (ty, member) = (entity.container.ty(), member_type(index));
    let group: Vec<Part> = single
        .group(index)
        .into_iter()
        .filter_map(|i| part(entity, single.parts.get(i)?))
        .collect();
    if group.is_empty() {
        return TokenStream::new();
    }
    let params = group
        .iter()
        .map(|Part { param, ty, .. }| quote!(#param: impl __d::SetValue<#ty>));
    let assumed = group
        .iter()
        .map(|Part { param, ty, .. }| quote!(#param: __d::Part<impl __d::SetValue<#ty>>));
    let sets = group.iter().map(
        |Part {
             param, ty, path, ..
         }| quote!(.set::<#ty>(#path, #param)),
    );
    let known = group.iter().map(
        |Part {
             param, ty, path, ..
         }| quote!(.part::<#ty, _>(#path, #param)),
    );
    let shown = member.to_string();
    quote! {
        #[automatically_derived]
        impl<__Sc> ::core::fmt::Debug for #member<__Sc> {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __f.write_str(#shown)
            }
        }
        #[automatically_derived]
        impl #member<__d::InUpdate<#ty>> {
            /// Sets all parts of the key that an update can change.
            #vis fn set(&self, #(#params),*) -> __d::IndexAction<#ty> {
                __d::IndexAction::start() #(#sets)*
            }
            /// Sets some parts, on condition that the others have the values that are given for them.
            #vis fn set_assuming(&self, #(#assumed),*) -> __d::IndexAction<#ty> {
                __d::IndexAction::start() #(#known)*
            }
        }
    }
}

/// Checks on types, each located at the attribute that it is about.
pub(super) fn checks(entity: &Entity, single: &SingleTable) -> TokenStream {
    let (entity_ty, table) = (entity.container.ty(), &single.table);
    let of_parts = parts(entity, single).enumerate().map(|(i, part)| {
        let check = if i < single.key_parts {
            "key_part"
        } else {
            "index_part"
        };
        let (check, ty) = (Ident::new(check, Span::call_site()), &part.ty);
        quote_spanned!(part.span=> __d::#check::<#ty>();)
    });
    let widths = single.templates().flat_map(|template| {
        let of_value = adjacent(template).filter(|(_, form)| !matches!(form, Form::Padded(_)));
        of_value.filter_map(|(path, _)| {
            let ty = part(entity, path)?.ty;
            Some(quote_spanned!(generated(template.span)=> __d::fixed_width::<#ty>();))
        })
    });
    let forms = single.templates().flat_map(|template| {
        let parts = template.pieces.iter().enumerate();
        parts.filter_map(|(at, piece)| form_check(entity, template, at, piece))
    });
    let sorted = |of: TokenStream, sort: Option<&Template>, span: Span| {
        let check = if sort.is_some() {
            "with_sort"
        } else {
            "without_sort"
        };
        let check = Ident::new(check, Span::call_site());
        let span = generated(sort.map_or(span, |t| t.span));
        quote_spanned!(span=> __d::#check::<#of, #table, #entity_ty>();)
    };
    let table_span = table.span();
    let primary = sorted(table.to_token_stream(), single.sort.as_ref(), table_span);
    let of_indexes = single.indexes.iter().map(|index| {
        let ty = table_index(index);
        let check = if index.local {
            "local_index"
        } else {
            "global_index"
        };
        let check = Ident::new(check, Span::call_site());
        let sort = sorted(ty.clone(), index.sort.as_ref(), index.name.span());
        let span = generated(index.name.span());
        quote_spanned! {span=> __d::#check::<#ty, #table, #entity_ty>(); #sort }
    });
    let shared = single
        .indexes
        .iter()
        .filter(|i| !i.local)
        .map(|index| shared_attributes(single, index));
    let agree = quote_spanned! {generated(table_span)=>
        const _: () = __d::agree(
            <#entity_ty as __d::Item>::ITEM_SCHEMA,
            <#table as __d::Table>::SCHEMA,
        );
        const _: () = __d::key_types(<#entity_ty as __d::Item>::ITEM_SCHEMA);
    };
    quote! {
        const _: fn() = || { #(#of_parts)* #(#widths)* #primary #(#of_indexes)* };
        #(#forms)*
        #agree
        #(#shared)*
    }
}

/// The check that a part has the form that the template gives it.
fn form_check(
    entity: &Entity,
    template: &Template,
    at: usize,
    piece: &Piece,
) -> Option<TokenStream> {
    let Piece::Part(path, form) = piece else {
        return None;
    };
    let name = dotted(path);
    let what = match form {
        Form::Sorted => return None,
        Form::Plain => "writes a number as it is, but the field is no number",
        Form::Padded(_) => "puts zeros before a number, but the field is no integer",
        Form::Lower | Form::Upper => "changes letters, but the field is no text",
        Form::Escaped => "escapes characters of text, but the field is no text",
    };
    let message = format!("the form `{{{name}{form}}}` {what}; remove `{form}`");
    let (ty, form) = (part(entity, path)?.ty, self::form(template, at, *form));
    Some(quote_spanned! {generated(template.span)=>
        const _: () = __d::check_form::<#ty>(#form, #message);
    })
}

/// An attribute that is in the key of the table and of an index is made by one template, and has no
/// shard at its end. Which attributes these are, only the table knows.
fn shared_attributes(single: &SingleTable, index: &SingleTableIndex) -> TokenStream {
    let schema = index_schema(index);
    let (table, alias) = (&single.table, plain(&index.alias));
    let message = |what: &str, own: Option<&Template>, key: &str, of_key: Option<&Template>| {
        let (Some(own), Some(of_key)) = (own, of_key) else {
            return quote!(::core::option::Option::None);
        };
        let (own, of_key) = (own.text(), of_key.text());
        if own == of_key {
            return quote!(::core::option::Option::None);
        }
        let message = format!(
            "the {what} key of index `{alias}` is the {key} key of the table, and an attribute is made by one template: the index has \"{own}\", the entity's key \"{of_key}\"; write \"{of_key}\" to the index"
        );
        quote!(::core::option::Option::Some(#message))
    };
    let mut messages = Vec::new();
    for (what, own) in [
        ("partition", Some(&index.partition)),
        ("sort", index.sort.as_ref()),
    ] {
        messages.push(message(what, own, "partition", Some(&single.partition)));
        messages.push(message(what, own, "sort", single.sort.as_ref()));
    }
    let shards = match &index.shards {
        Some(_) => {
            let message = format!(
                "the partition key of index `{alias}` is an attribute of the table's key, which no shard can be added to; remove `shards`, or give the index a partition attribute of its own"
            );
            quote!(::core::option::Option::Some(#message))
        }
        None => quote!(::core::option::Option::None),
    };
    let check = quote! {
        const _: () = __d::shared_attributes(
            &#schema.key,
            &<#table as __d::Table>::SCHEMA.key,
            [#(#messages),*],
            #shards,
        );
    };
    super::located(check, generated(index.name.span()))
}
