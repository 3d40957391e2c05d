//! A type per index: what it implements, its sort conditions and, where the index holds less than the
//! entity, its items.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};

use super::codec::{Construct, read_fn, read_map};
use super::entity::{Scopes, is_free};
use super::keys::located;
use super::schema::{index_key, shards};
use crate::attr::Project;
use crate::model::{Container, Entity, Field, Index};
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
        let Field { vis, ty, docs, .. } = field;
        let ident = located(&field.ident);
        let default = format!("The attribute `{}`.", field.name.value);
        let docs = if docs.is_empty() {
            quote!(#[doc = #default])
        } else {
            quote!(#(#docs)*)
        };
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
pub(super) fn index_impls(entity: &Entity, scopes: &Scopes) -> TokenStream {
    let root = &entity.container.root;
    let table = entity.sort().map(|sort| {
        let name = type_name(&entity.container.ident, "sort");
        let of = quote!(#root::__private::EntityWithSort);
        let links = links(entity, &[sort]);
        let (entity, container) = (&scopes.entity, &entity.container);
        sort_condition(container, &name, &of, entity, &scopes.primary, &links, None)
    });
    let indexes = entity.indexes.iter().map(|index| {
        let ty = entity.container.with_args(&index.ty);
        let index_impl = index_impl(entity, index, &ty);
        let parts = entity.sort_of(index);
        let sort = (!parts.is_empty()).then(|| {
            let name = format!("{}Sort", index.ty);
            let of = quote!(#root::__private::HasSort);
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

fn index_impl(entity: &Entity, index: &Index, ty: &TokenStream) -> TokenStream {
    let container = &entity.container;
    let root = &container.root;
    let of = container.ty();
    let name = &index.stored_name.value;
    let key = index_key(entity, index);
    let shards = shards(entity, index);
    let is_sharded = shards.as_ref().map(|_| {
        let of = quote!(#root::__private::Sharded);
        container.implement(of, ty, TokenStream::new())
    });
    let shards = shards.map(|shards| constant_shards(root, &shards));
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
        quote!(#root::__private::Index),
        ty,
        quote! {
            type Entity = #of;
            const NAME: ::core::option::Option<&'static str> = ::core::option::Option::Some(#name);
            const KEY: #root::schema::KeySchema = #key;
            #shards
            type Projects = #root::__private::#projects;
            type Locality = #root::__private::#locality;
        },
    );
    quote!(#index_impl #is_sharded)
}

/// `SHARDS` of an index.
pub(super) fn constant_shards(root: &TokenStream, shards: &TokenStream) -> TokenStream {
    quote! {
        const SHARDS: ::core::option::Option<#root::schema::Shards> =
            ::core::option::Option::Some(#shards);
    }
}

/// A part of a sort key.
pub(super) struct SortLink {
    pub(super) member: Ident,
    pub(super) token: TokenStream,
}

fn links(entity: &Entity, parts: &[&Field]) -> Vec<SortLink> {
    let link = |field: &&Field| SortLink {
        member: located(&field.ident),
        token: entity.container.with_args(&field.token),
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
    let Container { root, vis, .. } = container;
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
        } = link;
        let next = match names.get(i + 1) {
            Some(next) => container.with_args(next),
            None => quote!(#root::__private::#end<#index>),
        };
        let (params, _, clause) = container.generics.split_for_impl();
        let chain = (i > 0).then(|| {
            container.implement(
                quote!(#root::__private::SortChain<#index>),
                &this,
                quote! {
                    type Ranges = #root::__private::#ranges;
                    fn from_prefix(__p: #root::__private::SortPrefix<#index>) -> Self {
                        #name { #ident: #root::__private::SortPart::after(__p) }
                    }
                    fn into_condition(self) -> #root::__private::SortCondition<#index> {
                        self.#ident.into_prefix().into_condition()
                    }
                },
            )
        });
        quote! {
            #vis struct #name #params #clause {
                #vis #ident: #root::__private::SortPart<#token, #index, #next>,
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
            fn sort() -> #this { #first { #ident: #root::__private::SortPart::start() } }
        },
    );
    quote!(#links #has_sort)
}

/// What an index item is: a projection, and what its fields allow of `Debug`, `Clone` and
/// `PartialEq`.
fn index_item(entity: &Entity, index: &Index, ty: &TokenStream) -> TokenStream {
    let container = &entity.container;
    let root = &container.root;
    let fields = held(entity, index);
    let entity_ty = container.ty();
    let names = fields.iter().map(|f| &f.name.value);
    let construct = Construct {
        path: index.ty.to_token_stream(),
        fields: fields.clone(),
        tokens: true,
        rest: phantom_member(container, |_| quote!(::core::marker::PhantomData)),
        kind: None,
    };
    let read = read_map(container, &construct);
    let read = read_fn(root, "read_item", &read);
    let projection = container.implement(
        quote!(#root::Projection),
        ty,
        quote! {
            type Entity = #entity_ty;
            const ATTRIBUTES: &'static [&'static str] = &[#(#names),*];
            #read
        },
    );
    let mut generics = container.generics_and("__I");
    let clause = generics.make_where_clause();
    for field in fields.iter().filter(|f| !is_free(entity, f)) {
        let token = container.with_args(&field.token);
        let bound = quote!(#token: #root::__private::UsableIn<#root::__private::InProjection<__I>>);
        if let Ok(predicate) = syn::parse2(bound) {
            clause.predicates.push(predicate);
        }
    }
    let selectable = super::implement(
        &generics,
        quote!(#root::__private::SelectableFrom<__I>),
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
    let private = {
        let root = &container.root;
        quote!(#root::__private)
    };
    let shown = name.to_string();
    let idents: Vec<Ident> = fields.iter().map(|f| located(&f.ident)).collect();
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
        &|n, _| quote!(#private::DebugField<#n>),
        quote! {
            fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __f.debug_struct(#shown)
                    #(.field(#labels, #private::DebugField::<#n>::debug_field(&&self.#idents)))*
                    .finish()
            }
        },
    );
    let n = numbers.clone();
    let clone = bounded(
        quote!(::core::clone::Clone),
        &|n, ty| quote!(#private::CloneField<#n, Owned = #ty>),
        quote! {
            fn clone(&self) -> Self {
                #name { #(#idents: #private::CloneField::<#n>::clone_field(&self.#idents),)* #phantom }
            }
        },
    );
    let partial_eq = bounded(
        quote!(::core::cmp::PartialEq),
        &|n, _| quote!(#private::EqField<#n>),
        quote! {
            fn eq(&self, __other: &Self) -> bool {
                true #(&& #private::EqField::<#numbers>::eq_field(&&self.#idents, &&__other.#idents))*
            }
        },
    );
    quote!(#debug #clone #partial_eq)
}
