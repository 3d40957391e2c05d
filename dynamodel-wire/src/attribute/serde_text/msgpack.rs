//! [`MsgPack`]: any serde type as MessagePack bytes.

use rmp_serde::decode::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::doubt::is_doubtful;
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
        read(r.binary()?.as_slice()).map(MsgPack)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReadError> {
    let mut rest = bytes;
    match T::deserialize(&mut rmp_serde::Deserializer::new(&mut rest)) {
        Ok(value) if rest.is_empty() => Ok(value),
        Ok(_) => Err(unreadable("bytes after the value")),
        Err(e) => Err(unreadable(describe(&e))),
    }
}

/// The problem of a value whose bytes its type does not read.
const UNREADABLE: &str = "the type could not read the MessagePack again: under an internal tag, in an untagged enum and with `flatten` serde reads no numbers of 128 bits and no keys of maps other than text";

fn write<T: Serialize + DeserializeOwned>(value: &T, w: &mut Writer) {
    match rmp_serde::to_vec_named(value) {
        // Only what may not be read again is read to find out.
        Ok(bytes) if is_doubtful(value) && read::<T>(&bytes).is_err() => {
            w.fail(WriteError::new(UNREADABLE));
        }
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
