//! Items as the service stores them, written and read by the raw SDK client instead of dynamodel.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodel::{Db, Entity};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Returns the item of this DynamoDB JSON.
pub(crate) fn item(json: &str) -> Item {
    dynamodel::wire::item_from_slice(json.as_bytes()).expect("DynamoDB JSON")
}

/// Stores an item in the table of `E`, whatever its shape.
pub(crate) async fn put<E: Entity>(db: &Db, json: &str) {
    let put = db.client().put_item().table_name(&*db.table_name::<E>());
    put.set_item(Some(item(json))).send().await.unwrap();
}

/// Returns the item of `E`'s table with this key.
pub(crate) async fn get<E: Entity>(db: &Db, key: &str) -> Option<Item> {
    let get = db.client().get_item().table_name(&*db.table_name::<E>());
    let get = get.set_key(Some(item(key))).consistent_read(true);
    get.send().await.unwrap().item
}

/// Counts the items of `E`'s table, unique items included.
pub(crate) async fn count<E: Entity>(db: &Db) -> i32 {
    let scan = db.client().scan().table_name(&*db.table_name::<E>());
    scan.consistent_read(true).send().await.unwrap().count
}

/// Returns every item of `E`'s table.
pub(crate) async fn all<E: Entity>(db: &Db) -> Vec<Item> {
    let scan = db.client().scan().table_name(&*db.table_name::<E>());
    let pages = scan.consistent_read(true).into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.unwrap()
}

/// Deletes the item of `E`'s table with this key.
pub(crate) async fn delete<E: Entity>(db: &Db, key: &str) {
    let delete = db.client().delete_item().table_name(&*db.table_name::<E>());
    delete.set_key(Some(item(key))).send().await.unwrap();
}
