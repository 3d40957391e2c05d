//! Documents and projections.

use std::collections::HashSet;

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::visit::Visit;
use syn::{Data, DeriveInput, Fields, FieldsUnnamed, Lifetime, Type};

use super::{Container, Field, named_fields};
use crate::attr::{DocumentAttrs, FieldAttrs, ProjectionAttrs, Spanned, StoredAttr, VariantAttrs};
use crate::errors::Errors;
use crate::names::{RenameRule, plain};

/// A type that is stored in one attribute.
pub(crate) struct Document {
    pub(crate) container: Container,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    /// A map with typed paths.
    Struct(Vec<Field>),
    /// Stored as its only stored field: the position, and all fields.
    Transparent {
        inner: usize,
        fields: Vec<(syn::Member, Type)>,
    },
    /// Stored as another type.
    Converted { ty: Box<Type>, fallible: bool },
    /// Stored as text.
    Words(Vec<Variant>),
    /// Stored as a map with the name of the variant in an attribute.
    Tagged {
        tag: Spanned<String>,
        variants: Vec<Variant>,
    },
}

pub(crate) struct Variant {
    pub(crate) ident: Ident,
    /// The member of the struct of typed paths.
    pub(crate) member: Ident,
    pub(crate) name: Spanned<String>,
    pub(crate) shape: VariantShape,
}

pub(crate) enum VariantShape {
    Unit,
    Struct(Vec<Field>),
    Newtype(Box<Type>),
}

impl Document {
    /// Reads the struct or enum. `None` when it has no shape that can be stored.
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Document> {
        let attrs = DocumentAttrs::parse(&input.attrs, errors);
        let mut container = Container::new(input, attrs.root.as_ref());
        if let (Some(tag), false) = (&attrs.tag, matches!(input.data, Data::Enum(_))) {
            errors.at(
                tag.span(),
                "`tag` names the variant of an enum; a struct has none, remove it",
            );
        }
        let shape = Document::shape(input, attrs, &mut container, errors)?;
        Some(Document { container, shape })
    }

    fn shape(
        input: &DeriveInput,
        mut attrs: DocumentAttrs,
        container: &mut Container,
        errors: &mut Errors,
    ) -> Option<Shape> {
        let conversion = std::mem::take(&mut attrs.conversion).finish(errors);
        if let Some(StoredAttr::Convert { ty, fallible, span }) = conversion {
            if attrs.transparent.is_some() {
                errors.at(
                    span,
                    "`from`/`into` and `transparent` exclude each other; keep one",
                );
            }
            return Some(Shape::Converted { ty, fallible });
        }
        match &input.data {
            Data::Enum(data) => {
                if let Some(span) = attrs.transparent {
                    errors.at(span, "`transparent` is for structs; an enum can be stored as another type with `from` and `into`");
                }
                let variants = data.variants.iter();
                let read: Vec<Option<Variant>> = variants
                    .map(|v| Variant::read(v, &attrs, container, errors))
                    .collect();
                let mut variants = read.into_iter().collect::<Option<Vec<Variant>>>()?;
                if variants.is_empty() {
                    errors.at(
                        input.ident.span(),
                        "an enum without variants has no value to store; add a variant",
                    );
                    return None;
                }
                for variant in &variants {
                    match &variant.shape {
                        VariantShape::Unit => {}
                        VariantShape::Struct(fields) => container.bound_params(fields, false),
                        VariantShape::Newtype(ty) => container.bound_body(ty),
                    }
                }
                name_members(&mut variants);
                for variant in &variants {
                    if let VariantShape::Struct(fields) = &variant.shape {
                        container.take_names(fields);
                    }
                }
                let words = variants
                    .iter()
                    .all(|v| matches!(v.shape, VariantShape::Unit));
                Some(match attrs.tag {
                    None if words => Shape::Words(variants),
                    tag => Shape::Tagged {
                        tag: tag_of(tag.as_ref(), input),
                        variants,
                    },
                })
            }
            Data::Struct(_) if attrs.transparent.is_some() => transparent(input, container, errors),
            Data::Struct(_) => match (named_fields(input), &input.data) {
                (Some(named), _) => {
                    let fields = Field::read_all(named, container, attrs.rename_all, |attrs| {
                        FieldAttrs::of_document(attrs, errors)
                    });
                    container.take_names(&fields);
                    container.bound_params(&fields, false);
                    Some(Shape::Struct(fields))
                }
                (None, Data::Struct(data)) if data.fields.len() == 1 => {
                    errors.at(input.ident.span(), "a tuple struct of one field is stored as that field; add `#[dynamo(transparent)]`");
                    transparent(input, container, errors)
                }
                (None, _) => {
                    errors.at(input.ident.span(), "a document is a struct with named fields; name the fields, or store it as another type with `#[dynamo(from = T, into = T)]`");
                    None
                }
            },
            Data::Union(_) => {
                errors.at(input.ident.span(), "a union cannot be stored; use an enum");
                None
            }
        }
    }
}

