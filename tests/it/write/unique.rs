//! Unique attributes: their unique items, and the rules that they enforce.

mod backfill;
mod expiry;
mod lookup;
mod races;
mod single;
mod takeover;
mod transactions;

use std::collections::{BTreeMap, BTreeSet};

use dynamodel::{Db, Entity, Table};

use crate::raw::{self, Item};

/// A versioned entity in a table of its own.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "accounts")]
pub(crate) struct Account {
    #[dynamo(partition)]
    pub(crate) id: String,
    #[dynamo(unique)]
    pub(crate) email: String,
    #[dynamo(unique, rename = "Handle")]
    pub(crate) handle: Option<String>,
    pub(crate) visits: u64,
    #[dynamo(version)]
    pub(crate) version: u64,
}

pub(crate) fn account(id: &str, email: &str) -> Account {
    Account {
        id: id.into(),
        email: email.into(),
        handle: None,
        visits: 0,
        version: 0,
    }
}

/// An unversioned entity with a number as the sort key and a unique number.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = "members", index(by_number, partition = number, sort = club))]
pub(crate) struct Member {
    #[dynamo(partition)]
    pub(crate) club: String,
    #[dynamo(sort)]
    pub(crate) number: u32,
    #[dynamo(unique)]
    pub(crate) badge: Option<u64>,
    pub(crate) name: String,
}

pub(crate) fn member(number: u32, badge: impl Into<Option<u64>>) -> Member {
    Member {
        club: "chess".into(),
        number,
        badge: badge.into(),
        name: String::new(),
    }
}

/// A table of several entities.
#[derive(Table)]
#[dynamo(name = "guarded", partition = "pk", sort = "sk", ttl = "expires")]
pub(crate) struct Guarded;

/// An entity of the shared table, with a Time to Live.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Guarded, key(partition = "USER#{user_id}", sort = "PROFILE"))]
pub(crate) struct User {
    pub(crate) user_id: u32,
    #[dynamo(unique)]
    pub(crate) email: String,
    pub(crate) name: String,
    #[dynamo(ttl)]
    pub(crate) expires: Option<u64>,
}

pub(crate) fn user(user_id: u32, email: &str) -> User {
    User {
        user_id,
        email: email.into(),
        name: String::new(),
        expires: None,
    }
}

/// Another entity of the table with a unique attribute of the same name.
#[derive(Debug, Clone, PartialEq, Entity)]
#[dynamo(table = Guarded, key(partition = "TEAM#{name}", sort = "TEAM"))]
pub(crate) struct Team {
    pub(crate) name: String,
    #[dynamo(unique)]
    pub(crate) email: String,
}

/// Returns the violated rules, from the raw items of the table: every value of a unique attribute has
/// exactly one unique item, which names its owner; every unique item has an owner with the value; both
/// expire at the same time.
pub(crate) fn broken<E: Entity>(items: &[Item]) -> Vec<String> {
    let schema = E::SCHEMA;
    let keys: Vec<&str> = schema.key.attributes().collect();
    let key = |item: &Item| -> BTreeMap<String, String> {
        let part = |name: &&str| (name.to_string(), format!("{:?}", item[*name]));
        keys.iter().map(part).collect()
    };
    let discriminator = schema.single_table.and_then(|s| s.table.discriminator);
    let partition = schema.key.partition[0];
    let prefix = match schema.single_table {
        Some(single) => format!("_unique#{}#", single.kind),
        None => "_unique#".to_owned(),
    };
    let text = |item: &Item| item[partition].as_s().cloned().unwrap_or_default();
    let is_guard = |item: &&Item| text(item).starts_with(&prefix);
    let is_entity = |item: &&Item| match (discriminator, schema.single_table) {
        (Some(name), Some(single)) => item[name].as_s().is_ok_and(|k| k == single.kind),
        _ => !text(item).starts_with("_unique#"),
    };
    let mut found = Vec::new();
    let mut needed = BTreeSet::new();
    for item in items.iter().filter(is_entity) {
        for unique in schema.unique {
            let Some(value) = item.get(unique.attribute) else {
                continue;
            };
            let value = match value.as_s() {
                Ok(text) => text.clone(),
                Err(_) => format!("{}e0", value.as_n().expect("S or N")),
            };
            let guard = format!("{prefix}{}#{value}", unique.attribute);
            if !needed.insert(guard.clone()) {
                found.push(format!("two items have the value of {guard}"));
            }
            let is_it = |i: &&Item| text(i) == guard;
            match items.iter().find(is_it) {
                None => found.push(format!("no guard {guard}")),
                Some(i) if key(i["_owner"].as_m().expect("a map")) != key(item) => {
                    found.push(format!("{guard} is of another item"));
                }
                Some(i) => {
                    let ttl = schema.ttl.unwrap_or("-");
                    if i.get(ttl) != item.get(ttl) {
                        found.push(format!("{guard} expires at another time than its item"));
                    }
                }
            }
        }
    }
    for guard in items.iter().filter(is_guard).map(text) {
        if !needed.contains(&guard) {
            found.push(format!("{guard} has no owner"));
        }
    }
    found
}

/// Checks the unique items of `E`'s table, and returns the number of all items in it.
#[track_caller]
pub(crate) fn check<E: Entity>(db: &Db) -> impl Future<Output = usize> {
    let at = std::panic::Location::caller();
    let db = db.clone();
    async move {
        let items = raw::all::<E>(&db).await;
        let broken = broken::<E>(&items);
        assert!(broken.is_empty(), "{at}: {broken:#?}");
        items.len()
    }
}
