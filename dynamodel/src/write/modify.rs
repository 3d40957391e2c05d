//! Read-modify-write: [`Get::modify`], repeated on conflict.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::precondition::{fresh_token, raise_version};
use super::put::{Put, PutMode};
use super::update::Update;
use crate::client::db::Db;
use crate::client::retry::{Backoff, Retry};
use crate::error::Error;
use crate::model::entity::{IsVersioned, Item};
use crate::read::get::Get;
use crate::write::diff::{Fault, Image};

impl<E: Item> Get<E> {
    /// Reads the item, lets the closure change it, and writes it if it was not changed in between;
    /// otherwise starts over, with the [default backoff](Backoff::default). Returns the entity as
    /// it is stored.
    ///
    /// Only the changes are sent, as by [`diff`](crate::Entity::diff), so that attributes and entries
    /// of maps that the struct does not know are kept; when the closure changes nothing, nothing is
    /// written.
    ///
    /// The closure can run several times, each time on a freshly read item. If it returns `Err`,
    /// the operation ends and nothing is written; [`Error::other`] wraps an error of your own. The
    /// closure must not change the key; its changes to the version have no effect.
    ///
    /// An item that does not exist is an error, unless [`or_create`](Modify::or_create) gives the
    /// entity to begin with.
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
    pub fn modify<F>(self, db: &Db, change: F) -> Modify<'_, E, F>
    where
        F: FnMut(&mut E) -> Result<(), Error>,
        E::Lock: IsVersioned,
    {
        self.modify_with(db, Backoff::default(), change)
    }

    /// Reads, changes and writes the item as [`modify`](Self::modify) does, with a backoff of your
    /// own.
    ///
    /// # Errors
    /// As [`modify`](Self::modify).
    pub fn modify_with<F>(self, db: &Db, backoff: Backoff, change: F) -> Modify<'_, E, F>
    where
        F: FnMut(&mut E) -> Result<(), Error>,
        E::Lock: IsVersioned,
    {
        Modify {
            db,
            get: self.consistent(),
            change,
            retry: Err(backoff),
            creation: None,
            version: 0,
            has_unshown: false,
            state: State::Start,
        }
    }
}

/// Future of [`modify`](Get::modify), which does nothing until it is awaited.
#[must_use = "a read-modify-write does nothing until it is awaited"]
pub struct Modify<'d, E: Item, F> {
    db: &'d Db,
    get: Get<E>,
    change: F,
    /// The tries of this call, once it has begun.
    retry: Result<Retry, Backoff>,
    creation: Option<Creation<E>>,
    /// Version of the item that was read last.
    version: u64,
    /// `true` if the last write was refused although the version was the same.
    has_unshown: bool,
    state: State<'d, E>,
}

/// Entity to begin with where no item is stored.
struct Creation<E> {
    /// The entity, until the first use.
    entity: Option<E>,
    /// The entity as an item, for further uses.
    image: Result<Image, Fault>,
}

type InFlight<'d, T> = Pin<Box<dyn Future<Output = T> + Send + 'd>>;

/// Step of a read-modify-write that is in flight. The futures are boxed, so that the closure, which
/// need not be `Unpin`, stays outside of them.
enum State<'d, E> {
    Start,
    Reading(InFlight<'d, Result<Option<E>, Error>>),
    Saving(InFlight<'d, Result<E, Error>>),
    /// Waits before the next try, after this error.
    Waiting(InFlight<'d, (bool, Retry)>, Option<Error>),
    Done,
}

impl<E: Item, F> fmt::Debug for Modify<'_, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Modify")
            .field("get", &self.get)
            .finish_non_exhaustive()
    }
}

impl<E: Item, F> Modify<'_, E, F> {
    /// Begins with this entity where no item is stored: the closure changes it, and it is created.
    /// Starts over when another writer creates the item meanwhile.
    ///
    /// When the item is created a second time in one call, because it was deleted in between,
    /// fields with `#[dynamo(skip)]` have their defaults.
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "pages")]
    /// # struct Page { #[dynamo(partition)] url: String, tags: Vec<String>, #[dynamo(version)] version: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Page>().await?;
    /// let new = Page { url: "/".into(), tags: Vec::new(), version: 0 };
    /// let page = Page::get("/")
    ///     .modify(&db, |p| { p.tags.push("new".into()); Ok(()) })
    ///     .or_create(new)
    ///     .await?;
    /// assert_eq!((page.tags.len(), page.version), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Awaiting fails with [`is_invalid_request`](Error::is_invalid_request), before anything is
    /// sent, when the entity has another key.
    pub fn or_create(mut self, entity: E) -> Self {
        let image = match self.get.key == entity.item_key() {
            true => Image::from_entity(&entity),
            false => Err(Fault::CreatedUnderOtherKey),
        };
        self.creation = Some(Creation {
            entity: Some(entity),
            image,
        });
        self
    }
}

