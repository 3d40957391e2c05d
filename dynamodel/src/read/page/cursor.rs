//! [`Cursor`]: the position where the next page starts, as text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Named, Seal};
use crate::error::Error;
use crate::model::entity::Item;
use crate::model::schema::EntitySchema;
use crate::read::plan::{Planned, ReadPlan};
use crate::wire::Writer;

/// Position where the next page of a query or scan starts.
///
/// Opaque text: it survives a restart, travels in URLs (`A-Z a-z 0-9 - _`) and, with feature
/// `serde`, serializes as a string. It holds the key of the last item that was read (of a sharded
/// index, one for each shard: about 60 characters each). Anyone can decode it, and make one: where keys
/// are secret, or where a client must not choose where a list starts, feature `sealed-cursors` has
/// [`cursor_key`](crate::Builder) on the builder of the `Db`. A cursor belongs to the query that it comes from: another table, index or
/// partition refuses it ([`is_invalid_cursor`](Error::is_invalid_cursor)). `Debug` does not show
/// it.
///
/// ```
/// # use dynamodel::{Cursor, Db, Entity};
/// # #[derive(Debug, Entity)]
/// # #[dynamo(table = "visits")]
/// # struct Visit { #[dynamo(partition)] page: String, #[dynamo(sort)] at: u64 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), dynamodel::Error> {
/// # let db = Db::embedded()?;
/// # db.create_table::<Visit>().await?;
/// # for at in 1..=3 { Visit { page: "/".into(), at }.create().send(&db).await?; }
/// let page = Visit::query("/").page_size(2).page(&db).await?;
/// let text = page.next.map(|cursor| cursor.to_string()).unwrap_or_default();
///
/// let cursor: Cursor = text.parse()?;
/// let rest = Visit::query("/").page_size(2).start_at(cursor).page(&db).await?;
/// assert_eq!(rest.items.len(), 1);
/// assert!(rest.next.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cursor {
    /// First byte of the decoded text.
    pub(super) format: u8,
    pub(super) source: u32,
    /// Key of the last item, or the positions of the shards; encrypted if it is sealed.
    pub(super) key: Vec<u8>,
    /// `true` for a cursor that was text, which anyone can write.
    is_parsed: bool,
}

impl PartialEq for Cursor {
    fn eq(&self, other: &Self) -> bool {
        (self.format, self.source, &self.key) == (other.format, other.source, &other.key)
    }
}

impl Eq for Cursor {}

impl Hash for Cursor {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.format, self.source, &self.key).hash(state);
    }
}

/// Values that a read can [start at](crate::Query::start_at).
pub trait IntoCursor {
    /// Returns the cursor; `None` for the beginning.
    ///
    /// # Errors
    /// Those of a cursor that could not be made.
    fn into_cursor(self) -> Result<Option<Cursor>, Error>;
}

impl IntoCursor for Cursor {
    fn into_cursor(self) -> Result<Option<Cursor>, Error> {
        Ok(Some(self))
    }
}

impl IntoCursor for Option<Cursor> {
    fn into_cursor(self) -> Result<Option<Cursor>, Error> {
        Ok(self)
    }
}

impl IntoCursor for Result<Cursor, Error> {
    fn into_cursor(self) -> Result<Option<Cursor>, Error> {
        self.map(Some)
    }
}

/// Format of a cursor that holds a key.
const FORMAT: u8 = 1;
/// Format of a cursor that holds a position for each shard of an index.
pub(super) const SHARDED: u8 = 2;
/// Format of a cursor that is encrypted: the content is the format in it, and its content.
const SEALED: u8 = 3;

/// A query or scan, whose cursors are made by [`Cursor::after`] and [`Cursor::from_key`].
pub trait ReadsPages: sealed::Planned {
    /// The entity whose items are read.
    type Entity: Item;
}

pub(crate) mod sealed {
    /// The plan of a read. Only this crate implements it.
    pub trait Planned {
        #[doc(hidden)]
        fn planned(&self) -> crate::read::plan::Planned;
    }
}

impl Cursor {
    /// Makes the cursor that continues behind this item, for a query or scan that returned it: a list
    /// whose client sends back the last item that it shows. Sends nothing.
    ///
    /// The order of a query decides what comes behind; the item itself need not exist any more. A
    /// cursor of a parallel scan is a [`ScanCursor`](crate::ScanCursor), which has none of these.
    ///
    /// ```
    /// # use dynamodel::{Cursor, Db, Entity};
    /// # #[derive(Debug, Clone, PartialEq, Entity)]
    /// # #[dynamo(table = "scores", index(by_game, partition = game, sort = score))]
    /// # struct Score { #[dynamo(partition)] player: String, game: String, score: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Score>().await?;
    /// # for player in ["a", "b", "c"] { Score { player: player.into(), game: "go".into(), score: 7 }.create().send(&db).await?; }
    /// let all = Score::by_game("go").all(&db).await?;
    ///
    /// let behind_first = Cursor::after(&Score::by_game("go"), &all[0])?;
    /// let rest = Score::by_game("go").start_at(behind_first).all(&db).await?;
    /// assert_eq!(rest, all[1..]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`is_invalid_cursor`](Error::is_invalid_cursor) for an item without the key of the index that
    /// is read, and for a sharded index, whose cursors hold the position of each shard; the error of
    /// the read's own settings.
    pub fn after<R: ReadsPages>(read: &R, item: &R::Entity) -> Result<Self, Error> {
        let mut w = Writer::with_capacity(256);
        item.write_item(&mut w);
        let written = w.finish().map_err(Error::write);
        Self::behind(read.planned(), |_| written)
    }

