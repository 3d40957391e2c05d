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
//! * [`#[derive(Entity)]`](derive@Entity) lists every attribute; [`Document`](derive@Document) is for
//!   nested structs and enums, [`Projection`](derive@Projection) for parts of items.
//! * [`Entity`] has the operations on whole items; the derive makes those that take a key.
//! * [`GetUnique`] reads an item by an attribute that is unique beside the key; [`BackfillGuards`] is
//!   for items that are older than that.
//! * [`Query`] and [`Scan`] read many items; [`Page`], [`Cursor`] and [`ItemStream`] are how.
//!   [`BorrowedProjection`] is for reading them without copying their text, those of sharded indexes
//!   and [collections](CollectionQuery::borrowed) too; a [`ScanCursor`] for scans that go on where they
//!   ended.
//! * [`derive@Table`] and [`derive@Collection`] are for several entities in one table, and for reading
//!   them together.
//! * [`BatchGet`], [`BatchWrite`] and [`Transaction`] take operations on many items.
//! * [`Db`] is what operations are sent to, and where tables are created.
//! * [`Attribute`] has the table of Rust types and their stored forms.
//! * [`Error`] tells what went wrong, by predicates.
//! * [`Builder::fast_path`] tells how requests are sent with far less processor time than the SDK's
//!   orchestrator takes, and which clients keep to that.
//! * [`observe`] lists the fields of spans and the metrics.
//! * The [examples] are whole tasks: a session store, a shop in one table, order processing, bank
//!   transfers, view counters, a leaderboard and readings of sensors. `cargo run --example` runs them.
//!
//! [examples]: https://github.com/dynamodel/dynamodel/tree/main/examples
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `default-https-client` (default) | the SDK's HTTPS client, with rustls |
//! | `serde` (default) | `#[dynamo(serde)]` stores any serde type natively; [`Cursor`] and [`ScanCursor`] serialize as text |
//! | `embedded` | [`Db::embedded`] and [`Db::embedded_at`]: an engine in this process, under the same SDK client |
//! | `aws-config` | [`Db::from_env`] |
//! | `json` | `Json<T>`, JSON text in S; `serde_json::Value` as an attribute, natively |
//! | `msgpack` | `MsgPack<T>`, MessagePack bytes in B |
//! | `metrics` | numbers of every request through the `metrics` crate, see [`observe`] |
//! | `chrono` | `DateTime`, `NaiveDate`, `NaiveDateTime`, `NaiveTime` as sortable S, `TimeDelta` as N |
//! | `time` | `OffsetDateTime`, `UtcDateTime`, `Date`, `PrimitiveDateTime`, `Time` as sortable S, `Duration` as N |
//! | `jiff` | `Timestamp`, `civil::{Date, DateTime, Time}` as sortable S, `SignedDuration` as N |
//! | `uuid`, `ulid`, `url`, `smol_str` | `Uuid`, `Ulid`, `Url` and `SmolStr` as S |
//! | `rust_decimal`, `bigdecimal` | `Decimal` and `BigDecimal` as N, exact |
//! | `bytes` | `Bytes` as B |
//! | `indexmap` | `IndexMap` as M, `IndexSet` as SS, NS or BS |
//!
//! # Foreign types in the interface
//!
//! `aws_sdk_dynamodb::Client` (in [`Db::new`], [`Db::client`] and [`Builder::client`]),
//! `aws_sdk_dynamodb::types::AttributeValue` (in [`wire`] and as an attribute type),
//! `aws_sdk_dynamodb::config::Builder` (in [`embedded`]) and `futures_core::Stream`.
//!
//! # Values stay private
//!
//! No value, key, cursor or write token appears in an error, in `Debug` output of an operation or in a
//! trace. Entities, attributes and operations are named.

// The crate's own tests and examples use the derives, whose code names the crate by its name.
extern crate self as dynamodel;

pub(crate) use dynamodel_transport as transport;

#[doc(hidden)]
pub mod __private;
pub mod client;
mod diagram;
mod entity;
mod error;
pub mod model;
pub mod read;
pub mod single_table;
pub mod write;

#[cfg(feature = "embedded")]
pub use client::embedded;
pub use client::{Backoff, Builder, ConsumedCapacity, Db, Measured, TableInfo, observe};
pub use diagram::{Entities, Model};
pub use dynamodel_derive::{Collection, Document, Entity, Projection, Table};
pub use dynamodel_transport::{FastPathStatus, TransportPath, TransportStatus};
#[doc(inline)]
pub use dynamodel_wire as wire;
pub use entity::Entity;
pub use error::Error;
pub use model::entity::{Guarded, HasPartial, Projection, Unguarded, Unversioned, Versioned};
pub use model::expr::{Action, Condition, IndexAction, Part, all_of, any_of, maybe, value};
pub use model::key::Key;
pub use model::table::{HasTable, Table, Templated};
pub use model::{expr, schema};
pub use read::{
    BatchGet, BorrowedField, BorrowedFrom, BorrowedItems, BorrowedPage, BorrowedPages,
    BorrowedProjection, BorrowedRead, BorrowedText, Cursor, Get, Hydrate, ItemStream, Page, Query,
    Scan, ScanCursor, ScanStream, batch_get, transact_get,
};
pub use single_table::{
    Collection, CollectionQuery, Gather, GatherField, PartitionValues, SortKey, SortRange,
};
#[cfg(feature = "json")]
pub use wire::Json;
#[cfg(feature = "msgpack")]
pub use wire::MsgPack;
pub use wire::Tag as AttributeType;
pub use wire::{Attribute, Binary, KindOf, MapKey, SetValue, ValueFor, ValueOf, kind};
pub use wire::{FixedWidth, TemplatePart, Timestamp, TtlTime};
pub use wire::{TokenValue, VersionNumber, WriteToken};
pub use write::{
    BackfillGuards, BackfillReport, BatchWrite, BulkProgress, BulkReport, BulkWriter, Check,
    Committed, Delete, GetUnique, Handle, Partial, Put, Reason, Remove, Transaction, Update,
};
