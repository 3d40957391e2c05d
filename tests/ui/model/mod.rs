//! The entities that the ui tests use.
#![allow(dead_code)]

use dynamodel::{Document, Entity};
use std::collections::BTreeSet;

#[derive(Entity)]
#[dynamo(table = "sessions")]
#[dynamo(index(by_token, partition = token))]
#[dynamo(index(by_device, partition = device, sort = (country, city), project = [views]))]
pub struct Session {
    #[dynamo(partition)]
    pub user: String,
    #[dynamo(sort)]
    pub id: String,
    pub token: String,
    pub device: String,
    pub country: String,
    pub city: String,
    pub views: u64,
    pub tags: BTreeSet<String>,
    pub pages: Vec<String>,
    pub note: Option<String>,
    pub data: Data,
    #[dynamo(version)]
    pub version: u64,
}

#[derive(Document)]
pub struct Data {
    pub page: String,
}