    /// Makes a cursor of a `LastEvaluatedKey`, for a query or scan that goes on where another program
    /// stopped. Sends nothing.
    ///
    /// ```
    /// use aws_sdk_dynamodb::types::AttributeValue;
    /// # use dynamodel::{Cursor, Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "visits")]
    /// # struct Visit { #[dynamo(partition)] page: String, #[dynamo(sort)] at: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// # let db = Db::embedded()?;
    /// # db.create_table::<Visit>().await?;
    /// # for at in 1..=3 { Visit { page: "/".into(), at }.create().send(&db).await?; }
    /// let key = [
    ///     ("page".to_owned(), AttributeValue::S("/".into())),
    ///     ("at".to_owned(), AttributeValue::N("2".into())),
    /// ];
    /// let visits = Visit::query("/");
    /// let cursor = Cursor::from_key(&visits, &key.into())?;
    /// assert_eq!(visits.start_at(cursor).all(&db).await?[0].at, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`after`](Self::after), and when the key has another attribute or lacks one.
    pub fn from_key<R: ReadsPages>(
        read: &R,
        key: &HashMap<String, AttributeValue>,
    ) -> Result<Self, Error> {
        Self::behind(read.planned(), |names| {
            if key.keys().any(|name| !names.contains(&name.as_str())) {
                return Err(Error::cursor(
                    "it has an attribute that is no part of the key",
                ));
            }
            let mut w = Writer::with_capacity(128);
            w.begin_map();
            for (name, value) in key {
                w.entry(name, value);
            }
            w.end_map();
            w.finish().map_err(Error::write)
        })
    }

    /// Makes the cursor behind the key that this item has for the read.
    fn behind(
        plan: Planned,
        item: impl FnOnce(&[&'static str]) -> Result<Vec<u8>, Error>,
    ) -> Result<Self, Error> {
        let plan = plan.into_result()?;
        let cursor = || {
            if plan.shards.is_some() {
                let problem =
                    "that of a sharded index holds the position of each shard; take it from a page";
                return Err(Error::cursor(problem));
            }
            let index = plan.index.and_then(|name| plan.schema.index(name));
            let mut names: Vec<_> = plan.schema.key.attributes().collect();
            for name in index.iter().flat_map(|index| index.key.attributes()) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            let key = key_in(&item(&names)?, &names)?;
            Ok(Cursor::new(&plan, key))
        };
        cursor().map_err(|e| Named::of(&plan).error(e))
    }

    pub(crate) fn new(plan: &ReadPlan, key: Vec<u8>) -> Self {
        plan.cursors().after(key)
    }

    /// Makes a cursor of this format for the read.
    pub(super) fn of(format: u8, plan: &ReadPlan, content: Vec<u8>) -> Self {
        plan.cursors().of(format, content)
    }

    /// Seals a cursor of this read that [`after`](Self::after) or [`from_key`](Self::from_key) made,
    /// before it is handed out: those do not know the `Db`, whose [key](crate::Builder::cursor_key)
    /// does it. Those of pages are sealed.
    ///
    /// # Errors
    /// Those of the read's own settings; [`is_invalid_cursor`](Error::is_invalid_cursor) when the
    /// cursor is of another read.
    #[cfg(feature = "sealed-cursors")]
    pub fn sealed<R: ReadsPages>(self, db: &crate::client::Db, read: &R) -> Result<Self, Error> {
        let plan = read.planned().into_result()?.on(db);
        let named = |e| Named::of(&plan).error(e);
        let content = self
            .content(self.format, &plan)
            .map_err(named)?
            .into_owned();
        Ok(Self::of(self.format, &plan, content))
    }

    /// Returns the key to start after, for this read of a table or index.
    pub(crate) fn key_for(&self, plan: &ReadPlan) -> Result<Vec<u8>, Error> {
        self.content(FORMAT, plan).map(Cow::into_owned)
    }

    /// Returns the encoded positions of the shards of the index.
    pub(super) fn shards_for(&self, plan: &ReadPlan) -> Result<Cow<'_, [u8]>, Error> {
        self.content(SHARDED, plan)
    }

    /// Returns the content of the cursor, if it is of this format, and of this table and index.
    fn content(&self, format: u8, plan: &ReadPlan) -> Result<Cow<'_, [u8]>, Error> {
        if self.source != source(plan.schema, plan.index) {
            return Err(Error::cursor("it comes from another table or index"));
        }
        let (found, content) = self.opened(plan.seal.as_ref())?;
        if found == format {
            return Ok(content);
        }
        Err(Error::cursor(match format {
            SHARDED => "it is not of an index that is spread over shards",
            _ => "it is of an index that is spread over shards",
        }))
    }

