//! Rules of an entity in a shared table.

use std::collections::HashSet;

use proc_macro2::Ident;
use syn::spanned::Spanned as _;

use super::fields::roles;
use super::indexes::TAKEN;
use crate::errors::Errors;
use crate::model::{Entity, SingleTable};
use crate::names::{hint, plain};
use crate::template::{Template, dotted};

/// Applies every rule.
pub(super) fn rules(entity: &Entity, single: &SingleTable, errors: &mut Errors) {
    for rule in [
        own_keys,
        table_options,
        no_parameters,
        known_parts,
        once_a_template,
        index_names,
        member_names,
    ] {
        rule(entity, single, errors);
    }
}

/// The key is made by templates, not by a field.
fn own_keys(entity: &Entity, single: &SingleTable, errors: &mut Errors) {
    for field in &entity.fields {
        for (what, span) in [
            ("partition", field.attrs.partition),
            ("sort", field.attrs.sort),
        ] {
            if let Some(span) = span {
                let table = single
                    .table
                    .segments
                    .last()
                    .map_or_else(String::new, |s| s.ident.to_string());
                errors.at(span, format!("templates make the keys of table `{table}`; remove this and name the field in `key({what} = \"..\")`"));
            }
        }
    }
}

/// The table's options are the table's.
fn table_options(entity: &Entity, single: &SingleTable, errors: &mut Errors) {
    if entity.options.is_given() {
        let table = single
            .table
            .segments
            .last()
            .map_or_else(String::new, |s| s.ident.to_string());
        errors.at(
            single.table.span(),
            format!(
                "table `{table}` has its own options; move `billing`, `stream` and the like to it"
            ),
        );
    }
}

/// An entity of a shared table has no type parameters.
fn no_parameters(entity: &Entity, _: &SingleTable, errors: &mut Errors) {
    if let Some(param) = entity.container.generics.params.first() {
        errors.on(
            param,
            "an entity of a shared table has no type parameters; use a type in their place",
        );
    }
}

/// A part is a stored field in its own form that the library does not write.
fn known_parts(entity: &Entity, single: &SingleTable, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for template in single.templates() {
        for path in template.parts() {
            let Some(first) = path.first().filter(|first| seen.insert((*first).clone())) else {
                continue;
            };
            part(entity, template, first, errors);
        }
    }
}

fn part(entity: &Entity, template: &Template, name: &Ident, errors: &mut Errors) {
    let text = plain(name);
    let Some(field) = entity.field(name) else {
        let known: Vec<String> = entity.stored().map(|f| plain(&f.ident)).collect();
        let hint = hint(&text, known.iter().map(String::as_str));
        return errors.at(
            template.span,
            format!("the entity has no field `{text}`; {hint}"),
        );
    };
    if field.attrs.rest.is_some() {
        errors.at(template.span, format!("`{text}` is a map of the attributes that the struct does not know, so no key can hold it; give the attribute a field of its own"));
    } else if field.attrs.keep_key.is_some() {
        errors.at(template.span, format!("`{text}` keeps the stored key, and is no part of it; use another field in the template"));
    } else if !field.is_stored() {
        errors.at(template.span, format!("`{text}` is skipped, so no key can hold it; remove `skip` from the field, or the part from the template"));
    } else if field.attrs.stored.is_some() {
        errors.at(template.span, format!("`{text}` has a stored form of its own, which a template cannot take; derive `Document` for the type instead, with `transparent` or `from`/`into`"));
    } else if field.attrs.ttl.is_some() {
        errors.at(template.span, format!("`{text}` is the `ttl` field, which is stored as the number that Time to Live reads, while the keys of a shared table are text; use another field in the template"));
    } else if let Some((role, _)) = roles(field).next() {
        errors.at(template.span, format!("`{text}` is the `{role}` field, which the library writes; use another field in the template"));
    }
}

/// A template names a part once.
fn once_a_template(_: &Entity, single: &SingleTable, errors: &mut Errors) {
    for template in single.templates() {
        let mut seen = HashSet::new();
        for path in template.parts().map(dotted) {
            if !seen.insert(path.clone()) {
                errors.at(
                    template.span,
                    format!("`{path}` is in the template twice; remove one"),
                );
            }
        }
    }
}

/// An index of the table is used once, under a name of its own.
fn index_names(entity: &Entity, single: &SingleTable, errors: &mut Errors) {
    let (mut used, mut aliases, mut types) = (HashSet::new(), HashSet::new(), HashSet::new());
    for index in &single.indexes {
        let (name, alias) = (plain(&index.name), plain(&index.alias));
        if !used.insert(name.clone()) {
            errors.at(
                index.name.span(),
                format!(
                    "the entity uses the index `{name}` twice; an item has one key in an index"
                ),
            );
        } else if !aliases.insert(alias.clone()) || !types.insert(index.ty.to_string()) {
            errors.at(
                index.alias.span(),
                format!("two indexes are called `{alias}`; rename one"),
            );
        }
        let renamed = entity.functions.iter().any(|(_, new)| plain(new) == alias);
        let kept = TAKEN.contains(&alias.as_str())
            && !entity.functions.iter().any(|(old, _)| *old == alias);
        if renamed || kept {
            errors.at(index.alias.span(), format!("`{alias}` is a function of the entity already; name the index by what it finds, `{name} as by_{alias}`"));
        }
    }
}

/// The member that sets the parts of an index is not called like a field.
fn member_names(entity: &Entity, single: &SingleTable, errors: &mut Errors) {
    for index in &single.indexes {
        if entity.field(&index.alias).is_some() {
            let alias = plain(&index.alias);
            errors.at(index.alias.span(), format!("`{alias}` is a field of the entity; call the index otherwise, for instance `by_{alias}`"));
        }
    }
}
