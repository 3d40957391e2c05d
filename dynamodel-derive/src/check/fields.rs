//! Rules of an entity's fields.

use proc_macro2::Span;

use super::{not_empty, skip_and_stored_form, unique};
use crate::attr::FieldAttrs;
use crate::errors::Errors;
use crate::model::{Entity, Field, PartRole};
use crate::names::plain;

/// Returns the span of a role's mark on a field.
type Mark = fn(&FieldAttrs) -> Option<Span>;

/// Roles of fields that the library itself writes or reads.
const ROLES: [(&str, Mark); 5] = [
    ("version", |a| a.version),
    ("ttl", |a| a.ttl),
    ("created_at", |a| a.created_at),
    ("updated_at", |a| a.updated_at),
    ("write_token", |a| a.write_token),
];

/// The roles of a field, with the spans of their attributes.
pub(super) fn roles(field: &Field) -> impl Iterator<Item = (&'static str, Span)> + '_ {
    ROLES
        .iter()
        .filter_map(|(name, of)| of(&field.attrs).map(|span| (*name, span)))
}

/// Exactly one field is the partition key.
pub(super) fn one_partition(entity: &Entity, errors: &mut Errors) {
    if entity.single_table.is_some() {
        return;
    }
    let mut marked = entity
        .fields
        .iter()
        .filter_map(|f| Some((f, f.attrs.partition?)));
    let Some((first, _)) = marked.next() else {
        if !entity.understood {
            return;
        }
        let example = entity
            .fields
            .first()
            .map_or_else(|| "id".to_owned(), |f| plain(&f.ident));
        errors.at(
            entity.container.ident.span(),
            format!("the entity has no partition key; mark one field, for instance `#[dynamo(partition)] {example}`"),
        );
        return;
    };
    for (_, span) in marked {
        let first = plain(&first.ident);
        errors.at(
            span,
            format!(
                "`{first}` is the partition key already, and a table has one; did you mean `sort`?"
            ),
        );
    }
}

/// At most one field is the sort key, and it is not the partition key.
pub(super) fn at_most_one_sort(entity: &Entity, errors: &mut Errors) {
    let mut marked = entity
        .fields
        .iter()
        .filter_map(|f| Some((f, f.attrs.sort?)));
    if let Some((first, span)) = marked.next() {
        if first.attrs.partition.is_some() {
            errors.at(
                span,
                "a field is the partition key or the sort key, not both; remove one of the two",
            );
        }
        for (_, span) in marked {
            let first = plain(&first.ident);
            errors.at(
                span,
                format!("`{first}` is the sort key already, and a table has one; sort by this field in an index, `#[dynamo(local_index(name, sort = ..))]`"),
            );
        }
    }
}

/// Each role is given to one field.
pub(super) fn one_of_each_role(entity: &Entity, errors: &mut Errors) {
    for (role, of) in ROLES {
        let mut marked = entity
            .fields
            .iter()
            .filter_map(|f| Some((f, of(&f.attrs)?)));
        if let Some((first, _)) = marked.next() {
            for (_, span) in marked {
                let first = plain(&first.ident);
                errors.at(
                    span,
                    format!("`{first}` is the `{role}` field already, and an entity has one; remove `{role}` here or there"),
                );
            }
        }
    }
}

/// The library writes a field with a role, and a key never changes.
pub(super) fn roles_exclude_keys(entity: &Entity, errors: &mut Errors) {
    for field in &entity.fields {
        if field.attrs.partition.or(field.attrs.sort).is_none() {
            continue;
        }
        for (role, span) in roles(field).filter(|(role, _)| *role != "created_at") {
            errors.at(
                span,
                format!(
                    "a key never changes, so it cannot be the `{role}` field; use another field"
                ),
            );
        }
    }
}

/// A field has at most one role.
pub(super) fn roles_exclude_each_other(entity: &Entity, errors: &mut Errors) {
    for field in &entity.fields {
        let mut roles = roles(field);
        if let Some((first, _)) = roles.next() {
            for (role, span) in roles {
                errors.at(
                    span,
                    format!("a field cannot be both `{first}` and `{role}`; use two fields"),
                );
            }
        }
    }
}

/// A skipped field is not stored, so it is no key and has no role, name or stored form.
pub(super) fn skip_stands_alone(entity: &Entity, errors: &mut Errors) {
    for field in entity.fields.iter().filter(|f| f.attrs.skip.is_some()) {
        let key = field
            .attrs
            .partition
            .or(field.attrs.sort)
            .map(|span| ("a key", span));
        for (what, span) in key.into_iter().chain(roles(field)) {
            let what = if what == "a key" {
                what.to_owned()
            } else {
                format!("the `{what}` field")
            };
            errors.at(
                span,
                format!(
                    "a skipped field is not stored, so it cannot be {what}; remove one of the two"
                ),
            );
        }
        skip_and_stored_form(field, errors);
    }
}

/// An immutable field is one that updates would change, and an id is stored.
pub(super) fn immutable_and_ids(entity: &Entity, errors: &mut Errors) {
    for field in &entity.fields {
        if let Some(span) = field.attrs.immutable {
            let part = entity.part_role(field);
            if field.attrs.rest.is_some() {
                continue;
            } else if field.attrs.skip.is_some() {
                errors.at(
                    span,
                    "a skipped field is not stored, so it cannot be `immutable`; remove one of the two",
                );
            } else if let Some((role, _)) = roles(field).next() {
                errors.at(
                    span,
                    format!("the library writes the `{role}` field, so it cannot be `immutable`; remove `immutable`"),
                );
            } else if !matches!(part, PartRole::None | PartRole::Primary) {
                errors.at(
                    span,
                    "the parts of an index key template are set by updates, so they cannot be `immutable`; make the field a part of the primary key, or remove `immutable`",
                );
            }
        }
        if let Some(id) = field
            .attrs
            .id
            .as_ref()
            .filter(|_| field.attrs.rest.is_none())
        {
            let problem = if field.attrs.skip.is_some() {
                "a skipped field is not stored, so it cannot be an `id`; remove one of the two"
            } else if roles(field).next().is_some() {
                "the library writes this field already; use another field as the `id`"
            } else {
                continue;
            };
            errors.at(id.span, problem);
        }
    }
}

/// The library reads and writes a field with a role by its type, so it has no other stored form. A time
/// of writing is made by its type, and stored in any form.
pub(super) fn stored_forms_and_roles(entity: &Entity, errors: &mut Errors) {
    for field in &entity.fields {
        if field.attrs.rest.is_some() {
            continue;
        }
        let mut roles =
            roles(field).filter(|(role, _)| !matches!(*role, "created_at" | "updated_at"));
        if let (Some(form), Some((role, _))) = (&field.attrs.stored, roles.next()) {
            errors.at(
                form.span(),
                format!(
                    "the library itself writes the `{role}` field; remove its other stored form"
                ),
            );
        }
    }
}

/// No two fields are stored under one name, and no name is empty.
pub(super) fn unique_names(entity: &Entity, errors: &mut Errors) {
    unique(entity.stored().map(|f| &f.name), "fields", errors);
    for field in entity.stored() {
        not_empty(&field.name, errors);
    }
}

/// The name of a key attribute has at most 255 bytes.
pub(super) fn key_names(entity: &Entity, errors: &mut Errors) {
    for field in entity.stored() {
        let key =
            entity.is_table_key(field) || entity.indexes.iter().any(|i| entity.is_key_of(i, field));
        if key && field.name.value.len() > 255 {
            errors.at(
                field.name.span,
                "the name of a key attribute has at most 255 bytes; choose a shorter one",
            );
        }
    }
}
