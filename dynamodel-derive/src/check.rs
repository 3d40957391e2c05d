//! Rules that the derive checks on the syntax, one function each.
//!
//! Rules on types, for instance that a field can be a key, are bounds in the expansion, see [`expand::checks`](crate::expand).

mod fields;
mod indexes;
mod key_forms;
mod rest;
mod single_table;
mod table;
mod unique;

use std::collections::HashMap;

use proc_macro2::Span;

use crate::attr::Spanned;
use crate::errors::Errors;
use crate::model::{Document, Entity, Field, Shape, Table, VariantShape};

type Rule = fn(&Entity, &mut Errors);

/// The rules of an entity, in the order in which their messages appear.
const ENTITY: &[Rule] = &[
    has_table,
    table_name,
    fields::one_partition,
    fields::at_most_one_sort,
    fields::one_of_each_role,
    fields::roles_exclude_keys,
    fields::roles_exclude_each_other,
    fields::skip_stands_alone,
    fields::stored_forms_and_roles,
    fields::immutable_and_ids,
    rest::of_entity,
    key_forms::in_key,
    key_forms::keep_key,
    unique::unique_is_free,
    unique::lookup_names,
    fields::unique_names,
    fields::key_names,
    indexes::partition_given,
    indexes::sort_given,
    indexes::local_needs_sort,
    indexes::known_fields,
    indexes::key_parts,
    indexes::shard_names,
    indexes::no_role_fields,
    indexes::at_most,
    indexes::names,
    indexes::unique_names,
    indexes::unique_types,
    indexes::constructor_names,
    indexes::projected_fields,
    indexes::projected_count,
];

/// Applies every rule of an entity.
pub(crate) fn entity(entity: &Entity, errors: &mut Errors) {
    for rule in ENTITY {
        rule(entity, errors);
    }
    if let Some(single) = &entity.single_table {
        single_table::rules(entity, single, errors);
        key_forms::forms(single, errors);
    }
}

/// Applies every rule of a table.
pub(crate) fn table(table: &Table, errors: &mut Errors) {
    if let Some(name) = &table.name {
        resource_name(name, "table", errors);
    }
    table::rules(table, errors);
}

/// Applies every rule of a document.
pub(crate) fn document(document: &Document, errors: &mut Errors) {
    match &document.shape {
        Shape::Struct(fields) => document_fields(fields, errors),
        Shape::Transparent { .. } | Shape::Converted { .. } => {}
        Shape::Words(variants) => {
            unique(variants.iter().map(|v| &v.name), "variants", errors);
        }
        Shape::Tagged { tag, variants } => {
            unique(variants.iter().map(|v| &v.name), "variants", errors);
            for variant in variants {
                if let VariantShape::Struct(fields) = &variant.shape {
                    document_fields(fields, errors);
                    tag_is_no_field(tag, fields, errors);
                }
            }
        }
    }
}

fn document_fields(fields: &[Field], errors: &mut Errors) {
    unique(
        fields.iter().filter(|f| f.is_stored()).map(|f| &f.name),
        "fields",
        errors,
    );
    rest::of_fields(fields, errors);
    for field in fields {
        skip_and_stored_form(field, errors);
        not_empty(&field.name, errors);
    }
}

/// An entity names its table.
fn has_table(entity: &Entity, errors: &mut Errors) {
    if entity.table.is_none() && entity.single_table.is_none() && entity.understood {
        errors.at(
            entity.container.ident.span(),
            "the entity names no table; add `#[dynamo(table = \"name\")]`",
        );
    }
}

/// A table's name is 3 to 255 characters of `a-z A-Z 0-9 _ . -`.
fn table_name(entity: &Entity, errors: &mut Errors) {
    if let Some(table) = &entity.table {
        resource_name(table, "a table", errors);
    }
}

/// The rule of DynamoDB for names of tables and indexes.
fn resource_name(name: &Spanned<String>, what: &str, errors: &mut Errors) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if let Some(c) = name.value.chars().find(|c| !allowed(*c)) {
        errors.at(
            name.span,
            format!("the name of {what} has no {c:?}; use only a-z, A-Z, 0-9, `_`, `.` and `-`"),
        );
    } else if !(3..=255).contains(&name.value.len()) {
        let length = name.value.len();
        let remedy = if what == "an index" {
            ", for instance by `name = \"..\"`"
        } else {
            ""
        };
        errors.at(
            name.span,
            format!("the name of {what} has 3 to 255 characters, and this one {length}; choose another{remedy}"),
        );
    }
}

/// No two of these names are equal. Reported at the later one.
fn unique<'a>(
    names: impl IntoIterator<Item = &'a Spanned<String>>,
    what: &str,
    errors: &mut Errors,
) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for name in names {
        if seen.insert(&name.value, name.span).is_some() {
            errors.at(
                name.span,
                format!("two {what} are stored as `{}`; give one of them another name with `#[dynamo(rename = \"..\")]`", name.value),
            );
        }
    }
}

/// An attribute's name has at least one character.
fn not_empty(name: &Spanned<String>, errors: &mut Errors) {
    if name.value.is_empty() {
        errors.at(
            name.span,
            "the name of an attribute has at least one character; write it, or remove `rename`",
        );
    }
}

/// A skipped field is not stored, so it has no stored form and no stored name.
fn skip_and_stored_form(field: &Field, errors: &mut Errors) {
    if field.attrs.skip.is_none() {
        return;
    }
    if let Some(form) = &field.attrs.stored {
        errors.at(
            form.span(),
            "a skipped field is not stored in any form; remove this or `skip`",
        );
    }
    if let Some(name) = &field.attrs.rename {
        errors.at(
            name.span(),
            "a skipped field is not stored under any name; remove `rename` or `skip`",
        );
    }
}

/// The tag of an enum is not the name of a field of a variant too.
fn tag_is_no_field(tag: &Spanned<String>, fields: &[Field], errors: &mut Errors) {
    for field in fields
        .iter()
        .filter(|f| f.is_stored() && f.name.value == tag.value)
    {
        errors.at(
            field.name.span,
            format!("the attribute `{}` holds the name of the variant; rename the field, or choose another attribute with `#[dynamo(tag = \"..\")]` on the enum", tag.value),
        );
    }
}
