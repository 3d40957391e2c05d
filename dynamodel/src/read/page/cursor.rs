//! [`Cursor`]: the position where the next page starts, as text.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Error;
use crate::model::schema::EntitySchema;
use crate::wire::Writer;

/// Position where the next page of a query or scan starts.
///
/// Opaque text: it survives a restart, travels in URLs (`A-Z a-z 0-9 - _`) and, with feature
/// `serde`, serializes as a string. It holds the key of the last item that was read (of a sharded
/// index, one for each shard: about 60 characters each). Anyone can decode it, so encrypt it where
/// keys are secret. A cursor belongs to the query that it comes from: another table, index or
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
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// First byte of the decoded text.
    pub(super) format: u8,
    pub(super) source: u32,
    /// Key of the last item, or the positions of the shards.
    pub(super) key: Vec<u8>,
}

/// Format of a cursor that holds a key.
const FORMAT: u8 = 1;
/// Format of a cursor that holds a position for each shard of an index.
pub(super) const SHARDED: u8 = 2;

impl Cursor {
    pub(crate) fn new(schema: &EntitySchema, index: Option<&str>, key: Vec<u8>) -> Self {
        Cursor {
            format: FORMAT,
            source: source(schema, index),
            key: ordered(&key).unwrap_or(key),
        }
    }

    /// Returns the key to start after, for a query of this table or index.
    pub(crate) fn key_for(
        &self,
        schema: &EntitySchema,
        index: Option<&str>,
    ) -> Result<Vec<u8>, Error> {
        self.content(FORMAT, schema, index).cloned()
    }

    /// Returns the encoded positions of the shards of the index.
    pub(super) fn shards_for(
        &self,
        schema: &EntitySchema,
        index: Option<&str>,
    ) -> Result<&[u8], Error> {
        self.content(SHARDED, schema, index).map(Vec::as_slice)
    }

    /// Returns the content of the cursor, if it is of this format, table and index.
    fn content(
        &self,
        format: u8,
        schema: &EntitySchema,
        index: Option<&str>,
    ) -> Result<&Vec<u8>, Error> {
        if self.source != source(schema, index) {
            Err(Error::cursor("it comes from another table or index"))
        } else if self.format != format {
            Err(Error::cursor(match format {
                SHARDED => "it is not of an index that is spread over shards",
                _ => "it is of an index that is spread over shards",
            }))
        } else {
            Ok(&self.key)
        }
    }
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
        let [format @ (FORMAT | SHARDED), source @ ..] = header else {
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
