//! From the model to code. Each submodule emits one thing; this one assembles.

mod borrowed_collection;
mod borrowed_projection;
mod checks;
mod codec;
mod collection;
mod constructors;
mod document;
mod entity;
mod enum_variants;
mod field_newtypes;
mod index;
mod partial;
mod paths;
mod projection;
mod schema;
mod single_table;
mod table;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, GenericParam, Generics};

use crate::attr::is_of_entity;
use crate::check;
use crate::errors::Errors;
use crate::model::{
    BorrowedCollection, Collection, Container, Document, Entity, Field, Projection, Table,
    generated, generated_ident,
};
use crate::names::{module_name, plain};

/// `#[derive(Entity)]`.
pub(crate) fn entity(input: TokenStream) -> TokenStream {
    derive(input, "an entity", |input, errors| {
        let model = Entity::read(input, errors);
        if let Some(model) = &model {
            check::entity(model, errors);
        }
        if let (Some(model), true) = (&model, errors.is_empty()) {
            return entity::expand(model, true);
        }
        match model.and_then(Entity::mended) {
            Some(model) => entity::expand(&model, false),
            None => entity::stub(input),
        }
    })
}

/// `#[derive(Document)]`.
pub(crate) fn document(input: TokenStream) -> TokenStream {
    derive(input, "a document", |input, errors| {
        if is_of_entity(&input.attrs) {
            // Mistakes in the attributes are reported by the derive of `Entity`.
            let mut reported = Errors::new();
            let entity = Entity::read(input, &mut reported);
            drop(reported.finish());
            return match entity {
                Some(entity) => document::of_entity(&entity.container),
                None => document::stub(input),
            };
        }
        let model = Document::read(input, errors);
        if let Some(model) = &model {
            check::document(model, errors);
        }
        match model {
            Some(model) => document::expand(&model),
            None => document::stub(input),
        }
    })
}

/// `#[derive(Projection)]`.
pub(crate) fn projection(input: TokenStream) -> TokenStream {
    parse(input, |input, errors| {
        if let Data::Enum(_) = &input.data {
            let model = BorrowedCollection::read(input, errors);
            return model.map_or_else(TokenStream::new, |model| {
                borrowed_collection::expand(&model)
            });
        }
        match Projection::read(input, errors) {
            Some(model) if model.lifetime.is_some() => borrowed_projection::expand(&model),
            Some(model) => projection::expand(&model),
            None => TokenStream::new(),
        }
    })
}

/// `#[derive(Table)]`.
pub(crate) fn table(input: TokenStream) -> TokenStream {
    derive(input, "a table", |input, errors| {
        let model = Table::read(input, errors);
        check::table(&model, errors);
        if errors.is_empty() {
            table::expand(&model)
        } else {
            TokenStream::new()
        }
    })
}

/// `#[derive(Collection)]`.
pub(crate) fn collection(input: TokenStream) -> TokenStream {
    derive(
        input,
        "a collection",
        |input, errors| match Collection::read(input, errors) {
            Some(model) => collection::expand(&model),
            None => TokenStream::new(),
        },
    )
}

/// [`parse`]s a type that owns its data.
fn derive(
    input: TokenStream,
    what: &str,
    expand: impl FnOnce(&DeriveInput, &mut Errors) -> TokenStream,
) -> TokenStream {
    parse(input, |input, errors| {
        for lifetime in input.generics.lifetimes() {
            errors.on(
                lifetime,
                format!(
                    "{what} owns its data; use `String`, `Vec` or `Arc` in place of the borrow"
                ),
            );
        }
        // No code that mentions a lifetime would compile.
        if errors.is_empty() {
            expand(input, errors)
        } else {
            TokenStream::new()
        }
    })
}

/// Parses the type, and puts the errors before the code.
fn parse(
    input: TokenStream,
    expand: impl FnOnce(&DeriveInput, &mut Errors) -> TokenStream,
) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(e) => return e.to_compile_error(),
    };
    let mut errors = Errors::new();
    let code = expand(&input, &mut errors);
    let mut out = errors.finish();
    out.extend(code);
    out
}

impl Container {
    /// The type with its parameters.
    fn ty(&self) -> TokenStream {
        self.with_args(&self.ident)
    }

