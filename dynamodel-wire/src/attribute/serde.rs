//! Any serde type as DynamoDB values, for `#[dynamo(serde)]`: converted directly between the type
//! and the bytes.
//!
//! Structs and maps are M, sequences and tuples L, text and `char` S, numbers N, bytes B, booleans
//! BOOL, unit NULL. A field that is `None` is absent from its item, and `None` inside of a value is
//! NULL: not every type reads a missing field as `None`. Enums are tagged as serde does by default: `"Unit"`, `{"Newtype": ..}`, `{"Tuple": [..]}`, `{"Struct": {..}}`.
//! Keys of maps are text or types with one text for each value: `char`, integers, booleans, unit
//! variants.
//!
//! What is written can be read again. Types with an internal tag (`#[serde(tag = "..")]`), untagged
//! ones and those with `#[serde(flatten)]` are read from a copy that serde makes, which holds neither
//! numbers of 128 bits nor keys of maps other than text. A value of such a type with one of these is
//! refused when it is written, before anything is sent; the error names the part. Only values with
//! such parts are read again to find out.

mod de;
mod element;
mod error;
mod key;
mod missing;
mod probe;
mod refuse;
mod ser;

use std::cell::Cell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::ser::Doubtful;
use crate::{ReadError, Reader, Writer};

/// The type of a `#[dynamo(serde)]` field.
pub trait SerdeField: Serialize + DeserializeOwned {}
impl<T: Serialize + DeserializeOwned> SerdeField for T {}

/// Writes a `#[dynamo(serde)]` field.
pub fn serde_write<T: SerdeField>(value: &T, w: &mut Writer) {
    let start = w.len();
    let doubtful = Doubtful::Noted(Cell::new(false));
    // The error is not lost: the writer keeps it.
    let written = ser::write(value, w, &doubtful);
    if let (Ok(()), Doubtful::Noted(is_met)) = (written, doubtful)
        && is_met.get()
    {
        check_readable(value, w, start);
    }
}

/// Refuses the value that was written from `start` if its type does not read it.
#[cold] // rare: numbers of 128 bits, and maps with keys that are no text
fn check_readable<T: SerdeField>(value: &T, w: &mut Writer, start: usize) {
    if w.error().is_some() || crate::read_item(w.since(start), serde_read::<T>).is_ok() {
        return;
    }
    // Written once more, so that the error has the path of the part.
    w.truncate(start);
    let _ = ser::write(value, w, &Doubtful::Refused);
}

/// Reads a `#[dynamo(serde)]` field.
///
/// # Errors
/// When what is stored is not a value of the type.
pub fn serde_read<T: SerdeField>(r: &mut Reader<'_>) -> Result<T, ReadError> {
    T::deserialize(de::Deserializer::new(r)).map_err(Into::into)
}

/// Returns `true` if a `#[dynamo(serde)]` field is `None`, and so left out.
pub fn serde_is_absent<T: SerdeField>(value: &T) -> bool {
    // Not every type that writes `None` reads a missing attribute as one: an untagged enum does not.
    probe::is_none(value) && serde_missing::<T>().is_some()
}

/// Returns the value of a missing `#[dynamo(serde)]` field: `None` for an `Option`.
pub fn serde_missing<T: SerdeField>() -> Option<T> {
    T::deserialize(missing::Missing).ok()
}
