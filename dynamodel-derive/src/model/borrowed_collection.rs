//! The model of an enum that borrows the items of a collection.

use syn::{Attribute, Data, DeriveInput, Fields, Lifetime, Type};

use super::document::the_lifetime;
use super::{Container, Member};
use crate::attr::ProjectionAttrs;
use crate::errors::Errors;

/// An enum of projections that borrow, one for each entity of a collection.
pub(crate) struct BorrowedCollection {
    pub(crate) container: Container,
    pub(crate) collection: Type,
    pub(crate) members: Vec<Member>,
    pub(crate) lifetime: Lifetime,
}

impl BorrowedCollection {
    /// Reads the enum. `None` when it is none of this shape.
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<BorrowedCollection> {
        let Data::Enum(data) = &input.data else {
            return None;
        };
        let attrs = ProjectionAttrs::parse(&input.attrs, errors);
        let Some(lifetime) = the_lifetime(input, errors)? else {
            errors.at(
                input.ident.span(),
                "a projection is a struct with named fields, named like those of the entity; an enum borrows the items of a collection, and has a lifetime: `enum View<'a> { Order(OrderView<'a>) }`",
            );
            return None;
        };
        let container = Container::new(input, attrs.root.as_ref());
        let mut members = Vec::new();
        for variant in &data.variants {
            let attrs = variant.attrs.iter();
            attrs.for_each(|attr| no_attribute(attr, errors));
            match &variant.fields {
                Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                    for field in &fields.unnamed {
                        let attrs = field.attrs.iter();
                        attrs.for_each(|attr| no_attribute(attr, errors));
                        members.push(Member {
                            ident: variant.ident.clone(),
                            ty: container.without_self(&field.ty),
                        });
                    }
                }
                _ => errors.at(
                    variant.ident.span(),
                    "a variant holds what an entity of the collection borrows as: `Order(OrderView<'a>)`",
                ),
            }
        }
        let Some(collection) = attrs.of else {
            if errors.is_empty() {
                errors.at(
                    input.ident.span(),
                    "the items are those of a collection; add `#[dynamo(of = Collection)]`",
                );
            }
            return None;
        };
        if members.is_empty() && errors.is_empty() {
            errors.at(
                input.ident.span(),
                "there is nothing to read; add a variant for each entity of the collection: `Order(OrderView<'a>)`",
            );
        }
        errors.is_empty().then_some(BorrowedCollection {
            container,
            collection,
            members,
            lifetime,
        })
    }
}

fn no_attribute(attr: &Attribute, errors: &mut Errors) {
    if attr.path().is_ident("dynamo") {
        errors.on(
            attr,
            "a variant that holds a projection has no attributes; put them on the projection",
        );
    }
}
