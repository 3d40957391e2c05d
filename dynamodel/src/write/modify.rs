//! Read-modify-write: [`Get::modify`], repeated on conflict.

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
    /// Reads the item, lets the closure change it, and writes it if it was not changed in between;
    /// otherwise starts over, with the [default backoff](Backoff::default). Returns the entity as
    /// it is stored.
    ///
    /// Only the changes are sent, as by [`diff`](crate::Entity::diff), unless the whole item is smaller;
    /// when the closure changes nothing, nothing is written.
    ///
    /// The closure can run several times, each time on a freshly read item. If it returns `Err`,
    /// the operation ends and nothing is written; [`Error::other`] wraps an error of your own. The
    /// closure must not change the key; its changes to the version have no effect.
    ///
    /// Two round trips per attempt: a strongly consistent read, and a write that costs as much when
    /// it fails on a conflict. Of several concurrent writers only one succeeds at a time, so for
    /// counters and other changes that a single [`update`](crate::Update) can express, the update
    /// is cheaper and needs no retry. For items with many concurrent writers, give
    /// [`modify_with`](Self::modify_with) a backoff with longer waits.
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
    /// [`is_not_found`](Error::is_not_found) when there is no item;
    /// [`is_conflict`](Error::is_conflict) when every attempt met a conflict, or one attempt met an
    /// [ambiguous](Error::is_ambiguous) conflict; the closure's error;
    /// [`is_invalid_request`](Error::is_invalid_request) when the closure changed the key; or the
    /// errors of [`Get::send`] and [`Put::send`](crate::Put::send).
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

    /// Reads, changes and writes the item as [`modify`](Self::modify) does, with a backoff of your
    /// own.
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
            let image = Image::from_entity(&item).map_err(|f| named::<E>(f.error()))?;
            change(&mut item)?;
            if item.item_key() != key {
                let moved = "the closure of `modify` changed the item's key; create the new item and remove the old one";
                return Err(named::<E>(Error::invalid_request(moved)));
            }
            let error = match save(db, &image, item).await {
                Ok(stored) => return Ok(stored),
                // The item was there a moment ago: the next read tells whether it is gone.
                Err(e) if e.is_condition_failed() && !e.is_ambiguous() => e,
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

/// Writes the changes, or the whole item if that is smaller. Returns the item as it is stored.
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
    let update = Update::from_changes(item.item_key(), changes, image.version());
    raise_version(&mut item, image.version().saturating_add(1)).map_err(named::<E>)?;
    let update = update.call_at(db, now, token, false)?;
    update.output::<E, ()>().await?;
    item.touch(now);
    if let Some(token) = token {
        item.set_write_token(token);
    }
    Ok(item)
}
