//! Rules of unique fields.

use super::fields::roles;
use crate::errors::Errors;
use crate::model::{Entity, PartRole};
use crate::names::plain;

/// The constructors that read by a unique field hide no others.
pub(super) fn lookup_names(entity: &Entity, errors: &mut Errors) {
    let own = entity.indexes.iter().map(|i| &i.name);
    let shared = entity.single_table.iter().flat_map(|s| &s.indexes);
    let indexes: Vec<_> = own.chain(shared.map(|i| &i.alias)).collect();
    for field in entity.unique() {
        let lookup = field.lookup_name();
        for index in indexes.iter().filter(|name| ***name == lookup) {
            errors.at(
                index.span(),
                format!(
                    "`{lookup}` reads by the unique field `{}` already; call the index otherwise",
                    plain(&field.ident)
                ),
            );
        }
    }
}

/// A unique field is stored, is no key and has no other role.
pub(super) fn unique_is_free(entity: &Entity, errors: &mut Errors) {
    for field in &entity.fields {
        let Some(span) = field.attrs.unique else {
            continue;
        };
        if field.attrs.rest.is_some() {
            continue;
        } else if field.attrs.skip.is_some() {
            errors.at(
                span,
                "a skipped field is not stored, so it cannot be `unique`; remove one of the two",
            );
        } else if entity.is_table_key(field) || entity.part_role(field) == PartRole::Primary {
            errors.at(
                span,
                "a field of the primary key cannot be `unique`: the key is what its unique items name, and two items never have the same; remove `unique`",
            );
        } else if let Some((role, _)) = roles(field).next() {
            errors.at(
                span,
                format!("the `{role}` field cannot be `unique`: it says something of the item, and does not tell it from others; use another field"),
            );
        }
    }
}
