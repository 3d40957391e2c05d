//! Rules of a table that several entities share.

use std::collections::{HashMap, HashSet};

use super::{not_empty, resource_name};
use crate::attr::Spanned;
use crate::errors::Errors;
use crate::model::{Table, TableProjection};
use crate::names::plain;

/// Applies every rule.
pub(super) fn rules(table: &Table, errors: &mut Errors) {
    if table.understood {
        complete(table, errors);
    }
    attribute_names(table, errors);
    index_names(table, errors);
    index_keys(table, errors);
    key_types(table, errors);
    projected(table, errors);
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
    let discriminator = table.discriminator.as_ref();
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
/// attribute is in the keys of two indexes, because each is made by one template. A global index may
/// have an attribute of the table's key, which the template of that makes.
fn index_keys(table: &Table, errors: &mut Errors) {
    let mut seen: HashSet<&str> = HashSet::new();
    let others = [&table.ttl, &table.discriminator].map(|n| n.as_ref().map(|n| n.value.clone()));
    let primary: Vec<&str> = [&table.partition, &table.sort]
        .into_iter()
        .flatten()
        .map(|name| name.value.as_str())
        .collect();
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
        let names: Vec<&Spanned<String>> = own.into_iter().chain(&index.sort).collect();
        if let [partition, sort] = names.as_slice() {
            if partition.value == sort.value {
                errors.at(
                    sort.span,
                    format!(
                        "`{}` is in the key of the index twice; choose another name",
                        sort.value
                    ),
                );
                continue;
            }
            if primary == [&partition.value, &sort.value] {
                errors.at(
                    index.name.span(),
                    format!("index \"{name}\" has the key of the table; query the table, or swap the two for an inverted index"),
                );
                continue;
            }
        }
        for name in names {
            not_empty(name, errors);
            let is_primary = primary.contains(&name.value.as_str());
            let used = (is_primary && index.local)
                || (!is_primary && !seen.insert(&name.value))
                || others.iter().flatten().any(|o| *o == name.value);
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

/// An attribute that is in the key of the table and of an index has one type.
fn key_types(table: &Table, errors: &mut Errors) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (name, kind) in &table.key_types {
        let first = seen.entry(name).or_insert(kind.value);
        if *first != kind.value {
            errors.at(
                kind.span,
                format!("`{name}` is a key of type {first} already, and an attribute has one type; write `\"{name}\": {first}`"),
            );
        }
    }
}

/// A list of projected attributes has names, each once and none of a key, and all lists together have
/// at most 100.
fn projected(table: &Table, errors: &mut Errors) {
    let mut count = 0;
    for index in &table.indexes {
        let keys = [&table.partition, &table.sort, &index.partition, &index.sort];
        let mut seen = HashSet::new();
        for name in index.project.names() {
            not_empty(name, errors);
            let text = &name.value;
            count += 1;
            if keys.into_iter().flatten().any(|key| key.value == *text) {
                errors.at(name.span, format!("`{text}` is a key, and every index holds the keys; remove it from `project`"));
            } else if !seen.insert(text) {
                errors.at(
                    name.span,
                    format!("`{text}` is projected twice; remove one"),
                );
            } else if count == 101 {
                errors.at(
                    name.span,
                    "the indexes of a table project at most 100 attributes by name, all together; use `project = all` in one of them",
                );
            }
        }
        if matches!(&index.project, TableProjection::Include(names) if names.is_empty()) {
            errors.at(
                index.name.span(),
                "an empty list projects nothing; write `project = keys`",
            );
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