    /// Returns the format and the content, decrypted if the cursor is sealed.
    fn opened(&self, seal: Option<&Seal>) -> Result<(u8, Cow<'_, [u8]>), Error> {
        match (self.format, seal) {
            (SEALED, None) => Err(Error::cursor("it is sealed, and nothing here has its key")),
            (SEALED, Some(seal)) => {
                let opened = seal.open(&self.key);
                let opened = opened.and_then(|opened| Some((*opened.first()?, opened)));
                let (format, content) = opened.ok_or_else(|| {
                    Error::cursor("it is changed, of another query, or sealed with another key")
                })?;
                Ok((format, Cow::Owned(content[1..].to_vec())))
            }
            (_, Some(_)) if self.is_parsed => Err(Error::cursor("it is not sealed")),
            (format, _) => Ok((format, Cow::Borrowed(&self.key))),
        }
    }
}

/// Source of the cursors of one read.
#[derive(Clone)]
pub(crate) struct Cursors {
    schema: &'static EntitySchema,
    index: Option<&'static str>,
    seal: Option<Seal>,
}

impl ReadPlan {
    /// Returns the source of the cursors of this read.
    pub(crate) fn cursors(&self) -> Cursors {
        Cursors {
            schema: self.schema,
            index: self.index,
            seal: self.seal.clone(),
        }
    }
}

impl Cursors {
    /// Makes the cursor after this key.
    pub(crate) fn after(&self, key: Vec<u8>) -> Cursor {
        self.of(FORMAT, ordered(&key).unwrap_or(key))
    }

    fn of(&self, format: u8, content: Vec<u8>) -> Cursor {
        let (format, key) = match &self.seal {
            None => (format, content),
            Some(seal) => {
                let sealed = seal.close(&[&[format], content.as_slice()].concat());
                // Without randomness nothing can be sealed: a cursor that every read refuses is
                // better than one that shows its key.
                (SEALED, sealed.unwrap_or_default())
            }
        };
        Cursor {
            format,
            source: source(self.schema, self.index),
            key,
            is_parsed: false,
        }
    }
}

/// Returns these attributes of the item.
fn key_in(item: &[u8], names: &[&'static str]) -> Result<Vec<u8>, Error> {
    let mut values: Vec<Option<Vec<u8>>> = vec![None; names.len()];
    let read = crate::wire::read_item(item, |r| {
        r.members(|name, r| {
            let value = r.raw_value()?;
            if let Some(i) = names.iter().position(|n| *n == name) {
                values[i] = Some(value.to_vec());
            }
            Ok(())
        })
    });
    read.map_err(Error::read)?;
    let mut w = Writer::with_capacity(128);
    w.begin_map();
    for (name, value) in names.iter().zip(values) {
        let value = value.ok_or_else(|| Error::cursor("the item has no key in what is read"))?;
        w.entry_with(name, |w| w.raw(&value));
    }
    w.end_map();
    w.finish().map_err(Error::write)
}

/// Returns the key with its attributes in the order of their names, so that equal keys make equal
/// cursors.
fn ordered(key: &[u8]) -> Option<Vec<u8>> {
    let mut members = Vec::new();
    crate::wire::read_item(key, |r| {
        r.members(|name, r| {
            members.push((name.to_owned(), r.raw_value()?.to_vec()));
            Ok(())
        })
    })
    .ok()?;
    members.sort_unstable();
    let mut w = Writer::with_capacity(key.len());
    w.begin_map();
    for (name, value) in &members {
        w.entry_with(name, |w| w.raw(value));
    }
    w.end_map();
    w.finish().ok()
}

/// Returns the FNV-1a hash of the names of table and index, by which cursors are told apart. The
/// table itself counts as an index without a name.
pub(super) fn source(schema: &EntitySchema, index: Option<&str>) -> u32 {
    let names = schema
        .table
        .bytes()
        .chain([0])
        .chain(index.unwrap_or_default().bytes());
    names.fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursor(_)")
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.format];
        bytes.extend_from_slice(&self.source.to_be_bytes());
        bytes.extend_from_slice(&self.key);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| Error::cursor("it is not the text of a cursor"))?;
        let (header, key) = bytes
            .split_at_checked(5)
            .ok_or_else(|| Error::cursor("it is cut short"))?;
        let [format @ (FORMAT | SHARDED | SEALED), source @ ..] = header else {
            return Err(Error::cursor("it has another format"));
        };
        let source = <[u8; 4]>::try_from(source).map_err(|_| Error::cursor("it is cut short"))?;
        // The positions of shards are checked later, together with their query.
        if *format == FORMAT && !crate::wire::is_map(key) {
            return Err(Error::cursor("it holds no key"));
        }
        Ok(Cursor {
            format: *format,
            source: u32::from_be_bytes(source),
            key: key.to_vec(),
            is_parsed: true,
        })
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Cursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Cursor;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text of a cursor")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Cursor, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}
