//! A collection of entities.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Fields, Type};

use super::{Container, named_fields};
use crate::attr::collection_root;
use crate::errors::Errors;

/// A collection.
pub(crate) struct Collection {
    pub(crate) container: Container,
    /// The variants of an enum, or the fields of a struct.
    pub(crate) members: Vec<Member>,
    /// `true` for a struct, which gathers a partition.
    pub(crate) gathers: bool,
}

pub(crate) struct Member {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

impl Collection {
    /// Reads the enum or struct. `None` when it has another shape.
    pub(crate) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Collection> {
        let root = collection_root(&input.attrs, errors);
        let container = Container::new(input, root.as_ref());
        if let Some(param) = input.generics.params.first() {
            errors.on(param, "a collection has no parameters; name the entities");
            return None;
        }
        let (members, gathers) = match &input.data {
            Data::Enum(data) => {
                let mut members = Vec::new();
                for variant in &data.variants {
                    match &variant.fields {
                        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                            members.extend(fields.unnamed.first().map(|field| Member {
                                ident: variant.ident.clone(),
                                ty: container.without_self(&field.ty),
                            }));
                        }
                        _ => errors.at(
                            variant.ident.span(),
                            "a variant of a collection holds one entity: `Order(Order)`",
                        ),
                    }
                }
                (members, false)
            }
            Data::Struct(_) | Data::Union(_) => {
                let members = named_fields(input).map(|fields| {
                    let member = |field: &syn::Field| {
                        Some(Member {
                            ident: field.ident.clone()?,
                            ty: container.without_self(&field.ty),
                        })
                    };
                    fields.named.iter().filter_map(member).collect()
                });
                (members.unwrap_or_default(), true)
            }
        };
        if members.is_empty() && errors.is_empty() {
            errors.at(
                input.ident.span(),
                "a collection is an enum over entities, or a struct of fields that are an entity, an `Option` or a `Vec` of one",
            );
        }
        (errors.is_empty()).then_some(Collection {
            container,
            members,
            gathers,
        })
    }
}
