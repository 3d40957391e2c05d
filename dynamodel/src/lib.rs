//! Typed data modeling for Amazon DynamoDB, checked by the compiler.
//!
//! Declare structs. One derive gives them key schemas, index queries, version fields, typed conditions
//! and updates, and table definitions; everything is executed by the official `aws-sdk-dynamodb`
//! client, with less CPU than SDK code written by hand. It runs with no AWS account on an embedded
//! engine, and unchanged on AWS.
//!
//! ```
//! use dynamodel::{Db, Entity};
//!
//! #[derive(Debug, Clone, PartialEq, Entity)]
//! #[dynamo(table = "sessions")]
//! #[dynamo(index(by_token, partition = auth_token))]
//! struct Session {
//!     #[dynamo(partition)]
//!     user_id: String,
//!     #[dynamo(sort)]
//!     session_id: String,
//!     auth_token: String,
//!     views: u64,
//!     #[dynamo(ttl)]
//!     expires_at: u64,
//!     #[dynamo(version)]
//!     version: u64,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), dynamodel::Error> {
//! let db = Db::embedded()?; // on AWS: Db::from_env().await
//! db.create_table::<Session>().await?;
//!
//! let session = Session {
//!     user_id: "u1".into(),
//!     session_id: "2026-01-01".into(),
//!     auth_token: "abc".into(),
//!     views: 0,
//!     expires_at: 4_000_000_000,
//!     version: 0,
//! };
//! let session = session.create().send(&db).await?; // must not exist; now at version 1
//!
//! Session::update("u1", "2026-01-01")
//!     .apply(|s| s.views.add(1))
//!     .when(|s| s.expires_at.gt(1_700_000_000))
//!     .send(&db)
//!     .await?;
//!
//! let of_january = Session::query("u1")
//!     .sort(|k| k.session_id.begins_with("2026-01-"))
//!     .filter(|s| s.views.ge(1))
//!     .all(&db)
//!     .await?;
//! assert_eq!(of_january.len(), 1);
//!
//! let conflict = session.put().send(&db).await.unwrap_err(); // it is at version 2 by now
//! assert!(conflict.is_conflict());
//! # Ok(())
//! # }
//! ```
//!
//! # Where to go
//!
//! | for | see |
//! |---|---|
//! | an item as a struct | [`#[derive(Entity)]`](derive@Entity), with every attribute; [`Document`](derive@Document) for structs and enums inside an item, [`Projection`](derive@Projection) for parts of items, [`Attribute`] for the table of Rust types and their stored forms |
//! | one item | the methods of [`Entity`] for whole items, the constructors of the derive by key: [`Get`], [`Put`], [`Update`], [`Delete`], [`Remove`] |
//! | conditions and updates | [`expr`]: typed paths, [`Condition`], [`Action`] |
//! | many items | [`Query`], [`Scan`], with [`Page`], [`Cursor`], [`ItemStream`]; a [`ScanCursor`] for scans that go on where they ended; [`BorrowedProjection`] for items that borrow their text from the page |
//! | several operations at once | [`Transaction`], [`transact_get`], [`BatchGet`], [`BatchWrite`], [`BulkWriter`] |
//! | several entities in one table | [`Table`](derive@Table), [`Collection`](derive@Collection), [`Model`] for a diagram of the keys |
//! | unique attributes | [`GetUnique`]; [`BackfillUnique`] for items that are older than the mark |
//! | where requests go | [`Db`]; [`embedded`] for the engine in this process; [`Db::create_table`] |
//! | how requests are sent | [`Builder::fast_path`], [`Builder::plain_path`], [`Builder::interceptors_see_http_only`], [`Db::transport_status`] |
//! | items from elsewhere | `from_item`, `to_item`, `from_dynamo_json` and `to_dynamo_json` of [`Entity`] and `Document`, the first and third of projections, too: for stream records, events, exports and the SDK's own calls; [`Key::from_item`], [`Key::to_item`] and [`Key::part`]; [`ItemJson`](read::ItemJson) to borrow; [`wire::one_type_json`] for events that list all types of a value |
//! | what went wrong | [`Error`], by its predicates and its kind; [`ErrorKind`] has the table of causes, remedies and HTTP statuses |
//! | spans and metrics | [`observe`] |
//! | whole tasks | the [examples]: a session store, a shop in one table, order processing, bank transfers, view counters, a leaderboard, readings of sensors |
//!
//! The names at the root are those that programs write. The others are in the modules: [`model`],
//! [`client`], [`read`], [`write`](mod@write), [`single_table`], [`expr`], [`schema`] and [`wire`].
//!
//! [examples]: https://github.com/dynamodel/dynamodel/tree/main/examples
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `default-https-client` (default) | the SDK's HTTPS client, with rustls |
//! | `serde` (default) | `#[dynamo(serde)]` stores any type of serde 1 natively; [`Cursor`] and [`ScanCursor`] serialize as text |
//! | `fast-path` (default) | requests on one item for a tenth of the processor time of code on the SDK with serde_dynamo, see [`Builder::fast_path`] |
//! | `embedded` | [`Db::embedded`] and [`Db::embedded_at`]: an engine in this process, under the same SDK client |
//! | `aws-config` | [`Db::from_env`], with aws-config 1 |
//! | `json` | `Json<T>`, JSON text in S; `serde_json::Value` of serde_json 1 as an attribute, natively |
//! | `msgpack` | `MsgPack<T>`, MessagePack bytes in B, by rmp-serde 1 |
//! | `metrics` | numbers of every request through metrics 0.24, see [`observe`] |
//! | `chrono` | of chrono 0.4: `DateTime`, `NaiveDate`, `NaiveDateTime`, `NaiveTime` as sortable S, `TimeDelta` as N |
//! | `time` | of time 0.3: `OffsetDateTime`, `UtcDateTime`, `Date`, `PrimitiveDateTime`, `Time` as sortable S, `Duration` as N |
//! | `jiff` | of jiff 1: `Timestamp`, `civil::{Date, DateTime, Time}` as sortable S, `SignedDuration` as N |
//! | `uuid`, `ulid` | `Uuid` of uuid 1 and `Ulid` of ulid 3 as S |
//! | `url`, `smol_str` | `Url` of url 2 and `SmolStr` of smol_str 0.3 as S |
//! | `rust_decimal`, `bigdecimal` | `Decimal` of rust_decimal 1 and `BigDecimal` of bigdecimal 0.4 as N, exact |
//! | `bytes` | `Bytes` of bytes 1 as B |
//! | `indexmap` | of indexmap 2: `IndexMap` as M, `IndexSet` as SS, NS or BS |
//!
//! # Types of other crates in the interface
//!
//! `aws_sdk_dynamodb::Client` of aws-sdk-dynamodb 1 (in [`Db::new`], [`Db::client`] and
//! [`Builder::client`]), its `types::AttributeValue` (in [`wire`] and as an attribute type) and its
//! `config::Builder` (in [`embedded`]); `futures_core::Stream` of futures-core 0.3.
//!
//! # Values stay private
//!
//! No value, key, cursor or write token appears in an error, in `Debug` output of an operation or in a
//! trace. Entities, attributes and operations are named.

