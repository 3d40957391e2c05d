//! Any serde type as DynamoDB values, for `#[dynamo(serde)]`: converted directly between the type
//! and the bytes.
//!
//! Structs and maps are M, sequences and tuples L, text and `char` S, numbers N, bytes B, booleans
//! BOOL, unit NULL. A field of a struct that is `None` is absent, `None` elsewhere is NULL. Enums are
//! tagged as serde does by default: `"Unit"`, `{"Newtype": ..}`, `{"Tuple": [..]}`, `{"Struct": {..}}`.
//! Keys of maps are text or types with one text for each value: `char`, integers, booleans, unit
//! variants.

mod de;
mod element;
mod error;
mod key;
mod missing;
mod probe;
mod refuse;
mod ser;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{ReadError, Reader, Writer};

/// The type of a `#[dynamo(serde)]` field.
pub trait SerdeField: Serialize + DeserializeOwned {}
impl<T: Serialize + DeserializeOwned> SerdeField for T {}

/// Writes a `#[dynamo(serde)]` field.
pub fn serde_write<T: SerdeField>(value: &T, w: &mut Writer) {
    // The error is not lost: the writer keeps it.
    let _ = ser::write(value, w);
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
    probe::is_none(value)
}

/// Returns the value of a missing `#[dynamo(serde)]` field: `None` for an `Option`.
pub fn serde_missing<T: SerdeField>() -> Option<T> {
    T::deserialize(missing::Missing).ok()
}
