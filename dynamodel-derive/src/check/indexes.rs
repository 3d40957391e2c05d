//! Rules of an entity's indexes.

use std::collections::HashSet;

use proc_macro2::Ident;

use super::fields::roles;
use super::resource_name;
use crate::attr::{Project, Spanned};
use crate::errors::Errors;
use crate::model::{Entity, Index};
use crate::names::{hint, plain};

/// Names of associated functions that an entity has: an index of that name would hide one.
pub(super) const TAKEN: [&str; 11] = [
    "key", "get", "update", "delete", "check", "query", "scan", "create", "put", "replace",
    "remove",
];

/// A global index has a partition key.
pub(super) fn partition_given(entity: &Entity, errors: &mut Errors) {
    let missing = |i: &&Index| entity.understood && !i.local && i.partition.is_none();
    for index in entity.indexes.iter().filter(missing) {
        let name = plain(&index.name);
        let example = entity
            .stored()
            .find(|f| !entity.is_table_key(f))
            .map_or_else(|| "field".to_owned(), |f| plain(&f.ident));
        errors.at(
            index.name.span(),
            format!("index \"{name}\" has no partition key; add `partition = ..`, for instance `#[dynamo(index({name}, partition = {example}))]`"),
        );
    }
}

/// A local index has a sort key.
pub(super) fn sort_given(entity: &Entity, errors: &mut Errors) {
    for index in entity
        .indexes
        .iter()
        .filter(|i| i.local && i.sort.is_empty())
    {
        let name = plain(&index.name);
        errors.at(
            index.name.span(),
            format!("local index \"{name}\" has no sort key; add `sort = ..`"),
        );
    }
}

/// A local index needs a table with a sort key.
pub(super) fn local_needs_sort(entity: &Entity, errors: &mut Errors) {
    if entity.fields.iter().any(|f| f.attrs.sort.is_some()) {
        return;
    }
    for index in entity.indexes.iter().filter(|i| i.local) {
        let name = plain(&index.name);
        let partition = entity
            .partition()
            .map_or_else(|| "..".to_owned(), |f| plain(&f.ident));
        let sort = index.sort.first().map_or_else(|| "..".to_owned(), plain);
        errors.at(
            index.name.span(),
            format!("local index \"{name}\" needs a table with a sort key; mark a field with `#[dynamo(sort)]`, or use `index({name}, partition = {partition}, sort = {sort})`"),
        );
    }
}

/// An index names fields of the entity, and none that is skipped.
pub(super) fn known_fields(entity: &Entity, errors: &mut Errors) {
    for index in &entity.indexes {
        for name in named(index) {
            match entity.field(name) {
                Some(field) if field.is_stored() => {}
                Some(field) if field.attrs.rest.is_some() => errors.at(
                    name.span(),
                    format!("`{}` is a map of the attributes that the struct does not know, which no index can name; give the attribute a field of its own", plain(name)),
                ),
                Some(_) => errors.at(
                    name.span(),
                    format!("`{}` is skipped, so no index holds it; remove `skip` from the field, or the field from the index", plain(name)),
                ),
                None => {
                    let known: Vec<String> = entity.stored().map(|f| plain(&f.ident)).collect();
                    let hint = hint(&plain(name), known.iter().map(String::as_str));
                    errors.at(name.span(), format!("the entity has no field `{}`; {hint}", plain(name)));
                }
            }
        }
    }
}

/// Every field that the index names.
fn named(index: &Index) -> impl Iterator<Item = &Ident> {
    let included = match &index.project {
        Project::Include(names) => names.as_slice(),
        Project::All | Project::Keys => &[],
    };
    keys(index).chain(included)
}

fn keys(index: &Index) -> impl Iterator<Item = &Ident> {
    index.partition.iter().flatten().chain(&index.sort)
}

/// A global index has up to four partition and four sort attributes, a local index one sort
/// attribute, and none is named twice.
pub(super) fn key_parts(entity: &Entity, errors: &mut Errors) {
    for index in &entity.indexes {
        let partition = index.partition.as_deref().unwrap_or_default();
        if let Some(fifth) = partition.get(4).filter(|_| !index.local) {
            errors.at(
                fifth.span(),
                "the partition key of an index has at most 4 attributes; remove the rest",
            );
        } else if let (Some(fourth), Some(_)) = (partition.get(3), &index.shards) {
            errors.at(
                fourth.span(),
                "the shard is an attribute of the partition key too, which has at most 4; remove one, or `shards`",
            );
        }
        if index.local
            && let Some(second) = index.sort.get(1)
        {
            errors.at(
                second.span(),
                "a local index sorts by one attribute; remove the rest, or make it an `index(..)`",
            );
        } else if let Some(fifth) = index.sort.get(4) {
            errors.at(
                fifth.span(),
                "the sort key of an index has at most 4 attributes; remove the rest",
            );
        }
        let mut seen = HashSet::new();
        for name in keys(index).filter(|name| !seen.insert(plain(name))) {
            errors.at(
                name.span(),
                format!(
                    "`{}` is in the key of the index twice; remove one",
                    plain(name)
                ),
            );
        }
        if index.local
            && let (Some(name), Some(partition)) = (index.sort.first(), entity.partition())
            && plain(name) == plain(&partition.ident)
        {
            errors.at(
                name.span(),
                "this is the partition key of the local index already; sort by another field",
            );
        }
    }
}