impl<E: Item> Creation<E> {
    /// Returns the entity, each time as it was given.
    fn entity(&mut self) -> Result<E, Error> {
        let image = self.image.as_ref().map_err(Fault::error)?;
        match self.entity.take() {
            Some(entity) => Ok(entity),
            None => crate::wire::read_item(image.text().as_bytes(), E::read_item)
                .map_err(|_| Fault::Read.error()),
        }
    }
}

// The closure is only called, never pinned, and the futures in flight are boxed.
impl<E: Item, F> Unpin for Modify<'_, E, F> {}

impl<E: Item, F: FnMut(&mut E) -> Result<(), Error>> Future for Modify<'_, E, F> {
    type Output = Result<E, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            let next = match &mut this.state {
                State::Start => this.read(),
                State::Reading(reading) => match reading.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(read) => read.and_then(|item| this.save(item)),
                },
                State::Saving(saving) => match saving.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(stored)) => {
                        this.state = State::Done;
                        return Poll::Ready(Ok(stored));
                    }
                    Poll::Ready(Err(error)) => this.wait(error),
                },
                State::Waiting(waiting, error) => match waiting.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready((again, retry)) => {
                        let failed = retry.failed();
                        let last = error.take();
                        this.retry = Ok(retry);
                        match last.filter(|_| !again) {
                            Some(last) => Err(named::<E>(Error::contended(failed, last))),
                            None => this.read(),
                        }
                    }
                },
                State::Done => Err(named::<E>(Error::construction(
                    "`modify` was polled after it was ready",
                ))),
            };
            match next {
                Ok(state) => this.state = state,
                Err(error) => {
                    this.state = State::Done;
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

impl<'d, E: Item, F: FnMut(&mut E) -> Result<(), Error>> Modify<'d, E, F> {
    fn read(&mut self) -> Result<State<'d, E>, Error> {
        if let Some(Err(fault)) = self.creation.as_ref().map(|c| c.image.as_ref()) {
            return Err(named::<E>(fault.error()));
        }
        if let Err(backoff) = self.retry {
            self.retry = Ok(backoff.start());
        }
        let (get, db) = (self.get.clone(), self.db);
        Ok(State::Reading(Box::pin(get.send(db))))
    }

    /// Changes the item that was read, or the one to create, and starts to write it.
    fn save(&mut self, read: Option<E>) -> Result<State<'d, E>, Error> {
        let db = self.db;
        let (mut item, image) = match (read, &mut self.creation) {
            (Some(item), _) => {
                let image = Image::from_entity(&item).map_err(|f| named::<E>(f.error()))?;
                self.version = image.version();
                (item, Some(image))
            }
            (None, Some(creation)) => (creation.entity().map_err(named::<E>)?, None),
            (None, None) => {
                return Err(Error::not_found()
                    .of_entity(E::ITEM_SCHEMA.entity)
                    .in_operation("GetItem"));
            }
        };
        let key = item.item_key();
        (self.change)(&mut item)?;
        if item.item_key() != key {
            let moved = "the closure of `modify` changed the item's key; create the new item and remove the old one";
            return Err(named::<E>(Error::invalid_request(moved)));
        }
        Ok(State::Saving(match image {
            Some(image) => Box::pin(async move { save(db, &image, item).await }),
            None => Box::pin(Put::new(item, PutMode::Create).send(db)),
        }))
    }

    /// Starts to wait for the next try, if the error is that of another writer.
    fn wait(&mut self, error: Error) -> Result<State<'d, E>, Error> {
        // A missing item was there a moment ago: the next read tells whether it is gone.
        let has_changed = error.is_condition_failed() && !error.is_ambiguous();
        if !(has_changed || error.is_transaction_conflict()) {
            return Err(error);
        }
        // At the same version, only a map that is replaced whole was not as it was read. Once that can
        // be another program, which does not raise the version; twice it is what no read shows.
        let stored = error.current::<E>();
        let is_unshown = stored.is_some_and(|stored| stored.item_version() == self.version);
        if std::mem::replace(&mut self.has_unshown, is_unshown) && is_unshown {
            return Err(named::<E>(Error::invalid_request(
                "a map that has to be replaced whole holds entries that the struct does not read; change it in smaller steps, or save the whole item with `put`",
            )));
        }
        let mut retry = match std::mem::replace(&mut self.retry, Err(Backoff::default())) {
            Ok(retry) => retry,
            Err(backoff) => backoff.start(),
        };
        let waiting = async move { (retry.again().await, retry) };
        Ok(State::Waiting(Box::pin(waiting), Some(error)))
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
    let (now, token) = (db.now(), fresh_token(E::ITEM_SCHEMA)?);
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