/// Names the members of the struct of typed paths: the variants in snake case, raw where that is a
/// keyword, and none like the member `variant`.
fn name_members(variants: &mut [Variant]) {
    let mut taken = HashSet::from(["variant".to_owned()]);
    for variant in variants {
        let mut name = RenameRule::Snake.apply_to_variant(&plain(&variant.ident));
        let cannot_be_raw = ["self", "super", "crate", "_"];
        while cannot_be_raw.contains(&name.as_str()) || !taken.insert(name.clone()) {
            name.push('_');
        }
        variant.member = match syn::parse_str::<Ident>(&name) {
            Ok(_) => Ident::new(&name, variant.ident.span()),
            Err(_) => format_ident!("r#{name}", span = variant.ident.span()),
        };
        if let VariantShape::Struct(fields) = &mut variant.shape {
            for field in fields {
                field.variant = Some(variant.member.clone());
            }
        }
    }
}

fn tag_of(tag: Option<&syn::LitStr>, input: &DeriveInput) -> Spanned<String> {
    match tag {
        Some(text) => Spanned {
            value: text.value(),
            span: text.span(),
        },
        None => Spanned {
            value: "type".to_owned(),
            span: input.ident.span(),
        },
    }
}

/// The only stored field of a transparent struct.
fn transparent(
    input: &DeriveInput,
    container: &mut Container,
    errors: &mut Errors,
) -> Option<Shape> {
    let Data::Struct(data) = &input.data else {
        return None;
    };
    let mut stored: Vec<(usize, Span)> = Vec::new();
    for (i, field) in data.fields.iter().enumerate() {
        let attrs = FieldAttrs::of_document(&field.attrs, errors);
        let span = field
            .ident
            .as_ref()
            .map_or_else(|| container.ident.span(), Ident::span);
        if let Some(form) = &attrs.stored {
            errors.at(form.span(), "a transparent struct is stored as its field is; give the struct `from` and `into` for another form");
        }
        if let Some(span) = attrs.rest {
            errors.at(
                span,
                "a transparent struct is stored as its field is, without attributes beside it; remove `rest` or `transparent`",
            );
        }
        if let Some(name) = &attrs.rename {
            errors.at(
                name.span(),
                "the field of a transparent struct has no stored name; remove `rename`",
            );
        }
        if attrs.skip.is_none() {
            stored.push((i, span));
        }
    }
    let inner = match stored.as_slice() {
        [(inner, _)] => *inner,
        _ => {
            errors.at(container.ident.span(), "a transparent struct has exactly one stored field; mark the others `#[dynamo(skip)]`, or remove `transparent`");
            return None;
        }
    };
    let fields = data.fields.members().zip(&data.fields);
    let fields: Vec<_> = fields
        .map(|(m, f)| (m, container.without_self(&f.ty)))
        .collect();
    container.bound_type(&fields.get(inner)?.1);
    Some(Shape::Transparent { inner, fields })
}

impl Variant {
    fn read(
        variant: &syn::Variant,
        container_attrs: &DocumentAttrs,
        container: &Container,
        errors: &mut Errors,
    ) -> Option<Variant> {
        let attrs = VariantAttrs::parse(&variant.attrs, errors);
        let plain_name = plain(&variant.ident);
        let name = match (&attrs.rename, container_attrs.rename_all) {
            (Some(text), _) => Spanned {
                value: text.value(),
                span: text.span(),
            },
            (None, rule) => Spanned {
                value: rule.map_or_else(
                    || plain_name.clone(),
                    |rule| rule.apply_to_variant(&plain_name),
                ),
                span: variant.ident.span(),
            },
        };
        let shape = match &variant.fields {
            Fields::Unit => VariantShape::Unit,
            Fields::Named(named) => {
                let mut fields = Field::read_all(named, container, attrs.rename_all, |attrs| {
                    FieldAttrs::of_document(attrs, errors)
                });
                for field in &mut fields {
                    field.newtype = format_ident!("{}Of{}", field.newtype, plain_name);
                }
                VariantShape::Struct(fields)
            }
            Fields::Unnamed(unnamed) => {
                VariantShape::of_tuple(unnamed, variant, container, errors)?
            }
        };
        Some(Variant {
            ident: variant.ident.clone(),
            member: variant.ident.clone(),
            name,
            shape,
        })
    }
}

