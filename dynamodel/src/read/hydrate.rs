//! Reads of the whole entities behind an index that holds only a part of them: [`Query::hydrate`].

use std::fmt;
use std::marker::PhantomData;

use crate::client::db::Db;
use crate::error::Error;
use crate::model::entity::{Index, Item, Primary, Projection, SelectableFrom};
use crate::model::item_type::is_of_other_type;
use crate::model::key::Key;
use crate::read::batch_get::BatchGet;
use crate::read::page::Page;
use crate::read::query::Query;
use crate::wire::{Fetched, ReadError, Reader, Writer};

/// A query of an index that fetches the whole entities by their keys. Made by [`Query::hydrate`].
#[must_use = "a query does nothing until it is read"]
pub struct Hydrate<E, I> {
    query: Query<E, I, KeyOf<E>>,
}

impl<E: Item, I: Index> fmt::Debug for Hydrate<E, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hydrate").field(&self.query).finish()
    }
}

/// Primary key of an item, which every index holds.
pub(crate) struct KeyOf<E> {
    key: Key<E>,
    _entity: PhantomData<fn() -> E>,
}

impl<E: Item> fmt::Debug for KeyOf<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

impl<E: Item> Projection for KeyOf<E> {
    type Entity = E;
    const ATTRIBUTES: &'static [&'static str] = &[];
    const FETCHED: &'static [Fetched] = &[];

    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let names = || E::ITEM_SCHEMA.key.attributes();
        let mut values: Vec<(&'static str, &[u8])> = Vec::with_capacity(2);
        r.members(|member, r| {
            let value = r.raw_value()?;
            values.extend(
                names()
                    .find(|name| *name == member)
                    .map(|name| (name, value)),
            );
            Ok(())
        })?;
        let mut w = Writer::with_capacity(64);
        w.begin_map();
        for name in names() {
            let value = values.iter().find(|(n, _)| *n == name);
            let (_, value) =
                value.ok_or_else(|| ReadError::new("a key", "nothing").in_field(name))?;
            w.entry_with(name, |w| w.raw(value));
        }
        w.end_map();
        let json = w.finish().map_err(|_| ReadError::expected("a key"))?;
        Ok(KeyOf {
            key: Key::from_json(json),
            _entity: PhantomData,
        })
    }
}

impl<E: Item, I: Index<Entity = E>> SelectableFrom<I> for KeyOf<E> {}

impl<E: Item, I: Index<Entity = E>> Query<E, I> {
    /// Fetches the whole entities behind the index, by BatchGetItem, in the order of the index.
    ///
    /// For an index that holds only a part of the entity. Costs the query of the index, and then
    /// half a read unit for each 4 KB of each entity: one more round trip for 100 of them. An item
    /// that was deleted in between is left out.
    ///
    /// When the index was read but the fetch fails, the error carries the entities that were
    /// [`found`](Error::found), and the keys of the others are [`unprocessed`](Error::unprocessed).
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, PartialEq, Entity)]
    /// # #[dynamo(table = "songs", index(by_year, partition = year, sort = title, project = keys))]
    /// # struct Song { #[dynamo(partition)] artist: String, #[dynamo(sort)] title: String, year: u32, plays: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Song>().await?;
    /// # Song { artist: "Nina".into(), title: "Aria".into(), year: 2001, plays: 7 }.create().send(&db).await?;
    /// // The index has the keys only.
    /// let songs: Vec<Song> = Song::by_year(2001).hydrate().all(&db).await?;
    /// assert_eq!(songs[0].plays, 7);
    /// # Ok(())
    /// # }
    /// ```
    pub fn hydrate(self) -> Hydrate<E, I> {
        Hydrate {
            query: self.select::<KeyOf<E>>().with_known_type(),
        }
    }
}

impl<E: Item, I: Index<Entity = E>> Hydrate<E, I> {
    /// Reads all entities into one `Vec`.
    ///
    /// # Errors
    /// As [`Query::all`] and [`BatchGet::send`].
    pub async fn all(self, db: &Db) -> Result<Vec<E>, Error> {
        let keys = self.query.all(db).await?;
        fetch(db, keys).await
    }

    /// Reads the entities of one page of the index, with the cursor of the next page.
    ///
    /// # Errors
    /// As [`Query::page`] and [`BatchGet::send`].
    pub async fn page(self, db: &Db) -> Result<Page<E>, Error> {
        let page = self.query.page(db).await?;
        let (keys, page) = page.split();
        Ok(page.with_items(fetch(db, keys).await?))
    }
}

async fn fetch<E: Item>(db: &Db, keys: Vec<KeyOf<E>>) -> Result<Vec<E>, Error> {
    let keys = keys.into_iter().map(|k| k.key);
    let found = BatchGet::new(keys).select::<OwnItem<E>>().send(db).await?;
    Ok(found
        .into_iter()
        .flatten()
        .filter_map(|item| item.0)
        .collect())
}

/// An item that is decoded if it is of the entity: an index that does not hold the type leads to
/// items of other entities, too.
struct OwnItem<E>(Option<E>);

impl<E: Item> SelectableFrom<Primary<E>> for OwnItem<E> {}

impl<E: Item> Projection for OwnItem<E> {
    type Entity = E;
    const ATTRIBUTES: &'static [&'static str] = &[];
    const FETCHED: &'static [Fetched] = &[];

    fn read_item(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        if is_of_other_type(E::ITEM_SCHEMA, r) {
            r.skip_value()?;
            return Ok(OwnItem(None));
        }
        E::read_item(r).map(|item| OwnItem(Some(item)))
    }
}
