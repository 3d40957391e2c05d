//! [`Entity`]: the operations on whole items.

use std::collections::HashMap;
use std::time::SystemTime;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::error::Error;
use crate::model::conversion::{read_json, read_map};
use crate::model::entity::Item;
use crate::model::key::Key;
use crate::model::schema::EntitySchema;
use crate::read::scan::Scan;
use crate::wire::Writer;
use crate::write::delete::Remove;
use crate::write::put::{Put, PutMode};
use crate::write::return_values::Stored;
use crate::write::update::Update;

/// A struct whose values are the items of a table.
///
/// Implemented by [`#[derive(Entity)]`](derive@crate::Entity), which also generates the struct of
/// typed paths and the constructors that take a key (`get`, `update`, `delete`, `check`, `key`,
/// `query` and one for each index).
///
/// The methods here create operations on whole items. Creating one costs nothing and sends nothing:
/// it is sent by `.send(&db)`, or becomes part of a transaction or a batch.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an entity",
    label = "not an entity",
    note = "derive it: `#[derive(Entity)] #[dynamo(table = \"..\")] struct {Self} {{ .. }}`; a struct inside an item derives `Document`"
)]
pub trait Entity: Item {
    /// Schema of the entity: table, key, attributes and indexes.
    const SCHEMA: &'static EntitySchema = Self::ITEM_SCHEMA;

    /// Returns the primary key of this item.
    fn key_of(&self) -> Key<Self> {
        self.item_key()
    }

    /// Returns the version at which this value was read; 0 when it is not stored yet or has no
    /// version.
    fn version(&self) -> u64 {
        self.item_version()
    }

    /// Returns the time when the item expires, in seconds since 1970; `None` without a
    /// `#[dynamo(ttl)]` field or when the field is not set.
    fn expires_at(&self) -> Option<u64> {
        self.item_expiry()
    }

    /// Returns `true` if the item has expired by the clock of this machine.
    ///
    /// DynamoDB deletes expired items within a few days, not at once, so reads still return them:
    /// check them by this method, or leave them out of a query with
    /// [`unexpired`](crate::Query::unexpired).
    fn is_expired(&self) -> bool {
        self.is_expired_at(SystemTime::now())
    }

    /// Returns `true` if the item has expired at the given time.
    fn is_expired_at(&self, now: SystemTime) -> bool {
        self.expires_at()
            .is_some_and(|at| at <= crate::wire::attribute::time::epoch_seconds(now))
    }

    /// Writes a new item: PutItem on condition that no item has its key.
    ///
    /// With a version field, the item gets version 1 and an item that exists is a
    /// [conflict](crate::Error::is_conflict); without one it is a
    /// [failed condition](crate::Error::is_condition_failed).
    /// Costs one write of the item's size, even when the condition fails.
    fn create(self) -> Put<Self, Self::Lock, Stored> {
        Put::new(self, PutMode::Create)
    }

    /// Writes the item: PutItem.
    ///
    /// With a version field, the stored item must still be at this value's version (or be absent
    /// for version 0), and gets the next one. Without one, any stored item is overwritten.
    ///
    /// The stored item is replaced as a whole: attributes that the struct does not know, those of
    /// another program or of a newer release, are lost, unless a field marked `#[dynamo(rest)]`
    /// keeps them. An update by key, [`diff`](Self::diff) and `modify` change only what they name.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use aws_sdk_dynamodb::types::AttributeValue;
    /// use dynamodel::{Db, Entity};
    ///
    /// #[derive(Debug, Clone, Entity)]
    /// #[dynamo(table = "tenants")]
    /// struct Tenant {
    ///     #[dynamo(partition)]
    ///     id: String,
    ///     name: String,
    ///     #[dynamo(rest)]
    ///     others: HashMap<String, AttributeValue>,
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Tenant>().await?;
    /// # let gold = HashMap::from([("plan".to_owned(), AttributeValue::S("gold".into()))]);
    /// # Tenant { id: "t".into(), name: "a".into(), others: gold }.create().send(&db).await?;
    ///
    /// // A newer release has stored a `plan`.
    /// let mut tenant = Tenant::get("t").send(&db).await?.expect("it is stored");
    /// tenant.name = "b".into();
    /// tenant.put().send(&db).await?;
    /// let tenant = Tenant::get("t").send(&db).await?.expect("it is stored");
    /// assert_eq!(tenant.others["plan"], AttributeValue::S("gold".into()));
    /// # Ok(())
    /// # }
    /// ```
    fn put(self) -> Put<Self, Self::Lock, Stored> {
        Put::new(self, PutMode::Put)
    }

