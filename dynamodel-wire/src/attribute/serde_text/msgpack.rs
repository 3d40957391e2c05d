//! [`MsgPack`]: any serde type as MessagePack bytes.

use rmp_serde::decode::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wrapper;
use crate::{Attribute, SetValue, ValueFor, kind};
use crate::{ReadError, Reader, WriteError, Writer};

/// Any serde type, stored as B: its MessagePack bytes. Structs keep the names of their fields, so that
/// fields can be added later.
///
/// The bytes are fewer than those of JSON text and faster to read. DynamoDB sees bytes without
/// structure: no path leads into them, and equality is equality of the bytes.
///
/// ```
/// use dynamodel_wire::{self as wire, MsgPack};
///
/// let point = MsgPack((1, "north".to_owned()));
/// assert_eq!(wire::to_vec(&point)?, br#"{"B":"kgGlbm9ydGg="}"#);
/// # Ok::<(), wire::WriteError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MsgPack<T>(pub T);
wrapper!(MsgPack);

impl<T: Serialize + DeserializeOwned> Attribute for MsgPack<T> {
    type Value = Self;
    type Kind = kind::B;

    fn write(&self, w: &mut Writer) {
        write(&self.0, w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let bytes = r.binary()?;
        let mut rest = bytes.as_slice();
        let value = T::deserialize(&mut rmp_serde::Deserializer::new(&mut rest));
        match value {
            Ok(value) if rest.is_empty() => Ok(MsgPack(value)),
            Ok(_) => Err(unreadable("bytes after the value")),
            Err(e) => Err(unreadable(describe(&e))),
        }
    }
}

fn write<T: Serialize>(value: &T, w: &mut Writer) {
    match rmp_serde::to_vec_named(value) {
        Ok(bytes) => w.binary(&bytes),
        Err(_) => w.fail(WriteError::new("the value has no MessagePack form")),
    }
}

#[cold] // error path
fn unreadable(found: &'static str) -> ReadError {
    ReadError::new("B with the MessagePack of the field's type", found)
}

/// Reports only the kind of the error: its text may show values.
fn describe(error: &Error) -> &'static str {
    match error {
        Error::InvalidMarkerRead(_) | Error::InvalidDataRead(_) => "bytes that end early",
        _ => "MessagePack of another form",
    }
}