#![cfg_attr(docsrs, feature(doc_cfg))]

// The crate's own tests and examples use the derives, whose code names the crate by its name.
extern crate self as dynamodel;

pub(crate) use dynamodel_transport as transport;

#[doc(hidden)]
pub mod __private;
pub mod client;
pub mod diagram;
mod entity;
mod error;
pub mod model;
pub mod read;
pub mod single_table;
pub mod write;

#[cfg(feature = "embedded")]
#[doc(inline)]
pub use client::embedded;
#[doc(inline)]
pub use client::observe;
#[doc(inline)]
pub use dynamodel_wire as wire;
#[doc(inline)]
pub use model::{expr, schema};

pub use dynamodel_derive::{Collection, Document, Entity, Projection, Table};

#[doc(inline)]
pub use client::{
    Backoff, Builder, ConsumedCapacity, Db, FastPathStatus, Measured, TransportPath,
    TransportStatus,
};
#[doc(inline)]
pub use diagram::Model;
#[doc(inline)]
pub use entity::Entity;
#[doc(inline)]
pub use error::{Error, ErrorKind, UnreadableItem};
#[doc(inline)]
pub use model::expr::{Action, Condition, all_of, any_of, maybe, value};
#[doc(inline)]
pub use model::{AnyIndex, Document, Item, Key, Projection, StoredKey, Table};
#[doc(inline)]
pub use read::{
    BatchGet, BorrowedPage, BorrowedProjection, Cursor, Get, ItemStream, Page, Query, Scan,
    ScanCursor, ScanStream, batch_get, transact_get,
};
#[doc(inline)]
pub use single_table::{Collection, CollectionQuery};
#[cfg(feature = "json")]
#[doc(inline)]
pub use wire::Json;
#[cfg(feature = "msgpack")]
#[doc(inline)]
pub use wire::MsgPack;
#[doc(inline)]
pub use wire::Tag as AttributeType;
#[doc(inline)]
pub use wire::{
    Attribute, Binary, MapKey, RestMap, SetValue, TemplatePart, TtlTime, ValueFor, ValueOf,
    WriteToken, kind,
};
#[doc(inline)]
pub use write::{
    BackfillUnique, BatchWrite, BulkReport, BulkWriter, Check, Committed, Delete, GetUnique,
    Handle, Partial, Put, Reason, Remove, Transaction, Update,
};

/// Runs the program of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
