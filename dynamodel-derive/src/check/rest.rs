//! Rules of the field that keeps the attributes which no other field has.

use proc_macro2::Span;

use super::fields::roles;
use crate::errors::Errors;
use crate::model::{Entity, Field};
use crate::names::plain;

/// The rules of the `rest` field of an entity.
pub(super) fn of_entity(entity: &Entity, errors: &mut Errors) {
    of_fields(&entity.fields, errors);
}

/// At most one field keeps the rest, and it has no other attribute: it is a map of attributes, and
/// none itself.
pub(super) fn of_fields(fields: &[Field], errors: &mut Errors) {
    let mut marked = fields
        .iter()
        .filter_map(|field| Some((field, field.attrs.rest?)));
    let Some((first, _)) = marked.next() else {
        return;
    };
    for (_, span) in marked {
        let first = plain(&first.ident);
        errors.at(
            span,
            format!("`{first}` keeps the attributes that the struct does not know already; remove `rest` here or there"),
        );
    }
    for field in fields.iter().filter(|f| f.attrs.rest.is_some()) {
        stands_alone(field, errors);
    }
}

fn stands_alone(field: &Field, errors: &mut Errors) {
    let attrs = &field.attrs;
    if let Some(span) = attrs.partition.or(attrs.sort) {
        errors.at(
            span,
            "the `rest` field is a map of the attributes that the struct does not know, so it cannot be a key; use another field",
        );
    }
    if let Some(name) = &attrs.rename {
        errors.at(
            name.span(),
            "the attributes of the `rest` field keep their own names, beside those of the other fields; remove `rename`",
        );
    }
    let form = attrs.stored.as_ref().map(|form| form.span());
    if let Some(span) = form {
        errors.at(
            span,
            "the attributes of the `rest` field keep their own forms; remove this or `rest`",
        );
    }
    if let Some(span) = attrs.skip {
        errors.at(
            span,
            "a `rest` field is written, and a skipped one is not; keep one of the two",
        );
    }
    if attrs.default.is_some() {
        errors.at(
            field.ident.span(),
            "the `rest` field is empty when the struct knows all attributes; remove `default`",
        );
    }
    for (what, span) in other_roles(field) {
        errors.at(
            span,
            format!("the `rest` field is a map of the attributes that the struct does not know, so it cannot be `{what}`; use another field"),
        );
    }
}

/// The roles of one attribute, with the spans of their marks.
fn other_roles(field: &Field) -> impl Iterator<Item = (&'static str, Span)> {
    let attrs = &field.attrs;
    let more = [
        ("unique", attrs.unique),
        ("immutable", attrs.immutable),
        ("id", attrs.id.as_ref().map(|id| id.span)),
    ];
    let more = more
        .into_iter()
        .filter_map(|(name, span)| Some((name, span?)));
    roles(field).chain(more)
}