impl VariantShape {
    fn of_tuple(
        fields: &FieldsUnnamed,
        variant: &syn::Variant,
        container: &Container,
        errors: &mut Errors,
    ) -> Option<VariantShape> {
        for field in &fields.unnamed {
            for attr in field.attrs.iter().filter(|a| a.path().is_ident("dynamo")) {
                errors.on(attr, "the field of a tuple variant takes no attributes; name the field, `Variant { name: T }`");
            }
        }
        match (fields.unnamed.len(), fields.unnamed.first()) {
            (1, Some(field)) => {
                let ty = Box::new(container.without_self(&field.ty));
                Some(VariantShape::Newtype(ty))
            }
            _ => {
                errors.at(
                    variant.ident.span(),
                    "a tuple variant with several fields has no names to store them under; name the fields, `Variant { a: A, b: B }`",
                );
                None
            }
        }
    }
}

/// A read-only part of an entity.
pub(crate) struct Projection {
    pub(crate) container: Container,
    pub(crate) entity: Type,
    pub(crate) fields: Vec<Field>,
    /// Of a struct that borrows from a page.
    pub(crate) lifetime: Option<Lifetime>,
}

impl Projection {
    /// Reads the struct. `None` when it is not a struct with named fields of a known entity.
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Projection> {
        let attrs = ProjectionAttrs::parse(&input.attrs, errors);
        let lifetime = the_lifetime(input, errors)?;
        let mut container = Container::new(input, attrs.root.as_ref());
        let Some(named) = named_fields(input) else {
            errors.at(
                input.ident.span(),
                "a projection is a struct with named fields, named like those of the entity",
            );
            return None;
        };
        let fields = Field::read_all(named, &container, None, |attrs| {
            FieldAttrs::of_projection(attrs, errors)
        });
        if fields.is_empty() {
            errors.at(
                input.ident.span(),
                "a projection without fields selects nothing; add a field of the entity",
            );
        }
        container.bound_owned();
        let Some(entity) = attrs.of else {
            if errors.is_empty() {
                errors.at(
                    input.ident.span(),
                    "a projection names its entity; add `#[dynamo(of = Entity)]`",
                );
            }
            return None;
        };
        Some(Projection {
            container,
            entity,
            fields,
            lifetime,
        })
    }

    /// Returns `true` if a field borrows: its type mentions the struct's lifetime.
    pub(crate) fn borrows(&self, field: &Field) -> bool {
        struct Mentions<'l>(Option<&'l Lifetime>, bool);
        impl<'ast> Visit<'ast> for Mentions<'_> {
            fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
                self.1 |= self.0.is_some_and(|l| l.ident == lifetime.ident);
            }
        }
        let mut mentions = Mentions(self.lifetime.as_ref(), false);
        mentions.visit_type(&field.ty);
        mentions.1
    }
}

/// The lifetime of a struct that borrows from a page: it has no other parameter. `None` after an error.
pub(super) fn the_lifetime(input: &DeriveInput, errors: &mut Errors) -> Option<Option<Lifetime>> {
    let mut lifetimes = input.generics.lifetimes();
    let Some(first) = lifetimes.next() else {
        return Some(None);
    };
    if let Some(second) = lifetimes.next() {
        errors.on(
            second,
            "a projection borrows from one page; use one lifetime for all fields",
        );
        return None;
    }
    let mut others = input.generics.params.iter();
    if let Some(other) = others.find(|p| !matches!(p, syn::GenericParam::Lifetime(_))) {
        errors.on(
            other,
            "a projection that borrows has a lifetime and no other parameter; name the type",
        );
        return None;
    }
    Some(Some(first.lifetime.clone()))
}
