//! A type per index: what it implements, its sort conditions and, where the index holds less than the
//! entity, its items.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::codec::{Construct, read_fn, read_map};
use super::entity::is_free;
use super::paths::field_docs;
use super::schema::{index_key, shards};
use crate::attr::Project;
use crate::model::{Container, Entity, Field, Index, generated_ident};
use crate::names::{plain, type_name};

/// The types of the indexes, which users name.
pub(super) fn index_types(entity: &Entity) -> TokenStream {
    entity
        .indexes
        .iter()
        .map(|index| index_type(entity, index))
        .collect()
}

fn index_type(entity: &Entity, index: &Index) -> TokenStream {
    let container = &entity.container;
    let Container { vis, .. } = container;
    let owner = plain(&container.ident);
    let ty = &index.ty;
    let stored_name = &index.stored_name.value;
    let (params, _, clause) = container.generics.split_for_impl();
    if let Project::All = index.project {
        let doc = format!("The index `{stored_name}` of [`{owner}`]. It holds all attributes.");
        let body = container.is_generic().then(|| {
            let phantom = container.phantom();
            quote!((#phantom))
        });
        let params = container.bare_params();
        return quote! {
            #[doc = #doc]
            #[derive(
                ::core::fmt::Debug,
                ::core::clone::Clone,
                ::core::marker::Copy,
                ::core::cmp::PartialEq,
                ::core::cmp::Eq,
            )]
            #vis struct #ty #params #body;
        };
    }
    let doc = format!("What the index `{stored_name}` of [`{owner}`] holds.");
    let members = held(entity, index).into_iter().map(|field| {
        let Field { vis, ty, .. } = field;
        let (ident, docs) = (generated_ident(&field.ident), field_docs(field));
        quote!(#docs #vis #ident: #ty,)
    });
    let phantom = phantom_member(container, |phantom| quote!(#phantom));
    quote! {
        #[doc = #doc]
        #vis struct #ty #params #clause { #(#members)* #phantom }
    }
}

/// A member that mentions the parameters of the entity, which the index may not hold.
pub(super) fn phantom_member(
    container: &Container,
    value: impl FnOnce(TokenStream) -> TokenStream,
) -> Option<TokenStream> {
    container.is_generic().then(|| {
        let value = value(container.phantom());
        quote!(__entity: #value,)
    })
}

/// The stored fields that an index holds.
fn held<'a>(entity: &'a Entity, index: &Index) -> Vec<&'a Field> {
    entity.stored().filter(|f| entity.holds(index, f)).collect()
}

/// `EntityWithSort`, and what each index implements.
pub(super) fn index_impls(entity: &Entity) -> TokenStream {
    let table = entity.sort().map(|sort| {
        let name = type_name(&entity.container.ident, "sort");
        let of = quote!(__d::EntityWithSort);
        let links = links(entity, &[sort]);
        let (ty, container) = (entity.container.ty(), &entity.container);
        let primary = quote!(__d::Primary<#ty>);
        sort_condition(container, &name, &of, &ty, &primary, &links, None)
    });
    let mut position = quote!(__d::First);
    let indexes = entity.indexes.iter().map(|index| {
        let ty = entity.container.with_args(&index.ty);
        position = quote!(__d::Next<#position>);
        let index_impl = index_impl(entity, index, &ty, &position);
        let parts = entity.sort_of(index);
        let sort = (!parts.is_empty()).then(|| {
            let name = format!("{}Sort", index.ty);
            let of = quote!(__d::HasSort);
            let links = links(entity, &parts);
            sort_condition(&entity.container, &name, &of, &ty, &ty, &links, None)
        });
        let item = match index.project {
            Project::All => TokenStream::new(),
            Project::Keys | Project::Include(_) => index_item(entity, index, &ty),
        };
        quote!(#index_impl #sort #item)
    });
    quote!(#table #(#indexes)*)
}

fn index_impl(
    entity: &Entity,
    index: &Index,
    ty: &TokenStream,
    position: &TokenStream,
) -> TokenStream {
    let container = &entity.container;
    let of = container.ty();
    let name = &index.stored_name.value;
    let key = index_key(entity, index);
    let shards = shards(index);
    let is_sharded = shards.as_ref().map(|_| {
        let of = quote!(__d::Sharded);
        container.implement(of, ty, TokenStream::new())
    });
    let shards = shards.map(|shards| constant_shards(&shards));
    let projects = match index.project {
        Project::All => format_ident!("ProjectsAll"),
        Project::Keys | Project::Include(_) => format_ident!("ProjectsSome"),
    };
    let locality = format_ident!(
        "{}",
        if index.local {
            "TableOrLocal"
        } else {
            "Global"
        }
    );
    let index_impl = container.implement(
        quote!(__d::Index),
        ty,
        quote! {
            type Entity = #of;
            const NAME: ::core::option::Option<&'static str> = ::core::option::Option::Some(#name);
            const KEY: __d::schema::KeySchema = #key;
            #shards
            type Projects = __d::#projects;
            type Locality = __d::#locality;
            type Position = #position;
        },
    );
    quote!(#index_impl #is_sharded)
}

/// `SHARDS` of an index.
pub(super) fn constant_shards(shards: &TokenStream) -> TokenStream {
    quote! {
        const SHARDS: ::core::option::Option<__d::schema::Shards> =
            ::core::option::Option::Some(#shards);
    }
}

/// A part of a sort key.
pub(super) struct SortLink {
    pub(super) member: Ident,
    pub(super) token: TokenStream,
    /// `false` for a part whose text does not sort as its values do.
    pub(super) has_order: bool,
}

fn links(entity: &Entity, parts: &[&Field]) -> Vec<SortLink> {
    let link = |field: &&Field| SortLink {
        member: generated_ident(&field.ident),
        token: entity.container.token(field),
        has_order: true,
    };
    parts.iter().map(link).collect()
}

/// The chain of sort parts: one struct per part, whose member leads to the next. `template`: the parts
/// are in a template, and whether it ends with the last of them.
pub(super) fn sort_condition(
    container: &Container,
    name: &str,
    of: &TokenStream,
    implementor: &TokenStream,
    index: &TokenStream,
    parts: &[SortLink],
    template: Option<bool>,
) -> TokenStream {
    let vis = &container.vis;
    let names: Vec<Ident> = (1..=parts.len())
        .map(|i| {
            let name = if i == 1 {
                name.to_owned()
            } else {
                format!("{name}{i}")
            };
            container.free(&name, Span::call_site())
        })
        .collect();
    let ranges = format_ident!(
        "{}",
        if template.is_some() {
            "FixedPart"
        } else {
            "AnyPart"
        }
    );
    let end = format_ident!(
        "{}",
        if template == Some(false) {
            "TemplateEnd"
        } else {
            "SortCondition"
        }
    );
    let links = parts.iter().enumerate().map(|(i, link)| {
        let name = &names[i];
        let this = container.with_args(name);
        let SortLink {
            member: ident,
            token,
            has_order,
        } = link;
        let unordered = (!has_order).then(|| quote!(, __d::Unordered));
        let next = match names.get(i + 1) {
            Some(next) => container.with_args(next),
            None => quote!(__d::#end<#index>),
        };
        let (params, _, clause) = container.generics.split_for_impl();
        let chain = (i > 0).then(|| {
            container.implement(
                quote!(__d::SortChain<#index>),
                &this,
                quote! {
                    type Ranges = __d::#ranges;
                    fn from_prefix(__p: __d::SortPrefix<#index>) -> Self {
                        #name { #ident: __d::SortPart::after(__p) }
                    }
                    fn into_condition(self) -> __d::SortCondition<#index> {
                        self.#ident.into_prefix().into_condition()
                    }
                },
            )
        });
        quote! {
            #vis struct #name #params #clause {
                #vis #ident: __d::SortPart<#token, #index, #next #unordered>,
            }
            #chain
        }
    });
    let links: TokenStream = links.collect();
    let (Some(first), Some(link)) = (names.first(), parts.first()) else {
        return TokenStream::new();
    };
    let (this, ident) = (container.with_args(first), &link.member);
    let has_sort = container.implement(
        of,
        implementor,
        quote! {
            type Sort = #this;
            fn sort() -> #this { #first { #ident: __d::SortPart::start() } }
        },
    );
    quote!(#links #has_sort)
}

/// Impls of an index item: a projection, and `Debug`, `Clone` and `PartialEq` as its fields allow.
fn index_item(entity: &Entity, index: &Index, ty: &TokenStream) -> TokenStream {
    let container = &entity.container;
    let fields = held(entity, index);
    let entity_ty = container.ty();
    let names = fields.iter().map(|f| &f.name.value);
    let count = Literal::usize_unsuffixed(fields.len());
    let construct = Construct {
        path: index.ty.to_token_stream(),
        fields: fields.clone(),
        rest: phantom_member(container, |_| quote!(::core::marker::PhantomData)),
        single_table: None,
        is_own: TokenStream::new(),
    };
    let read = read_map(container, &construct);
    let read = read_fn("read_item", &read);
    let projection = container.implement(
        quote!(__d::Projection),
        ty,
        quote! {
            type Entity = #entity_ty;
            const ATTRIBUTES: &'static [&'static str] = &[#(#names),*];
            const FETCHED: &'static [__d::Fetched] = &__d::Fetched::all::<#count>(Self::ATTRIBUTES);
            #read
        },
    );
    let mut generics = container.generics_and("__I");
    let clause = generics.make_where_clause();
    for field in fields.iter().filter(|f| !is_free(entity, f)) {
        let token = container.token(field);
        let bound = quote!(#token: __d::UsableIn<__d::InProjection<__I>>);
        if let Ok(predicate) = syn::parse2(bound) {
            clause.predicates.push(predicate);
        }
    }
    let selectable = super::implement(
        &generics,
        quote!(__d::SelectableFrom<__I>),
        ty,
        TokenStream::new(),
    );
    let traits = std_traits(container, &index.ty, ty, &fields, |f| {
        f.ty.to_token_stream()
    });
    quote!(#projection #selectable #traits)
}

/// `Debug`, `Clone` and `PartialEq`, each where all fields have it. The bounds are on references of
/// any lifetime, because a plain bound that is known to be false would be an error, and by traits that
/// count the fields, because equal bounds would be ambiguous.
///
/// `member` is the type of the member for a field of a type.
pub(super) fn std_traits(
    container: &Container,
    name: &Ident,
    ty: &TokenStream,
    fields: &[&Field],
    member: impl Fn(&Field) -> TokenStream,
) -> TokenStream {
    let shown = name.to_string();
    let idents: Vec<Ident> = fields.iter().map(|f| generated_ident(&f.ident)).collect();
    let numbers = 0..fields.len();
    let labels = fields.iter().map(|f| plain(&f.ident));
    let phantom = phantom_member(container, |_| quote!(::core::marker::PhantomData));
    let bounded =
        |of: TokenStream, bound: &dyn Fn(usize, &TokenStream) -> TokenStream, body: TokenStream| {
            let mut generics = container.generics.clone();
            let clause = generics.make_where_clause();
            for (n, field) in fields.iter().enumerate() {
                let (ty, bound) = (member(field), bound(n, &member(field)));
                if let Ok(predicate) = syn::parse2(quote!(for<'__a> &'__a #ty: #bound)) {
                    clause.predicates.push(predicate);
                }
            }
            super::implement(&generics, &of, ty, body)
        };
    let n = numbers.clone();
    let debug = bounded(
        quote!(::core::fmt::Debug),
        &|n, _| quote!(__d::DebugField<#n>),
        quote! {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __f.debug_struct(#shown)
                    #(.field(#labels, __d::DebugField::<#n>::debug_field(&&self.#idents)))*
                    .finish()
            }
        },
    );
    let n = numbers.clone();
    let clone = bounded(
        quote!(::core::clone::Clone),
        &|n, ty| quote!(__d::CloneField<#n, Owned = #ty>),
        quote! {
            fn clone(&self) -> Self {
                #name { #(#idents: __d::CloneField::<#n>::clone_field(&self.#idents),)* #phantom }
            }
        },
    );
    let partial_eq = bounded(
        quote!(::core::cmp::PartialEq),
        &|n, _| quote!(__d::EqField<#n>),
        quote! {
            fn eq(&self, __other: &Self) -> bool {
                true #(&& __d::EqField::<#numbers>::eq_field(&&self.#idents, &&__other.#idents))*
            }
        },
    );
    quote!(#debug #clone #partial_eq)
}