/// The attribute of the shard has a name that no field has, of at most 255 bytes.
pub(super) fn shard_names(entity: &Entity, errors: &mut Errors) {
    for index in &entity.indexes {
        let (Some(name), Some(shards)) = (index.shard_attribute(), &index.shards) else {
            continue;
        };
        if let Some(field) = entity.stored().find(|f| f.name.value == name) {
            errors.at(
                field.name.span,
                format!("the attribute `{name}` holds the shard of index \"{}\"; store the field under another name with `#[dynamo(rename = \"..\")]`", plain(&index.name)),
            );
        }
        if name.len() > 255 {
            errors.at(
                shards.span,
                "the name of the index is part of the name of its shard attribute, which has at most 255 bytes; choose a shorter one by `name = \"..\"`",
            );
        }
    }
}

/// The version and the write token are no keys: they change with every write, and only the library
/// knows them.
pub(super) fn no_role_fields(entity: &Entity, errors: &mut Errors) {
    for name in entity.indexes.iter().flat_map(keys) {
        let Some(field) = entity.field(name) else {
            continue;
        };
        let role = roles(field).find(|(role, _)| matches!(*role, "version" | "write_token"));
        if let Some((role, _)) = role {
            errors.at(
                name.span(),
                format!("`{}` is the `{role}` field, which cannot be the key of an index; use another field", plain(name)),
            );
        }
    }
}

/// A table has at most 20 global and 5 local indexes.
pub(super) fn at_most(entity: &Entity, errors: &mut Errors) {
    for (local, most, what) in [(false, 20, "global"), (true, 5, "local")] {
        let mut indexes = entity.indexes.iter().filter(|i| i.local == local);
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

/// The name of an index follows the rule for tables.
pub(super) fn names(entity: &Entity, errors: &mut Errors) {
    for index in &entity.indexes {
        resource_name(&index.stored_name, "an index", errors);
    }
}

/// No two indexes have one name, neither in Rust nor in DynamoDB.
pub(super) fn unique_names(entity: &Entity, errors: &mut Errors) {
    let (mut constructors, mut stored) = (HashSet::new(), HashSet::new());
    for Index {
        name, stored_name, ..
    } in &entity.indexes
    {
        let Spanned { value, span } = stored_name;
        if !constructors.insert(plain(name)) {
            errors.at(
                name.span(),
                format!("two indexes are called `{}`; rename one", plain(name)),
            );
        } else if !stored.insert(value) {
            errors.at(
                *span,
                format!("two indexes are stored as \"{value}\"; rename one"),
            );
        }
    }
}

/// No two indexes have one generated type.
pub(super) fn unique_types(entity: &Entity, errors: &mut Errors) {
    let (mut types, mut names) = (HashSet::new(), HashSet::new());
    for Index { name, ty, .. } in &entity.indexes {
        if names.insert(plain(name)) && !types.insert(ty.to_string()) {
            errors.at(
                name.span(),
                format!("two indexes would have the type `{ty}`; rename one"),
            );
        }
    }
}

/// An index is not called like a function of the entity.
pub(super) fn constructor_names(entity: &Entity, errors: &mut Errors) {
    let renamed = |old: &str| {
        entity
            .functions
            .iter()
            .find(|(name, _)| name == old)
            .map(|(_, new)| plain(new))
    };
    let taken: HashSet<String> = TAKEN
        .iter()
        .map(|old| renamed(old).unwrap_or_else(|| (*old).to_owned()))
        .collect();
    for index in &entity.indexes {
        let name = plain(&index.name);
        if taken.contains(&name) {
            errors.at(
                index.name.span(),
                format!("`{name}` is a function of the entity already; name the index by what it finds, `by_{name}`, and keep its stored name with `name = \"{name}\"`"),
            );
        }
    }
    let mut seen = HashSet::new();
    for (_, new) in &entity.functions {
        let name = plain(new);
        let kept = TAKEN
            .iter()
            .any(|old| *old == name && renamed(old).is_none());
        if kept || !seen.insert(name.clone()) {
            errors.at(
                new.span(),
                format!("`{name}` is a function of the entity already; choose another name"),
            );
        }
    }
}

/// A list of projected fields names no key, because every index holds the keys, and no field twice.
pub(super) fn projected_fields(entity: &Entity, errors: &mut Errors) {
    for index in &entity.indexes {
        let Project::Include(names) = &index.project else {
            continue;
        };
        let mut seen = HashSet::new();
        for name in names {
            let Some(field) = entity.field(name) else {
                continue;
            };
            let name_text = plain(name);
            if entity.is_table_key(field) || entity.is_key_of(index, field) {
                errors.at(name.span(), format!("`{name_text}` is a key, and every index holds the keys; remove it from `project`"));
            } else if !seen.insert(name_text.clone()) {
                errors.at(
                    name.span(),
                    format!("`{name_text}` is projected twice; remove one"),
                );
            }
        }
        if names.is_empty() {
            errors.at(
                index.name.span(),
                "an empty list projects nothing; write `project = keys`",
            );
        }
    }
}

/// All `project = [..]` lists of a table name at most 100 attributes together.
pub(super) fn projected_count(entity: &Entity, errors: &mut Errors) {
    let lists = entity.indexes.iter().map(|i| match &i.project {
        Project::Include(names) => names.as_slice(),
        Project::All | Project::Keys => &[],
    });
    if let Some(name) = lists.flatten().nth(100) {
        errors.at(
            name.span(),
            "the indexes of a table project at most 100 attributes by name, all together; use `project = all` in one of them",
        );
    }
}