    /// A generated type with the parameters of the type.
    fn with_args(&self, ident: &Ident) -> TokenStream {
        let (_, args, _) = self.generics.split_for_impl();
        quote!(#ident #args)
    }

    /// A generated type with the parameters of the type and one more.
    fn with_args_and(&self, ident: &Ident, last: impl ToTokens) -> TokenStream {
        let args = self.generics.params.iter().filter_map(|p| match p {
            GenericParam::Type(t) => Some(&t.ident),
            GenericParam::Const(c) => Some(&c.ident),
            GenericParam::Lifetime(_) => None,
        });
        quote!(#ident<#(#args,)* #last>)
    }

    /// The parameters and one more, for an impl.
    fn generics_and(&self, last: &str) -> Generics {
        let mut generics = self.generics.clone();
        let ident = Ident::new(last, proc_macro2::Span::call_site());
        generics.params.push(GenericParam::Type(ident.into()));
        generics
    }

    /// The module of the tokens: `session_fields`.
    fn module(&self) -> Ident {
        let name = format!("{}_fields", module_name(&plain(&self.ident)));
        Ident::new(&name, generated(self.ident.span()))
    }

    /// The token of a field: `session_fields::user_id`.
    fn token(&self, field: &Field) -> TokenStream {
        self.own_token(field.variant.as_ref(), &field.ident)
    }

    /// A token of the type, or of a variant of it.
    fn own_token(&self, variant: Option<&Ident>, name: &Ident) -> TokenStream {
        let (module, name) = (self.module(), generated_ident(name));
        let variant = variant.map(generated_ident).into_iter();
        let of = self.is_generic().then(|| {
            let ty = self.ty();
            quote!(<#ty>)
        });
        quote!(#module #(::#variant)* ::#name #of)
    }

    /// Returns `true` if the type has parameters.
    fn is_generic(&self) -> bool {
        !self.generics.params.is_empty()
    }

    /// `impl Trait for Type { body }` with the parameters of the type.
    fn implement(&self, of: impl ToTokens, ty: impl ToTokens, body: impl ToTokens) -> TokenStream {
        implement(&self.generics, of, ty, body)
    }

    /// Bounds that are added to those of the user stand in a `where` clause of their own.
    fn allow_bounds(&self) -> Option<TokenStream> {
        self.is_generic()
            .then(|| quote!(#[allow(clippy::multiple_bound_locations)]))
    }

    /// `PhantomData` of all type parameters.
    fn phantom(&self) -> TokenStream {
        let params = self.generics.type_params().map(|p| &p.ident);
        quote!(::core::marker::PhantomData<fn(#(*const #params),*)>)
    }

    /// The parameters without bounds, for the declaration of a marker type.
    fn bare_params(&self) -> TokenStream {
        let params = self.generics.params.iter().map(|p| match p {
            GenericParam::Type(t) => t.ident.to_token_stream(),
            GenericParam::Const(c) => c.to_token_stream(),
            GenericParam::Lifetime(l) => l.lifetime.to_token_stream(),
        });
        if self.is_generic() {
            quote!(<#(#params),*>)
        } else {
            TokenStream::new()
        }
    }
}

/// `impl Trait for Type { body }`.
fn implement(
    generics: &Generics,
    of: impl ToTokens,
    ty: impl ToTokens,
    body: impl ToTokens,
) -> TokenStream {
    let (params, _, clause) = generics.split_for_impl();
    let body = inlined(body.into_token_stream());
    quote! {
        #[automatically_derived]
        impl #params #of for #ty #clause { #body }
    }
}

/// The methods of an impl, each compiled where it is used, as generic code is: a crate of entities
/// does not pay for what no program does with them.
fn inlined(body: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut starts = true;
    for tree in body {
        if starts && matches!(&tree, TokenTree::Ident(word) if word == "fn") {
            out.extend(quote!(#[inline]));
        }
        // Types such as `fn()` stand elsewhere.
        starts = match &tree {
            TokenTree::Group(group) => {
                matches!(group.delimiter(), Delimiter::Brace | Delimiter::Bracket)
            }
            TokenTree::Punct(mark) => mark.as_char() == ';',
            _ => false,
        };
        out.extend([tree]);
    }
    out
}

/// The tokens at another place: names still mean what they mean, and errors show there.
fn located(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|tree| match tree {
            TokenTree::Group(group) => {
                let stream = located(group.stream(), span);
                let mut moved = Group::new(group.delimiter(), stream);
                moved.set_span(group.span().located_at(span));
                TokenTree::Group(moved)
            }
            mut tree => {
                tree.set_span(tree.span().located_at(span));
                tree
            }
        })
        .collect()
}

/// The generated impls, in a scope of their own, where `__d` is the runtime.
fn scope(root: &TokenStream, code: impl ToTokens) -> TokenStream {
    quote! {
        // Users print nothing of what is in here.
        #[allow(missing_debug_implementations, clippy::needless_question_mark)]
        const _: () = {
            use #root::__private as __d;
            #code
        };
    }
}