    /// Creates the item, or writes it over the stored one: PutItem.
    ///
    /// With a version field, a stored item must still be at this value's version, and gets the next
    /// one; unlike [`put`](Self::put), a value of any version may be created. A condition added by
    /// [`when`](Put::when) is demanded of a stored item, too. Costs one write of the larger of the
    /// two sizes, also when the condition fails.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Clone, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, title: String, #[dynamo(version)] version: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// let page = Page { url: "/".into(), title: "Home".into(), version: 0 };
    /// let first = page.clone().upsert().send(&db).await?;
    /// let second = Page { title: "Start".into(), ..first.clone() }.upsert().send(&db).await?;
    /// assert_eq!(second.version, 2);
    /// assert!(first.upsert().send(&db).await.unwrap_err().is_conflict()); // it was at version 1
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Sending fails as a [`put`](Self::put) does.
    fn upsert(self) -> Put<Self, Self::Lock, Stored> {
        Put::new(self, PutMode::Upsert)
    }

    /// Writes the item over an existing one: PutItem on condition that the item exists, and is
    /// still at this value's version. Attributes that the struct does not know are lost, as by a
    /// [`put`](Self::put).
    fn replace(self) -> Put<Self, Self::Lock, Stored> {
        Put::new(self, PutMode::Replace)
    }

    /// Saves the changes from this value, which was read, to another one: an UpdateItem with the
    /// changed attributes only, so that a big item is not sent.
    ///
    /// Documents and maps are changed by path, whatever the lengths of their values, so that other
    /// stored entries are kept: those of another writer, and those that the struct does not know.
    ///
    /// Replaced whole are lists, unless the version is checked: then elements that are documents are
    /// changed by path, and others where that is smaller; sets that gain and lose elements at once,
    /// and those in documents; and an enum that changes its variant. Maps are replaced whole in two
    /// cases, and only if they are stored as they were shown, else the update fails with
    /// [`is_condition_failed`](crate::Error::is_condition_failed): where a missing attribute reads as
    /// the same value (`#[dynamo(default)]`), so that there may be no map to change by path, and where
    /// the paths are too many for one expression, which takes about 250.
    ///
    /// The item must still exist and, with a
    /// version field, be at this value's version; version, times and write token are maintained as
    /// by every [`Update`]. Further actions and a condition can be added to the update, and it can
    /// be part of a transaction.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Clone, PartialEq, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, text: String, tags: Vec<String>, #[dynamo(version)] version: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// # Page { url: "/".into(), text: "long".into(), tags: vec![], version: 0 }.create().send(&db).await?;
    /// let loaded = Page::get("/").send(&db).await?.unwrap();
    /// let mut page = loaded.clone();
    /// page.tags.push("new".into());
    ///
    /// let update = loaded.diff(&page);
    /// assert!(!update.to_json()?.contains("long")); // only the tags travel
    /// update.send(&db).await?;
    /// # assert_eq!(Page::get("/").send(&db).await?.unwrap().tags, ["new"]);
    ///
    /// assert!(page.diff(&page).is_unchanged()); // sending it does nothing
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A changed primary key is an [invalid request](crate::Error::is_invalid_request) before
    /// anything is sent. Creating the update needs no network and no write: both values are written
    /// as JSON and compared.
    fn diff(&self, changed: &Self) -> Update<Self> {
        Update::of_diff(self, changed)
    }

    /// Deletes the item: DeleteItem. With a version field, the item must still be at this value's
    /// version.
    fn remove(self) -> Remove<Self, Self::Lock> {
        Remove::new(self)
    }

