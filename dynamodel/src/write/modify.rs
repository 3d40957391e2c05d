//! Read, change, write: [`Get::modify`], repeated on conflict.

use std::time::SystemTime;

use super::precondition::{fresh_token, raise_version};
use super::put::{Put, PutMode};
use super::update::Update;
use crate::client::db::Db;
use crate::client::retry::Backoff;
use crate::error::Error;
use crate::model::entity::{IsVersioned, Item};
use crate::read::get::Get;
use crate::write::diff::Image;

impl<E: Item> Get<E> {
    /// Reads the item, lets the closure change it, and writes it if nobody else did in between; else
    /// all over again, with the [default backoff](Backoff::default). Returns what was stored.
    ///
    /// Only what changed is sent, as by [`diff`](Entity::diff), unless the whole item is smaller; when
    /// the closure changes nothing, nothing is written.
    ///
    /// The closure can run several times, each time on a fresh item. An `Err` of it ends everything and
    /// nothing is written; an error of your own goes through [`Error::other`]. It must not change the
    /// key; what it does to the version is of no effect. An item that it leaves as it was is not
    /// written.
    ///
    /// Two round trips a try: a strongly consistent read, and a write that costs as much when it loses.
    /// Of those who change an item at the same time one wins at a time, so for counters and whatever else
    /// an [`update`](crate::Update) can say by itself, that is cheaper, and never tried again. For items
    /// that many change at once, give [`modify_with`](Self::modify_with) a backoff of longer waits.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, views: u64, #[dynamo(version)] version: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// # Page { url: "/".into(), views: 1, version: 0 }.create().send(&db).await?;
    /// let page = Page::get("/").modify(&db, |p| { p.views *= 2; Ok(()) }).await?;
    /// assert_eq!((page.views, page.version), (2, 2));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when there is no item; [`is_conflict`](Error::is_conflict)
    /// when all tries met one, or one of them an [ambiguous](Error::is_ambiguous) one; the closure's
    /// error; [`is_invalid_request`](Error::is_invalid_request) when it changed the key; or what
    /// [`Get::send`] and [`Put::send`](crate::Put::send) fail with.
    pub async fn modify(
        self,
        db: &Db,
        change: impl FnMut(&mut E) -> Result<(), Error>,
    ) -> Result<E, Error>
    where
        E::Lock: IsVersioned,
    {
        self.modify_with(db, Backoff::default(), change).await
    }

    /// As [`modify`](Self::modify), with a backoff of your own.
    ///
    /// # Errors
    /// As [`modify`](Self::modify).
    pub async fn modify_with(
        self,
        db: &Db,
        backoff: Backoff,
        mut change: impl FnMut(&mut E) -> Result<(), Error>,
    ) -> Result<E, Error>
    where
        E::Lock: IsVersioned,
    {
        let mut retry = backoff.start();
        loop {
            let read = self.clone().consistent().send(db).await?;
            let mut item = read.ok_or_else(|| {
                Error::not_found()
                    .of_entity(E::ITEM_SCHEMA.entity)
                    .in_operation("GetItem")
            })?;
            let key = item.item_key();
            let image = Image::of(&item).map_err(|f| named::<E>(f.error()))?;
            change(&mut item)?;
            if item.item_key() != key {
                let moved = "the closure of `modify` changed the item's key; create the new item and remove the old one";
                return Err(named::<E>(Error::invalid_request(moved)));
            }
            let error = match save(db, &image, item).await {
                Ok(stored) => return Ok(stored),
                Err(e) if e.is_conflict() && !e.is_ambiguous() => e,
                Err(e) if e.is_transaction_conflict() => e,
                Err(e) => return Err(e),
            };
            if !retry.again().await {
                return Err(named::<E>(Error::contended(retry.failed(), error)));
            }
        }
    }
}

fn named<E: Item>(error: Error) -> Error {
    error
        .of_entity(E::ITEM_SCHEMA.entity)
        .in_operation("modify")
}

/// Writes what changed, or the whole item where that is smaller. Returns the item as it is stored.
async fn save<E: Item>(db: &Db, image: &Image, mut item: E) -> Result<E, Error> {
    item.set_version(image.version());
    let changes = image.changes(&item).map_err(|f| named::<E>(f.error()))?;
    if changes.actions.is_empty() {
        return Ok(item);
    }
    if changes.is_whole_smaller {
        return Put::new(item, PutMode::Replace).send(db).await;
    }
    let (now, token) = (SystemTime::now(), fresh_token(E::ITEM_SCHEMA)?);
    let update = Update::of_changes(item.item_key(), changes, image.version());
    raise_version(&mut item, image.version().saturating_add(1)).map_err(named::<E>)?;
    update.call_at(db, now, token, false).await?;
    item.touch(now);
    if let Some(token) = token {
        item.set_write_token(token);
    }
    Ok(item)
}
