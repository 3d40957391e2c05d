//! Rules of a table that several entities share.

use std::collections::HashSet;

use super::{not_empty, resource_name};
use crate::errors::Errors;
use crate::model::Table;
use crate::names::plain;

/// Applies every rule.
pub(super) fn rules(table: &Table, errors: &mut Errors) {
    if table.understood {
        complete(table, errors);
    }
    attribute_names(table, errors);
    index_names(table, errors);
    index_keys(table, errors);
    at_most(table, errors);
}

/// A table has a name and a partition key.
fn complete(table: &Table, errors: &mut Errors) {
    let span = table.container.ident.span();
    if table.name.is_none() {
        errors.at(
            span,
            "the table has no name; add `#[dynamo(name = \"app\")]`",
        );
    }
    if table.partition.is_none() {
        errors.at(
            span,
            "the table has no partition key; add `#[dynamo(partition = \"pk\")]`",
        );
    }
}

/// The attributes of the primary key, the discriminator and the Time to Live are different ones, and
/// have names.
fn attribute_names(table: &Table, errors: &mut Errors) {
    let mut seen = HashSet::new();
    let names = [&table.partition, &table.sort, &table.ttl];
    let discriminator = Some(&table.discriminator);
    for name in names.into_iter().flatten().chain(discriminator) {
        not_empty(name, errors);
        if name.value.len() > 255 {
            errors.at(
                name.span,
                "the name of a key attribute has at most 255 bytes; choose a shorter one",
            );
        }
        if !seen.insert(&name.value) {
            errors.at(
                name.span,
                format!(
                    "the attribute `{}` has another use in the table; choose another name",
                    name.value
                ),
            );
        }
    }
}

/// No two indexes have one name.
fn index_names(table: &Table, errors: &mut Errors) {
    let (mut names, mut stored) = (HashSet::new(), HashSet::new());
    for index in &table.indexes {
        resource_name(&index.stored_name, "index", errors);
        if !names.insert(plain(&index.name)) {
            errors.at(
                index.name.span(),
                format!(
                    "two indexes are called `{}`; rename one",
                    plain(&index.name)
                ),
            );
        } else if !stored.insert(&index.stored_name.value) {
            errors.at(
                index.stored_name.span,
                format!(
                    "two indexes are stored as \"{}\"; rename one",
                    index.stored_name.value
                ),
            );
        }
    }
}

/// A global index has a partition key, a local one a sort key in a table with a sort key; and no
/// attribute is in two keys, because each is made by one template.
fn index_keys(table: &Table, errors: &mut Errors) {
    let mut seen: HashSet<&str> = HashSet::new();
    let others = [&table.ttl, &Some(table.discriminator.clone())]
        .map(|n| n.as_ref().map(|n| n.value.clone()));
    for name in [&table.partition, &table.sort].into_iter().flatten() {
        seen.insert(&name.value);
    }
    for index in &table.indexes {
        let name = plain(&index.name);
        if index.local {
            if index.sort.is_none() {
                errors.at(
                    index.name.span(),
                    format!("local index \"{name}\" has no sort key; add `sort = \"{name}sk\"`"),
                );
            }
            if table.sort.is_none() {
                errors.at(index.name.span(), format!("local index \"{name}\" needs a table with a sort key; add `sort = \"sk\"` to the table"));
            }
        } else if index.partition.is_none() {
            errors.at(
                index.name.span(),
                format!("index \"{name}\" has no partition key; add `partition = \"{name}pk\"`"),
            );
        }
        let own = index.partition.as_ref().filter(|_| !index.local);
        for name in own.into_iter().chain(&index.sort) {
            not_empty(name, errors);
            let used =
                !seen.insert(&name.value) || others.iter().flatten().any(|o| *o == name.value);
            if used {
                errors.at(
                    name.span,
                    format!(
                        "the attribute `{}` has another use in the table; choose another name",
                        name.value
                    ),
                );
            }
        }
    }
}

/// A table has at most 20 global and 5 local indexes.
fn at_most(table: &Table, errors: &mut Errors) {
    for (local, most, what) in [(false, 20, "global"), (true, 5, "local")] {
        let mut indexes = table.indexes.iter().filter(|i| i.local == local);
        if let Some(first) = indexes.nth(most) {
            errors.at(
                first.name.span(),
                format!(
                    "a table has at most {most} {what} indexes, and this one is too many; remove it"
                ),
            );
        }
    }
}