    /// Reads an item from the SDK's map, without a request: of a stream record, or of a call to the
    /// SDK.
    ///
    /// The item is checked as a read checks it: in a shared table its type and its key, too.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Clone, PartialEq, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, views: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// let page = Page { url: "/".into(), views: 1 };
    /// let put = db.client().put_item().table_name("pages");
    /// put.set_item(Some(page.to_item()?)).send().await?;
    ///
    /// let scan = db.client().scan().table_name("pages").send().await?;
    /// let pages = scan.items().iter().cloned().map(Page::from_item);
    /// assert_eq!(pages.collect::<Result<Vec<_>, _>>()?, [page]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`is_unreadable`](Error::is_unreadable) when an attribute is missing or of another form, which
    /// [`attribute_path`](Error::attribute_path) names, or when the item is one of another entity;
    /// [`is_invalid_value`](Error::is_invalid_value) when the map has a value that no item has.
    fn from_item(item: HashMap<String, AttributeValue>) -> Result<Self, Error> {
        read_map(&item, Some(Self::ITEM_SCHEMA), Self::read_item)
    }

    /// Returns the item as the SDK's map, as a write stores it: with the attributes that the library
    /// makes, keys of templates and the type for instance. Version, times and tokens are those of
    /// this value; a write sets them anew.
    ///
    /// # Errors
    /// [`is_invalid_value`](Error::is_invalid_value) when DynamoDB cannot hold a value or the key.
    fn to_item(&self) -> Result<HashMap<String, AttributeValue>, Error> {
        Ok(crate::wire::item_from_slice(&self.to_dynamo_json()?)?)
    }

    /// Reads an item from its DynamoDB JSON, `{"name":{"S":".."},..}`, without a request: the image
    /// of a stream record in a Lambda function, or a line of an export.
    ///
    /// The JSON may also be that of serializers that list all types of each value,
    /// `{"S":"x","N":null,..}`, see [`wire::one_type_json`](crate::wire::one_type_json).
    ///
    /// ```
    /// use dynamodel::Entity;
    ///
    /// #[derive(Debug, PartialEq, Entity)]
    /// #[dynamo(table = "readings")]
    /// struct Reading {
    ///     #[dynamo(partition)]
    ///     sensor: String,
    ///     #[dynamo(sort)]
    ///     at: u64,
    ///     celsius: f64,
    /// }
    ///
    /// let image = br#"{"sensor":{"S":"roof"},"at":{"N":"12"},"celsius":{"N":"21.5"}}"#;
    /// let reading = Reading::from_dynamo_json(image)?;
    /// assert_eq!(reading, Reading { sensor: "roof".into(), at: 12, celsius: 21.5 });
    /// assert_eq!(reading.to_dynamo_json()?, image);
    ///
    /// let error = Reading::from_dynamo_json(br#"{"sensor":{"S":"roof"}}"#).unwrap_err();
    /// assert!(error.is_unreadable());
    /// assert_eq!(error.attribute_path().as_deref(), Some("at"));
    /// # Ok::<(), dynamodel::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_item`](Self::from_item), and when the bytes are not an item.
    fn from_dynamo_json(json: &[u8]) -> Result<Self, Error> {
        read_json(json, Some(Self::ITEM_SCHEMA), Self::read_item)
    }

    /// Returns the DynamoDB JSON of the item, with what [`to_item`](Self::to_item) has.
    ///
    /// # Errors
    /// As [`to_item`](Self::to_item).
    fn to_dynamo_json(&self) -> Result<Vec<u8>, Error> {
        let mut w = Writer::with_capacity(Self::ITEM_SCHEMA.item_capacity());
        self.write_item(&mut w);
        w.finish()
            .map_err(|error| Error::write(error).of_entity(Self::ITEM_SCHEMA.entity))
    }

    /// Reads every item of the table: Scan. Costs the size of the whole table.
    fn scan() -> Scan<Self> {
        Scan::new()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Item> Entity for T {}
